"""Text encoders with sparse attention: Longformer's windows and global tokens, BigBird's blocks."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

from inference.capture.blocks import blocks_kept
from inference.family.base import Encoded, check_count
from inference.family.components import Components, Names, of_one_stack
from inference.family.text import TextFamily
from inference.inputs.tokens import as_text, segments, tokenize
from inference.layouts.unpadded import check_blocks, unpadded
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.inputs.images import Prepared


class SparseEncoderFamily(TextFamily):
    """Longformer (Beltagy et al. 2020) and BigBird (Zaheer et al. 2020)."""

    name = "sparse_encoder"
    starts_behind_padding = frozenset({"longformer"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ("longformer", "big_bird") and not getattr(config, "is_decoder", False)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        return (AttentionGroup("encoder", "Encoder", (config.num_attention_heads,) * config.num_hidden_layers),)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        if config.model_type == "longformer":
            return ("The first token has global attention here, as in Longformer's classifiers; all others have none.",)
        if config.attention_type == "original_full":
            return ()
        return (
            "BigBird is run with its random blocks, as in training: in evaluation transformers leaves them out and "
            "counts the first block several times. Texts too short for blocks are read with full attention.",
        )

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        if config.model_type == "big_bird":
            check_blocks(len(tokens), config)
        tensors = {"input_ids": torch.from_numpy(tokens.ids)[None]}
        if config.model_type == "big_bird":
            tensors |= segments(tokens, config)
        if config.model_type == "longformer":
            is_global = torch.zeros_like(tensors["input_ids"])
            is_global[0, 0] = 1
            tensors["global_attention_mask"] = is_global
        return Encoded(tensors, {"text": tokens})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits."""
        base: Any = net.base_model
        with blocks_kept(base) if net.config.model_type == "big_bird" else nullcontext():
            base(**encoded.tensors)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        (group,) = self.groups(net.config)
        calls = [unpadded(each, len(encoded.tokens)) for each in received]
        return {group.name: check_count(calls, group)}

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`."""
        head = "lm_head" if net.config.model_type == "longformer" else "cls.predictions"
        names = Names(
            "encoder.layer",
            "attention.self",
            ("intermediate.dense", "output.dense"),
            embedding="embeddings",
            unembedding=(head,),
        )
        return of_one_stack(net, "encoder", names)
