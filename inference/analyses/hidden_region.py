"""What a model believes to be in a region whose vector is hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from inference.context import Refused
from inference.family.jointly import ReadsJointly
from inference.family.opened import Opened
from inference.forward.masked_lm import check_top_k
from inference.inputs.seen import seen_image
from inference.results.hidden_region import HiddenRegionRequest, HiddenRegionResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model


def hidden_region(request: HiddenRegionRequest, model: Model, context: Context) -> HiddenRegionResult:
    """The most probable classes of a region whose vector is hidden, with the words and with every word masked.

    Parameters
    ----------
    context
        One checkpoint a pass.

    Raises
    ------
    Refused
        The model reads no words and image together, or no regions; there is no such region, or no text; else as
        `ReadsJointly.regions` and `Family.encode`.
    """
    check_top_k(request.top_k)
    family, config = model.family, model.net.config
    if not isinstance(family, ReadsJointly) or "regions" not in family.reads:
        raise Refused(f"{model.info.name} reads no regions of an image, so none can be hidden.")
    text = request.input.text
    if text is None or not (text.text.strip() or text.token_ids):
        raise Refused("A text and an image are needed; type a text.")
    prepared = model.prepare(request.input)
    regions = family.regions(request.input, config, prepared)
    assert regions is not None
    if not -1 <= request.region < len(regions):
        raise Refused(f"Region {request.region} was asked for; there are 0 to {len(regions) - 1}.")
    encoded = model.encode(request.input)
    opened = Opened(model.info.architecture, type(model.net).__name__, config, model.info.mask_token)
    why_none = family.why_no_regions(opened)
    class_names = family.region_names(config)
    truth = regions.labels[request.region] if request.region >= 0 else ""
    number = class_names.index(truth) if truth in class_names else -1
    told: list[tuple[str, ...]] = [(), ()]
    probs, truth_probs = np.zeros((2, 0), np.float32), np.full(2, np.nan, np.float32)
    if request.region >= 0 and not why_none:
        found = []
        for part, tensors in enumerate((encoded.tensors, _without_words(encoded.tensors, family, model))):
            context.checkpoint(part, 2, "With every word masked" if part else "With the words")
            with torch.inference_mode():
                of_classes = family.region_logits(model.net, tensors, request.region).float().softmax(-1)
            top = of_classes.topk(min(request.top_k, len(of_classes)))
            told[part] = tuple(class_names[i] for i in top.indices.tolist())
            found.append(top.values.cpu().numpy())
            truth_probs[part] = float(of_classes[number]) if number >= 0 else np.nan
        probs = np.stack(found).astype(np.float32)
    grid = model.images.grid(model.info.groups[0].name, config, prepared.shape)
    return HiddenRegionResult(
        replace(regions, features=None),
        seen_image(prepared, grid),
        request.region,
        (told[0], told[1]),
        probs,
        truth if number >= 0 else "",
        truth_probs,
        len(class_names),
        why_none,
        encoded.notes,
    )


def _without_words(tensors: dict[str, Tensor], family: ReadsJointly, model: Model) -> dict[str, Tensor]:
    """The same with a mask in place of every token of the text but the special ones."""
    tokenizer, ids = model.tokenizer, tensors[family.text_tensor]
    if tokenizer is None or tokenizer.mask_token_id is None:
        raise Refused(f"Without its tokenizer the words of {model.info.name} cannot be masked.")
    is_special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids, device=ids.device))
    masks = torch.full_like(ids, cast("int", tokenizer.mask_token_id))
    return tensors | {family.text_tensor: torch.where(is_special, ids, masks)}
