"""How a checkpoint sees a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.results import PictureRequest, PictureResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.model import Model


def picture(request: PictureRequest, model: Model, context: Context) -> PictureResult:
    """A picture before and after it was made ready; runs no model.

    Raises
    ------
    Refused
        As `inference.pictures.prepare`.
    """
    context.checkpoint()
    prepared = model.prepare(request.input)
    grid = model.family.grid(model.info.groups[0].name, model.net.config, prepared.shape)
    return PictureResult(
        original=prepared.original,
        seen=prepared.seen,
        box=prepared.box,
        size=prepared.size,
        grid=grid.shape,
        n_special=grid.n_special,
        about=prepared.about,
        caption=prepared.caption,
    )
