"""Several images as the checkpoint sees them, small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.inputs.images import prepare, small, stamp
from inference.results.thumbnails import Thumbnail, ThumbnailsRequest, ThumbnailsResult
from resources.scene_shapes import KINDS

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model
    from inference.results.inputs import ImageInput

_MOST_KEPT = 256


def thumbnails(request: ThumbnailsRequest, model: Model, context: Context) -> ThumbnailsResult:
    """Each image small; one that cannot be read says why not, and the others are there all the same.

    Parameters
    ----------
    context
        One checkpoint an image.
    """
    kept: dict[object, Thumbnail] = model.store.setdefault("thumbnails", {})  # type: ignore[assignment]
    found = []
    for number, image in enumerate(request.images):
        context.checkpoint(number, len(request.images), f"Reading image {number + 1} of {len(request.images)}")
        key = stamp(image)
        if key not in kept:
            while len(kept) >= _MOST_KEPT:
                kept.pop(next(iter(kept)))
            kept[key] = _thumbnail(image, model)
        found.append(kept[key])
    return ThumbnailsResult(tuple(found), tuple(KINDS))


def _thumbnail(image: ImageInput, model: Model) -> Thumbnail:
    assert model.preparation is not None
    try:
        prepared = prepare(image, model.preparation)
    except Refused as refused:
        return Thumbnail(np.zeros((1, 1, 3), np.uint8), why_not=str(refused))
    scene = prepared.scene
    captions = tuple(reversed(scene.captions()[: len(scene.things)])) if scene else ()
    return Thumbnail(small(prepared), prepared.about, captions, tuple(reversed(scene.tags)) if scene else ())
