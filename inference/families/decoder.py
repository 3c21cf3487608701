"""Text decoders: a token sees those before it, and itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded, Family, check_count
from inference.files.model_types import DECODERS, PATTERNS_ONLY, attends_in_every_layer
from inference.inputs.tokens import as_text, tokenize
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened


class DecoderFamily(Family):
    """GPT and its like (Radford et al. 2018, 2019)."""

    name = "decoder"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        is_known = config.model_type in DECODERS and attends_in_every_layer(config)
        return is_known and not getattr(config, "add_cross_attention", False)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        has_qk = config.model_type not in PATTERNS_ONLY
        return (AttentionGroup("decoder", "Decoder", n_heads, is_causal=True, has_qk=has_qk),)

    def axes(self, group: str) -> tuple[str, str]:
        return "text", "text"

    def lacks(self, opened: Opened) -> dict[str, str]:
        return super().lacks(opened) | {"masked_lm": f"{opened.named} predicts the next word, it has no mask token"}

    def encode(self, input: Input, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Encoded:
        """See `Family.encode`."""
        tokens = tokenize(as_text(input), config, tokenizer)
        return Encoded({"input_ids": torch.from_numpy(tokens.ids)[None]}, {"text": tokens})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits, which take more room than all layers, and without a second copy of keys and values."""
        net.base_model(**encoded.tensors, use_cache=False)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        (group,) = self.groups(net.config)
        return {group.name: check_count([each.one() for each in received], group)}
