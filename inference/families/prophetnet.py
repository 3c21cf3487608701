"""ProphetNet, whose decoder has a stream for each future word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded, check_count
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.family.text_heads import why_no_unembedding
from inference.inputs.tokens import as_text, joined, tokenize
from inference.inputs.written import source_of, target_of
from inference.layouts.prophetnet import lay_out
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared


class ProphetNetFamily(PartsFamily):
    """ProphetNet (Qi et al. 2020)."""

    name = "prophetnet"
    reads = ("text",)
    heads = frozenset({"ProphetNetForConditionalGeneration"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "prophetnet"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        """Scores of the decoder are sums of several products, of which only the patterns are kept."""
        n, heads = config.num_decoder_layers, config.num_decoder_attention_heads
        encoder = part("Encoder", "", config.num_encoder_layers, config.num_encoder_attention_heads, "source")
        ahead = (
            part(f"Decoder, future word {i}", "", n, heads, ("target", "two_streams"), has_qk=False)
            for i in range(1, config.ngram + 1)
        )
        return (
            encoder,
            part("Decoder", "", n, heads, "target", is_causal=True, has_qk=False),
            part("Decoder to encoder", "", n, heads, ("all_streams", "source")),
            *ahead,
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings - config.pad_token_id - 1

    def lacks(self, opened: Opened) -> dict[str, str]:
        has_head = opened.net_class in self.heads
        return super().lacks(opened) | {"translation": "" if has_head else why_no_unembedding(opened)}

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`; a stream has the places of the target."""
        given = as_text(input)
        source = tokenize(source_of(given), config, tokenizer, self.n_ctx(config))
        target = target_of(given, config, tokenizer)
        streams = joined(target, target)
        every = target
        for _ in range(config.ngram):
            every = joined(every, target)
        tensors = {
            "input_ids": torch.from_numpy(source.ids)[None],
            "decoder_input_ids": torch.from_numpy(target.ids)[None],
        }
        return Encoded(tensors, {"source": source, "target": target, "two_streams": streams, "all_streams": every})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits, and without a second copy of keys and values."""
        self.output(net, encoded.tensors, with_head=False, use_cache=False)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        found = {group.title: list(group.calls) for group in lay_out(received, net, encoded.tensors)}
        return {group.name: check_count(found.get(group.title, []), group) for group in self.groups(net.config)}
