"""Which words MERLOT masks: half of them are among those that are attended to most when the text is read alone.

References
----------
Zellers et al. 2021, "MERLOT" (arXiv 2106.02636), section 3.3, "Attention masking"; spans as in Joshi et al. 2020,
"SpanBERT" (arXiv 1907.10529).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

SHARE_MASKED: Final = 0.2
SHARE_TOP: Final = 0.2  # of the words that are attended to most
_CHANCE_OF_TOP: Final = 0.5  # that a mask begins at one of these
_FURTHER: Final = (0.625, 0.25, 0.125)  # chances that a span goes on by 0, 1 and 2 words, to either side


class ChosenMasks(NamedTuple):
    """bool [word] each.

    Attributes
    ----------
    is_top
        Among the most attended.
    is_masked
        Chosen to be masked.
    """

    is_top: np.ndarray
    is_masked: np.ndarray


def choose_masks(received: np.ndarray, can_be_masked: np.ndarray, rng: np.random.Generator) -> ChosenMasks:
    """Choose a fifth of the words, in spans that begin half of the time at one of the most attended fifth.

    Parameters
    ----------
    received
        [word]: attention that each receives.
    can_be_masked
        bool [word]: false for signs and padding, which are never chosen. There is at least one.
    """
    n = int(can_be_masked.sum())
    n_top, n_masked = max(1, int(n * SHARE_TOP)), max(1, int(n * SHARE_MASKED))
    words = np.flatnonzero(can_be_masked)
    is_top = np.zeros(len(received), bool)
    is_top[words[np.argsort(-received[words], kind="stable")[:n_top]]] = True
    share = n_top / n
    weight = np.where(is_top[words], _CHANCE_OF_TOP / share, (1 - _CHANCE_OF_TOP) / max(1 - share, 1e-9))
    # One after the other without putting back (Gumbel's trick), then each with its neighbours until there are enough.
    beginnings = words[np.argsort(-(np.log(weight) + rng.gumbel(size=n)))]
    before, behind = rng.choice(3, (2, n), p=_FURTHER)
    is_masked = np.zeros(len(received), bool)
    n_left = n_masked
    for start, back, on in zip(beginnings, before, behind, strict=True):
        for word in (start, *range(start - back, start), *range(start + 1, start + on + 1)):
            if n_left and 0 <= word < len(received) and can_be_masked[word] and not is_masked[word]:
                is_masked[word] = True
                n_left -= 1
    return ChosenMasks(is_top, is_masked)
