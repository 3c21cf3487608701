"""The text towers of CLIP and SigLIP by themselves, as image generators use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.tokens import as_text, tokenize
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared


class ClipTextFamily(PartsFamily):
    """CLIP's text tower, which hides what comes behind (Radford et al. 2021), and SigLIP's, which does not."""

    name = "clip_text"
    reads = ("text",)
    heads = frozenset({"CLIPTextModel", "CLIPTextModelWithProjection", "SiglipTextModel"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ("clip_text_model", "siglip_text_model")

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        path, is_causal = r"encoder\.layers\.", config.model_type == "clip_text_model"
        return (part("Text", path, config.num_hidden_layers, config.num_attention_heads, is_causal=is_causal),)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.max_position_embeddings

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        del lacking["positions"]
        return lacking

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
