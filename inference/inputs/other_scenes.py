"""Drawn scenes in place of the image that is open, for controls and comparisons."""

from __future__ import annotations

from dataclasses import replace

from inference.results.inputs import ImageInput, Input, RegionsInput

FIRST_OTHER_SEED = 2**30 + 2**20  # of scenes that no other view draws


def with_another_scene(input: Input, seed: int, has_regions: bool) -> Input:
    """The same text with a drawn scene in place of its image; of regions those that are found in it."""
    regions = None
    if has_regions:
        regions = RegionsInput(of_scene=True, of_detector=input.regions is None or input.regions.of_detector)
    cells_seed = None if input.image is None else input.image.cells_seed
    return replace(input, image=ImageInput(seed=seed, kind="scene", cells_seed=cells_seed), regions=regions)
