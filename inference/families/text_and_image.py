"""Models of a text and an image in two towers that never attend to each other: CLIP and its like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn import functional as F

from inference.family.base import Encoded, ReadsImages
from inference.family.comparing import ComparesPairs
from inference.family.image_features import GivesImageFeatures
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import as_text, padded, tokenize
from inference.results.inputs import Input

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import TextInput
    from inference.results.tokens import Tokens

_TOWERS = {"clip", "siglip", "altclip", "chinese_clip", "metaclip_2"}


class TextAndImageFamily(PartsFamily, ReadsImages, GivesImageFeatures, ComparesPairs):
    """CLIP (Radford et al. 2021), SigLIP (Zhai et al. 2023)."""

    name = "text_and_image"
    reads = ("text", "image")
    axis_units = {"patches": "patch", "probe": "probe"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in _TOWERS

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        text, image = config.text_config, config.vision_config
        path = r"vision_model\.encoder\.layers\."
        parts = [part("Image", path, image.num_hidden_layers, image.num_attention_heads, "patches")]
        if config.model_type == "siglip" and getattr(image, "vision_use_head", True):
            parts.append(part("Pooling", r"head\.attention$", 1, image.num_attention_heads, ("probe", "patches")))
        path = r"text_model\.(roberta\.)?encoder\.layers?\."
        is_causal = config.model_type in ("clip", "metaclip_2")
        parts.append(part("Text", path, text.num_hidden_layers, text.num_attention_heads, is_causal=is_causal))
        return tuple(parts)

    def compares(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("image", "text")

    def lacks(self, opened: Opened) -> dict[str, str]:
        """See `Explains.lacks`. Towers compare where both are there, and a text can be typed."""
        lacking = super().lacks(opened)
        is_pooled = getattr(opened.config.vision_config, "vision_use_head", True)
        has_both = opened.net_class.endswith("Model") and is_pooled
        why = "" if has_both else f"this {opened.name} has no vector of an image beside one of a text"
        return lacking | {"comparison": why or ("" if opened.mask is not None else "texts cannot be typed for it")}

    def n_ctx(self, config: PreTrainedConfig) -> int:
        text = config.text_config
        n = text.max_position_embeddings
        return n - text.pad_token_id - 1 if config.model_type == "altclip" else n

    def takes(self, config: PreTrainedConfig) -> Takes:
        image = config.vision_config
        return Takes((image.image_size,) * 2, (image.patch_size,) * 2)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.vision_config.patch_size, len(_special(config)))

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        assert prepared is not None
        tokens = self.text_tokens(as_text(input), config, tokenizer)
        patches = self.grid("", config, prepared.shape).tokens(_special(config))
        tensors = {
            "input_ids": torch.from_numpy(tokens.ids)[None],
            "pixel_values": torch.from_numpy(prepared.values)[None],
        }
        probe = {"probe": PatchGrid(0, 0).tokens(["probe"])} if config.model_type == "siglip" else {}
        tokens = replace(tokens, pooled=self.pooled_text_row(config, torch.from_numpy(tokens.ids)))
        patches = replace(patches, pooled=0 if _special(config) else None)
        return Encoded(tensors, {"text": tokens, "patches": patches, **probe})

    def text_tokens(
        self, text: TextInput, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None
    ) -> Tokens:
        """See `ComparesPairs.text_tokens`. SigLIP's tower sees padding, and was trained on texts of one length."""
        tokens = tokenize(text, config, tokenizer, self.n_ctx(config))
        if config.model_type != "siglip" or tokenizer is None or tokenizer.pad_token_id is None:
            return tokens
        return padded(tokens, self.n_ctx(config), int(cast("int", tokenizer.pad_token_id)), tokenizer)

    def image_vectors(self, net: PreTrainedModel, pixel_values: Tensor) -> Tensor:
        return F.normalize(cast("Any", net).get_image_features(pixel_values=pixel_values).pooler_output, dim=-1)

    def image_features(self, net: PreTrainedModel, pixel_values: Tensor) -> Tensor:
        states = cast("Any", net).vision_model(pixel_values=pixel_values).last_hidden_state
        return states[:, len(_special(net.config)) :].mean(1)

    def text_vectors(self, net: PreTrainedModel, input_ids: Tensor, mask: Tensor | None = None) -> Tensor:
        found = cast("Any", net).get_text_features(input_ids=input_ids, attention_mask=mask)
        return F.normalize(found.pooler_output, dim=-1)

    def patch_vectors(self, net: PreTrainedModel, states: Tensor) -> Tensor:
        """See `ComparesPairs.patch_vectors`. SigLIP's pooling head is given one patch at a time."""
        towers = cast("Any", net)
        patches = states[len(_special(net.config)) :]
        if net.config.model_type == "siglip":
            return F.normalize(towers.vision_model.head(patches[:, None]), dim=-1)
        return F.normalize(towers.visual_projection(towers.vision_model.post_layernorm(patches)), dim=-1)

    def scale_and_bias(self, net: PreTrainedModel) -> tuple[Tensor, Tensor]:
        scale = cast("Any", net).logit_scale.detach().exp().reshape(())
        bias = getattr(net, "logit_bias", None)
        return scale, torch.zeros_like(scale) if bias is None else bias.detach().reshape(())

    def is_each_pair_judged(self, config: PreTrainedConfig) -> bool:
        return config.model_type == "siglip"

    def pooled_text_row(self, config: PreTrainedConfig, ids: Tensor) -> int:
        """See `ComparesPairs.pooled_text_row`. Early CLIP checkpoints name a wrong end: it is their highest id."""
        if config.model_type == "siglip":
            return len(ids) - 1
        if config.model_type not in ("clip", "metaclip_2"):
            return 0
        end = config.text_config.eos_token_id
        is_highest = config.model_type == "clip" and end == 2
        return int((ids if is_highest else (ids == end).int()).argmax())


def _special(config: PreTrainedConfig) -> tuple[str, ...]:
    return () if config.model_type == "siglip" else ("[CLS]",)
