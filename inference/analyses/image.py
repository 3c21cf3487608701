"""How a checkpoint sees an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.inputs.scene_images import thing_numbers
from inference.results.image import ImageRequest, ImageResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def image(request: ImageRequest, model: Model, context: Context) -> ImageResult:
    """An image before and after it was made ready; runs no model.

    Raises
    ------
    Refused
        As `inference.inputs.images.prepare`.
    """
    context.checkpoint()
    prepared = model.prepare(request.input)
    scene = prepared.scene
    grid = model.images.grid(model.info.groups[0].name, model.net.config, prepared.shape)
    return ImageResult(
        original=prepared.original,
        seen=prepared.seen,
        box=prepared.box,
        size=prepared.size,
        grid=grid.shape,
        n_special=grid.n_special,
        about=prepared.about,
        caption=prepared.caption,
        notes=prepared.notes,
        things=tuple(thing.phrase if len(scene.things) > 1 else thing.tag for thing in scene.things) if scene else (),
        shown_thing=thing_numbers(scene, prepared.original.shape[0]) if scene else None,
    )
