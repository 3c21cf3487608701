"""What families say whose models give every pixel of an image a label."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel


class Segments(ABC):
    """From an image and labels to a map for each label: what belongs to one of them is computed apart, and kept."""

    def label_names(self, config: PreTrainedConfig) -> tuple[str, ...]:
        """The labels that a model was trained on, where it knows no others; empty where labels are any texts."""
        return ()

    @abstractmethod
    def label_vectors(self, net: PreTrainedModel, input_ids: Tensor | None) -> Tensor:
        """[label, feature] of ids [label, pos], padded behind their end; of the model's own labels for None."""

    @abstractmethod
    def image_state(self, net: PreTrainedModel, pixel_values: Tensor) -> tuple[Tensor, ...]:
        """What maps are made of, whatever the labels, of an image [1, 3, row, column]."""

    @abstractmethod
    def label_maps(self, net: PreTrainedModel, state: tuple[Tensor, ...], vectors: Tensor) -> Tensor:
        """Scores [label, row, column] of an image and labels, in the size that the model gives."""

    def temperature(self, config: PreTrainedConfig) -> float:
        """By what scores are divided before their softmax, where they are cosines; 1 where they are logits."""
        return 1.0

    def is_exclusive(self, config: PreTrainedConfig) -> bool:
        """Whether labels exclude each other (softmax), or each is judged by itself (sigmoid)."""
        return True
