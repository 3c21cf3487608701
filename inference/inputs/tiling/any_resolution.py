"""Images in tiles of the best fitting resolution, behind the whole image squeezed into one tile: LLaVA-NeXT.

References
----------
Liu et al. 2024, "LLaVA-NeXT: Improved reasoning, OCR, and world knowledge", on dynamic high resolution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.context import Refused
from inference.inputs.images import normalised
from inference.inputs.tiling.tiled import Tiled
from inference.inputs.tiling.tiling import (
    DETAILS,
    THE_WHOLE,
    WHOLE,
    Tiling,
    check_size,
    in_tiles,
    inner,
    resized,
)
from inference.results.answer import TokenGrid

if TYPE_CHECKING:
    from PIL import Image

    from inference.inputs.images import Preparation


@dataclass(frozen=True)
class AnyResolution(Tiling):
    """Whole image, then the tiles row by row; the cells of padding have no token, and a sign ends each row.

    Attributes
    ----------
    side, patch
        Pixels a side of a tile, and of a patch.
    resolutions
        Rows and columns of pixels that an image may be fitted into.
    """

    side: int
    patch: int
    resolutions: tuple[tuple[int, int], ...]

    @property
    def side_drawn(self) -> int:
        return 2 * self.side

    def told(self, says: dict[str, Any], file: str) -> AnyResolution:
        """See `Tiling.told`. The resolutions are those of the configuration, which the network goes by."""
        size = inner(says, "size", file)
        side = size.get("shortest_edge", size.get("height", self.side))
        if side != self.side:
            raise Refused(f"{file} makes tiles of {str(side)[:40]} pixels a side, the model reads {self.side}.")
        if (said := says.get("image_grid_pinpoints")) is not None and said != [list(each) for each in self.resolutions]:
            raise Refused(f"{file} names other image_grid_pinpoints than the configuration.")
        return self

    def best(self, height: int, width: int) -> tuple[int, int]:
        """The resolution in which most of an image is seen, and of those the one that wastes least."""

        def worth(resolution: tuple[int, int]) -> tuple[int, int]:
            scale = min(resolution[1] / width, resolution[0] / height)
            seen = min(int(width * scale) * int(height * scale), width * height)
            return seen, seen - resolution[0] * resolution[1]

        return max(self.resolutions, key=worth)

    def tile(self, image: Image.Image, how: Preparation) -> Tiled:
        height, width = image.height, image.width
        canvas = self.best(height, width)
        shape = canvas[0] // self.side, canvas[1] // self.side
        n_side = self.side // self.patch
        whole = np.arange(n_side * n_side, dtype=np.int32).reshape(n_side, n_side)
        rows, columns = (length // self.patch for length in canvas)
        # As the network leaves out the cells of padding; the pixels are padded by other numbers.
        if width / height > columns / rows:
            over = (rows - int(round(height * (columns / width), 7))) // 2, 0
        else:
            over = 0, (columns - int(round(width * (rows / height), 7))) // 2
        n_rows, n_columns = rows - 2 * over[0], columns - 2 * over[1]
        n_tokens = whole.size + n_rows * (n_columns + 1)
        check_size(n_tokens, canvas[0] * canvas[1] + self.side**2)
        scale = min(canvas[1] / width, canvas[0] / height)
        inside = (
            (min(math.ceil(height * canvas[1] / width), canvas[0]), canvas[1])
            if canvas[1] / width < canvas[0] / height
            else (canvas[0], min(math.ceil(width * scale), canvas[1]))
        )
        fine = np.asarray(resized(image, *inside, how))
        top, left = ((a - b) // 2 for a, b in zip(canvas, inside, strict=True))
        padded = np.zeros((*canvas, 3), np.uint8)
        padded[top : top + inside[0], left : left + inside[1]] = fine
        small = np.asarray(resized(image, self.side, self.side, how))
        tiles = [small, *in_tiles(padded, shape, self.side)]
        numbers = whole.size + np.arange(n_rows * (n_columns + 1), dtype=np.int32).reshape(n_rows, n_columns + 1)
        box = (
            (over[1] * self.patch - left) / inside[1],
            (over[0] * self.patch - top) / inside[0],
            ((columns - over[1]) * self.patch - left) / inside[1],
            ((rows - over[0]) * self.patch - top) / inside[0],
        )
        grids = TokenGrid(THE_WHOLE, whole, WHOLE), TokenGrid(DETAILS, numbers[:, :-1], box)
        tensors = {
            "pixel_values": np.stack([normalised(tile, how) for tile in tiles])[None],
            "image_sizes": np.array([[height, width]], np.int64),
        }
        done = f"whole, and in {shape[1]} × {shape[0]} tiles of {self.side} pixels"
        return Tiled(fine, tensors, grids, n_tokens, shape, done)
