"""What a model calls an image, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class ClassesRequest(Request["ClassesResult"]):
    """What the checkpoint calls an image, after each layer."""

    needs = frozenset({Capability.CLASSES})

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class ClassesResult:
    """Probabilities of all classes.

    Attributes
    ----------
    labels
        Names of the classes.
    probabilities
        float32 [layer + 1, label]: the final norm and head applied to what each layer hands on; row 0 is what comes
        into the first layer, such as the embedding; the last row is the model's own answer.
    is_multi_label
        Whether classes are independent (sigmoid) or exclude each other (softmax: rows sum to 1).
    read_from
        What the head reads, such as `[CLS]` or `mean of the patches`.
    truth
        Labels that are known to be true, for generated images of the checkpoint's own world.
    layers
        Names of the rows of `probabilities`. Of Swin only the last stage can be read.
    notes
        Sentences for the user, such as why earlier layers are missing.
    """

    labels: tuple[str, ...]
    probabilities: np.ndarray
    is_multi_label: bool
    read_from: str
    seen: np.ndarray
    truth: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
