"""VideoBERT, and CBT's head on the same trunk.

One BERT reads `[CLS] words [>] chips [SEP]`. A chip is a visual word, a token like any other; or it is the vector that
the word was made of, projected (CBT). What is hidden is named from the words of both kinds, or told by its vector from
those of other chips. The frozen network that makes vectors of frames is part of the checkpoint.

References
----------
Sun et al. 2019, "VideoBERT: A Joint Model for Video and Language Representation Learning" (arXiv 1904.01766).
Sun et al. 2019, "Learning Video Representations using Contrastive Bidirectional Transformer" (arXiv 1906.05743),
section 3.2: what is hidden is told from other chips, equation 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel
from transformers.utils.generic import ModelOutput

from inference.models.streams.layers import (
    EPS,
    FirstState,
    JointModel,
    NormedStates,
    StreamConfig,
    StreamEncoder,
    WordHead,
    key_mask,
)
from inference.models.videobert.chips import ChipNetwork, scaled, words_of


class VideoBertConfig(StreamConfig):
    """Sizes of a VideoBERT. `vocab_size` counts the words of texts, behind which those of films stand.

    Parameters
    ----------
    image_size
        Pixels a side of the frames.
    n_chips, frames_a_chip
        Of a film.
    chip_widths, n_action, n_look
        See `ChipNetwork`.
    n_branches, n_levels
        Of the tree of visual words, of which there are `n_branches ** n_levels`.
    actions
        What can happen in the films that it was trained on, by the names of `ChipWords.happens`.
    mask_token_id, join_token_id
        Of `[MASK]` and `[>]`; `cls_token_id` and `sep_token_id` are those of `[CLS]` and `[SEP]`.
    """

    model_type = "videobert"

    def __init__(
        self,
        image_size: int = 64,
        n_chips: int = 12,
        frames_a_chip: int = 3,
        chip_widths: Sequence[int] = (16, 32, 64, 96),
        n_action: int = 32,
        n_look: int = 32,
        n_branches: int = 4,
        n_levels: int = 3,
        actions: Sequence[str] = ("rest",),
        mask_token_id: int = 4,
        join_token_id: int = 5,
        cls_token_id: int = 2,
        sep_token_id: int = 3,
        **kwargs: Any,
    ) -> None:
        self.image_size = image_size
        self.n_chips = n_chips
        self.frames_a_chip = frames_a_chip
        self.chip_widths = list(chip_widths)
        self.n_action = n_action
        self.n_look = n_look
        self.n_branches = n_branches
        self.n_levels = n_levels
        self.actions = list(actions)
        self.mask_token_id = mask_token_id
        self.join_token_id = join_token_id
        self.cls_token_id = cls_token_id
        self.sep_token_id = sep_token_id
        super().__init__(**kwargs)

    @property
    def n_visual_words(self) -> int:
        """How many words films have."""
        return self.n_branches**self.n_levels

    @property
    def n_vector(self) -> int:
        """Numbers of the vector of a chip."""
        return self.n_action + self.n_look


@dataclass
class VideoBertOutput(ModelOutput):
    """What its heads say.

    Attributes
    ----------
    word_logits
        [batch, position, word]: words of texts, then those of films.
    match_logits
        [batch]: above 0 where words and chips belong together.
    chip_vectors
        [batch, position, number]: CBT's guess of the vector of a chip, of length 1; see `VideoBert.nce`.
    """

    word_logits: Tensor | None = None
    match_logits: Tensor | None = None
    chip_vectors: Tensor | None = None


class _Embeddings(nn.Module):
    """Words of both kinds; places in the text, or in the film; and which of the two it is."""

    def __init__(self, config: VideoBertConfig) -> None:
        super().__init__()
        d = config.hidden_size
        n_words = config.vocab_size + config.n_visual_words
        self.word_embeddings = nn.Embedding(n_words, d, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, d)
        self.chip_position_embeddings = nn.Embedding(config.n_chips, d)
        self.token_type_embeddings = nn.Embedding(2, d)
        self.chip_projection = nn.Linear(config.n_vector, d)
        self.LayerNorm = nn.LayerNorm(d, eps=EPS)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, ids: Tensor, types: Tensor, places: Tensor, vectors: Tensor | None) -> Tensor:
        x = self.word_embeddings(ids)
        if vectors is not None:
            is_read = vectors.abs().sum(-1, keepdim=True) > 0
            x = torch.where(is_read, self.chip_projection(vectors), x)
        n = self.chip_position_embeddings.num_embeddings
        of_text = self.position_embeddings(places)
        of_film = self.chip_position_embeddings(places.clamp(max=n - 1))
        x = x + torch.where(types[..., None] == 1, of_film, of_text) + self.token_type_embeddings(types)
        return self.dropout(self.LayerNorm(x))


class VideoBertStream(nn.Module):
    """The trunk without heads."""

    def __init__(self, config: VideoBertConfig) -> None:
        super().__init__()
        self.embeddings = _Embeddings(config)
        self.encoder = StreamEncoder(config)
        self.pooler = FirstState(config.hidden_size, config.hidden_size, nn.Tanh())


class ChipWords(nn.Module):
    """The frozen network, the tree of its words, and what these look like.

    Attributes
    ----------
    centre, scale
        float [number]: see `scaled`.
    tree
        float [mean, number]: see `words_of`.
    pictures
        uint8 [word, frame, row, column, 3]: the training chip that lies nearest to the mean of each word.
    counts
        int32 [word]: how many chips of the training films each word stands for.
    happens
        int32 [word, action]: in how many of some of them each action goes on; told to people alone, not to the model.
    """

    centre: Tensor
    scale: Tensor
    tree: Tensor
    pictures: Tensor
    counts: Tensor
    happens: Tensor

    def __init__(self, config: VideoBertConfig) -> None:
        super().__init__()
        n, n_words = config.n_vector, config.n_visual_words
        n_means = sum(config.n_branches ** (level + 1) for level in range(config.n_levels))
        self.n_branches = config.n_branches
        self.frames_a_chip = config.frames_a_chip
        self.network = ChipNetwork(
            config.frames_a_chip, config.chip_widths, config.n_action, config.n_look, config.image_size
        )
        side = config.image_size
        self.register_buffer("centre", torch.zeros(n))
        self.register_buffer("scale", torch.ones(n))
        self.register_buffer("tree", torch.zeros(n_means, n))
        pictures = torch.zeros(n_words, config.frames_a_chip, side, side, 3, dtype=torch.uint8)
        self.register_buffer("pictures", pictures)
        self.register_buffer("counts", torch.zeros(n_words, dtype=torch.int32))
        self.register_buffer("happens", torch.zeros(n_words, len(config.actions), dtype=torch.int32))

    def vectors(self, frames: Tensor) -> Tensor:
        """float [chip, number] of [chip, frame, 3, row, column]."""
        return self.scaled(self.network(frames))

    def scaled(self, vectors: Tensor) -> Tensor:
        """Vectors of the network as words are told apart by, see `scaled`."""
        return scaled(vectors, self.centre, self.scale)

    def words(self, vectors: Tensor) -> Tensor:
        """int64 [chip], from 0."""
        return words_of(vectors, self.tree, self.n_branches)


class VideoBert(JointModel):
    """Words and chips in one stream, with the heads of VideoBERT and of CBT."""

    config_class = VideoBertConfig
    config: VideoBertConfig
    base_model_prefix = "bert"
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}

    def __init__(self, config: VideoBertConfig) -> None:
        super().__init__(config)
        self.bert = VideoBertStream(config)
        self.chips = ChipWords(config)
        d, n_words = config.hidden_size, config.vocab_size + config.n_visual_words
        head = WordHead(config)
        head.decoder = nn.Linear(d, n_words, bias=False)
        head.bias = nn.Parameter(torch.zeros(n_words))
        self.cls = nn.ModuleDict({"predictions": head, "alignment": nn.Linear(d, 1)})
        self.guess = nn.Sequential(NormedStates(d, config.hidden_act), nn.Linear(d, config.n_vector))
        self.log_sharpness = nn.Parameter(torch.tensor(2.3))
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        token_type_ids: Tensor,
        position_ids: Tensor,
        attention_mask: Tensor | None = None,
        pixel_values: Tensor | None = None,
        chip_vectors: Tensor | None = None,
        chip_places: Tensor | None = None,
        **_: Any,
    ) -> VideoBertOutput:
        """What its heads say.

        Parameters
        ----------
        input_ids
            [batch, position]. Words of films stand behind those of texts.
        token_type_ids
            0 for the text and its signs, 1 for chips.
        position_ids
            Places in the text; of chips in the film.
        attention_mask
            0 for what is padded; None where nothing is.
        pixel_values
            [1, frame, 3, row, column]: all frames of one film, of which words are made here, of a batch of one.
        chip_vectors
            [batch, position, number]: read in place of words where they are not 0, as CBT does.
        chip_places
            int64 [position], with `pixel_values`: which chip stands there; -1 for words and for chips that are hidden.
        """
        if pixel_values is not None and chip_places is not None:
            words = self.words_of_film(pixel_values)
            is_chip = chip_places >= 0
            input_ids = torch.where(is_chip, self.config.vocab_size + words[chip_places.clamp(min=0)], input_ids)
        x = self.bert.embeddings(input_ids, token_type_ids, position_ids, chip_vectors)
        x = self.bert.encoder(x, key_mask(attention_mask, x))
        return VideoBertOutput(
            word_logits=self.cls["predictions"](x),
            match_logits=self.cls["alignment"](self.bert.pooler(x))[:, 0],
            chip_vectors=F.normalize(self.guess(x), dim=-1),
        )

    def vectors_of_film(self, pixel_values: Tensor) -> Tensor:
        """float [chip, number] of a film [1, frame, 3, row, column]."""
        return self.chips.vectors(pixel_values[0].unflatten(0, (-1, self.config.frames_a_chip)))

    def words_of_film(self, pixel_values: Tensor) -> Tensor:
        """int64 [chip]: visual words of a film, from 0."""
        return self.chips.words(self.vectors_of_film(pixel_values))

    def vectors_of_pictures(self) -> Tensor:
        """float [word, number]: of the training chips that stand for the visual words."""
        frames = self.chips.pictures.movedim(-1, -3).to(self.dtype) / 127.5 - 1
        return self.chips.vectors(frames)

    def nce(self, guesses: Tensor, vectors: Tensor) -> Tensor:
        """Scores [guess, candidate] of chips for what is hidden: cosines, sharpened; the softmax over them is CBT's.

        Parameters
        ----------
        guesses
            [guess, number], as `forward` gives them.
        vectors
            [candidate, number], as `ChipWords.vectors` gives them.
        """
        return self.log_sharpness.exp() * guesses @ F.normalize(vectors, dim=-1).T


AutoConfig.register("videobert", VideoBertConfig)
AutoModel.register(VideoBertConfig, VideoBert)
