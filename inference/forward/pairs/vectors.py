"""Vectors of images and of texts: each is made once and kept, so that another label costs its own pass alone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.inputs.images import Prepared, prepare, small, stamp
from inference.inputs.tokens import filled_up
from inference.results.inputs import ImageInput, TextInput

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model

N_BATCH = 64
_MOST_SHOWN = 40  # letters of a text that is refused
_MOST_KEPT = 4096  # images, and as many texts


@dataclass(frozen=True)
class ImageVector:
    """An image in the space that both towers share.

    Attributes
    ----------
    vector
        float32 [number], of length 1.
    thumbnail
        uint8 [row, column, 3].
    """

    vector: Tensor
    thumbnail: np.ndarray
    notes: tuple[str, ...] = ()


def image_vectors(model: Model, images: Sequence[ImageInput], context: Context) -> list[ImageVector]:
    """One for each image, in that order.

    Parameters
    ----------
    context
        One checkpoint a batch, and one an image that is read.

    Raises
    ------
    Refused
        As `inference.inputs.images.prepare`.
    """
    assert model.preparation is not None
    context.checkpoint()
    kept: dict[object, ImageVector] = model.store.setdefault("image vectors", {})  # type: ignore[assignment]
    keys = [stamp(image) for image in images]
    missing = [(key, image) for key, image in dict(zip(keys, images, strict=True)).items() if key not in kept]
    found = {key: kept[key] for key in keys if key in kept}
    for start in range(0, len(missing), N_BATCH):
        batch = missing[start : start + N_BATCH]
        prepared = []
        for i, (_, image) in enumerate(batch):
            context.checkpoint(start + i, len(missing), f"Reading image {start + i + 1} of {len(missing)}")
            prepared.append(prepare(image, model.preparation))
        made = vectors_of(model, prepared)
        found |= {key: one for (key, _), one in zip(batch, made, strict=True)}
    _keep(kept, found)
    return [found[key] for key in keys]


def vectors_of(model: Model, prepared: Sequence[Prepared]) -> list[ImageVector]:
    """Of images that were made ready, in one pass for all of one size."""
    by_shape: dict[tuple[int, int], list[int]] = {}
    for i, one in enumerate(prepared):
        by_shape.setdefault(one.shape, []).append(i)
    found: dict[int, ImageVector] = {}
    for places in by_shape.values():
        pixels = torch.from_numpy(np.stack([prepared[i].values for i in places])).to(model.device, model.net.dtype)
        with torch.inference_mode():
            vectors = model.pairs.image_vectors(model.net, pixels).float().cpu()
        for i, vector in zip(places, vectors, strict=True):
            found[i] = ImageVector(vector, small(prepared[i]), prepared[i].notes)
    return [found[i] for i in range(len(prepared))]


def text_vectors(model: Model, texts: Sequence[str], context: Context) -> Tensor:
    """float32 [text, number], each of length 1.

    Parameters
    ----------
    context
        One checkpoint a pass.

    Raises
    ------
    Refused
        As `ComparesPairs.text_tokens`.
    """
    kept: dict[object, Tensor] = model.store.setdefault("text vectors", {})  # type: ignore[assignment]
    found = {text: kept[text] for text in texts if text in kept}
    new = [(text, _ids(model, text)) for text in dict.fromkeys(texts) if text not in found]
    new.sort(key=lambda each: len(each[1]))  # little is padded
    for start in range(0, len(new), N_BATCH):
        batch = new[start : start + N_BATCH]
        context.checkpoint(start, len(new), f"Reading text {start + 1} of {len(new)}")
        ids, mask = _padded([ids for _, ids in batch], model)
        with torch.inference_mode():
            vectors = model.pairs.text_vectors(model.net, ids, mask).float().cpu()
        found |= {text: vector for (text, _), vector in zip(batch, vectors, strict=True)}
    _keep(kept, found)
    return torch.stack([found[text] for text in texts])


def _padded(texts: list[np.ndarray], model: Model) -> tuple[Tensor, Tensor | None]:
    """Ids [text, token] of one length, and what of them is text; None where all is."""
    ids = filled_up(texts, getattr(model.tokenizer, "pad_token_id", None) or 0)
    mask = filled_up([np.ones(len(text)) for text in texts], 0)
    is_padded = not mask.all()
    return torch.from_numpy(ids).to(model.device), torch.from_numpy(mask).to(model.device) if is_padded else None


def _ids(model: Model, text: str) -> np.ndarray:
    try:
        return model.pairs.text_tokens(TextInput(text), model.net.config, model.tokenizer).ids
    except Refused as refused:  # of several texts it is not plain which one is meant
        shown = textwrap.shorten(text, _MOST_SHOWN, placeholder=" …")
        raise Refused(f"“{shown}” cannot be compared: {refused}") from refused


def _keep(kept: dict, found: dict) -> None:
    kept |= found
    while len(kept) > _MOST_KEPT:
        kept.pop(next(iter(kept)))


def scale_and_bias(model: Model) -> tuple[float, float]:
    """See `ComparesPairs.scale_and_bias`, as numbers."""
    scale, bias = model.pairs.scale_and_bias(model.net)
    return float(scale), float(bias)
