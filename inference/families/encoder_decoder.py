"""Encoder-decoders: a source is read whole, a target is written token by token."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inference.capture.blocks import blocks_kept
from inference.context import Refused
from inference.family.base import Encoded, check_count
from inference.family.components import Block, Components, Names, Stack, base_path, joined, that_are_there
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.family.recurrent import RecurrentText, recurrent_lacking
from inference.family.text import TextFamily
from inference.family.text_heads import why_no_unembedding
from inference.inputs.shortening import shortened
from inference.inputs.tokens import as_text, behind_start, tokenize
from inference.inputs.written import exact_target, source_of, target_of
from inference.layouts.unpadded import check_blocks, check_padded, unpadded
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import TOO_LONG, Input
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared

# Those of transformers that are read; a test builds every one and compares it with transformers itself.
MODEL_TYPES = frozenset(
    [
        "bart",
        "bigbird_pegasus",
        "blenderbot",
        "blenderbot-small",
        "led",
        "m2m_100",
        "marian",
        "mbart",
        "mt5",
        "mvp",
        "nllb-moe",
        "pegasus",
        "plbart",
        "switch_transformers",
        "t5",
        "transformer",
        "umt5",
    ]
)
_T5 = {"mt5", "switch_transformers", "t5", "umt5"}
_ENDS_WITH_NORM = {"blenderbot", "m2m_100", "mbart", "nllb-moe", "pegasus"}
_ROLLED = {"mbart", "plbart"}
_BART = Names("layers", "self_attn", ("fc1", "fc2"), "encoder_attn")
_NO_QUERIES = "additive attention is no product of queries and keys (Bahdanau et al. 2015)"
_NOTES = {
    "led": "The first token of the source has global attention, as LED was trained to summarise; others have none.",
    "bigbird_pegasus": "The encoder is run with its random blocks, as in training: in evaluation transformers leaves "
    "them out and counts the first block several times. Texts too short for blocks are read with full attention.",
}


class EncoderDecoderFamily(TextFamily):
    """The Transformer of Vaswani et al. 2017, BART, T5 and their like."""

    name = "encoder_decoder"
    sinusoidal = frozenset({"marian", "m2m_100", "nllb-moe", "pegasus", "transformer"})
    unlimited = frozenset(_T5)
    relative = frozenset(_T5)

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in MODEL_TYPES and config.is_encoder_decoder

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        if hasattr(config, "num_decoder_layers"):  # T5's spelling
            encoder = (config.num_heads,) * config.num_layers
            decoder = (config.num_heads,) * config.num_decoder_layers
        else:
            encoder = (config.encoder_attention_heads,) * config.encoder_layers
            decoder = (config.decoder_attention_heads,) * config.decoder_layers
        return (
            AttentionGroup("encoder", "Encoder", encoder, query_axis="source", key_axis="source"),
            AttentionGroup("decoder", "Decoder", decoder, is_causal=True, query_axis="target", key_axis="target"),
            AttentionGroup("cross", "Decoder to encoder", decoder, query_axis="target", key_axis="source"),
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_encoder_position_embeddings if config.model_type == "led" else super().n_ctx(config)

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        return lacking | {
            "masked_lm": f"{opened.name} writes a new text, it does not fill masks",
            "translation": lacking["unembedding"],
        }

    def why_logits_are_no_sum(self, opened: Opened) -> str:
        return ""

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`.

        `text` is the source, `text_pair` what the decoder has written so far. Without one the decoder is given the
        source itself, cut to what it takes. The decoder's start token comes first in either case, and the end token
        is left off, as in training.
        """
        given, longest = as_text(input), self.n_ctx(config)
        is_predictor = self.predicted(config) is not None
        source_input = replace(given, target_ids=None) if is_predictor else source_of(given)
        source = tokenize(source_input, config, tokenizer, longest)
        if config.model_type == "led":  # counts positions on the padding too
            windows = config.attention_window
            check_padded(len(source), windows if isinstance(windows, int) else max(windows), longest)
        elif config.model_type == "bigbird_pegasus":
            check_blocks(len(source), config)
        if is_predictor:
            target = _shifted_source(source, config, tokenizer)
            return _encoded(source, target, config, has_global=False)
        if given.target_ids is not None:
            return _encoded(source, exact_target(given.target_ids, config, tokenizer), config)
        target_input = replace(source_input, masked=())
        if given.text_pair is not None:
            target_input = replace(target_input, text=given.text_pair, token_ids=None)
        most = longest if given.start is None else _longest_target(config, longest)
        written = tokenize(target_input, config, tokenizer, most, is_target=True)
        return _encoded(source, _shifted(written, config, tokenizer, longest), config)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        if self.predicted(config) and config.model_type == "led":
            return ("No token has global attention, as LED answers questions in transformers.",)
        return (_NOTES[config.model_type],) if config.model_type in _NOTES else ()

    def output(
        self, net: PreTrainedModel, tensors: dict[str, torch.Tensor], *, with_head: bool = True, **more: Any
    ) -> Any:
        """See `Attends.output`; a short text leaves BigBird's encoder as it was."""
        base: Any = net.base_model
        with blocks_kept(base.encoder) if net.config.model_type == "bigbird_pegasus" else nullcontext():
            return super().output(net, tensors, with_head=with_head, **more)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits where the model has its head apart, and without a second copy of keys and values."""
        self.output(net, encoded.tensors, with_head=False, use_cache=False)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        """The path says where a call belongs: lengths alone could be equal."""
        encoder, decoder, cross = self.groups(net.config)
        calls = [unpadded(each, len(encoded.sequences["source"])) for each in received]
        is_decoder = ["decoder" in call.path.split(".") for call in calls]
        pairs = list(zip(calls, is_decoder, strict=True))
        return {
            encoder.name: check_count([call for call, inside in pairs if not inside], encoder),
            decoder.name: check_count([call for call, inside in pairs if inside and not call.is_cross], decoder),
            cross.name: check_count([call for call, inside in pairs if inside and call.is_cross], cross),
        }

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`."""
        base, model_type = base_path(net), net.config.model_type
        encoder, decoder = _names(net.config)
        unembedding = that_are_there(net, ["lm_head"])
        lacking = {} if unembedding else {"unembedding": f"{type(net).__name__} has no head for tokens"}
        if not decoder.final_norm:
            lacking["final_norm"] = "every block ends with a norm of its own"
        says_so = {
            "t5": "scale_decoder_outputs",
            "umt5": "tie_word_embeddings",
            "switch_transformers": "tie_word_embeddings",
        }
        is_scaled = model_type in says_so and getattr(net.config, says_so[model_type])
        return Components(
            embedding=joined(base, "encoder.embed_tokens"),
            stacks={
                "encoder": encoder.stack(net, joined(base, "encoder")),
                "decoder": decoder.stack(net, joined(base, "decoder")),
            },
            of_head="decoder",
            of_features="encoder",
            unembedding=unembedding,
            bias="final_logits_bias" if unembedding and hasattr(net, "final_logits_bias") else None,
            state_factor=net.config.d_model**-0.5 if is_scaled else 1.0,
            lacking=lacking,
        )


