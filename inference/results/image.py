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

    needs = frozenset({Capability.ATTENTION})  # which it lacks where its images cannot be made ready

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
    sentence
        What the generator says of the two things in front, or of the only one; empty for files.
    notes
        What of the file was left aside or changed, as sentences.
    things
        What the generator painted, such as `a small red house`, in the order of painting; empty for files.
    shown_thing
        uint8 [row, column] of the original: 1 + the thing that is seen at a pixel, 0 for none; empty for files.
    """

    original: np.ndarray
    seen: np.ndarray
    box: tuple[float, float, float, float]
    size: tuple[int, int]
    grid: tuple[int, int]
    n_special: int
    about: str
    caption: str = ""
    sentence: str = ""
    notes: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    shown_thing: np.ndarray | None = None

    def place_of(self, place: int, before: ImageResult) -> int | None:
        """The token of the patch that covers the middle of the one that a token stood for before, as the image was
        seen then. None where that lies outside; special tokens stay."""
        if place < before.n_special:
            return place if place < self.n_special else None
        at, middle = divmod(place - before.n_special, before.grid[1]), []
        for axis, (first, last) in enumerate(((1, 3), (0, 2))):  # rows from top to bottom, columns from left to right
            share = (at[axis] + 0.5) / before.grid[axis]
            of_original = before.box[first] + share * (before.box[last] - before.box[first])
            middle.append((of_original - self.box[first]) / (self.box[last] - self.box[first]))
        if not all(0 <= share < 1 for share in middle):
            return None
        row, column = (int(share * n) for share, n in zip(middle, self.grid, strict=True))
        return self.n_special + row * self.grid[1] + column

    def thing_at(self, x: float, y: float) -> str:
        """What was painted at a place, in shares of the original from its left and top; empty where nothing was."""
        if self.shown_thing is None or not (0 <= x < 1 and 0 <= y < 1):
            return ""
        rows, columns = self.shown_thing.shape
        number = int(self.shown_thing[int(y * rows), int(x * columns)])
        return self.things[number - 1] if number else ""
