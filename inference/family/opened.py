"""How a checkpoint is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.checkpoint import PUBLISHED_NAMES

if TYPE_CHECKING:
    from transformers import PreTrainedConfig


@dataclass(frozen=True)
class Opened:
    """How a checkpoint is opened, for what its family says of it.

    Attributes
    ----------
    named
        Class that config.json names, else the one that is opened.
    net_class
        Class that is opened.
    config
        Names that class.
    mask
        Text of the mask token; empty for none, None without a tokenizer.
    """

    named: str
    net_class: str
    config: PreTrainedConfig
    mask: str | None

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return PUBLISHED_NAMES.get(self.named, self.named)
