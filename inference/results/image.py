"""An image as the model sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class ImageRequest(Request["ImageResult"]):
    """How the checkpoint sees an image, to be shown beside its name."""

    needs = frozenset({Capability.PATCHES})

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class ImageResult:
    """Before and after it was made ready for the model.

    Attributes
    ----------
    original
        uint8 [row, column, 3], RGB, upright; at most 512 pixels a side. A generated image is painted twice: for the
        model in its size, and here in a larger one.
    seen
        uint8 [row, column, 3]: what the model receives, after resizing and cropping, as colours again.
    box
        left, top, right, bottom in shares of the original, 0-1: the part of it that is seen.
    size
        Width and height of the original in pixels.
    grid
        Rows and columns of patches (of pixels for Image GPT).
    n_special
        Tokens before the first patch, such as [CLS] and registers.
    about
        What was done, in a line, such as `640 × 427, middle square, resized to 224 × 224`.
    caption
        What the generator says is in it; empty for files.
    notes
        What of the file was left aside or changed, as sentences.
    """

    original: np.ndarray
    seen: np.ndarray
    box: tuple[float, float, float, float]
    size: tuple[int, int]
    grid: tuple[int, int]
    n_special: int
    about: str
    caption: str = ""
    notes: tuple[str, ...] = ()
