"""Chat models that read an image in tiles and as a whole: LLaVA-NeXT, Idefics 3 and SmolVLM, InternVL."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.family.chatting import LANGUAGE_MODELS, ChatFamily, written_token
from inference.family.parts import AttentionPart, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid, pair
from inference.inputs.tiling.any_resolution import AnyResolution
from inference.inputs.tiling.split_tiles import Canvas, RowsOfTiles
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared
    from inference.inputs.tiling.tiled import Tiled
    from inference.inputs.tiling.tiling import Tiling
    from inference.results.answer import TokenGrid

_MOST_RESOLUTIONS = 64


class _TilesFamily(ChatFamily):
    """The tower reads one tile after another, each by itself."""

    axis_units = {"tiles": "patch"}
    n_special = 0  # tokens of a tile before its patches

    @abstractmethod
    def tiling(self, config: PreTrainedConfig) -> Tiling:
        """How an image is cut, as far as the configuration says."""

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n_layers, n_heads = self.tower_size(config)
        return part("Image", self.tower_path, n_layers, n_heads, "tiles"), super().parts(config)[1]

    def takes(self, config: PreTrainedConfig) -> Takes:
        image = config.vision_config
        return Takes(pair(image.image_size), pair(image.patch_size), tiling=self.tiling(config))

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        return PatchGrid.over(shape, config.vision_config.patch_size)

    def n_image_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> int:
        return tiled(prepared).n_tokens

    def token_grids(self, config: PreTrainedConfig, prepared: Prepared) -> tuple[TokenGrid, ...]:
        return tiled(prepared).grids

    def patch_tokens(self, config: PreTrainedConfig, prepared: Prepared) -> Tokens:
        """See `ChatFamily.patch_tokens`: each is named by its tile, and its row and column there."""
        rows, columns = (
            side // unit
            for side, unit in zip(
                pair(config.vision_config.image_size), pair(config.vision_config.patch_size), strict=True
            )
        )
        made = tiled(prepared).tensors["pixel_values"]
        n_tiles = made.shape[1] if made.ndim == 5 else len(made)
        one = (*("[CLS]",) * self.n_special, *(f"{i // columns},{i % columns}" for i in range(rows * columns)))
        words = tuple(f"tile {tile}: {word}" for tile in range(n_tiles) for word in one)
        n = len(words)
        is_special = np.tile(np.arange(len(one)) < self.n_special, n_tiles)
        return Tokens(np.full(n, -1, np.int64), words, np.ones(n, bool), is_special, np.zeros(n, np.int8))


class LlavaNextFamily(_TilesFamily):
    """LLaVA-NeXT, also called LLaVA 1.6 (Liu et al. 2024)."""

    name = "llava_next"
    heads = frozenset({"LlavaNextForConditionalGeneration"})
    n_special = 1

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        if config.model_type != "llava_next" or config.vision_feature_select_strategy != "default":
            return False
        is_clip = config.vision_config.model_type == "clip_vision_model"
        return is_clip and config.text_config.model_type in LANGUAGE_MODELS

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return ("The image is read whole and in tiles; a token of no place ends each row of the tiles.",)

    def tiling(self, config: PreTrainedConfig) -> AnyResolution:
        """See `_TilesFamily.tiling`.

        Raises
        ------
        Refused
            The configuration names no resolutions of whole tiles, or too many.
        """
        side, patch = config.vision_config.image_size, config.vision_config.patch_size
        said = config.image_grid_pinpoints
        is_list = isinstance(said, list | tuple) and 1 <= len(said) <= _MOST_RESOLUTIONS
        if not is_list or not all(_is_resolution(each, side) for each in said):
            raise Refused(
                f"The configuration's image_grid_pinpoints are no rows and columns of whole tiles of {side} pixels."
            )
        return AnyResolution(side, patch, tuple((int(rows), int(columns)) for rows, columns in said))


class Idefics3Family(_TilesFamily):
    """Idefics 3 (Laurençon et al. 2024), SmolVLM (Marafioti et al. 2025)."""

    name = "idefics3"
    heads = frozenset({"Idefics3ForConditionalGeneration", "SmolVLMForConditionalGeneration"})
    tower_path = r"vision_model\..*layers\."
    text_path = r"text_model\..*layers\."
    usual_prompt = "{bos}User:{image}{question}<end_of_utterance>\nAssistant:"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        is_one = config.model_type in ("idefics3", "smolvlm")
        return is_one and config.text_config.model_type in LANGUAGE_MODELS

    def tiling(self, config: PreTrainedConfig) -> RowsOfTiles:
        side, patch = config.vision_config.image_size, config.vision_config.patch_size
        return RowsOfTiles(side, side // patch // config.scale_factor, 4 * side)

    def expanded(self, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase, prepared: Prepared) -> str:
        """See `ChatFamily.expanded`: each tile behind its row and column."""
        around = "<fake_token_around_image>"
        made = tiled(prepared)
        rows, columns = made.shape
        one = written_token(config.image_token_id, tokenizer) * (made.n_tokens // (rows * columns + 1))
        lines = (
            "".join(f"{around}<row_{row + 1}_col_{column + 1}>{one}" for column in range(columns)) + "\n"
            for row in range(rows)
        )
        tiles = "".join(lines)
        behind = "\n" if tiles else ""
        return f"{tiles}{behind}{around}<global-img>{one}{around}"


class InternVLFamily(_TilesFamily):
    """InternVL 2.5 and 3 (Chen et al. 2024, Zhu et al. 2025)."""

    name = "internvl"
    heads = frozenset({"InternVLForConditionalGeneration"})
    n_special = 1
    usual_prompt = "<|im_start|>user\n{image}\n{question}<|im_end|>\n<|im_start|>assistant\n"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        if config.model_type != "internvl" or config.vision_feature_select_strategy != "default":
            return False
        is_square = (
            len(set(pair(config.vision_config.image_size))) == len(set(pair(config.vision_config.patch_size))) == 1
        )
        return is_square and config.text_config.model_type in LANGUAGE_MODELS

    def tiling(self, config: PreTrainedConfig) -> Canvas:
        side, patch = pair(config.vision_config.image_size)[0], pair(config.vision_config.patch_size)[0]
        return Canvas(side, int(side // patch * config.downsample_ratio))

    def expanded(self, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase, prepared: Prepared) -> str:
        return f"<img>{super().expanded(config, tokenizer, prepared)}</img>"


def tiled(prepared: Prepared) -> Tiled:
    """The tiles of an image that was made ready for such a model."""
    assert prepared.tiled is not None
    return prepared.tiled


def _is_resolution(said: object, side: int) -> bool:
    if not isinstance(said, list | tuple) or len(said) != 2:
        return False
    return all(type(length) is int and side <= length <= 64 * side and length % side == 0 for length in said)
