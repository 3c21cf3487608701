"""MERLOT: what comes when in films, learned from frames and what is said beside them.

Frames are read one by one. Segments of text are read twice by the same layers: with all frames, where words are masked
and it is asked what comes before what, and alone, to be compared with the frames. The language-only pass tells by
its attention which words are worth masking. Parameters have the names of the published weights.

References
----------
Zellers et al. 2021, "MERLOT: Multimodal Neural Script Knowledge Models" (arXiv 2106.02636), section 3, and its code
(`rowanz/merlot`, `model/modeling.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils.generic import ModelOutput

from inference.models.merlot.frames import StandardisedConv, VisionBackbone
from inference.models.merlot.layers import (
    NORM_EPS,
    MerlotConfig,
    MerlotLayers,
    PlacesOfPatches,
    TextPlaces,
)
from inference.models.streams.layers import key_mask

# Classes of the heads that order: what is said, or seen first, against a frame.
DIFFERENT, SAME, BEFORE, AFTER = range(4)
N_ORDERS: Final = 4


@dataclass
class MerlotOutput(ModelOutput):
    """What the heads say.

    Attributes
    ----------
    frame_vectors, caption_vectors
        [batch, frame, number] and [batch, segment, number], of length 1: what is compared.
    received
        [batch, word]: attention that each word is given in the language-only pass, mean of heads and layers, summed
        over all words.
    word_logits
        [batch, word, vocabulary], behind the joint layers.
    text_frame_logits, frame_frame_logits
        [batch, segment, frame, 4] and [batch, frame, frame, 4]: whether the first is of another film than the second,
        of the same time, earlier, or later.
    """

    frame_vectors: Tensor | None = None
    caption_vectors: Tensor | None = None
    received: Tensor | None = None
    word_logits: Tensor | None = None
    text_frame_logits: Tensor | None = None
    frame_frame_logits: Tensor | None = None


class _WordTable(nn.Module):
    def __init__(self, n: int, d: int) -> None:
        super().__init__()
        self.word_embeddings = nn.Parameter(torch.zeros(n, d))


class _WordHead(nn.Module):
    def __init__(self, config: MerlotConfig) -> None:
        super().__init__()
        self.projection = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, NORM_EPS)
        self.output_bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, x: Tensor, words: Tensor) -> Tensor:
        return F.linear(self.LayerNorm(F.gelu(self.projection(x))), words, self.output_bias)


class _Contrastive(nn.Module):
    """Two maps into the space in which frames and captions are compared."""

    def __init__(self, config: MerlotConfig) -> None:
        super().__init__()
        d, d_out = config.hidden_size, config.contrastive_size
        for side in ("lang", "viz"):
            self.add_module(f"{side}_proj_intermediate", nn.Linear(d, d_out))
            self.add_module(f"LayerNorm_{side}_proj_ln", nn.LayerNorm(d_out, NORM_EPS))
            self.add_module(f"{side}_proj", nn.Linear(d_out, d_out))

    def forward(self, x: Tensor, side: str) -> Tensor:
        x = F.gelu(self.get_submodule(f"{side}_proj_intermediate")(x))
        x = self.get_submodule(f"{side}_proj")(self.get_submodule(f"LayerNorm_{side}_proj_ln")(x))
        return F.normalize(x, dim=-1)


class _Order(nn.Module):
    """Which of `N_ORDERS` classes every pair has."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.intermediate = nn.Linear(2 * d, d)
        self.LayerNorm_ln0 = nn.LayerNorm(d, NORM_EPS)
        self.logits = nn.Linear(d, N_ORDERS)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """[batch, i, j, 4] of states [batch, i, d] and [batch, j, d]."""
        n, m = first.shape[1], second.shape[1]
        pairs = torch.cat([first[:, :, None].expand(-1, -1, m, -1), second[:, None].expand(-1, n, -1, -1)], -1)
        return self.logits(self.LayerNorm_ln0(F.gelu(self.intermediate(pairs))))


