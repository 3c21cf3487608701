"""Recurrent networks, which the Transformer is compared with: a language model, and an encoder-decoder that attends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from inference.families.decoder import DecoderFamily
from inference.families.encoder_decoder import EncoderDecoderFamily
from inference.family.components import Block, Components, Stack, that_are_there
from inference.results.checkpoint import AttentionGroup

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.base import Encoded
    from inference.family.opened import Opened

NO_SELF_ATTENTION = "it is a recurrent network, which has no self-attention: what it knows of a text is its state"
_NO_QUERIES = "additive attention is no product of queries and keys (Bahdanau et al. 2015)"
_NO_SUM = "the states of a recurrent network are no sums of what its layers add, so its logits are no sum either"
_NO_POSITIONS = "a recurrent network encodes no positions: it reads one token after the other"


class RecurrentFamily(DecoderFamily):
    """A language model of LSTM (Hochreiter and Schmidhuber 1997); none of its layers attends."""

    name = "recurrent"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "lstm"

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (0,) * config.num_hidden_layers
        return (AttentionGroup("decoder", "Recurrent layers", n_heads, is_causal=True, has_qk=False),)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("It is a recurrent network: it reads one token after the other, and has no self-attention.",)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        """None: its state is as large behind a long text."""
        return 0

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "none"

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        return lacking | {
            "attention": NO_SELF_ATTENTION,
            "qk": NO_SELF_ATTENTION,
            "positions": _NO_POSITIONS,
            "linear_unembedding": lacking["unembedding"] or _NO_SUM,
        }

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`."""
        unembedding = that_are_there(net, ["lm_head"])
        base = "model." if unembedding else ""
        blocks = (Block(f"{base}layers.{i}", None, ()) for i in range(net.config.num_hidden_layers))
        return Components(
            embedding=f"{base}embed_tokens",
            stacks={"decoder": Stack(tuple(blocks))},
            of_head="decoder",
            of_features="decoder",
            unembedding=unembedding,
            lacking=_lacking(net, unembedding),
        )


class RecurrentTranslatorFamily(EncoderDecoderFamily):
    """An encoder-decoder of LSTM whose decoder attends to the source (Bahdanau et al. 2015): one layer, one head."""

    name = "recurrent_translator"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "lstm_attention"

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        group = AttentionGroup("cross", "Decoder to encoder", (1,), has_qk=False)
        return (replace(group, query_axis="target", key_axis="source"),)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (
            "It is a recurrent network: it has no self-attention, and one head of additive attention from each word "
            "of the target to the source.",
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        """None: it has no table of positions."""
        return 0

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "none"

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        return lacking | {
            "qk": _NO_QUERIES,
            "positions": _NO_POSITIONS,
            "next_token": lacking["unembedding"],
            "linear_unembedding": lacking["unembedding"] or _NO_SUM,
        }

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        """The steps of the decoder, one query each, as one attention."""
        n_target = len(encoded.sequences["target"])
        if len(received) != n_target:
            raise RuntimeError(f"The decoder attends at {n_target} places, but {len(received)} attentions were seen.")
        steps = [each.one() for each in received]
        patterns = [step.pattern for step in steps if step.pattern is not None]
        if not all(step.is_held for step in steps):
            patterns = [pattern.to("meta") for pattern in patterns]
        v = steps[0].v
        if v is not None and patterns[0].is_meta:
            v = v.to("meta")
        parts = tuple(each.number for each in received)
        whole = replace(steps[0], is_cross=True, v=v, pattern=torch.cat(patterns, 1), parts=parts)
        return {"cross": [whole]}

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`; the decoder is one block, as its layers run together, word by word."""
        unembedding = that_are_there(net, ["lm_head"])
        base = "model." if unembedding else ""
        layers = (Block(f"{base}encoder.layers.{i}", None, ()) for i in range(net.config.encoder_layers))
        decoder = Block(f"{base}decoder", None, (), cross_attention=f"{base}decoder.layers.0.cross_attention")
        return Components(
            embedding=f"{base}encoder.embed_tokens",
            stacks={"encoder": Stack(tuple(layers)), "cross": Stack((decoder,))},
            of_head="cross",
            of_features="encoder",
            unembedding=unembedding,
            lacking=_lacking(net, unembedding),
        )


def _lacking(net: PreTrainedModel, unembedding: tuple[str, ...]) -> dict[str, str]:
    none = {
        "final_norm": "a recurrent network has no norms",
        "residual_stream": "a recurrent network has no residual stream: each layer replaces what it reads",
    }
    return none if unembedding else none | {"unembedding": f"{type(net).__name__} has no head for tokens"}
