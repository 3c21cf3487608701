"""Text encoders: every token sees every other one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded, Family, check_count
from inference.files.model_types import ENCODERS, PATTERNS_ONLY
from inference.inputs.tokens import as_text, tokenize
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received


class EncoderFamily(Family):
    """BERT and its like (Devlin et al. 2019)."""

    name = "encoder"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ENCODERS and not getattr(config, "is_decoder", False)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        return (AttentionGroup("encoder", "Encoder", n_heads, has_qk=config.model_type not in PATTERNS_ONLY),)

    def axes(self, group: str) -> tuple[str, str]:
        return "text", "text"

    def encode(self, input: Input, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Encoded:
        """See `Family.encode`. Sentences are told apart (`token_type_ids`) where model and tokenizer do."""
        tokens = tokenize(as_text(input), config, tokenizer)
        tensors = {"input_ids": torch.from_numpy(tokens.ids)[None]}
        has_types = getattr(config, "type_vocab_size", 0) > 1
        if has_types and tokenizer is not None and "token_type_ids" in tokenizer.model_input_names:
            tensors["token_type_ids"] = torch.from_numpy(tokens.segment)[None].long()
        return Encoded(tensors, {"text": tokens})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits, which take more room than all layers."""
        net.base_model(**encoded.tensors)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        (group,) = self.groups(net.config)
        return {group.name: check_count([each.one() for each in received], group)}
