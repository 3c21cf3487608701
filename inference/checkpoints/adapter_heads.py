"""The head that an adapter was trained with: what it was fine-tuned to tell, beside what it changes of its base.

PEFT keeps such heads whole (`modules_to_save`) and names the task, not the class; the class follows from the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inference.checkpoints.adapters import ADAPTER_WEIGHTS, Adapter, place_of
from inference.checkpoints.weights_header import StoredTensor, read_header
from inference.context import Refused
from inference.results.counts import count_of

if TYPE_CHECKING:
    from torch import Tensor

_MOST_LABELS = 10_000


@dataclass(frozen=True)
class AdapterHead:
    """A head and what it makes of its base.

    Attributes
    ----------
    config
        What config.json of the base would say.
    stored
        Its tensors, by their names in the class that has it.
    """

    config: dict[str, Any]
    stored: dict[str, StoredTensor]


def find_head(adapter: Adapter, config: dict[str, Any]) -> AdapterHead | None:
    """The head of an adapter; None where it has none, or none that a class of transformers has on such a base.

    Parameters
    ----------
    config
        What config.json of the base says.

    Raises
    ------
    Refused
        The file of its weights cannot be trusted, or its names of classes do not fit the head.
    """
    # Late: the tables of transformers take a second.
    from transformers.models.auto import modeling_auto

    classes: dict[str, dict[str, str]] = {
        "SEQ_CLS": modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        "TOKEN_CLS": modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
        "QUESTION_ANS": modeling_auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
    }
    named = classes.get(adapter.task, {}).get(str(config.get("model_type")))
    if named is None:
        return None
    header = read_header(adapter.folder / ADAPTER_WEIGHTS)
    stored = {place: tensor for name, tensor in header.items() if (place := place_of(name)) is not None}
    rows = [tensor.shape[0] for tensor in stored.values() if len(tensor.shape) == 2]
    if not rows or not 1 <= min(rows) <= _MOST_LABELS:
        return None
    labels = adapter.labels or tuple(f"LABEL_{number}" for number in range(min(rows)))
    if len(labels) != min(rows):
        raise Refused(
            f"{adapter.folder.name} names {count_of(len(labels), 'classes')}, but the head in "
            f"{ADAPTER_WEIGHTS} tells {min(rows)}."
        )
    says = {
        "architectures": [named],
        "id2label": {str(number): label for number, label in enumerate(labels)},
        "label2id": {label: number for number, label in enumerate(labels)},
    }
    return AdapterHead({key: value for key, value in config.items() if key != "num_labels"} | says, stored)


def read_head(adapter: Adapter) -> dict[str, Tensor]:
    """The tensors of its head, by their names in the class that has it."""
    from inference.checkpoints.weights_reading import read_tensors

    tensors = read_tensors(adapter.folder, read_header(adapter.folder / ADAPTER_WEIGHTS))
    return {place: tensor for name, tensor in tensors.items() if (place := place_of(name)) is not None}
