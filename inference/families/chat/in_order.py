"""Chat models whose image tokens are the patches of one image, row by row: LLaVA, PaliGemma, Gemma 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.family.chatting import LANGUAGE_MODELS, ChatFamily, written_token
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid, pair
from inference.results.answer import TokenGrid

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared
    from inference.results.tokens import Tokens

THE_IMAGE = "the image"
_CLIP, _SIGLIP = "clip_vision_model", "siglip_vision_model"


class _InOrderFamily(ChatFamily):
    def takes(self, config: PreTrainedConfig) -> Takes:
        image = config.vision_config
        return Takes(pair(image.image_size), pair(image.patch_size))

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.vision_config.patch_size, n_special(config))

    def patch_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> Tokens:
        return self.grid("", config, prepared.shape).tokens(("[CLS]",) * n_special(config))

    def n_image_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> int:
        return int((self.token_grids(config, prepared)[0].tokens >= 0).sum())

    def token_grids(self, config: PreTrainedConfig, prepared: Prepared) -> tuple[TokenGrid, ...]:
        """See `AnswersQuestions.token_grids`: a token a patch."""
        rows, columns = self.grid("", config, prepared.shape).shape
        tokens = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
        return (TokenGrid(THE_IMAGE, tokens, prepared.box),)


class LlavaFamily(_InOrderFamily):
    """LLaVA 1.5 (Liu et al. 2023)."""

    name = "llava"
    heads = frozenset({"LlavaForConditionalGeneration"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "llava" and _has_known_parts(config)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        read = config.vision_feature_layer
        n = config.vision_config.num_hidden_layers
        layers = [read] if isinstance(read, int) else list(read)
        last = max((layer if layer >= 0 else n + 1 + layer for layer in layers), default=n)
        if last >= n:
            return ()
        return (
            f"Its language model reads what layer {last - 1} of the vision tower gives, counted from 0; the "
            f"{'layer' if n - last == 1 else 'layers'} behind it {'has' if n - last == 1 else 'have'} no say.",
        )

    def n_image_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> int:
        is_cut = config.vision_feature_select_strategy == "default"
        return self.grid("", config, prepared.shape).n_tokens - is_cut

    def token_grids(self, config: PreTrainedConfig, prepared: Prepared) -> tuple[TokenGrid, ...]:
        """See `AnswersQuestions.token_grids`: the tower's first token is left out, which is [CLS] where it has one."""
        (grid,) = super().token_grids(config, prepared)
        is_cut = config.vision_feature_select_strategy == "default"
        tokens = np.maximum(grid.tokens + n_special(config) - is_cut, -1).astype(np.int32)
        return (TokenGrid(grid.title, tokens, grid.box),)


class PaliGemmaFamily(_InOrderFamily):
    """PaliGemma (Beyer et al. 2024), which sees image and question both ways, and its answer one way."""

    name = "paligemma"
    heads = frozenset({"PaliGemmaForConditionalGeneration"})
    is_text_causal = False

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "paligemma" and _has_known_parts(config)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("Words of image and question see each other both ways; those of the answer see what is before them.",)

    def prompt(self, question: str, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
        """See `AnswersQuestions.prompt`. It was trained on one form, and has no chat template."""
        sign = self.placeholder(config, tokenizer)
        if sign in question:
            raise Refused(f"The question holds {sign}, the sign that stands for the image; leave it out.")
        return f"{sign}{tokenizer.bos_token or ''}{question}\n"

    def marks(self, is_image: Tensor, n_prompt: int) -> dict[str, Tensor]:
        """0 for image and question, 1 for the answer, which would else read its own future."""
        return {"token_type_ids": (torch.arange(is_image.shape[1])[None] >= n_prompt).long()}


class Gemma3Family(_InOrderFamily):
    """Gemma 3 (2025), whose image tokens are means of patches, and see each other both ways."""

    name = "gemma3"
    heads = frozenset({"Gemma3ForConditionalGeneration"})
    is_text_causal = False
    usual_prompt = "{bos}<start_of_turn>user\n{image}{question}<end_of_turn>\n<start_of_turn>model\n"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "gemma3" and _has_known_parts(config)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("Image tokens see all of the image; words see what is before them, in some layers only near by.",)

    def placeholder(self, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
        """See `AnswersQuestions.placeholder`: the sign of the image's beginning."""
        return written_token(int(config.boi_token_index), tokenizer)

    def expanded(self, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase, prepared: Prepared) -> str:
        inside = super().expanded(config, tokenizer, prepared)
        begin, end = (
            written_token(int(token), tokenizer) for token in (config.boi_token_index, config.eoi_token_index)
        )
        return f"\n\n{begin}{inside}{end}\n\n"

    def marks(self, is_image: Tensor, n_prompt: int) -> dict[str, Tensor]:
        return {"token_type_ids": is_image.long()}

    def token_grids(self, config: PreTrainedConfig, prepared: Prepared) -> tuple[TokenGrid, ...]:
        """See `AnswersQuestions.token_grids`: a token a square of patches."""
        side = int(config.mm_tokens_per_image**0.5)
        tokens = np.arange(side * side, dtype=np.int32).reshape(side, side)
        return (TokenGrid(THE_IMAGE, tokens, prepared.box),)


def n_special(config: PreTrainedConfig) -> int:
    """Tokens of the vision tower before its first patch."""
    return int(config.vision_config.model_type == _CLIP)


def _has_known_parts(config: PreTrainedConfig) -> bool:
    known = config.vision_config.model_type in (_CLIP, _SIGLIP)
    return known and config.get_text_config().model_type in LANGUAGE_MODELS
