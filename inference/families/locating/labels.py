"""Models that say of every pixel which of the given texts it shows: LSeg and CLIPSeg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from inference.family.base import Encoded, ReadsImages
from inference.family.image_features import GivesImageFeatures
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.family.segments import Segments
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tokens import as_text, tokenize
from inference.results.inputs import Input

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.family.opened import Opened
    from inference.inputs.images import Prepared

_CLIPSEG = "CLIPSegForImageSegmentation"


class LabelsFamily(PartsFamily, ReadsImages, GivesImageFeatures, Segments):
    """LSeg (Li et al. 2022) and CLIPSeg (Lüddecke and Ecker 2022)."""

    name = "labels"
    reads = ("text", "image")
    heads = frozenset({"LSeg", _CLIPSEG})
    axis_units = {"patches": "patch"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ("lseg", "clipseg")

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        if config.model_type == "lseg":
            n, heads = config.text_num_hidden_layers, config.text_num_attention_heads
            path = r"^pretrained\.model\.blocks\."
            return (
                part("Image", path, config.num_hidden_layers, config.num_attention_heads, "patches"),
                part("Text", r"^clip_pretrained\.transformer\.", n, heads, is_causal=True),
            )
        text, image = config.text_config, config.vision_config
        path = r"vision_model\.encoder\.layers\."
        parts = [
            part("Image", path, image.num_hidden_layers, image.num_attention_heads, "patches"),
            part("Text", r"text_model\.encoder\.", text.num_hidden_layers, text.num_attention_heads, is_causal=True),
        ]
        if _CLIPSEG in (config.architectures or ()):
            n = len(config.extract_layers)
            parts.append(part("Decoder", r"^decoder\.layers\.", n, config.decoder_num_attention_heads, "patches"))
        return tuple(parts)

    def compares(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("text",)

    def lacks(self, opened: Opened) -> dict[str, str]:
        """See `Explains.lacks`."""
        why = "" if opened.net_class in self.heads else f"{opened.net_class} makes no maps of labels"
        return super().lacks(opened) | {"segments": why or ("" if opened.mask is not None else "no label can be typed")}

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return getattr(config, "text_config", config).max_position_embeddings

    def takes(self, config: PreTrainedConfig) -> Takes:
        image = getattr(config, "vision_config", config)
        return Takes((image.image_size,) * 2, (image.patch_size,) * 2, is_free=config.model_type == "lseg")

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, getattr(config, "vision_config", config).patch_size, 1)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`: one text, which is one label."""
        assert prepared is not None
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        tensors = {
            "input_ids": torch.from_numpy(tokens.ids)[None],
            "pixel_values": torch.from_numpy(prepared.values)[None],
        }
        return Encoded(tensors, {"text": tokens, "patches": self.grid("", config, prepared.shape).tokens(["[CLS]"])})

    def image_features(self, net: PreTrainedModel, pixel_values: Tensor) -> Tensor:
        """See `GivesImageFeatures.image_features`. The places of LSeg are pixels of its decoder."""
        model: Any = net
        if net.config.model_type == "lseg":
            return model.encode_pixels(pixel_values).flatten(2).mean(2)
        tower = getattr(model, "clip", model).vision_model
        return tower(pixel_values, interpolate_pos_encoding=True).last_hidden_state[:, 1:].mean(1)

    # Labels at pixels

    def label_vectors(self, net: PreTrainedModel, input_ids: Tensor | None) -> Tensor:
        model: Any = net
        if net.config.model_type == "lseg":
            return model.encode_texts(input_ids)
        return model.clip.get_text_features(input_ids).pooler_output

    def image_state(self, net: PreTrainedModel, pixel_values: Tensor) -> tuple[Tensor, ...]:
        model: Any = net
        if net.config.model_type == "lseg":
            return (model.encode_pixels(pixel_values),)
        states = model.clip.get_image_features(
            pixel_values, interpolate_pos_encoding=True, output_hidden_states=True
        ).hidden_states
        return tuple(states[i + 1] for i in model.extract_layers)

    def label_maps(self, net: PreTrainedModel, state: tuple[Tensor, ...], vectors: Tensor) -> Tensor:
        model: Any = net
        if net.config.model_type == "lseg":
            return model.compare(state[0], vectors)[0] * self.temperature(net.config)
        # One label at a time, as many passes of the small decoder: all at once would hold a copy of the image for each.
        maps = [model.decoder(state, vector.clone()[None]).logits for vector in vectors]
        return torch.cat([each.reshape(-1, *each.shape[-2:]) for each in maps])

    def temperature(self, config: PreTrainedConfig) -> float:
        is_cosine = config.model_type == "lseg" and not config.head_block
        return config.cosine_temperature if is_cosine else 1.0

    def is_exclusive(self, config: PreTrainedConfig) -> bool:
        return config.model_type == "lseg"
