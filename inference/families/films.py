"""Models of films: VideoMAE, ViViT, TimeSformer, and X-CLIP, which reads a text beside one."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inference.family.base import Encoded
from inference.family.clips import ReadsClips, checked_frames
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.clips.axes import FilmAxis, patches, places, special, whole_frames
from inference.inputs.clips.preparing import PreparedClip
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid, pair
from inference.inputs.tokens import as_text, tokenize
from inference.layouts.parts import in_parts
from inference.results.counts import count_of
from inference.results.inputs import ClipInput, Input

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.inputs.images import Prepared
    from inference.results.checkpoint import AttentionGroup
    from resources.clips import Clip

_FILLS_IN = "VideoMAEForPreTraining"
_APART = "Attention in space and in time take turns here, and a rollout follows one of them only: it is not shown."


class _OfFilms(PartsFamily, ReadsClips):
    """Frames in, patches of them attending."""

    reads = ("clip",)
    axis_units = {**dict.fromkeys(("patches", "all patches", "film", "places"), "patch"), "frames": "frame"}

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        n, step = self.n_frames(config), self.frames_a_step(config)
        together = f", {step} in a patch" if step > 1 else ""
        return (f"It is shown {count_of(n, 'frames')} of a film{together}.",)

    def takes(self, config: PreTrainedConfig) -> Takes:
        self.n_frames(config)
        return Takes(pair(config.image_size), self._tubelet(config)[1:])

    def n_frames(self, config: PreTrainedConfig) -> int:
        return checked_frames(config.num_frames)

    def frames_a_step(self, config: PreTrainedConfig) -> int:
        return self._tubelet(config)[0]

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        _, height, width = self._tubelet(config)
        return PatchGrid.over(shape, (height, width))

    def why_no_rollout(self, group: str, config: PreTrainedConfig) -> str:
        return ""

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Patches are named by frame, row and column."""
        assert isinstance(prepared, PreparedClip)
        grid = self.grid("", config, prepared.shape)
        axes = self._axes(config, grid, input.clip or ClipInput())
        tensors = {"pixel_values": torch.from_numpy(prepared.all_values)[None]} | self._more(input, config, grid)
        sequences = {name: axis.tokens for name, axis in axes.items()}
        return Encoded(tensors, sequences, cells={name: axis.cells for name, axis in axes.items()})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the head, which nothing is read of."""
        self.output(net, encoded.tensors, with_head=False)

    def _tubelet(self, config: PreTrainedConfig) -> tuple[int, int, int]:
        """Frames, rows and columns of pixels in a patch."""
        return 1, *pair(config.patch_size)

    @abstractmethod
    def _axes(self, config: PreTrainedConfig, grid: PatchGrid, clip: ClipInput) -> dict[str, FilmAxis]:
        """What lies along each axis."""

    def _more(self, input: Input, config: PreTrainedConfig, grid: PatchGrid) -> dict[str, Tensor]:
        """What the model takes beside the frames."""
        return {}


class FilmFamily(_OfFilms):
    """VideoMAE (Tong et al. 2022) and ViViT (Arnab et al. 2021): all patches of all frames attend to each other.

    VideoMAE that was made to fill in what is hidden has two groups: an encoder of what is seen, and a decoder that is
    given that and a token for each hidden patch behind it. The same places are hidden in all frames: tubes.
    """

    name = "films"
    heads = frozenset({"VideoMAEForVideoClassification", "VivitForVideoClassification", _FILLS_IN})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type in ("videomae", "vivit")

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads = config.num_hidden_layers, config.num_attention_heads
        encoder = part("Encoder", r"(encoder\.layer|(^|vivit\.)layers)\.\d+\.attention", n, heads, "patches")
        if not self.hides_places(config):
            return (encoder,)
        n, heads = config.decoder_num_hidden_layers, config.decoder_num_attention_heads
        return encoder, part("Decoder", r"^decoder\.decoder_layers", n, heads, "all patches")

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "sinusoidal" if config.model_type == "videomae" else "learned"

    def hides_places(self, config: PreTrainedConfig) -> bool:
        return _FILLS_IN in (config.architectures or ())

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the head that names classes, but with the decoder that fills in."""
        self.output(net, encoded.tensors, with_head=self.hides_places(net.config))

    def _tubelet(self, config: PreTrainedConfig) -> tuple[int, int, int]:
        size: Any = config.tubelet_size
        if isinstance(size, int):
            return size, *pair(config.patch_size)
        return int(size[0]), int(size[1]), int(size[2])

    def _axes(self, config: PreTrainedConfig, grid: PatchGrid, clip: ClipInput) -> dict[str, FilmAxis]:
        step = self.frames_a_step(config)
        n_steps = self.n_frames(config) // step
        axis = patches(range(n_steps), grid.rows, grid.columns, step)
        if config.model_type == "vivit":
            return {"patches": special("[CLS]") + axis}
        if not self.hides_places(config):
            return {"patches": axis}
        is_hidden = np.tile(self.hidden_places(grid.n_patches, clip), n_steps)
        seen, hidden = axis.at(np.flatnonzero(~is_hidden)), axis.at(np.flatnonzero(is_hidden))
        return {"patches": seen, "all patches": seen + hidden}

    def _more(self, input: Input, config: PreTrainedConfig, grid: PatchGrid) -> dict[str, Tensor]:
        if not self.hides_places(config):
            return {}
        n_steps = self.n_frames(config) // self.frames_a_step(config)
        is_hidden = np.tile(self.hidden_places(grid.n_patches, input.clip or ClipInput()), n_steps)
        return {"bool_masked_pos": torch.from_numpy(is_hidden)[None]}