class RecurrentTranslatorFamily(RecurrentText, EncoderDecoderFamily):
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

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        return lacking | {"qk": _NO_QUERIES, "next_token": lacking["unembedding"]}

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
            lacking=recurrent_lacking(net, unembedding),
        )


class FSMTFamily(PartsFamily):
    """The translators of fairseq for WMT 2019 (Ng et al. 2019); time comes before the batch between their layers."""

    name = "fsmt"
    reads = ("text",)
    heads = frozenset({"FSMTForConditionalGeneration"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "fsmt" and config.src_vocab_size == config.tgt_vocab_size

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads = config.decoder_layers, config.decoder_attention_heads
        return (
            part("Encoder", r"encoder\.layers", config.encoder_layers, config.encoder_attention_heads, "source"),
            part("Decoder", r"decoder\..*self_attn", n, heads, "target", is_causal=True),
            part("Decoder to encoder", r"decoder\..*encoder_attn", n, heads, ("target", "source")),
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings - config.pad_token_id - 1

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "sinusoidal"

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
        """See `Reads.encode`. `text_pair` is what was written so far; without one it is the source itself."""
        given = as_text(input)
        source = tokenize(source_of(given), config, tokenizer, self.n_ctx(config))
        return _encoded(source, target_of(given, config, tokenizer), config)

    def output(self, net: PreTrainedModel, tensors: dict[str, Any], *, with_head: bool = True, **more: Any) -> Any:
        """See `Attends.output`. Where keys and values are kept, transformers lets tokens see those behind them (5.23),
        so that several are given one by one.
        """
        given = tensors["decoder_input_ids"]
        if not more.get("use_cache") or given.shape[1] == 1:
            return super().output(net, tensors, with_head=with_head, **more)
        found: Any = None
        rows = []
        for one in given.split(1, 1):  # the start token at least
            found = super().output(net, tensors | {"decoder_input_ids": one}, with_head=with_head, **more)
            rows.append(found.logits)
            more |= {"past_key_values": found.past_key_values}
            tensors = tensors | {"encoder_outputs": (found.encoder_last_hidden_state,)}
        found.logits = torch.cat(rows, 1)
        return found

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=False, use_cache=False)


def _names(config: PreTrainedConfig) -> tuple[Names, Names]:
    """Of the encoder and of the decoder."""
    if config.model_type in _T5:
        last = "mlp" if config.model_type == "switch_transformers" else "DenseReluDense"
        norm = "final_layer_norm"
        return (
            Names("block", "layer.0.SelfAttention", (f"layer.1.{last}",), final_norm=norm),
            Names("block", "layer.0.SelfAttention", (f"layer.2.{last}",), "layer.1.EncDecAttention", final_norm=norm),
        )
    ends_with_norm = config.model_type in _ENDS_WITH_NORM or getattr(config, "norm_first", False)
    norm = "layer_norm" if ends_with_norm else ""
    if config.model_type == "bigbird_pegasus":
        norm = "layernorm_embedding"  # which stands at the end, in spite of its name
    if config.model_type == "nllb-moe":
        both = Names("layers", "self_attn", ("ffn",), "cross_attention", final_norm=norm)
        return replace(both, cross_attention=""), both
    cross = "cross_attn" if config.model_type == "transformer" else _BART.cross_attention
    return replace(_BART, cross_attention="", final_norm=norm), replace(_BART, cross_attention=cross, final_norm=norm)


def _longest_target(config: PreTrainedConfig, longest: int) -> int:
    return getattr(config, "max_decoder_position_embeddings", longest)


def _start(config: PreTrainedConfig) -> int:
    candidates = [getattr(config, f"{name}_token_id", None) for name in ("decoder_start", "bos", "pad")]
    return next((token for token in candidates if token is not None), 0)


def _shifted(
    tokens: Tokens, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None, longest: int
) -> Tokens:
    """The same behind the decoder's start token, without the end token, and no longer than the decoder takes."""
    start = _start(config)
    # Their last special token, the end or the code of the language, goes to the front (Liu et al. 2020, section 2.2).
    if config.model_type in _ROLLED and tokens.is_special[-1]:
        start, tokens = int(tokens.ids[-1]), replace(tokens, ids=np.append(tokens.ids[:-1], config.eos_token_id))
    n = len(tokens) - int(tokens.is_special[-1] and tokens.ids[-1] == config.eos_token_id)
    written = tokens.taken(range(n))
    limit = _longest_target(config, longest)
    if limit and n > limit - 1:
        written = shortened(written, {"the target": range(n)}, 0, limit - 1)
    return behind_start(start, written, tokenizer)


def _shifted_source(source: Tokens, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """What transformers gives the decoder of a classifier: the source behind a start token, without its last one.

    Raises
    ------
    Refused
        The decoder takes fewer tokens than the encoder, and than there are.
    """
    most = getattr(config, "max_decoder_position_embeddings", 0)
    if most and len(source) > most:
        raise Refused(f"The text has {len(source):,} tokens; {TOO_LONG} {most:,} in its decoder.")
    start = int(source.ids[-1]) if config.model_type in _ROLLED else _start(config)
    return behind_start(start, source.taken(range(len(source) - 1)), tokenizer)


def _encoded(source: Tokens, target: Tokens, config: PreTrainedConfig, *, has_global: bool = True) -> Encoded:
    tensors = {
        "input_ids": torch.from_numpy(source.ids)[None],
        "decoder_input_ids": torch.from_numpy(target.ids)[None],
    }
    if config.model_type == "led":
        tensors["global_attention_mask"] = torch.zeros_like(tensors["input_ids"])
        tensors["global_attention_mask"][0, 0] = int(has_global)
    return Encoded(tensors, {"source": source, "target": target})
