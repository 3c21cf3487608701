"""Encoder-decoders: a source is read whole, a target is written token by token."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inference.capture.blocks import blocks_kept
from inference.family.base import Encoded, Family, check_count
from inference.files.model_types import ENCODER_DECODERS
from inference.inputs.tokens import as_text, tokenize, word
from inference.layouts.unpadded import check_padded, unpadded
from inference.positions.kinds import n_ctx
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input, TextInput
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened

_NOTES = {
    "led": "The first token of the source has global attention, as LED was trained to summarise; others have none.",
    "bigbird_pegasus": "The encoder is run with its random blocks, as in training: in evaluation transformers leaves "
    "them out and counts the first block several times. Texts too short for blocks are read with full attention.",
}


class EncoderDecoderFamily(Family):
    """The Transformer of Vaswani et al. 2017, BART, T5 and their like."""

    name = "encoder_decoder"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ENCODER_DECODERS and config.is_encoder_decoder

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        if hasattr(config, "num_decoder_layers"):  # T5's spelling
            encoder = (config.num_heads,) * config.num_layers
            decoder = (config.num_heads,) * config.num_decoder_layers
        else:
            encoder = (config.encoder_attention_heads,) * config.encoder_layers
            decoder = (config.decoder_attention_heads,) * config.decoder_layers
        return (
            AttentionGroup("encoder", "Encoder", encoder),
            AttentionGroup("decoder", "Decoder", decoder, is_causal=True),
            AttentionGroup("cross", "Decoder to encoder", decoder),
        )

    def axes(self, group: str) -> tuple[str, str]:
        return {"encoder": ("source", "source"), "decoder": ("target", "target"), "cross": ("target", "source")}[group]

    def lacks(self, opened: Opened) -> dict[str, str]:
        return super().lacks(opened) | {"masked_lm": f"{opened.named} writes a new text, it does not fill masks"}

    def encode(self, input: Input, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Encoded:
        """See `Family.encode`.

        `text` is the source, `text_pair` what the decoder has written so far. Without one the decoder is given the
        source itself, cut to what it takes. The decoder's start token comes first in either case, and the end token
        is left off, as in training.
        """
        given = as_text(input)
        source_input = replace(given, text_pair=None)
        source = tokenize(source_input, config, tokenizer)
        check_padded(len(source), config)
        if given.text_pair is None:
            written = tokenize(replace(source_input, masked=()), config, tokenizer)
        else:
            written = tokenize(TextInput(given.text_pair), config, tokenizer)
        target = _shifted(written, config, tokenizer)
        tensors = {
            "input_ids": torch.from_numpy(source.ids)[None],
            "decoder_input_ids": torch.from_numpy(target.ids)[None],
        }
        if config.model_type == "led":
            tensors["global_attention_mask"] = torch.zeros_like(tensors["input_ids"])
            tensors["global_attention_mask"][0, 0] = 1
        return Encoded(tensors, {"source": source, "target": target})

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (_NOTES[config.model_type],) if config.model_type in _NOTES else ()

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits where the model has its head apart, and without a second copy of keys and values."""
        base: Any = net.base_model
        with blocks_kept(base.encoder) if net.config.model_type == "bigbird_pegasus" else nullcontext():
            base(**encoded.tensors, use_cache=False)

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


def _shifted(tokens: Tokens, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """The same behind the decoder's start token, without the end token, and no longer than the decoder takes."""
    candidates = [getattr(config, f"{name}_token_id", None) for name in ("decoder_start", "bos", "pad")]
    start = next((token for token in candidates if token is not None), 0)
    n = len(tokens) - int(tokens.is_special[-1] and tokens.ids[-1] == config.eos_token_id)
    if limit := getattr(config, "max_decoder_position_embeddings", n_ctx(config)):
        n = min(n, limit - 1)
    return Tokens(
        ids=np.concatenate([[start], tokens.ids[:n]]),
        words=(word(start, tokenizer), *tokens.words[:n]),
        starts_word=np.concatenate([[True], tokens.starts_word[:n]]),
        is_special=np.concatenate([[True], tokens.is_special[:n]]),
        segment=np.concatenate([np.zeros(1, np.int8), tokens.segment[:n]]),
    )
