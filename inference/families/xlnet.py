"""XLNet, with both of its streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded, Family, check_count
from inference.inputs.tokens import as_text, tokenize
from inference.layouts.xlnet import streams
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received


class XlnetFamily(Family):
    """XLNet (Yang et al. 2019)."""

    name = "xlnet"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "xlnet"

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        """Scores are sums of three products, of content, position and segment: only the patterns are kept."""
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        return (
            AttentionGroup("content", "Content stream", n_heads, has_qk=False),
            AttentionGroup("query", "Query stream", n_heads, has_qk=False),
        )

    def axes(self, group: str) -> tuple[str, str]:
        return "text", "text"

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("The query stream predicts every word from all others: each place is hidden from itself there.",)

    def encode(self, input: Input, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Encoded:
        """See `Family.encode`. The content stream sees every word, as it does without the other."""
        tokens = tokenize(as_text(input), config, tokenizer)
        places = torch.eye(len(tokens))[None]
        tensors = {"input_ids": torch.from_numpy(tokens.ids)[None], "perm_mask": places, "target_mapping": places}
        return Encoded(tensors, {"text": tokens})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits."""
        net.base_model(**encoded.tensors)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        content, query = self.groups(net.config)
        of_content, of_query = streams(received, encoded.tensors["target_mapping"])
        return {content.name: check_count(of_content, content), query.name: check_count(of_query, query)}
