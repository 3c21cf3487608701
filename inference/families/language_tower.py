"""Models of images and texts whose language model is read by itself, with a text alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.tokens import as_text, tokenize
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared

# Those that read a text without an image as their language model does.
_MODEL_TYPES = {"gemma3", "internvl", "llava", "llava_next", "mistral3", "vipllava"}
_LANGUAGE_MODELS = {"gemma", "gemma2", "gemma3_text", "llama", "ministral3", "mistral", "qwen2", "qwen3"}


class LanguageTowerFamily(PartsFamily):
    """Mistral 3 (2025), VipLLaVA (Cai et al. 2024), and those like LLaVA whose vision tower is another one."""

    name = "language_tower"
    reads = ("text",)
    heads = frozenset(
        {"Gemma3ForConditionalGeneration", "InternVLForConditionalGeneration", "LlavaForConditionalGeneration"}
        | {"LlavaNextForConditionalGeneration", "Mistral3ForConditionalGeneration", "VipLlavaForConditionalGeneration"}
    )

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in _MODEL_TYPES and config.text_config.model_type in _LANGUAGE_MODELS

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        text, path = config.get_text_config(), r"language_model\..*layers\."
        return (part("Decoder", path, text.num_hidden_layers, text.num_attention_heads, is_causal=True),)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.get_text_config().max_position_embeddings

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "rotary"

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("It also reads images; here its language model is shown, which reads the text alone.",)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        return Encoded({"input_ids": torch.from_numpy(tokens.ids)[None]}, {"text": tokens})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits, and without a second copy of keys and values."""
        self.output(net, encoded.tensors, with_head=False, use_cache=False)
