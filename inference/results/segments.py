"""Which of the given labels every pixel of an image shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input

MOST_NUMBERS = 2**24  # of the maps of all labels together: 64 MB


@dataclass(frozen=True, slots=True)
class SegmentsRequest(Request["SegmentsResult"]):
    """The map of labels over an image.

    Attributes
    ----------
    labels
        Texts, none twice; empty for the labels that the model was trained on, where it knows no others.
    """

    needs = frozenset({Capability.SEGMENTS})

    checkpoint: str
    input: Input
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentsResult:
    """Maps of labels, in the pixels that the model sees.

    Attributes
    ----------
    labels
        In the order of the maps.
    scores
        float32 [label, row, column]: cosines of pixel and label, or logits.
    is_cosine
        Which of them.
    temperature
        By what scores are divided before their softmax.
    winners
        int16 [row, column]: the label of the highest score.
    entropy
        float32 [row, column], in bits: of the softmax over the labels; where labels are judged each by itself, of the
        answer to the highest one.
    is_exclusive
        Whether labels exclude each other (softmax), or each is judged by itself (sigmoid).
    similarity
        float32 [label, label]: cosines of the labels' own vectors.
    seen
        uint8 [row, column, 3]: the image as the model sees it.
    notes
        What else is to be said.
    """

    labels: tuple[str, ...]
    scores: np.ndarray
    is_cosine: bool
    temperature: float
    winners: np.ndarray
    entropy: np.ndarray
    is_exclusive: bool
    similarity: np.ndarray
    seen: np.ndarray
    notes: tuple[str, ...] = ()
