"""What can be trained: a model with its data, and what is asked of it along the way."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from inference.results.training import RowToken, StepTerm, WatchedMaps

NO_PATTERN = np.zeros((0, 0, 0, 0), np.float32)
NO_COUNTS = np.zeros((2, 2, 0), np.int32)
_IN_LAYER = re.compile(r"(?:^|\.)(?:(encoder|decoder)\.)?(?:layers|layer|h|blocks?)\.(\d+)\.")
_TOWERS = {"text_model": "text ", "vision_model": "image "}


class TrainingTask(ABC):
    """A model in training. Every random number comes from torch's own generator, whose state a run keeps.

    Attributes
    ----------
    net
        What is trained, on its device.
    tokenizer
        Of the checkpoint that becomes of it: transformers' fast one, whose types say little of its numbers.
    measure
        What `validate` tells besides the loss, in words.
    example
        What the model is asked each time.
    rows, columns
        See `TrainingResult`; empty where no attention is kept.
    watched, watching
        The same.
    weight_decay
        Of AdamW; none for the models of 2017.
    parts, parts_right
        Names of what `measure` is told apart by, and the shares as `validate` last found them; may be empty.
    terms, terms_now
        Numbers of a step beside its loss, and what they were when `loss` was last called; may be empty.
    row
        A row of what is not trained on, as it is asked for masked words; may be empty.
    """

    net: PreTrainedModel
    tokenizer: Any
    measure: str
    example: str
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    baselines: tuple[tuple[str, float], ...] = ()
    facts: tuple[str, ...] = ()
    weight_decay = 0.01
    parts: tuple[str, ...] = ()
    parts_right: tuple[float, ...] = ()
    row: tuple[RowToken, ...] = ()
    terms: tuple[StepTerm, ...] = ()
    terms_now: tuple[float, ...] = ()
    watched: str = ""
    watching: WatchedMaps = "text"

    @abstractmethod
    def loss(self) -> Tensor:
        """Mean loss of a batch chosen at random, with label smoothing."""

    @abstractmethod
    def validate(self) -> tuple[float, float]:
        """Loss without smoothing and the share that is right, on what is never trained on. In eval mode."""

    @abstractmethod
    def look(self) -> tuple[str, np.ndarray]:
        """What the model makes of the example, and `Validation.pattern`. In eval mode, behind `validate`."""

    def by_distance(self) -> np.ndarray:
        """See `Validation.by_distance`. In eval mode, behind `validate`."""
        return NO_COUNTS

    def whole(self) -> PreTrainedModel:
        """The model as it is saved."""
        return self.net

    def save_beside(self, folder: Path) -> None:  # noqa: B027 (most checkpoints have nothing else)
        """Write what a checkpoint has beside weights and tokenizer."""


def layers_of(net: nn.Module) -> dict[str, list[nn.Parameter]]:
    """What is trained, by layer, from the input to the output: for the norm of each one's gradient."""
    found: dict[str, list[nn.Parameter]] = {}
    with_layers: set[str] = set()  # towers; most models are but one
    is_of_towers = any(name.startswith(tuple(_TOWERS)) for name, _ in net.named_parameters())
    for name, parameter in net.named_parameters():
        match = _IN_LAYER.search(name)
        tower = _TOWERS.get(name.partition(".")[0], "")
        if match:
            with_layers.add(tower)
            part = f"{match[1]} {match[2]}" if match[1] and _has_both(net) else f"{tower}layer {match[2]}"
        elif tower in with_layers or (is_of_towers and not tower):  # both towers meet in what is of neither
            part = "head"
        else:
            part = f"{tower}embedding"
        if parameter.requires_grad:
            found.setdefault(part, []).append(parameter)
    # A norm behind the encoder comes before the decoder's layers.
    return {part: group for part, group in found.items() if part != "head"} | {
        part: group for part, group in found.items() if part == "head"
    }


def _has_both(net: nn.Module) -> bool:
    return bool(getattr(getattr(net, "config", None), "is_encoder_decoder", False))
