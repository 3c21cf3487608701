"""Models of films, which are shown a still image: the same in each frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from inference.family.base import Encoded, ReadsImages
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid, pair
from inference.inputs.tokens import as_text, joined, tokenize
from inference.results.inputs import Input
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared


class FilmFamily(PartsFamily, ReadsImages):
    """VideoMAE (Tong et al. 2022) and ViViT (Arnab et al. 2021)."""

    name = "films"
    reads = ("image",)
    heads = frozenset({"VideoMAEForVideoClassification", "VivitForVideoClassification"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ("videomae", "vivit")

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads = config.num_hidden_layers, config.num_attention_heads
        return (part("Encoder", r"(encoder\.layer|layers)\.\d+\.attention", n, heads, "patches"),)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (f"It reads films of {config.num_frames} frames: here each frame shows the same still image.",)

    def takes(self, config: PreTrainedConfig) -> Takes:
        return Takes(pair(config.image_size), self._tubelet(config)[1:])

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        _, height, width = self._tubelet(config)
        return PatchGrid(
            shape[0] // height, shape[1] // width, 1 if config.model_type == "vivit" else 0, (height, width)
        )

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Patches are named by frame, row and column."""
        assert prepared is not None
        grid = self.grid("", config, prepared.shape)
        special = ["[CLS]"] if grid.n_special else []
        tokens = _frame(grid, special, 0)
        for frame in range(1, config.num_frames // self._tubelet(config)[0]):
            tokens = joined(tokens, _frame(grid, [], frame))
        film = torch.from_numpy(prepared.values)[None].repeat(config.num_frames, 1, 1, 1)[None]
        return Encoded({"pixel_values": film}, {"patches": tokens})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the head: VideoMAE's decoder asks which patches are hidden."""
        self.output(net, encoded.tensors, with_head=False)

    def _tubelet(self, config: PreTrainedConfig) -> tuple[int, int, int]:
        """Frames, rows and columns of pixels in a patch."""
        size: Any = config.tubelet_size
        if isinstance(size, int):
            return size, config.patch_size, config.patch_size
        return int(size[0]), int(size[1]), int(size[2])


class FilmAndTextFamily(FilmFamily):
    """X-CLIP (Ni et al. 2022)."""

    name = "films_and_text"
    reads = ("text", "image")
    heads = frozenset()

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "xclip"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        image, text = config.vision_config, config.text_config
        n, heads = image.num_hidden_layers, image.num_attention_heads
        return (
            part("Messages", r"\.message_attn", n, heads, "frames"),
            part("Image", r"vision_model\..*\.self_attn", n, heads, "patches"),
            part("Frames", r"^mit\.", image.mit_num_hidden_layers, image.mit_num_attention_heads, "frames"),
            part("Text", r"text_model\.", text.num_hidden_layers, text.num_attention_heads, is_causal=True),
            part(
                "Text to image",
                r"^prompts",
                config.prompt_layers,
                config.prompt_num_attention_heads,
                ("query", "places"),
            ),
        )

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return super().notes(config.vision_config)

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.text_config.max_position_embeddings

    def takes(self, config: PreTrainedConfig) -> Takes:
        return super().takes(config.vision_config)

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        side = config.vision_config.patch_size
        return PatchGrid(shape[0] // side, shape[1] // side, 1, (side, side))

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Each frame has a [CLS] before its patches and a message behind them."""
        assert prepared is not None
        text = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        grid = self.grid("", config, prepared.shape)
        message = PatchGrid(0, 0).tokens(["message"])
        n_frames = config.vision_config.num_frames
        tokens = joined(_frame(grid, ["[CLS]"], 0), message)
        for frame in range(1, n_frames):
            tokens = joined(joined(tokens, _frame(grid, ["[CLS]"], frame)), message)
        tensors = {
            "input_ids": torch.from_numpy(text.ids)[None],
            "pixel_values": torch.from_numpy(prepared.values)[None].repeat(n_frames, 1, 1, 1)[None],
        }
        sequences = {
            "text": text,
            "patches": tokens,
            "frames": PatchGrid(0, 0).tokens([f"frame {i}" for i in range(n_frames)]),
            "query": PatchGrid(0, 0).tokens(["text"]),
            "places": PatchGrid(grid.rows, grid.columns).tokens(()),
        }
        return Encoded(tensors, sequences)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=True)

    def _tubelet(self, config: PreTrainedConfig) -> tuple[int, int, int]:
        return 1, config.patch_size, config.patch_size


def _frame(grid: PatchGrid, special: list[str], frame: int) -> Tokens:
    tokens = grid.tokens(special)
    words = (*tokens.words[: len(special)], *(f"{frame},{word}" for word in tokens.words[len(special) :]))
    return replace(tokens, words=words)
