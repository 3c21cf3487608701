"""What a model calls an image, after each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.forward.layer_outputs import layer_outputs, names_of
from inference.results.classes import ClassesRequest, ClassesResult

if TYPE_CHECKING:
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
        logits = model.images.class_logits(model.net, tensors, state)[0].float()
        rows.append(logits.sigmoid() if is_multi_label else logits.softmax(-1))
    labels = model.family.classes(model.net.config)
    return ClassesResult(
        labels=labels,
        probabilities=np.array(torch.stack(rows).cpu().numpy(), np.float32),
        is_multi_label=is_multi_label,
        read_from=model.images.classes_read_from(model.net),
        seen=prepared.seen,
        truth=_truth(prepared, labels),
        layers=names_of(model),
        notes=_notes(model),
    )


def _notes(model: Model) -> tuple[str, ...]:
    components = model.components
    before = [name for name in components.stacks if name != components.of_features]
    if not before or list(components.stacks)[-1] != components.of_features:
        return ()
    return (
        f"Only {model.info.group(components.of_features).title.lower()} can be read: the features of the stages before "
        "it are narrower than what the head takes.",
    )


def _truth(prepared: Prepared, labels: tuple[str, ...]) -> tuple[str, ...]:
    """What the generator drew, where the labels are its own kinds."""
    if prepared.scene is None:
        return ()
    drawn = {thing.kind for thing in prepared.scene.things}
    return tuple(label for label in labels if label in drawn) if drawn <= {*labels} else ()
