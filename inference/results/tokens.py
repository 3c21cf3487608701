"""A tokenized sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

# English words that name nothing: an example does not begin with one, as long as the text has others.
_NAMING_NOTHING = frozenset((
    "a", "an", "the", "this", "that", "it", "its", "he", "she", "they", "we", "you", "i", "his", "her", "their",
    "my", "your", "our", "and", "or", "but", "as", "if", "than", "so", "not", "of", "in", "on", "at", "to",
    "by", "for", "from", "with", "into", "over", "under", "above", "below", "between", "left", "right", "up",
    "down", "is", "are", "was", "were", "be", "been", "has", "have", "had", "do", "does", "did", "will",
    "would", "can", "could",
))  # fmt: skip
_PATCH = re.compile(r"(?:(\d+)[^,]*,)?(\d+),(\d+)")  # several frames may be one step

NO_SEGMENT = -1  # of what is no part of a sentence


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenized sequence, as the model receives it.

    Attributes
    ----------
    ids
        int64 [n]; -1 for places that are no tokens of a vocabulary, such as patches, regions and chips.
    words
        What to show for each token, without the tokenizer's own marks (`##`, `Ġ`, `▁`).
    starts_word
        bool [n]; False where a token goes on with the word of the token before it.
    is_special
        bool [n]; [CLS], [SEP], padding and their like (not [MASK]).
    segment
        int8 [n]; 0 for the first sentence, 1 for the second, `NO_SEGMENT` for patches, regions and chips.
    pieces
        The same with the tokenizer's marks, spaces as `␣`: `␣Time` is another token than `Time`, `##ing` than `ing`.
    sources
        What was typed for a token that the tokenizer does not know; empty for others.
    notes
        What of the text was left aside or assumed, as sentences.
    pooled
        The token whose state becomes the vector of the whole sequence; None where none does.
    """

    ids: np.ndarray
    words: tuple[str, ...]
    starts_word: np.ndarray
    is_special: np.ndarray
    segment: np.ndarray
    pieces: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pooled: int | None = None

    @property
    def shown(self) -> tuple[str, ...]:
        """Pieces, or words where none are known."""
        return self.pieces if len(self.pieces) == len(self.words) else self.words

    def source(self, pos: int) -> str:
        """What was typed for a token that is not known; empty for others."""
        return self.sources[pos] if len(self.sources) == len(self.words) else ""

    def special(self, pos: int) -> str:
        """The word of a special token, which may be explained; empty for others, which mean what their writer meant."""
        return self.words[pos] if self.is_special[pos] else ""

    @property
    def n_repeated(self) -> int:
        """How many tokens stood in the sequence before, special ones left out: `induction` is measured on these."""
        known = self.ids[~self.is_special & (self.ids >= 0)]
        return len(known) - len(set(known.tolist()))

    @property
    def beside(self) -> tuple[str, ...]:
        """The words of what is no token of a vocabulary: patches, regions and chips."""
        return tuple(self.words[pos] for pos in (self.ids < 0).nonzero()[0].tolist())

    def place_of(self, place: int, before: Tokens) -> int | None:
        """Where that is which stood at a place before. A word is the one with its number; what is no token of a
        vocabulary, such as a patch, stays itself. None where that is not there, or other ones are."""
        if place >= len(before):
            return None
        if before.ids[place] >= 0:
            return place if place < len(self) and self.ids[place] >= 0 else None
        if self.beside != before.beside:
            return None
        return int((self.ids < 0).nonzero()[0][int((before.ids[:place] < 0).sum())])

    def taken(self, places: Sequence[int]) -> Tokens:
        """The tokens at these places, in that order, with all that is known of each, and the notes of the text."""
        places = list(places)
        return replace(
            self,
            ids=self.ids[places],
            words=tuple(self.words[pos] for pos in places),
            starts_word=self.starts_word[places],
            is_special=self.is_special[places],
            segment=self.segment[places],
            pieces=tuple(self.pieces[pos] for pos in places) if self.pieces else (),
            sources=tuple(self.sources[pos] for pos in places) if self.sources else (),
            pooled=places.index(self.pooled) if self.pooled in places else None,
        )

    def default_query(self, *, is_causal: bool) -> int:
        """The place that a view of one query shows where none is selected.

        Of an image or a film the first special token, such as [CLS], which stands for all of it, or else the patch in
        the middle; of a text the word in the middle, or the one nearest to it that names something. In a causal group
        it is always one in the middle: the first sees nothing but itself.
        """
        own = [pos for pos, special in enumerate(self.is_special) if not special] or range(len(self))
        cells = {pos: cell for pos in own if (cell := _cell(self.words[pos]))}
        # Image GPT's pixels have ids, too; and a word may be a number with a comma.
        is_seen = any(self.ids[pos] < 0 for pos in own) or 2 * len(cells) > len(own)
        if is_seen and self.is_special.any() and not is_causal:
            return int(self.is_special.argmax())
        if not is_seen or not cells:
            return self._middle_of(own)
        most = max(map(len, cells.values()))  # places of the whole film may stand beside those of its frames
        cells = {pos: cell for pos, cell in cells.items() if len(cell) == most}
        middle = [(max(numbers) + 1) // 2 for numbers in zip(*cells.values(), strict=True)]
        return min(cells, key=lambda pos: sum(abs(a - b) for a, b in zip(cells[pos], middle, strict=True)))

    def _middle_of(self, places: Sequence[int]) -> int:
        """The one of these places in the middle, or the nearest that names something, if any does."""
        naming = [pos for pos in places if self.words[pos].strip().lower() not in _NAMING_NOTHING]
        return min(naming or places, key=lambda pos: abs(pos - len(self) // 2), default=0)

    def __len__(self) -> int:
        return len(self.words)


@lru_cache(maxsize=2**14)
def _cell(name: str) -> tuple[int, ...]:
    """Row and column, before them the frame of a film, of a patch by its name; empty for what is none."""
    match = _PATCH.fullmatch(name)
    return tuple(int(number) for number in match.groups() if number) if match else ()
