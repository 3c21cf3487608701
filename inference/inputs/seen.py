"""An image as it is shown: before and after it was made ready, and what is true of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.inputs.scene_images import thing_numbers
from inference.results.image import ImageResult

if TYPE_CHECKING:
    from inference.inputs.images import Prepared
    from inference.inputs.patch_grid import PatchGrid


def seen_image(prepared: Prepared, grid: PatchGrid) -> ImageResult:
    """What is told of an image beside what a model makes of it."""
    scene = prepared.scene
    return ImageResult(
        original=prepared.original,
        seen=prepared.seen,
        box=prepared.box,
        size=prepared.size,
        grid=grid.shape,
        n_special=grid.n_special,
        about=prepared.about,
        caption=prepared.caption,
        sentence=prepared.sentence,
        notes=prepared.notes,
        things=tuple(thing.phrase if len(scene.things) > 1 else thing.tag for thing in scene.things) if scene else (),
        shown_thing=thing_numbers(scene, prepared.original.shape[0]) if scene else None,
    )
