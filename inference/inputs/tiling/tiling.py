"""What every way of cutting an image into tiles has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inference.context import Refused
from inference.results.answer import MOST_IMAGE_TOKENS

if TYPE_CHECKING:
    from inference.inputs.images import Preparation
    from inference.inputs.tiling.tiled import Tiled

WHOLE = (0.0, 0.0, 1.0, 1.0)
THE_WHOLE, DETAILS = "the whole image", "details"
MOST_TILES = 64
_MOST_PIXELS = 2**25  # of all tiles together


class Tiling(ABC):
    """A way of cutting an image into tiles; its sizes are those of a configuration and of a processor's file."""

    @property
    @abstractmethod
    def side_drawn(self) -> int:
        """Pixels a side at which scenes are drawn for it."""

    @abstractmethod
    def told(self, says: dict[str, Any], file: str) -> Tiling:
        """The same with what a file says of it, each number checked.

        Raises
        ------
        Refused
            A number is none, or out of its range.
        """

    @abstractmethod
    def tile(self, image: Image.Image, how: Preparation) -> Tiled:
        """Cut an image.

        Raises
        ------
        Refused
            It is so thin, or would become so many tokens, that it is not read.
        """


def whole_number(says: dict[str, Any], key: str, usual: int, most: int, file: str, least: int = 1) -> int:
    """A number of a processor's file; `usual` where it says none."""
    said = says.get(key)
    if said is None:
        return usual
    if type(said) is not int or not least <= said <= most:
        raise Refused(f"{file} says {key} is {str(said)[:40]}; whole numbers from {least} to {most:,} are allowed.")
    return said


def switched(says: dict[str, Any], key: str, file: str, *, usual: bool) -> bool:
    """A switch of a processor's file."""
    said = says.get(key)
    if said is None:
        return usual
    if not isinstance(said, bool):
        raise Refused(f"{file} says {key} is {str(said)[:40]}; true or false is needed.")
    return said


def inner(says: dict[str, Any], key: str, file: str) -> dict[str, Any]:
    """An object of a processor's file; empty where it says none."""
    said = says.get(key)
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise Refused(f"{file} says {key} is {str(said)[:40]}; an object is needed.")
    return said


def check_size(n_tokens: int, n_pixels: int) -> None:
    """Raise `Refused` before anything of that size is made."""
    if n_tokens > MOST_IMAGE_TOKENS:
        raise Refused(
            f"The image would become {n_tokens:,} tokens; at most {MOST_IMAGE_TOKENS:,} are read. Open a smaller one."
        )
    if n_pixels > _MOST_PIXELS:
        raise Refused(f"The image would be read as {n_pixels:,} pixels; at most {_MOST_PIXELS:,} are.")


def resized(image: Image.Image, height: int, width: int, how: Preparation) -> Image.Image:
    """Another size, with the filter of the checkpoint."""
    if image.size == (width, height):
        return image
    return image.resize((width, height), Image.Resampling(how.resample))


def in_tiles(pixels: np.ndarray, shape: tuple[int, int], side: int) -> np.ndarray:
    """[tile, row, column, 3] of an image, row by row."""
    rows, columns = shape
    cut = pixels.reshape(rows, side, columns, side, 3).transpose(0, 2, 1, 3, 4)
    return cut.reshape(rows * columns, side, side, 3)


def tile_tokens(shape: tuple[int, int], side: int, first: int = 0) -> np.ndarray:
    """int32 [row, column]: numbers of tokens where tile comes behind tile, each with `side` rows of as many."""
    rows, columns = shape
    numbers = first + np.arange(rows * columns * side * side, dtype=np.int32)
    return numbers.reshape(rows, columns, side, side).transpose(0, 2, 1, 3).reshape(rows * side, columns * side)
