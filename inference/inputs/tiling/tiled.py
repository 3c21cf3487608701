"""What an image becomes that a checkpoint reads in tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from inference.results.answer import TokenGrid


@dataclass(frozen=True, eq=False)
class Tiled:
    """An image cut into tiles.

    Attributes
    ----------
    seen
        uint8 [row, column, 3]: the image as it was before it was cut, in the largest size that is seen.
    tensors
        What `forward` takes of the image, by name, with its batch.
    grids
        Where the image tokens lie.
    n_tokens
        Image tokens, those without a place among them.
    shape
        Rows and columns of tiles; zeros where there is the whole image alone.
    done
        What was done, in a few words.
    """

    seen: np.ndarray
    tensors: dict[str, np.ndarray]
    grids: tuple[TokenGrid, ...]
    n_tokens: int
    shape: tuple[int, int]
    done: str
