"""Images split into tiles, the whole image squeezed into one more behind them: Idefics 3, SmolVLM, InternVL.

References
----------
Laurençon et al. 2024, "Building and better understanding vision-language models: insights and future directions",
section 2.2 (Idefics 3); Chen et al. 2024, "How Far Are We to GPT-4V?", section 3.3 (InternVL 1.5).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import get_optimal_tiled_canvas

from inference.context import Refused
from inference.inputs.images import normalised
from inference.inputs.tiling.tiled import Tiled
from inference.inputs.tiling.tiling import (
    DETAILS,
    MOST_TILES,
    THE_WHOLE,
    WHOLE,
    Tiling,
    check_size,
    in_tiles,
    inner,
    resized,
    switched,
    tile_tokens,
    whole_number,
)
from inference.results.answer import TokenGrid

if TYPE_CHECKING:
    from PIL import Image

    from inference.inputs.images import Preparation

_MOST_SIDE = 4_096


@dataclass(frozen=True)
class _SplitTiles(Tiling):
    """Tiles row by row, then the whole; where one tile is enough, the whole alone.

    Attributes
    ----------
    side
        Pixels a side of a tile.
    n_side
        Tokens a side of a tile.
    """

    side: int
    n_side: int

    @property
    def side_drawn(self) -> int:
        return 2 * self.side

    @abstractmethod
    def split(self, image: Image.Image, how: Preparation) -> tuple[Image.Image, Image.Image, tuple[int, int]]:
        """The image that is split, the one that is squeezed, and rows and columns of tiles; zeros for none."""

    @abstractmethod
    def tensors(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """What `forward` takes, of float32 [tile, 3, row, column]."""

    def tile(self, image: Image.Image, how: Preparation) -> Tiled:
        large, squeezed, shape = self.split(image, how)
        n_tiles = shape[0] * shape[1]
        n_tokens = (n_tiles + 1) * self.n_side**2
        check_size(n_tokens, (n_tiles + 1) * self.side**2)
        small = np.asarray(resized(squeezed, self.side, self.side, how))
        seen = np.asarray(large) if n_tiles else small
        tiles = [*in_tiles(seen, shape, self.side), small] if n_tiles else [small]
        whole = TokenGrid(THE_WHOLE, tile_tokens((1, 1), self.n_side, n_tokens - self.n_side**2), WHOLE)
        grids = (whole, TokenGrid(DETAILS, tile_tokens(shape, self.n_side), WHOLE)) if n_tiles else (whole,)
        done = (
            f"in {shape[1]} × {shape[0]} tiles of {self.side} pixels, and whole"
            if n_tiles
            else "squeezed into one tile"
        )
        return Tiled(
            seen, self.tensors(np.stack([normalised(tile, how) for tile in tiles])), grids, n_tokens, shape, done
        )


@dataclass(frozen=True)
class RowsOfTiles(_SplitTiles):
    """The longer side becomes so long, then both are rounded up to whole tiles: Idefics 3, SmolVLM.

    Attributes
    ----------
    longest
        Pixels of the longer side.
    is_split
        Whether an image is split at all.
    """

    longest: int = 0
    is_split: bool = True

    def told(self, says: dict[str, Any], file: str) -> RowsOfTiles:
        side = whole_number(inner(says, "max_image_size", file), "longest_edge", self.side, _MOST_SIDE, file)
        if side != self.side:
            raise Refused(f"{file} makes tiles of {side} pixels a side, the model reads {self.side}.")
        longest = whole_number(inner(says, "size", file), "longest_edge", self.longest, _MOST_SIDE, file)
        most = int(MOST_TILES**0.5)
        if longest > most * self.side:
            raise Refused(f"{file} makes images of {longest:,} pixels, more than {most} tiles of {self.side} a side.")
        return replace(self, longest=longest, is_split=switched(says, "do_image_splitting", file, usual=True))

    def fitted(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of pixels of the image in its shape, the longer side being `longest`."""
        longer, shorter = max(height, width), min(height, width)
        short = int(self.longest / (longer / shorter)) if width >= height else int(self.longest * (width / height))
        short = max(short + short % 2, 1)
        return (short, self.longest) if width >= height else (self.longest, short)

    def split(self, image: Image.Image, how: Preparation) -> tuple[Image.Image, Image.Image, tuple[int, int]]:
        height, width = self.fitted(image.height, image.width)
        image = resized(image, height, width, how)
        if not self.is_split:
            return image, image, (0, 0)
        aspect = width / height
        if width >= height:
            columns = math.ceil(width / self.side)
            rows = math.ceil(int(columns * self.side / aspect) / self.side)
        else:
            rows = math.ceil(height / self.side)
            columns = math.ceil(int(rows * self.side * aspect) / self.side)
        large = resized(image, rows * self.side, columns * self.side, how)
        return large, large, (rows, columns) if rows * columns > 1 else (0, 0)

    def tensors(self, values: np.ndarray) -> dict[str, np.ndarray]:
        mask = np.ones((1, len(values), *values.shape[2:]), np.int64)
        return {"pixel_values": values[None], "pixel_attention_mask": mask}


@dataclass(frozen=True)
class Canvas(_SplitTiles):
    """The image is stretched to as many tiles as come nearest to its shape: InternVL.

    Attributes
    ----------
    fewest, most
        Tiles.
    """

    fewest: int = 1
    most: int = 12

    def told(self, says: dict[str, Any], file: str) -> Canvas:
        size = inner(says, "size", file)
        for key in ("height", "width"):
            if whole_number(size, key, self.side, _MOST_SIDE, file) != self.side:
                raise Refused(f"{file} makes tiles of {size[key]} pixels a side, the model reads {self.side}.")
        fewest = whole_number(says, "min_patches", self.fewest, MOST_TILES, file)
        most = whole_number(says, "max_patches", self.most, MOST_TILES, file)
        if fewest > most:
            raise Refused(f"{file} says that images have at least {fewest} tiles and at most {most}.")
        return replace(self, fewest=fewest, most=most)

    def split(self, image: Image.Image, how: Preparation) -> tuple[Image.Image, Image.Image, tuple[int, int]]:
        columns, rows = get_optimal_tiled_canvas(
            (image.height, image.width), (self.side, self.side), self.fewest, self.most
        )
        if rows * columns == 1:
            return image, image, (0, 0)
        return resized(image, rows * self.side, columns * self.side, how), image, (rows, columns)

    def tensors(self, values: np.ndarray) -> dict[str, np.ndarray]:
        return {"pixel_values": values}