class TimesformerFamily(_OfFilms):
    """TimeSformer (Bertasius et al. 2021): in each layer a patch attends over time, and then a frame over space."""

    name = "timesformer"
    heads = frozenset({"TimesformerForVideoClassification"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "timesformer"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads, path = config.num_hidden_layers, config.num_attention_heads, r"layer\.\d+\.attention"
        if config.attention_type == "joint_space_time":
            return (part("Space and time", path, n, heads, "all patches"),)
        space = part("Space", path, n, heads, "patches")
        if config.attention_type == "space_only":
            return (space,)
        return part("Time", r"\.temporal_attention", n, heads, "film"), space

    def why_no_rollout(self, group: str, config: PreTrainedConfig) -> str:
        return _APART if config.attention_type == "divided_space_time" else ""

    def lay_out(self, received: Received, group: AttentionGroup, encoded: Encoded) -> AttentionCall:
        """See `PartsFamily.lay_out`. In time every place of the frames is a part of its own."""
        if group.name != "time":
            return super().lay_out(received, group, encoded)
        n, n_frames = len(encoded.sequences["film"]), encoded.tensors["pixel_values"].shape[1]
        return in_parts(received, torch.arange(n).reshape(n_frames, -1).T.contiguous())

    def _axes(self, config: PreTrainedConfig, grid: PatchGrid, clip: ClipInput) -> dict[str, FilmAxis]:
        n = self.n_frames(config)
        film = patches(range(n), grid.rows, grid.columns)
        if config.attention_type == "joint_space_time":  # the times of one place side by side
            order = np.arange(len(film.tokens)).reshape(n, -1).T.reshape(-1)
            return {"all patches": special("[CLS]") + film.at(order)}
        frames = [special("[CLS]", i) + patches([i], grid.rows, grid.columns) for i in range(n)]
        axis = frames[0]
        for frame in frames[1:]:
            axis += frame
        return {"patches": axis} if config.attention_type == "space_only" else {"film": film, "patches": axis}


class FilmAndTextFamily(_OfFilms):
    """X-CLIP (Ni et al. 2022): frames attend within themselves, their messages and then they to each other."""

    name = "films_and_text"
    reads = ("text", "clip")
    heads = frozenset()

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "xclip"

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        image, text = config.vision_config, config.text_config
        n, heads = image.num_hidden_layers, image.num_attention_heads
        n_prompts, prompt_heads = config.prompt_layers, config.prompt_num_attention_heads
        return (
            part("Messages", r"\.message_attn", n, heads, "frames"),
            part("Image", r"vision_model\..*\.self_attn", n, heads, "patches"),
            part("Frames", r"^mit\.", image.mit_num_hidden_layers, image.mit_num_attention_heads, "frames"),
            part("Text", r"text_model\.", text.num_hidden_layers, text.num_attention_heads, is_causal=True),
            part("Text to image", r"^prompts", n_prompts, prompt_heads, ("query", "places")),
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.text_config.max_position_embeddings

    def n_frames(self, config: PreTrainedConfig) -> int:
        return super().n_frames(config.vision_config)

    def takes(self, config: PreTrainedConfig) -> Takes:
        self.n_frames(config)
        return Takes(pair(config.vision_config.image_size), self._tubelet(config)[1:])

    def why_no_rollout(self, group: str, config: PreTrainedConfig) -> str:
        return _APART if group in ("messages", "image") else ""

    def said(self, clip: Clip, config: PreTrainedConfig) -> str:
        """See `ReadsClips.said`: what happens first."""
        return clip.events[0].sentence

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Each frame has a [CLS] before its patches and a message behind them."""
        text = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        film = super().encode(input, config, tokenizer, prepared)
        tensors = {"input_ids": torch.from_numpy(text.ids)[None], **film.tensors}
        return Encoded(tensors, {"text": text, **film.sequences}, cells=film.cells)

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=True)

    def _tubelet(self, config: PreTrainedConfig) -> tuple[int, int, int]:
        return super()._tubelet(config.vision_config)

    def _axes(self, config: PreTrainedConfig, grid: PatchGrid, clip: ClipInput) -> dict[str, FilmAxis]:
        n = self.n_frames(config)
        frames = [special("[CLS]", i) + patches([i], grid.rows, grid.columns) + special("message", i) for i in range(n)]
        axis = frames[0]
        for frame in frames[1:]:
            axis += frame
        return {
            "patches": axis,
            "frames": whole_frames(n),
            "query": special("text"),
            "places": places(grid.rows, grid.columns),
        }
