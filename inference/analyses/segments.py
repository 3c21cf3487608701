"""Which of the given labels every pixel of an image shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch.nn import functional as F

from inference.context import Refused
from inference.family.segments import Segments
from inference.inputs.images import stamp
from inference.inputs.read_alike import notes_of_compared
from inference.inputs.tokens import filled_up, tokenize
from inference.results.inputs import MOST_TEXTS, TextInput
from inference.results.segments import MOST_NUMBERS, SegmentsRequest, SegmentsResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model

_N_STEPS = 3
_IMAGE, _VECTORS = "segmented image", "label vectors"  # in the model's store


def segments(request: SegmentsRequest, model: Model, context: Context) -> SegmentsResult:
    """The label of every pixel, and what each pixel has to do with each label.

    What is computed of the image is kept until another one comes, and the vector of every label for as long as it is
    asked for: another label costs its own vector and its own map.

    Raises
    ------
    Refused
        There is no label, one is there twice or too long, or there are too many for an image of this size; else as
        `Model.prepare`.

    References
    ----------
    Li et al. 2022, "Language-driven Semantic Segmentation", section 3.
    """
    family, config = model.family, model.net.config
    if not isinstance(family, Segments):
        raise Refused(f"{model.info.name} makes no maps of labels.")
    prepared = model.prepare(request.input)
    own = family.label_names(config)
    labels = own or request.labels
    if not own:
        _check(labels)
    n = len(labels) * prepared.shape[0] * prepared.shape[1]
    if n > MOST_NUMBERS:
        raise Refused(
            f"{len(labels)} labels at {prepared.shape[0]:,} × {prepared.shape[1]:,} pixels are {n:,} numbers; up to "
            f"{MOST_NUMBERS:,} are possible: take fewer labels, or a smaller image."
        )
    # Computed in an order of its own: the last digits, and which of two equal labels wins, are then those of the labels
    # and not of the order that they were typed in.
    order = list(range(len(labels))) if own else sorted(range(len(labels)), key=labels.__getitem__)
    with torch.inference_mode():
        context.checkpoint(0, _N_STEPS, "Reading the labels")
        vectors = _vectors(() if own else tuple(labels[i] for i in order), model, family)
        context.checkpoint(1, _N_STEPS, "Reading the image")
        key = stamp(request.input.image) if request.input.image else None
        kept = cast("tuple[object, tuple[Tensor, ...]] | None", model.store.get(_IMAGE))
        if kept is None or kept[0] != key:
            pixels = torch.from_numpy(prepared.values)[None].to(model.device, model.net.dtype)
            kept = model.store[_IMAGE] = (key, family.image_state(model.net, pixels))
        context.checkpoint(2, _N_STEPS, "Comparing")
        scores = family.label_maps(model.net, kept[1], vectors).float()
        if tuple(scores.shape[1:]) != prepared.shape:
            scores = F.interpolate(scores[None], size=prepared.shape, mode="bilinear", align_corners=False)[0]
        temperature, is_exclusive = family.temperature(config), family.is_exclusive(config)
        best = scores.max(0)
        entropy = _entropy(scores / temperature) if is_exclusive else _binary_entropy(best.values)
        unit = F.normalize(vectors.float(), dim=-1)
        similarity = unit @ unit.T
        place = torch.tensor(order, device=scores.device)
        back = place.argsort()
    return SegmentsResult(
        labels=labels,
        scores=_array(scores[back]),
        is_cosine=temperature != 1,
        temperature=temperature,
        winners=np.array(place[best.indices].cpu().numpy(), np.int16),
        entropy=_array(entropy),
        is_exclusive=is_exclusive,
        similarity=_array(similarity[back][:, back]),
        seen=prepared.seen,
        notes=() if own else notes_of_compared(model.info.name, model.tokenizer, labels),
    )


def _check(labels: tuple[str, ...]) -> None:
    if not labels:
        raise Refused("There is no label; type one or more.")
    if len(labels) > MOST_TEXTS:
        raise Refused(f"There are {len(labels):,} labels; up to {MOST_TEXTS} are compared.")
    if empty := [label for label in labels if not label.strip()]:
        raise Refused(f"A label is empty ({empty[0]!r}); it needs a word.")
    if twice := [label for i, label in enumerate(labels) if label in labels[:i]]:
        raise Refused(f"The label {twice[0][:80]!r} is there twice.")


def _vectors(labels: tuple[str, ...], model: Model, family: Segments) -> Tensor:
    """[label, feature]; only those that are new are computed, and only those that are asked for are kept."""
    known = cast("dict[str, Tensor]", model.store.get(_VECTORS, {}))
    if not labels:
        return family.label_vectors(model.net, None)
    new = [label for label in labels if label not in known]
    if new:
        config = model.net.config
        n_ctx = model.family.n_ctx(config)
        rows = [tokenize(TextInput(label), config, model.tokenizer, n_ctx).ids for label in new]
        padding = getattr(config, "text_config", config).pad_token_id or 0
        ids = torch.from_numpy(filled_up(rows, padding)).to(model.device)
        vectors = family.label_vectors(model.net, ids)
        known = known | dict(zip(new, vectors, strict=True))
    known = {label: known[label] for label in labels}
    model.store[_VECTORS] = known
    return torch.stack(list(known.values()))


def _entropy(logits: Tensor) -> Tensor:
    """In bits, over the first axis."""
    log = logits.log_softmax(0)
    return -(log.exp() * log).sum(0) / np.log(2)


def _binary_entropy(logits: Tensor) -> Tensor:
    """In bits, of yes or no."""
    p = logits.sigmoid()
    return -(p * F.logsigmoid(logits) + (1 - p) * F.logsigmoid(-logits)) / np.log(2)


def _array(tensor: Tensor) -> np.ndarray:
    return np.array(tensor.cpu().numpy(), np.float32)
