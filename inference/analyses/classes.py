"""What a model calls a picture, after each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers.modeling_outputs import BaseModelOutputWithPooling

from inference.forward.image_layers import layer_outputs, names_of
from inference.results.classes import ClassesRequest, ClassesResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model
    from inference.inputs.images import Prepared


def classes(request: ClassesRequest, model: Model, context: Context) -> ClassesResult:
    """The model's own final norm and head on what leaves each layer, as if it were the last.

    Parameters
    ----------
    context
        One checkpoint a layer.

    Raises
    ------
    Refused
        As `Model.encode`.

    References
    ----------
    nostalgebraist, "interpreting GPT: the logit lens", LessWrong 2020; here with heads that name classes.
    """
    prepared = model.prepare(request.input)
    tensors = model.encode(request.input).tensors
    is_multi_label = model.net.config.problem_type == "multi_label_classification"
    rows = []
    for state in layer_outputs(model, tensors, context):
        context.checkpoint()
        logits = head_logits(model, tensors, state)[0].float()
        rows.append(logits.sigmoid() if is_multi_label else logits.softmax(-1))
    labels = model.family.classes(model.net.config)
    return ClassesResult(
        labels=labels,
        probabilities=np.array(torch.stack(rows).cpu().numpy(), np.float32),
        is_multi_label=is_multi_label,
        read_from=_read_from(model),
        seen=prepared.seen,
        truth=_truth(prepared, labels),
        layers=names_of(model),
        notes=_notes(model),
    )


def head_logits(model: Model, tensors: dict[str, Tensor], state: Tensor) -> Tensor:
    """Logits [batch, label] of the model's own `forward` behind its base, which is made to answer with a state.

    Parameters
    ----------
    state
        [batch, token, d_model], of the width of the last layer, before the final norm.
    """
    base: Any = model.net.base_model
    with torch.inference_mode():
        normed = base.layernorm(state)
        pooled = None
        if (pooler := getattr(base, "pooler", None)) is not None:
            is_mean = isinstance(pooler, torch.nn.AdaptiveAvgPool1d)  # Swin
            pooled = pooler(normed.transpose(1, 2)).flatten(1) if is_mean else pooler(normed)
        answer = BaseModelOutputWithPooling(last_hidden_state=normed, pooler_output=pooled)
        answer["reshaped_hidden_states"] = None  # Swin hands it on
        base.forward = lambda *_, **__: answer
        try:
            return model.net(**tensors).logits
        finally:
            del base.forward  # the method of its class shows again


def _read_from(model: Model) -> str:
    name, config = type(model.net).__name__, model.net.config
    if name == "DeiTForImageClassificationWithTeacher":
        return "[CLS] and [DIST], their two heads averaged"
    if name.startswith("Dinov2"):
        return "[CLS] and the mean of the patches"
    is_mean = name.startswith("Swin") or getattr(config, "use_mean_pooling", False)
    return "the mean of the patches" if is_mean else "[CLS]"


def _notes(model: Model) -> tuple[str, ...]:
    depths = getattr(model.net.config, "depths", None)
    if not depths or len(depths) == 1:
        return ()
    return (
        f"Only stage {len(depths)} can be read: the features of the stages before it are narrower than what the head "
        "takes.",
    )


def _truth(prepared: Prepared, labels: tuple[str, ...]) -> tuple[str, ...]:
    """What the generator drew, where the labels are its own kinds."""
    if prepared.scene is None:
        return ()
    drawn = {thing.kind for thing in prepared.scene.things}
    return tuple(label for label in labels if label in drawn) if drawn <= {*labels} else ()
