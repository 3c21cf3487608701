"""Text decoders: a token sees those before it, and itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.family import Encoded, check_count
from inference.results import AttentionGroup, TextInput
from inference.tokens import tokenize

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture import AttentionCall

_MODEL_TYPES = {
    "biogpt",
    "cohere",
    "falcon",
    "gemma",
    "gemma2",
    "gemma3_text",
    "glm",
    "gpt2",
    "gpt_bigcode",
    "gpt_neox",
    "granite",
    "llama",
    "mistral",
    "mixtral",
    "olmo",
    "olmo2",
    "opt",
    "persimmon",
    "phi",
    "phi3",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_moe",
    "smollm3",
    "stablelm",
    "starcoder2",
}
# Their attention is written out in the model, where only the patterns can be reached.
_PATTERNS_ONLY = {"bloom", "codegen", "gpt_neo", "gptj", "mpt", "openai-gpt"}


class DecoderFamily:
    """GPT and its like (Radford et al. 2018, 2019)."""

    name = "decoder"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in _MODEL_TYPES | _PATTERNS_ONLY and not getattr(config, "add_cross_attention", False)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        has_qk = config.model_type not in _PATTERNS_ONLY
        return (AttentionGroup("decoder", "Decoder", n_heads, is_causal=True, has_qk=has_qk),)

    def axes(self, group: str) -> tuple[str, str]:
        return "text", "text"

    def encode(self, input: TextInput, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Encoded:
        """See `Family.encode`."""
        tokens = tokenize(input, config, tokenizer)
        return Encoded({"input_ids": torch.from_numpy(tokens.ids)[None]}, {"text": tokens})

    def sort_calls(self, calls: list[AttentionCall], net: PreTrainedModel) -> dict[str, list[AttentionCall]]:
        (group,) = self.groups(net.config)
        return {group.name: check_count(calls, group)}
