"""One text and the chips beside it, read in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.models.videobert.model import VideoBert


@dataclass(frozen=True)
class ReadSequence:
    """What the heads say of one sequence.

    Attributes
    ----------
    word_logits
        float32 [position, word].
    match_logit
        float32, a number: above 0 where both sides belong together.
    vectors
        float32 [position, number]: CBT's guesses.
    place_of
        The position of each chip.
    n_words
        Of texts, behind which the visual ones stand.
    """

    word_logits: Tensor
    match_logit: Tensor
    vectors: Tensor
    place_of: Mapping[int, int]
    n_words: int

    @classmethod
    def of(
        cls, net: VideoBert, text: Sequence[int], chips: Mapping[int, int | None] | None, vectors: Tensor | None = None
    ) -> ReadSequence:
        """Read a text and chips.

        Parameters
        ----------
        text
            Ids, with [CLS] in front and without [SEP].
        chips
            Of each chip, by its number in the film, its visual word; None hides it. None for a text alone.
        vectors
            float [chip, number] of all chips of the film, read in place of words (CBT); None reads words.
        """
        config, device = net.config, net.device
        ids, types, places = list(text), [0] * len(text), list(range(len(text)))
        place_of: dict[int, int] = {}
        if chips is not None:
            ids.append(config.join_token_id)
            types.append(0)
            places.append(len(text))
            for chip, word in chips.items():
                place_of[chip] = len(ids)
                ids.append(config.mask_token_id if word is None else config.vocab_size + word)
                types.append(1)
                places.append(chip)
        ids.append(config.sep_token_id)
        types.append(0)
        places.append(len(text) + (chips is not None))
        read = None
        if vectors is not None and chips is not None:
            read = torch.zeros(1, len(ids), vectors.shape[-1], device=device, dtype=vectors.dtype)
            for chip, word in chips.items():
                if word is not None:
                    read[0, place_of[chip]] = vectors[chip]
        inputs = (torch.tensor([each], device=device) for each in (ids, types, places))
        output = net(*inputs, chip_vectors=read)
        return cls(
            output.word_logits[0].float(),
            output.match_logits[0].float(),
            output.chip_vectors[0].float(),
            place_of,
            config.vocab_size,
        )

    def chip_probs(self, chips: Sequence[int]) -> Tensor:
        """float32 [chip, visual word]: of what is hidden there, among visual words alone."""
        return self.word_logits[self._at(chips), self.n_words :].softmax(-1)

    def guesses(self, chips: Sequence[int]) -> Tensor:
        """float32 [chip, number]: CBT's guesses of their vectors."""
        return self.vectors[self._at(chips)]

    def _at(self, chips: Sequence[int]) -> Tensor:
        return torch.tensor([self.place_of[chip] for chip in chips], dtype=torch.long, device=self.vectors.device)
