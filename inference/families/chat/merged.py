"""Chat models that read images in nearly their own size, blocks of patches being tokens: Qwen2-VL, 2.5-VL and 3-VL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import torch
from transformers.vision_utils import get_vision_window_index

from inference.family.base import check_count
from inference.family.chatting import ChatFamily
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid
from inference.inputs.tiling.merged_patches import MergedPatches
from inference.layouts.parts import in_places

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.base import Encoded
    from inference.inputs.images import Prepared
    from inference.results.answer import TokenGrid
    from inference.results.tokens import Tokens

_TYPES = {"qwen2_vl", "qwen2_5_vl", "qwen3_vl"}
_WINDOWED = "qwen2_5_vl"
_TOWER = "image"


class QwenVLFamily(ChatFamily):
    """Qwen2-VL (Wang et al. 2024), Qwen2.5-VL (Bai et al. 2025), Qwen3-VL (2025)."""

    name = "qwen_vl"
    heads = frozenset(
        {"Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration", "Qwen3VLForConditionalGeneration"}
    )
    tower_path = r"visual\.blocks\."
    usual_prompt = (
        "<|im_start|>user\n<|vision_start|>{image}<|vision_end|>{question}<|im_end|>\n<|im_start|>assistant\n"
    )

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in _TYPES

    def tower_size(self, config: PreTrainedConfig) -> tuple[int, int]:
        return config.vision_config.depth, config.vision_config.num_heads

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        deep = getattr(config.vision_config, "deepstack_visual_indexes", None)
        if not deep:
            return ()
        which = ", ".join(map(str, deep))
        return (
            f"What layers {which} of its vision tower give is added to the image tokens behind the first layers of the "
            "language model, one each: the image enters there, too.",
        )

    def takes(self, config: PreTrainedConfig) -> Takes:
        image = config.vision_config
        unit = image.patch_size * image.spatial_merge_size
        tiling = MergedPatches(image.patch_size, image.spatial_merge_size, image.temporal_patch_size)
        return Takes((16 * unit,) * 2 if 16 * unit <= 2048 else (unit,) * 2, (image.patch_size,) * 2, tiling=tiling)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.vision_config.patch_size)

    def patch_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> Tokens:
        return self.grid("", config, prepared.shape).tokens(())

    def n_image_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> int:
        assert prepared.tiled is not None
        return prepared.tiled.n_tokens

    def token_grids(self, config: PreTrainedConfig, prepared: Prepared) -> tuple[TokenGrid, ...]:
        assert prepared.tiled is not None
        return prepared.tiled.grids

    def marks(self, is_image: Tensor, n_prompt: int) -> dict[str, Tensor]:
        """Where positions are those of rows and columns."""
        return {"mm_token_type_ids": is_image.long()}

    def state(self, net: PreTrainedModel) -> Any:
        """See `AnswersQuestions.state`: by how much positions lag behind places, which no cache holds."""
        return cast("Any", net).model.rope_deltas

    def put_state(self, net: PreTrainedModel, state: Any) -> None:
        cast("Any", net).model.rope_deltas = state

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        """See `Attends.sort_calls`. The tower reads patches block by block, in windows or not; here row by row."""
        tower, text = self.parts(net.config)
        raster = _raster(encoded.tensors["image_grid_thw"].cpu(), net.config)
        by_path: dict[str, list[AttentionCall]] = {}
        for each in received:
            if re.search(tower.path, each.path):
                by_path.setdefault(each.path, []).append(each.one())
        of_tower: list[AttentionCall] = []
        for calls in by_path.values():
            places = raster.split([call.n_queries for call in calls])
            of_tower.append(in_places(calls, places))
        return {tower.group.name: check_count(of_tower, tower.group), **self.sort_by_path(received, (text,), encoded)}


def _raster(grid: Tensor, config: PreTrainedConfig) -> Tensor:
    """int64 [place in the tower]: the patch there, counted row by row.

    Parameters
    ----------
    grid
        int64 [1, 3]: frames, rows and columns of patches.
    """
    vision = config.vision_config
    merge = vision.spatial_merge_size
    _, n_rows, n_columns = grid[0].tolist()
    patch = torch.arange(n_rows * n_columns)
    block, slot = patch // merge**2, patch % merge**2
    columns = n_columns // merge
    row = merge * (block // columns) + slot // merge
    column = merge * (block % columns) + slot % merge
    raster = row * n_columns + column
    if config.model_type != _WINDOWED:
        return raster
    order, _ = get_vision_window_index(grid, merge, vision.window_size, vision.patch_size)
    return raster.reshape(-1, merge**2)[order].reshape(-1)
