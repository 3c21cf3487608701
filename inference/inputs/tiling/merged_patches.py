"""Images in nearly their own size, whose patches become tokens in blocks: Qwen2-VL and its successors.

References
----------
Wang et al. 2024, "Qwen2-VL: Enhancing Vision-Language Model's Perception of the World at Any Resolution", section 2.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.context import Refused
from inference.inputs.images import normalised
from inference.inputs.tiling.tiled import Tiled
from inference.inputs.tiling.tiling import THE_WHOLE, WHOLE, Tiling, check_size, inner, resized, whole_number
from inference.results.answer import TokenGrid

if TYPE_CHECKING:
    from PIL import Image

    from inference.inputs.images import Preparation

_MOST_ASPECT = 200
_MOST_PIXELS = 2**40  # that a file may name; the image itself is held to less
_MOST_SIDE = 256


@dataclass(frozen=True)
class MergedPatches(Tiling):
    """Both sides are rounded to whole blocks, within bounds of pixels.

    Attributes
    ----------
    patch, merge, frames
        Pixels a side of a patch, patches a side of a block, and how often an image is repeated as a film.
    least, most
        Pixels that an image has afterwards.
    """

    patch: int
    merge: int = 2
    frames: int = 2
    least: int = 56 * 56
    most: int = 28 * 28 * 1280

    @property
    def side_drawn(self) -> int:
        return 16 * self.patch * self.merge

    def told(self, says: dict[str, Any], file: str) -> MergedPatches:
        """See `Tiling.told`. What the network needs is the configuration's to say, and is only compared."""
        for key, mine in (("patch_size", self.patch), ("merge_size", self.merge), ("temporal_patch_size", self.frames)):
            if whole_number(says, key, mine, _MOST_SIDE, file) != mine:
                raise Refused(f"{file} says {key} is {says[key]}, the model reads {mine}.")
        size = inner(says, "size", file)
        least = whole_number(size, "shortest_edge", self.least, _MOST_PIXELS, file)
        most = whole_number(size, "longest_edge", self.most, _MOST_PIXELS, file)
        least = whole_number(says, "min_pixels", least, _MOST_PIXELS, file)
        most = whole_number(says, "max_pixels", most, _MOST_PIXELS, file)
        if least > most:
            raise Refused(f"{file} says that images have at least {least:,} pixels and at most {most:,}.")
        return replace(self, least=least, most=most)

    def fitted(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of pixels; as transformers' `smart_resize`.

        Raises
        ------
        Refused
            One side is more than 200 times the other.
        """
        if max(height, width) > _MOST_ASPECT * min(height, width):
            raise Refused(
                f"The image has {width:,} × {height:,} pixels; one side may be {_MOST_ASPECT} times the other at most."
            )
        unit = self.patch * self.merge
        rows, columns = round(height / unit) * unit, round(width / unit) * unit
        if rows * columns > self.most:
            factor = math.sqrt(height * width / self.most)
            rows, columns = (max(unit, math.floor(side / factor / unit) * unit) for side in (height, width))
        elif rows * columns < self.least:
            factor = math.sqrt(self.least / (height * width))
            rows, columns = (math.ceil(side * factor / unit) * unit for side in (height, width))
        return rows, columns

    def tile(self, image: Image.Image, how: Preparation) -> Tiled:
        height, width = self.fitted(image.height, image.width)
        n_rows, n_columns = height // self.patch, width // self.patch
        shape = n_rows // self.merge, n_columns // self.merge
        n_tokens = shape[0] * shape[1]
        check_size(n_tokens, height * width * self.frames)
        seen = np.asarray(resized(image, height, width, how))
        grid = TokenGrid(THE_WHOLE, np.arange(n_tokens, dtype=np.int32).reshape(shape), WHOLE)
        tensors = {
            "pixel_values": self._in_blocks(normalised(seen, how)),
            "image_grid_thw": np.array([[1, n_rows, n_columns]], np.int64),
        }
        done = f"resized to {width} × {height}" if (height, width) != (image.height, image.width) else ""
        return Tiled(seen, tensors, (grid,), n_tokens, (0, 0), done)

    def _in_blocks(self, values: np.ndarray) -> np.ndarray:
        """float32 [patch, 3 * frames * pixel]: patches block by block, each as often as a film has frames."""
        _, height, width = values.shape
        rows, columns = (side // self.patch // self.merge for side in (height, width))
        cut = values.reshape(3, rows, self.merge, self.patch, columns, self.merge, self.patch)
        cut = cut.transpose(1, 4, 2, 5, 0, 3, 6)[:, :, :, :, :, None]
        cut = np.broadcast_to(cut, (*cut.shape[:5], self.frames, *cut.shape[6:]))
        return np.ascontiguousarray(cut.reshape(rows * columns * self.merge**2, -1))
