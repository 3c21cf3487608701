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
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.inputs.images import Prepared
    from inference.results.prediction import Predicts

_OF_FIRST = "The first token has global attention here, as in Longformer's classifiers; all others have none."
# Which words of Longformer see all others, and are seen by all, by what its head predicts.
_GLOBAL: dict[Predicts | None, str] = {
    None: _OF_FIRST,
    "text": _OF_FIRST,
    "tokens": "No token has global attention, as Longformer labels tokens.",
    "answer": "The question has global attention, as Longformer answers questions; the context has none.",
}


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
            return (_GLOBAL[self.predicted(config)],)
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
            tensors["global_attention_mask"] = _global(
                tensors["input_ids"], self.predicted(config), config.sep_token_id
            )
        return Encoded(tensors, {"text": tokens})

    def output(self, net: PreTrainedModel, tensors: dict[str, Tensor], *, with_head: bool = True, **more: Any) -> Any:
        """See `Attends.output`; a short text leaves BigBird as it was."""
        base: Any = net.base_model
        with blocks_kept(base) if net.config.model_type == "big_bird" else nullcontext():
            return super().output(net, tensors, with_head=with_head, **more)

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


def _global(ids: Tensor, predicted: Predicts | None, separator: int) -> Tensor:
    """int64 [1, pos], 1 where Longformer has global attention, as its classes give it by themselves."""
    is_global = torch.zeros_like(ids)
    if predicted == "answer":
        separators = (ids[0] == separator).nonzero()
        is_global[0, : int(separators[0, 0]) if len(separators) else 1] = 1
    elif predicted != "tokens":
        is_global[0, 0] = 1
    return is_global
