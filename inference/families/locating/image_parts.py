"""Models that find things in images: SegFormer's stages, YOLOS's and DETR's queries for objects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from inference.family.base import Encoded, ReadsImages
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid, pair
from inference.inputs.tokens import followed_by
from inference.results.inputs import Input
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared

_SIDE_OF_SEGFORMER = 512  # of its published models; it takes any
_SIDE_OF_DETR = 640
_DETR_CELL = 32  # pixels that a place of the last stage of its convolutions stands for


class ImagePartsFamily(PartsFamily, ReadsImages):
    """SegFormer (Xie et al. 2021), YOLOS (Fang et al. 2021), DETR (Carion et al. 2020)."""

    name = "image_parts"
    reads = ("image",)
    heads = frozenset(
        {"SegformerForSemanticSegmentation", "SegformerForImageClassification", "YolosForObjectDetection"}
    ) | frozenset({"DetrForObjectDetection", "DetrForSegmentation"})
    axis_units = {"objects": "query", "patches": "patch"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ("segformer", "yolos") or (config.model_type == "detr" and not _is_of_timm(config))

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        if config.model_type == "segformer":
            return tuple(
                part(f"Stage {i + 1}", rf"stages\.{i}\.blocks\.", n, heads, (f"stage_{i + 1}", f"reduced_{i + 1}"))
                for i, (n, heads) in enumerate(zip(config.depths, config.num_attention_heads, strict=True))
            )
        if config.model_type == "yolos":
            path, n, heads = r"encoder\.layer\.", config.num_hidden_layers, config.num_attention_heads
            return (part("Encoder", path, n, heads, "patches_and_objects"),)
        n, heads = config.decoder_layers, config.decoder_attention_heads
        return (
            part("Encoder", r"encoder\.layers\.", config.encoder_layers, config.encoder_attention_heads, "patches"),
            part("Decoder", r"decoder\.layers\.\d+\.self_attn", n, heads, "objects"),
            part("Decoder to encoder", r"decoder\.layers\.\d+\.encoder_attn", n, heads, ("objects", "patches")),
        )

    def takes(self, config: PreTrainedConfig) -> Takes:
        if config.model_type in ("segformer", "detr"):
            is_detr = config.model_type == "detr"
            side = _SIDE_OF_DETR if is_detr else _SIDE_OF_SEGFORMER
            unit = _DETR_CELL if is_detr else math.prod(config.strides)
            return Takes((side, side), (unit, unit), is_free=True)
        return Takes(pair(config.image_size), (config.patch_size,) * 2, is_free=True)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        if config.model_type == "segformer":
            stage = int(group.rpartition("_")[2])
            return _stage_grid(config, stage, shape)
        if config.model_type == "yolos":
            return PatchGrid.over(shape, config.patch_size, 1)
        rows, columns = (math.ceil(length / _DETR_CELL) for length in shape)
        return PatchGrid(rows, columns, 0, (_DETR_CELL, _DETR_CELL))

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        assert prepared is not None
        return Encoded(
            {"pixel_values": torch.from_numpy(prepared.values)[None]}, self._sequences(config, prepared.shape)
        )

    def _sequences(self, config: PreTrainedConfig, shape: tuple[int, int]) -> dict[str, Tokens]:
        if config.model_type == "segformer":
            sequences = {}
            for stage, ratio in enumerate(config.sr_ratios, 1):
                grid = _stage_grid(config, stage, shape)
                unit = (grid.unit[0] * ratio, grid.unit[1] * ratio)
                sequences[f"stage_{stage}"] = grid.tokens(())
                reduced = PatchGrid(grid.rows // ratio, grid.columns // ratio, 0, unit) if ratio > 1 else grid
                sequences[f"reduced_{stage}"] = reduced.tokens(())
            return sequences
        if config.model_type == "yolos":
            objects = [f"object {i}" for i in range(1, config.num_detection_tokens + 1)]
            return {"patches_and_objects": followed_by(self.grid("", config, shape).tokens(["[CLS]"]), *objects)}
        objects = [f"object {i}" for i in range(1, config.num_queries + 1)]
        return {"patches": self.grid("", config, shape).tokens(()), "objects": PatchGrid(0, 0).tokens(objects)}


def _is_of_timm(config: PreTrainedConfig) -> bool:
    return getattr(config.backbone_config, "model_type", "timm_backbone") == "timm_backbone"


def _stage_grid(config: PreTrainedConfig, stage: int, shape: tuple[int, int]) -> PatchGrid:
    """Places of a stage, counted from 1: each is made by a convolution of the one before."""
    rows, columns = shape
    unit = 1
    for size, stride in zip(config.patch_sizes[:stage], config.strides[:stage], strict=True):
        rows, columns = ((length + 2 * (size // 2) - size) // stride + 1 for length in (rows, columns))
        unit *= stride
    return PatchGrid(rows, columns, 0, (unit, unit))
