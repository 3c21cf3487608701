"""XLNet, with both of its streams."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded, check_count
from inference.family.components import Components, Names, of_one_stack
from inference.family.text import TextFamily
from inference.inputs.tokens import as_text, compared_segments, tokenize
from inference.layouts.xlnet import streams
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.inputs.images import Prepared


class XlnetFamily(TextFamily):
    """XLNet (Yang et al. 2019)."""

    name = "xlnet"
    relative = frozenset({"xlnet"})
    unlimited = frozenset({"xlnet"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "xlnet"

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        """Scores are sums of three products, of content, position and segment: only the patterns are kept."""
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        content = AttentionGroup("content", "Content stream", n_heads, has_qk=False)
        if self.predicted(config):
            return (content,)
        return (content, AttentionGroup("query", "Query stream", n_heads, has_qk=False))

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        if self.predicted(config):
            return ()
        return ("The query stream predicts every word from all others: each place is hidden from itself there.",)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. The content stream sees every word, as it does without the other.

        What was fine-tuned has no query stream: its head would read that in place of the content.
        """
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        tensors = {"input_ids": torch.from_numpy(tokens.ids)[None]}
        if not self.predicted(config):
            places = torch.eye(len(tokens))[None]
            tensors |= {"perm_mask": places, "target_mapping": places}
        tensors |= compared_segments(tokens, tokenizer)
        return Encoded(tensors, {"text": tokens})

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        groups = self.groups(net.config)
        calls = streams(received, encoded.tensors.get("target_mapping"))
        return {group.name: check_count(own, group) for group, own in zip(groups, calls, strict=False)}

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`; both streams run through the same blocks."""
        names = Names("layer", "rel_attn", ("ff",), embedding="word_embedding", unembedding=("lm_loss",))
        whole = of_one_stack(net, "content", names, batch_axis=1)
        if self.predicted(net.config):
            return whole
        return replace(whole, stacks=whole.stacks | {"query": whole.stacks["content"]})
