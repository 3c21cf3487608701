"""What lies at the places of sequences of words and image, and where in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.results.joint import KINDS

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from inference.family.base import Encoded
    from inference.family.jointly import ReadsJointly
    from inference.inputs.images import Prepared
    from inference.inputs.patch_grid import PatchGrid
    from inference.results.regions import Regions
    from inference.results.tokens import Tokens


def kinds_of(
    family: ReadsJointly, encoded: Encoded, config: PreTrainedConfig, prepared: Prepared
) -> dict[str, np.ndarray]:
    """uint8 [pos] for each sequence; special tokens of the text are none of its words."""
    found = {}
    for axis, stretches in family.stretches(encoded, config, prepared).items():
        tokens = encoded.sequences[axis]
        kinds = np.full(len(tokens), KINDS.index("other"), np.uint8)
        for stretch in stretches:
            kinds[list(stretch.places)] = KINDS.index(stretch.kind)
        is_special = (kinds == KINDS.index("word")) & tokens.is_special
        kinds[is_special] = KINDS.index("special")
        found[axis] = kinds
    return found


def boxes_of(
    tokens: Tokens, kinds: np.ndarray, grid: PatchGrid, prepared: Prepared, regions: Regions | None
) -> np.ndarray:
    """float32 [pos, 4] in pixels of the image as it was before it was made ready."""
    boxes = np.full((len(tokens), 4), np.nan, np.float32)
    left, top, right, bottom = np.array(prepared.box) * np.array(prepared.size * 2)
    height, width = (bottom - top) / grid.rows, (right - left) / grid.columns
    for pos in np.flatnonzero(kinds == KINDS.index("patch")):
        row, column = (int(number) for number in tokens.words[pos].split(","))
        x, y = left + column * width, top + row * height
        boxes[pos] = x, y, x + width, y + height
    of_regions = np.flatnonzero(kinds == KINDS.index("region"))
    if len(of_regions):
        assert regions is not None
        boxes[of_regions] = regions.boxes
    return boxes
