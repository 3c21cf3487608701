"""An open checkpoint: the network, its tokenizer and family, and the last captured run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from inference.capture import AttentionCall, capture
from inference.family import Encoded, Family
from inference.results import CheckpointInfo, TextInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from inference.context import Context


@dataclass(frozen=True)
class Run:
    """One forward pass with everything its attention received, by group and layer."""

    encoded: Encoded
    calls: dict[str, list[AttentionCall]]


@dataclass
class Model:
    """A checkpoint in memory. Used by one thread at a time."""

    info: CheckpointInfo
    net: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase | None
    family: Family
    device: torch.device
    _last: tuple[TextInput, Run] | None = field(default=None, init=False, repr=False)

    def encode(self, input: TextInput) -> Encoded:
        """Tokenize; see `Family.encode` for what is refused."""
        encoded = self.family.encode(input, self.net.config, self.tokenizer)
        return Encoded({k: v.to(self.device) for k, v in encoded.tensors.items()}, encoded.sequences)

    def run(self, input: TextInput, context: Context) -> Run:
        """Forward pass with capture; the last one is kept, so that choosing another head costs no pass."""
        if self._last is not None and self._last[0] == input:
            return self._last[1]
        self._last = None
        encoded = self.encode(input)
        n_layers = sum(group.n_layers for group in self.family.groups(self.net.config))
        with torch.inference_mode(), capture(self.net, context, n_layers) as calls:
            self.net(**encoded.tensors)
        run = Run(encoded, self.family.sort_calls(calls, self.net))
        self._last = (input, run)
        return run