class Merlot(PreTrainedModel):
    """Frames and segments of text, with all heads that it was trained by."""

    config_class = MerlotConfig
    config: MerlotConfig
    base_model_prefix = "merlot"
    main_input_name = "pixel_values"
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: MerlotConfig) -> None:
        super().__init__(config)
        d = config.hidden_size
        self.vision_backbone = VisionBackbone(config)
        self.word_embeddings = _WordTable(config.vocab_size, d)
        self.position_embeddings = TextPlaces(config.max_position_embeddings, d)
        self.langonly_embeddings = TextPlaces(config.max_position_embeddings, d)
        self.encoder = MerlotLayers(config, config.num_hidden_layers)
        self.lm_head = _WordHead(config)
        self.contrastive = _Contrastive(config)
        self.lang_viz_temporal, self.viz_viz_temporal = _Order(d), _Order(d)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        std = self.config.initializer_range
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=std, a=-2 * std, b=2 * std)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LayerNorm | nn.GroupNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, StandardisedConv | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, PlacesOfPatches | TextPlaces | _WordTable | VisionBackbone):
            for table in module.parameters(recurse=False):
                nn.init.trunc_normal_(table, std=std, a=-2 * std, b=2 * std)

    def words(self, input_ids: Tensor, places: Tensor, table: TextPlaces) -> Tensor:
        """[batch, word, d], placed."""
        return self.dropout(table(self.word_embeddings.word_embeddings[input_ids], places))

    def starts(self, states: Tensor, places: Tensor) -> Tensor:
        """[batch, segment, d]: the states at the beginning of every segment, of [batch, word, d]."""
        is_start = places % self.config.chunk_text_len == 0
        return states[is_start].reshape(len(states), -1, states.shape[-1])

    @torch.no_grad()
    def attention_received(self, input_ids: Tensor, places: Tensor) -> Tensor:
        """[batch, word]; see `MerlotOutput`."""
        words = self.words(input_ids, places, self.langonly_embeddings)
        is_word = input_ids != self.config.pad_token_id
        pattern = self.encoder.received(words, key_mask(is_word, words))
        return (pattern * is_word[..., None]).sum(1)

    def forward(
        self,
        pixel_values: Tensor,
        input_ids: Tensor,
        places: Tensor | None = None,
        frame_places: Tensor | None = None,
        masked_ids: Tensor | None = None,
        with_received: bool = False,
        **_: Any,
    ) -> MerlotOutput:
        """What its heads say.

        Parameters
        ----------
        pixel_values
            [batch, frame, 3, row, column], -0.5 to 0.5.
        input_ids
            int64 [batch, word]: segments one behind the other, each beginning with its sign; 0 for what is padded.
        places
            int64 [batch, word]: `chunk_text_len` times the number of the segment, and the place in it. None where all
            segments have `chunk_text_len` tokens.
        frame_places
            int64 [batch, frame]: when each frame is; from `unknown_place` on it is not told. None for the order given.
        masked_ids
            Words as the joint layers are given them; None for those of `input_ids`.
        with_received
            Whether attention that words receive is asked for.
        """
        if places is None:
            places = torch.arange(input_ids.shape[1], device=input_ids.device).expand_as(input_ids)
        if frame_places is None:
            frame_places = torch.arange(pixel_values.shape[1], device=input_ids.device)[None]
            frame_places = frame_places.expand(len(pixel_values), -1)
        compared, features = self.vision_backbone(pixel_values)
        read, frames = self.join(features, frame_places, input_ids if masked_ids is None else masked_ids, places)
        return MerlotOutput(
            frame_vectors=self.contrastive(compared, "viz"),
            caption_vectors=self.caption_vectors(input_ids, places),
            received=self.attention_received(input_ids, places) if with_received else None,
            word_logits=self.lm_head(read, self.word_embeddings.word_embeddings),
            text_frame_logits=self.lang_viz_temporal(self.starts(read, places), frames),
            frame_frame_logits=self.viz_viz_temporal(frames, frames),
        )

    def caption_vectors(self, input_ids: Tensor, places: Tensor) -> Tensor:
        """[batch, segment, number], of length 1: the language-only pass."""
        words = self.words(input_ids, places, self.langonly_embeddings)
        states = self.encoder(words, key_mask(input_ids != self.config.pad_token_id, words))
        return self.contrastive(self.starts(states, places), "lang")

    def join(self, features: Tensor, frame_places: Tensor, input_ids: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """States behind the joint layers: [batch, word, d], and [batch, frame, d] of the sign of each frame.

        Words stand in front: published are frames in front, which is the same to layers that know places by what was
        added alone.

        Parameters
        ----------
        features
            [batch, frame, 1 + patch, d], see `VisionBackbone`.
        """
        seen = self.vision_backbone.placed(features, frame_places)
        words = self.words(input_ids, places, self.position_embeddings)
        both = torch.cat([words, seen], 1)
        is_word = input_ids != self.config.pad_token_id
        states = self.encoder(both, key_mask(F.pad(is_word, (0, seen.shape[1]), value=True), both))
        n_words = words.shape[1]
        return states[:, :n_words], states[:, n_words:].unflatten(1, features.shape[1:3])[:, :, 0]


AutoConfig.register("merlot", MerlotConfig)
AutoModel.register(MerlotConfig, Merlot)
