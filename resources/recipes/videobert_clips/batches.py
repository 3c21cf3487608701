"""Batches of words and chips: a stretch of a film with what is said meanwhile, all of both, or one of them alone."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from inference.inputs.clips.preparing import evenly
from resources.clips import Clip, Utterance
from resources.recipes.videobert_clips.data import (
    END,
    JOIN,
    MASK,
    N_CHIPS,
    PAD,
    START,
    UNKNOWN,
    VERBS,
    WORDS,
)

NOT_ASKED = -100
_NUMBERS = {word: i for i, word in enumerate(WORDS)}
_VERB_IDS = {_NUMBERS[verb] for verb in VERBS.values()}
# How often a batch is of a kind, and of how many films: a sentence or some, all that is said, chips alone, words alone.
_KINDS = {"stretch": (0.5, 40), "whole": (0.15, 14), "film": (0.2, 40), "text": (0.15, 40)}
_SHARE_WRONG = 0.35  # of texts beside chips
_SHARE_OF_VECTORS = 0.4  # of films that are read as vectors
_SHARE_HIDDEN = 0.2


@dataclass(frozen=True)
class SpokenClip:
    """What is said of a clip: of every utterance its words as ids, the chips meanwhile, and whether it is an aside."""

    ids: tuple[tuple[int, ...], ...]
    chips: tuple[tuple[int, int], ...]
    is_aside: tuple[bool, ...]


def spoken(clip: Clip) -> SpokenClip:
    """What is said of a clip; chips are those in whose middle it is being said."""
    return SpokenClip(
        tuple(ids_of(each.text) for each in clip.narration),
        tuple(_chips_meanwhile(clip, each) for each in clip.narration),
        tuple(each.event < 0 for each in clip.narration),
    )


def ids_of(text: str) -> tuple[int, ...]:
    """Words as ids, without signs."""
    return tuple(_NUMBERS.get(word, UNKNOWN) for word in text.split())


def _chips_meanwhile(clip: Clip, said: Utterance) -> tuple[int, int]:
    """First chip, and the one behind the last."""
    middles = np.array(evenly(clip.n_frames, N_CHIPS))
    first, end = np.searchsorted(middles, (said.start, said.end))
    first = min(int(first), N_CHIPS - 1)
    return first, max(int(end), first + 1)


@dataclass(frozen=True)
class Row:
    """One line of a batch before it is padded.

    Attributes
    ----------
    words
        Ids of the text; None where there is no text at all, and no sign that joins.
    film
        Number of the film in the corpus; -1 for none.
    chips
        Which of its chips are shown, in order of time.
    hidden_words, hidden_chips
        Places in `words` and in `chips`.
    match
        1 where words and chips belong together, 0 where not, `NOT_ASKED`.
    reads_vectors
        Whether chips are read as vectors, as CBT does.
    """

    words: tuple[int, ...] | None
    film: int
    chips: tuple[int, ...]
    hidden_words: tuple[int, ...] = ()
    hidden_chips: tuple[int, ...] = ()
    match: int = NOT_ASKED
    reads_vectors: bool = False


@dataclass(frozen=True)
class WordsAndChips:
    """Rows as tensors.

    Attributes
    ----------
    ids, types, places, mask, labels
        int64 [row, position]; see `VideoBert.forward`. `labels` are what is hidden, `NOT_ASKED` elsewhere.
    vectors
        float32 [row, position, number]: of chips that are read as vectors.
    matches
        int64 [row].
    hidden_at
        int64 [hidden, 2]: row and position of chips that are hidden.
    hidden_vectors
        float32 [hidden, number]: what is hidden there.
    """

    ids: Tensor
    types: Tensor
    places: Tensor
    mask: Tensor
    labels: Tensor
    vectors: Tensor
    matches: Tensor
    hidden_at: Tensor
    hidden_vectors: Tensor

    @property
    def inputs(self) -> dict[str, Tensor]:
        """What `VideoBert.forward` takes."""
        return {
            "input_ids": self.ids,
            "token_type_ids": self.types,
            "position_ids": self.places,
            "attention_mask": self.mask,
            "chip_vectors": self.vectors,
        }


def laid_out(rows: list[Row], words: Tensor, vectors: Tensor, rng: random.Random | None = None) -> WordsAndChips:
    """Rows as a batch.

    Parameters
    ----------
    words
        int64 [film, chip]: visual words, from 0.
    vectors
        float [film, chip, number].
    rng
        For training: one in ten of what is hidden becomes any other word, one stays; None hides all of it.
    """
    n_words, n_visual = len(WORDS), int(words.max()) + 1
    longest = max(len(row.words or ()) + len(row.chips) + 3 for row in rows)
    shape = len(rows), longest
    ids, labels = torch.full(shape, PAD), torch.full(shape, NOT_ASKED)
    types, places, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long), torch.zeros(shape)
    read = torch.zeros(*shape, vectors.shape[-1])
    hidden_at, hidden_vectors = [], []
    for i, row in enumerate(rows):
        own = [START, *(row.words or ())]
        for place in row.hidden_words:
            at = 1 + place
            labels[i, at] = own[at] if row.match != 0 else NOT_ASKED
            how = rng.random() if rng else 0.0
            own[at] = MASK if how < 0.8 else rng.randrange(JOIN + 1, n_words) if rng and how < 0.9 else own[at]
        n_text = len(own)
        if row.chips:
            own.append(JOIN)
            for place, chip in enumerate(row.chips):
                at = len(own)
                word = n_words + int(words[row.film, chip])
                types[i, at], places[i, at] = 1, chip
                is_hidden = place in row.hidden_chips
                how = rng.random() if rng else 0.0
                if is_hidden and row.match != 0:
                    labels[i, at] = word
                    hidden_at.append((i, at))
                    hidden_vectors.append(vectors[row.film, chip])
                if is_hidden and how < 0.8:
                    own.append(MASK)
                elif is_hidden and rng and how < 0.9 and not row.reads_vectors:
                    own.append(n_words + rng.randrange(n_visual))
                else:
                    own.append(word)
                    if row.reads_vectors:
                        read[i, at] = vectors[row.film, chip]
        own.append(END)
        ids[i, : len(own)] = torch.tensor(own)
        mask[i, : len(own)] = 1
        places[i, : n_text + 1] = torch.arange(n_text + 1)
        places[i, len(own) - 1] = n_text + 1 if row.chips else n_text
    return WordsAndChips(
        ids,
        types,
        places,
        mask,
        labels,
        read,
        torch.tensor([row.match for row in rows]),
        torch.tensor(hidden_at, dtype=torch.long).reshape(-1, 2),
        torch.stack(hidden_vectors) if hidden_vectors else torch.zeros(0, vectors.shape[-1]),
    )


def training_rows(step: int, said: list[SpokenClip], seed: int) -> list[Row]:
    """The rows of a step, all of one kind."""
    rng = random.Random(f"videobert {seed} {step}")
    kind = rng.choices(tuple(_KINDS), [share for share, _ in _KINDS.values()])[0]
    return [_row(kind, rng, said) for _ in range(_KINDS[kind][1])]


def _row(kind: str, rng: random.Random, said: list[SpokenClip]) -> Row:
    film = rng.randrange(len(said))
    own = said[film]
    reads_vectors = rng.random() < _SHARE_OF_VECTORS
    if kind == "film":
        first, end = (0, N_CHIPS) if rng.random() < 0.6 else sorted(rng.sample(range(N_CHIPS + 1), 2))
        return Row(
            (), film, tuple(range(first, end)), (), _hidden_chips(rng, end - first, 0.5), NOT_ASKED, reads_vectors
        )
    first, end = (0, len(own.ids)) if kind == "whole" else _stretch(rng, own)
    start, stop = min(own.chips[i][0] for i in range(first, end)), max(own.chips[i][1] for i in range(first, end))
    start, stop = max(0, start - rng.randint(0, 1)), min(N_CHIPS, stop + rng.randint(0, 1))
    chips = tuple(range(N_CHIPS)) if kind == "whole" else () if kind == "text" else tuple(range(start, stop))
    match = 1 if chips else NOT_ASKED
    if chips and rng.random() < _SHARE_WRONG:
        match, own = 0, said[rng.randrange(len(said))]
        first, end = (0, len(own.ids)) if kind == "whole" else _stretch(rng, own)
    words = tuple(word for i in range(first, end) for word in own.ids[i])
    is_cut = kind != "whole" and rng.random() < 0.5
    if is_cut:
        words = _cut_behind_verb(words)
    hidden = {i for i in range(len(words)) if rng.random() < _SHARE_HIDDEN}
    verbs = {i for i, word in enumerate(words) if word in _VERB_IDS}
    hidden |= {i for i in verbs if rng.random() < (0.7 if is_cut else 0.3)}
    if is_cut and rng.random() < 0.5:  # the template: all that is told of it is hidden
        hidden |= {i for verb in verbs for i in range(max(0, verb - 4), verb + 1)}
    tail = 0.1 if kind == "whole" else 0.0
    hidden_chips = _hidden_chips(rng, len(chips), tail) if chips else ()
    if kind == "stretch" and rng.random() < 0.15:
        hidden_chips, hidden = tuple(range(len(chips))), set()
    return Row(words, film, chips, tuple(sorted(hidden)), hidden_chips, match, reads_vectors)


def _stretch(rng: random.Random, own: SpokenClip) -> tuple[int, int]:
    """First utterance and the one behind the last; one of an event is among them."""
    first = rng.choice([i for i, is_aside in enumerate(own.is_aside) if not is_aside])
    return first, min(len(own.ids), first + rng.choices((1, 2, 3), (0.7, 0.2, 0.1))[0])


def _cut_behind_verb(words: tuple[int, ...]) -> tuple[int, ...]:
    """What comes behind the last verb would give it away."""
    last = max((i for i, word in enumerate(words) if word in _VERB_IDS), default=len(words) - 1)
    return words[: last + 1]


def _hidden_chips(rng: random.Random, n: int, tail: float) -> tuple[int, ...]:
    """Which of so many chips: some, or with a probability of `tail` the last ones; one at least of two or more."""
    if n > 1 and rng.random() < tail:
        return tuple(range(n - rng.randint(1, min(4, n - 1)), n))
    hidden = tuple(i for i in range(n) if rng.random() < _SHARE_HIDDEN)
    return hidden or ((rng.randrange(n),) if n > 1 else ())
