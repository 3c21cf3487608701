"""How a checkpoint sees an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.inputs.seen import seen_image
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
    return seen_image(prepared, model.images.grid(model.info.groups[0].name, model.net.config, prepared.shape))
