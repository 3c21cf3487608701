"""MERLOT, which transformers does not ship: frames of a film, and a sentence for each."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.family.base import Encoded
from inference.family.clips import ReadsClips, checked_frames
from inference.family.ordering import FrameOrders, OrdersFrames
from inference.family.parts import AttentionPart, PartsFamily, part
from inference.inputs.clips.axes import FilmAxis, patches, special, words_beside
from inference.inputs.clips.preparing import PreparedClip
from inference.inputs.clips.segments import clip_segments
from inference.inputs.image_preparation import Takes
from inference.inputs.patch_grid import PatchGrid, pair
from inference.inputs.tokens import joined, masked_tokens, tokenize
from inference.models.merlot.masking import choose_masks
from inference.models.merlot.model import Merlot
from inference.results.inputs import Input, TextInput

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.inputs.images import Prepared
    from inference.results.tokens import Tokens
    from resources.clips import Clip

_ENDS = re.compile(r"[.!?;|\n]+")  # of sentences
_LAYER = r"^encoder\.layer\d+$"  # which reads words and frames, and then the words alone


class MerlotFamily(PartsFamily, ReadsClips, OrdersFrames):
    """MERLOT (Zellers et al. 2021): frames read one by one, and then words with them, and alone, by the same layers."""

    name = "merlot"
    reads = ("text", "clip")
    heads = frozenset({"Merlot"})
    axis_units = {"patches": "patch"}

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "merlot"

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        n = self.n_frames(config)
        return (f"It is shown {n} frames of a film, and reads a sentence for each.",)

    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        n, heads = config.num_hidden_layers, config.num_attention_heads
        n_frames = config.num_vision_transformer_hidden_layers
        return (
            part("Words and frames", _LAYER, n, heads, "both", call=0),
            part("Words alone", _LAYER, n, heads, call=1),
            part("Frames", r"vision_transformer\.layer\d+$", n_frames, heads, "patches"),
        )

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return config.num_frames * config.chunk_text_len

    def n_frames(self, config: PreTrainedConfig) -> int:
        return checked_frames(config.num_frames)

    def frames_a_step(self, config: PreTrainedConfig) -> int:
        return 1

    def takes(self, config: PreTrainedConfig) -> Takes:
        side = config.patch_side * config.spatial_pool_size
        return Takes(pair(config.image_size), (side, side))

    def grid(self, group: str, config: PreTrainedConfig, shape: tuple[int, int]) -> PatchGrid:
        """See `ReadsImages.grid`: words attend to places of several patches."""
        return PatchGrid.over(shape, config.patch_side * (1 if group == "frames" else config.spatial_pool_size))

    def why_no_rollout(self, group: str, config: PreTrainedConfig) -> str:
        return ""

    def usual_frames(self, clip: Clip, config: PreTrainedConfig) -> tuple[int, ...]:
        """See `ReadsClips.usual_frames`: one of each event."""
        n = self.n_frames(config)
        frames = tuple(segment.frame for segment in clip_segments(clip, n))[:n]
        return frames if len(frames) == n else ()

    def said(self, clip: Clip, config: PreTrainedConfig) -> str:
        """See `ReadsClips.said`: a sentence for each frame, each with a full stop."""
        n = self.n_frames(config)
        said = _said(clip, n)
        return " ".join(f"{sentence}." for sentence in said) if len(said) == n else ""

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Sentences that do not fit the frames are left for what is said of a generated clip."""
        assert isinstance(prepared, PreparedClip)
        n = self.n_frames(config)
        given = input.text or TextInput()
        sentences, notes = _sentences(given, n, prepared.clip)
        longest = config.chunk_text_len
        each = [tokenize(TextInput(sentence), config, tokenizer, longest) for sentence in sentences]
        places = np.concatenate([i * longest + np.arange(len(tokens)) for i, tokens in enumerate(each)])
        words: Tokens = reduce(joined, each)
        tensors: dict[str, Tensor] = {
            "pixel_values": torch.from_numpy(prepared.all_values)[None],
            "input_ids": torch.from_numpy(words.ids)[None],
            "places": torch.from_numpy(places)[None],
        }
        seen = words
        if given.masked:
            seen = masked_tokens(words, given.masked, tokenizer)
            tensors["masked_ids"] = torch.from_numpy(seen.ids)[None]
        both = words_beside(seen) + self._axis("words_and_frames", config, prepared, 1)
        film = self._axis("frames", config, prepared, 2)
        sequences = {"both": both.tokens, "text": words, "patches": film.tokens}
        return Encoded(tensors, sequences, notes, {"both": both.cells, "patches": film.cells})

    def orders(self, net: PreTrainedModel, encoded: Encoded, order: tuple[int, ...], seed: int) -> FrameOrders:
        """See `OrdersFrames.orders`. Probabilities are means of as many passes as there are frames.

        In each of them another place stands for "not told" at every frame; published are two passes.
        """
        assert isinstance(net, Merlot)
        config, tensors = net.config, encoded.tensors
        ids, places, n = tensors["input_ids"], tensors["places"], len(order)
        compared, features = net.vision_backbone(tensors["pixel_values"][:, list(order)])
        unknown = torch.stack([torch.arange(n, device=ids.device).roll(i) for i in range(n)]) + config.unknown_place
        read, frames = net.join(
            features.expand(n, -1, -1, -1), unknown, ids.expand(n, -1), places.expand(n, -1)
        )  # fmt: skip
        starts = net.starts(read, places.expand(n, -1))
        cosines = net.caption_vectors(ids, places)[0] @ net.contrastive(compared, "viz")[0].T
        received = _array(net.attention_received(ids, places)[0])
        is_word = ~encoded.sequences[self.words_axis].is_special
        chosen = choose_masks(received, is_word, np.random.default_rng(seed))
        return FrameOrders(
            cosines=_array(cosines),
            temperature=float(config.contrast_temp),
            text_frame=_array(net.lang_viz_temporal(starts, frames).float().softmax(-1).mean(0)),
            frame_frame=_array(net.viz_viz_temporal(frames, frames).float().softmax(-1).mean(0)),
            received=received,
            is_top=chosen.is_top,
            is_masked=chosen.is_masked,
        )

    def _axis(self, group: str, config: PreTrainedConfig, prepared: PreparedClip, n_cls: int) -> FilmAxis:
        """All frames, one behind the other, each with so many signs in front of its patches."""
        grid = self.grid(group, config, prepared.shape)
        parts = []
        for frame in range(self.n_frames(config)):
            names = ("[CLS]", "[CLS] 2")[:n_cls]
            parts += [special(name, frame) for name in names] + [patches([frame], grid.rows, grid.columns)]
        return reduce(FilmAxis.__add__, parts)


def _sentences(given: TextInput, n: int, clip: Clip | None) -> tuple[list[str], tuple[str, ...]]:
    """As many as there are frames, and what is to be said of the choice."""
    if given.token_ids is not None:
        raise Refused(f"Words are read here, no token ids: type {n} sentences, one for each frame.")
    typed = [part.strip() for part in _ENDS.split(given.text) if part.strip()]
    if len(typed) == n:
        return typed, ()
    said = [] if clip is None else _said(clip, n)
    count = f"{len(typed)} sentence{'' if len(typed) == 1 else 's'}"
    if len(said) != n:
        raise Refused(f"{n} sentences are needed, one for each frame, each with a full stop; the text has {count}.")
    if not typed:
        return said, ()
    return said, (
        f"Not the text above is read but what is said of the clip: {n} sentences are needed, the text has {count}.",
    )


def _said(clip: Clip, n: int) -> list[str]:
    return [segment.text for segment in clip_segments(clip, n)][:n]


def _array(tensor: Tensor) -> np.ndarray:
    return np.array(tensor.detach().float().cpu().numpy(), np.float32)
