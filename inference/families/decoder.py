"""Text decoders: a token sees those before it, and itself, or what a recurrent network remembers of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded, check_count
from inference.family.components import Block, Components, Names, Stack, of_one_stack, that_are_there
from inference.family.recurrent import NO_SELF_ATTENTION, RecurrentText, recurrent_lacking
from inference.family.text import TextFamily, bent_by_the_head
from inference.inputs.tokens import as_text, followed_by
from inference.inputs.written import text_and_written
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared

# Those of transformers that are read; a test builds every one and compares it with transformers itself. Left out is
# what attends otherwise (state spaces, attention sinks, latent keys, hashing), or needs more than a text.
MODEL_TYPES = frozenset(
    [
        "afmoe",
        "apertus",
        "arcee",
        "bamba",
        "beam",
        "biogpt",
        "bitnet",
        "bloom",
        "codegen",
        "cohere",
        "cohere2",
        "cohere2_moe",
        "ctrl",
        "cwm",
        "deepseek_v2",
        "deepseek_v3",
        "doge",
        "ernie4_5",
        "ernie4_5_moe",
        "exaone4",
        "exaone_moe",
        "falcon",
        "flex_olmo",
        "gemma",
        "gemma2",
        "gemma3_text",
        "glm",
        "glm4",
        "glm4_moe",
        "gpt-sw3",
        "gpt2",
        "gpt_bigcode",
        "gpt_neo",
        "gpt_neox",
        "gpt_neox_japanese",
        "gpt_oss",
        "gptj",
        "granite",
        "granitemoe",
        "granitemoehybrid",
        "granitemoeshared",
        "helium",
        "hunyuan_v1_dense",
        "hunyuan_v1_moe",
        "hy_v3",
        "hyperclovax",
        "internlm3",
        "iquestcoder",
        "jais2",
        "jamba",
        "jetmoe",
        "kolibri1",
        "laguna",
        "lfm2",
        "lfm2_moe",
        "llama",
        "llama4_text",
        "mellum",
        "minimax_m2",
        "ministral",
        "ministral3",
        "mistral",
        "mixtral",
        "modernbert-decoder",
        "mpt",
        "nanochat",
        "nemotron",
        "olmo",
        "olmo2",
        "olmo3",
        "olmo_hybrid",
        "olmoe",
        "openai-gpt",
        "opt",
        "persimmon",
        "phi",
        "phi3",
        "phimoe",
        "qwen2",
        "qwen2_moe",
        "qwen3",
        "qwen3_5_text",
        "qwen3_moe",
        "qwen3_next",
        "seed_oss",
        "smollm3",
        "solar_open",
        "stablelm",
        "starcoder2",
        "vaultgemma",
        "xglm",
    ]
)
# In some of their layers stands something else in place of attention.
_HYBRIDS = {
    **dict.fromkeys(("lfm2", "lfm2_moe"), "a short convolution"),
    **dict.fromkeys(("olmo_hybrid", "qwen3_5_text", "qwen3_next"), "a gated delta rule"),
    **dict.fromkeys(("bamba", "granitemoehybrid", "jamba"), "a state space"),
}
# A learned score for each head competes with the keys (Xiao et al. 2024).
_WITH_SINKS = {"gpt_oss"}
# Its scores are sums of several products, of which only the patterns are kept.
_PATTERNS_ONLY = {"xglm"}

# What they call their parts; most have the names of LLaMA.
_LLAMA = Names("layers", "self_attn", final_norm="norm")
_GPT2 = Names("h", "attn", embedding="wte", final_norm="ln_f")
_BLOOM = Names("h", "self_attention", embedding="word_embeddings", final_norm="ln_f")
_NEOX = Names("layers", "attention", embedding="embed_in", final_norm="final_layer_norm")
_OPT = Names("decoder.layers", "self_attn", ("fc1", "fc2"), embedding="decoder.embed_tokens")
_PHI = replace(_LLAMA, final_norm="final_layernorm")
_MOE = replace(_LLAMA, mlp=("block_sparse_moe",))
_NAMES = {
    "lfm2": replace(_LLAMA, mlp=("feed_forward",), final_norm="embedding_norm"),
    "lfm2_moe": replace(_LLAMA, mlp=("feed_forward",), final_norm="embedding_norm"),
    "bamba": replace(_LLAMA, mlp=("feed_forward",), final_norm="final_layernorm"),
    "biogpt": replace(_LLAMA, mlp=("fc1", "fc2"), final_norm="layer_norm", unembedding=("output_projection",)),
    "bloom": _BLOOM,
    "codegen": _GPT2,
    "ctrl": Names("h", "multi_head_attention", ("ffn",), embedding="w", final_norm="layernorm"),
    "falcon": _BLOOM,
    "gpt-sw3": _GPT2,
    "gpt2": _GPT2,
    "gpt_bigcode": _GPT2,
    "gpt_neo": replace(_GPT2, attention="attn.attention"),
    "gpt_neox": _NEOX,
    "gpt_neox_japanese": replace(_NEOX, unembedding=("embed_out",)),
    "gptj": _GPT2,
    "granitemoe": _MOE,
    "granitemoehybrid": replace(_LLAMA, mlp=("shared_mlp",)),
    "granitemoeshared": _MOE,
    "jamba": replace(_LLAMA, mlp=("feed_forward",), final_norm="final_layernorm"),
    "jetmoe": replace(_LLAMA, attention="self_attention"),
    "llama4_text": replace(_LLAMA, mlp=("feed_forward",)),
    "modernbert-decoder": Names(
        "layers", "attn", embedding="embeddings", final_norm="final_norm", unembedding=("lm_head", "decoder")
    ),
    "mpt": Names("blocks", "attn", ("ffn",), embedding="wte", final_norm="norm_f"),
    "openai-gpt": replace(_GPT2, embedding="tokens_embed", final_norm=""),
    "opt": replace(_OPT, final_norm="decoder.final_layer_norm"),
    "persimmon": _PHI,
    "phi": _PHI,
    "xglm": replace(_LLAMA, mlp=("fc1", "fc2"), final_norm="layer_norm"),
}


_AND_SINK = "text_and_sink"


class DecoderFamily(TextFamily):
    """GPT and its like (Radford et al. 2018, 2019)."""

    name = "decoder"
    sinusoidal = frozenset({"ctrl", "xglm"})
    rotary = frozenset({"gptj", "codegen"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        if config.model_type not in MODEL_TYPES:
            return False
        attending = len(_attending(config))
        is_whole = attending == config.num_hidden_layers or (attending > 0 and config.model_type in _HYBRIDS)
        return is_whole and not getattr(config, "add_cross_attention", False)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        attending = _attending(config)
        n_heads = tuple(config.num_attention_heads * (i in attending) for i in range(config.num_hidden_layers))
        has_qk = config.model_type not in _PATTERNS_ONLY
        keys = _AND_SINK if config.model_type in _WITH_SINKS else "text"
        return (AttentionGroup("decoder", "Decoder", n_heads, is_causal=True, has_qk=has_qk, key_axis=keys),)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        if config.model_type in _WITH_SINKS:
            return ("Each head has a sink, a key of its own without a word; its column is the last one.",)
        if config.model_type not in _HYBRIDS:
            return ()
        layers = _attending(config)
        which = ", ".join(map(str, layers))
        return (
            f"Of its {config.num_hidden_layers} layers, counted from 0, these attend: {which}. "
            f"The others have {_HYBRIDS[config.model_type]} in place of attention.",
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_seq_len if config.model_type == "mpt" else super().n_ctx(config)

    def position_kind(self, config: PreTrainedConfig) -> str:
        """See `Reads.position_kind`. What stands in place of attention tells Jamba and Granite the order."""
        has_none = config.model_type == "jamba" or (
            config.model_type == "granitemoehybrid" and config.position_embedding_type != "rope"
        )
        return "none" if has_none else super().position_kind(config)

    def alibi_slopes(self, config: PreTrainedConfig) -> list[float] | None:
        """Of BLOOM, of MPT where it says so, and of Falcon, which scales the sum of score and bias."""
        n_heads = config.num_attention_heads
        if config.model_type == "mpt" and config.attn_config.alibi:
            return alibi_slopes(n_heads, config.attn_config.alibi_bias_max)
        if config.model_type == "falcon" and config.alibi:
            return [slope / math.sqrt(config.hidden_size // n_heads) for slope in alibi_slopes(n_heads)]
        return alibi_slopes(n_heads) if config.model_type == "bloom" else None

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        return lacking | {
            "masked_lm": lacking["unembedding"] or f"{opened.name} predicts the next word, it has no mask token",
            "generation": lacking["unembedding"],
        }

    def why_logits_are_no_sum(self, opened: Opened) -> str:
        return bent_by_the_head(opened) if opened.config.model_type == "modernbert-decoder" else ""

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        tokens = text_and_written(as_text(input), config, tokenizer, self.n_ctx(config))
        sequences = {"text": tokens}
        if config.model_type in _WITH_SINKS:
            sequences[_AND_SINK] = followed_by(tokens, "sink")
        return Encoded({"input_ids": torch.from_numpy(tokens.ids)[None]}, sequences)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits, which take more room than all layers, and without a second copy of keys and values."""
        self.output(net, encoded.tensors, with_head=False, use_cache=False)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        (group,) = self.groups(net.config)
        return {group.name: check_count([each.one() for each in received], group)}

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`."""
        config = net.config
        names = _NAMES.get(config.model_type, _LLAMA)
        if config.model_type == "opt" and not hasattr(net.base_model.decoder, "final_layer_norm"):
            names = _OPT
        # Llama 4 calls its whole model the base.
        base = "model" if config.model_type == "llama4_text" and hasattr(net, "model") else None
        return of_one_stack(
            net,
            "decoder",
            names,
            base,
            attending=_attending(config),
            factor=_factor(config),
            cap=getattr(config, "final_logit_softcapping", None),
            embedding_factor=math.sqrt(config.n_embd) if config.model_type == "ctrl" else 1.0,
        )


class RecurrentFamily(RecurrentText, DecoderFamily):
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

    def lacks(self, opened: Opened) -> dict[str, str]:
        return super().lacks(opened) | {"attention": NO_SELF_ATTENTION, "qk": NO_SELF_ATTENTION}

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
            lacking=recurrent_lacking(net, unembedding),
        )


def _factor(config: PreTrainedConfig) -> float:
    """By what logits are multiplied in the end."""
    if config.model_type in ("cohere", "cohere2", "cohere2_moe"):
        return config.logit_scale
    if config.model_type == "hyperclovax":
        return config.logits_scaling
    return 1 / config.logits_scaling if config.model_type.startswith("granite") else 1.0


def alibi_slopes(n_heads: int, bias_max: float = 8) -> list[float]:
    """Slopes of the heads: powers of 2, or for other numbers of heads every other of the next power.

    References
    ----------
    Press et al. 2022, "Train Short, Test Long", section 3.
    """
    n_even = 2 ** math.floor(math.log2(n_heads))
    slopes = [2 ** (-bias_max * i / n_even) for i in range(1, n_even + 1)]
    between = [2 ** (-bias_max * i / (2 * n_even)) for i in range(1, 2 * n_even + 1, 2)]
    return [*slopes, *between][:n_heads]


def _attending(config: PreTrainedConfig) -> list[int]:
    """Layers, from 0, that have no convolution or the like in place of attention."""
    kinds = getattr(config, "layer_types", None) or ["attention"] * config.num_hidden_layers
    return [i for i, kind in enumerate(kinds) if "attention" in kind and "linear" not in kind]
