"""Which word each token of a text belongs to, whatever the tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def words_of_tokens(
    text: str, spans: np.ndarray, is_special: np.ndarray, words: Sequence[tuple[int, int]]
) -> np.ndarray:
    """int64 [pos], the word in which each token ends; -1 for none. Of blanks alone, the word that it begins.

    Parameters
    ----------
    spans
        int32 [pos, 2], the first character of `text` that a token is, and the one behind its last; equal for none.
    words
        The first character of each word and the one behind its last, in order.
    """
    starts = np.array([start for start, _ in words], np.int64)
    found = np.full(len(spans), -1)
    for position, (start, stop) in enumerate(spans.tolist()):
        if stop == start and is_special[position]:
            continue
        end = start + len(text[start:stop].rstrip())
        # A token of blanks alone begins the next word, as those do that hold their blank.
        word = int(
            np.searchsorted(starts, end - 1, side="right") - 1 if end > start else np.searchsorted(starts, start)
        )
        found[position] = word if 0 <= word < len(words) and end <= words[word][1] else -1
    return found
