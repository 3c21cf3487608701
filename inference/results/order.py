"""Frames of a film in any order, and what a model says comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

# What the first of two is to the second.
DIFFERENT, SAME, BEFORE, AFTER = range(4)
MOST_ORDERED: Final = 7  # frames whose orders are all tried


def mixed(n: int) -> tuple[int, ...]:
    """An order of `n` frames that is not theirs: every other one, then the rest."""
    return (*range(1, n, 2), *range(0, n, 2))


@dataclass(frozen=True, slots=True)
class OrderRequest(Request["OrderResult"]):
    """What a model says of the order of frames that it is not told of.

    Attributes
    ----------
    order
        Which of the chosen frames stands at each place, from 0; empty for `mixed`.
    seed
        Decides which words are masked.
    """

    needs = frozenset({Capability.ORDER})

    checkpoint: str
    input: Input
    order: tuple[int, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class OrderResult:
    """Every sentence against every frame, all orders with their scores, and words by the attention they are given.

    Frames stand in the order that was asked for everywhere; sentences in theirs.

    Attributes
    ----------
    order
        Which of the chosen frames stands at each place.
    seen
        uint8 [frame, row, column, 3]: the frames that the model receives.
    frames
        Their numbers in the film, from 0.
    sentences
        One for each frame.
    cosines
        float32 [sentence, frame], -1 to 1: each read alone.
    temperature
        What the model divides them by.
    text_frame, frame_frame
        float32 [sentence, frame, 4] and [frame, frame, 4]: probability that the first one is of another film than the
        second, of the same time, before it, or after it.
    places
        int8 [order, frame]: in each order that there is, when every frame comes, from 0; the likeliest first.
    scores
        float32 [order]: sum of the logarithms of the probabilities of all pairs of a sentence and a frame.
    words
        The words of all sentences, as tokens.
    received
        float32 [word]: attention that each is given by all words, where the text is read alone.
    is_top, is_masked
        bool [word]: among those most attended to, and chosen to be masked.
    notes
        What was left aside or assumed, as sentences.
    """

    order: tuple[int, ...]
    seen: np.ndarray
    frames: tuple[int, ...]
    sentences: tuple[str, ...]
    cosines: np.ndarray
    temperature: float
    text_frame: np.ndarray
    frame_frame: np.ndarray
    places: np.ndarray
    scores: np.ndarray
    words: Tokens
    received: np.ndarray
    is_top: np.ndarray
    is_masked: np.ndarray
    notes: tuple[str, ...] = ()
