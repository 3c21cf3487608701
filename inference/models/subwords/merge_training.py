"""Building a vocabulary by merging pairs: byte pair encoding, and WordPiece with its prefix for what goes on.

The library tokenizers trains both with one algorithm, which is followed here move by move, so that each can be shown:
its queue keeps counts that are put right when a pair comes to its head, and a pair that comes up again, because a piece
came about in another way, is merged where it is new.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from inference.results.tokenization import CountedPair

PairNumbers = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Merge:
    """A step of training.

    Attributes
    ----------
    pairs
        What there was to choose from, the chosen one first, then by what was chosen by.
    n_pairs
        How many pairs there were; only some of a long list are in `pairs`.
    changed
        Numbers of the words that are cut otherwise behind it.
    """

    pairs: tuple[CountedPair, ...]
    n_pairs: int
    changed: tuple[int, ...]

    @property
    def chosen(self) -> CountedPair:
        return self.pairs[0]


@dataclass
class MergeTraining:
    """Words as pieces, which become longer with every merge.

    Attributes
    ----------
    counts
        How often each word is there.
    prefix
        Begins every piece that goes on with a word: `##` of WordPiece, empty for byte pair encoding.
    continuations
        Order in which pieces of one character with the prefix get their numbers, which decide between pairs that are
        equally frequent; that in which they are met where it is empty. tokenizers meets words in random order.
    n_shown
        Pairs that a step lists.
    """

    counts: Mapping[str, int]
    prefix: str = ""
    continuations: Sequence[str] = ()
    n_shown: int = 12
    pieces: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._number: dict[str, int] = {}
        for piece in (*sorted({letter for word in self.counts for letter in word}), *self.continuations):
            self._add(piece)
        self._occurrences = list(self.counts.values())
        self._words = [
            [self._add(letter if place == 0 else self.prefix + letter) for place, letter in enumerate(word)]
            for word in self.counts
        ]
        self._pair_counts: dict[PairNumbers, int] = {}
        found: dict[PairNumbers, set[int]] = {}
        for number, word in enumerate(self._words):
            for pair in itertools.pairwise(word):
                self._pair_counts[pair] = self._pair_counts.get(pair, 0) + self._occurrences[number]
                found.setdefault(pair, set()).add(number)
        self._queue: list[
            tuple[int, PairNumbers, int, set[int]]
        ] = []  # count, negative: the most frequent pair comes first
        self._n_queued = 0
        self._enqueue(found)

    # What there is

    def cut(self, word: int) -> tuple[str, ...]:
        """The pieces of a word by now."""
        return tuple(self.pieces[piece] for piece in self._words[word])

    @property
    def n_tokens(self) -> int:
        """Pieces of the whole text by now."""
        return sum(len(word) * n for word, n in zip(self._words, self._occurrences, strict=True))

    # What is done

    def merges(self, size: int) -> Iterator[Merge]:
        """Merge the most frequent pair, until the vocabulary has `size` pieces or no pair is left."""
        while len(self.pieces) < size and (top := self._pop()) is not None:
            pair, places = top
            listed, n_pairs = self._listed(pair)
            yield Merge(listed, n_pairs, self._merge(pair, places))

    def merges_by_score(self, size: int) -> Iterator[Merge]:
        """The same by the score of each pair; of equal ones the pair with the lower numbers."""
        while len(self.pieces) < size:
            self._pair_counts = self._counted()
            if not self._pair_counts:
                return
            n_of = self._n_of_pieces()
            scores = {pair: n / (n_of[pair[0]] * n_of[pair[1]]) for pair, n in self._pair_counts.items()}
            order = sorted(scores, key=lambda pair: (-scores[pair], pair))
            listed = tuple(self._described(pair, n_of) for pair in order[: self.n_shown])
            places = {number for number, word in enumerate(self._words) if _has(word, order[0])}
            yield Merge(listed, len(order), self._merge(order[0], places))

    def _pop(self) -> tuple[PairNumbers, set[int]] | None:
        while self._queue:
            count, pair, number, places = heapq.heappop(self._queue)
            now = self._pair_counts[pair]
            if now != -count:  # it has changed since: the pair goes back to where it belongs now
                heapq.heappush(self._queue, (-now, pair, number, places))
            elif now < 1:
                return None
            else:
                return pair, places
        return None

    def _merge(self, pair: PairNumbers, places: set[int]) -> tuple[int, ...]:
        new = self._add(self._joined(pair))
        found: dict[PairNumbers, set[int]] = {}
        changed = []
        for number in sorted(places):
            before = len(self._words[number])
            for other, change in _merged(self._words[number], pair, new):
                self._pair_counts[other] = self._pair_counts.get(other, 0) + change * self._occurrences[number]
                if change > 0:
                    found.setdefault(other, set()).add(number)
            if len(self._words[number]) < before:
                changed.append(number)
        self._enqueue(found)
        return tuple(changed)

    def _enqueue(self, found: Mapping[PairNumbers, set[int]]) -> None:
        for pair, places in found.items():
            if self._pair_counts[pair] > 0:
                self._n_queued += 1  # so that sets of places are never compared
                heapq.heappush(self._queue, (-self._pair_counts[pair], pair, self._n_queued, places))

    def _add(self, piece: str) -> int:
        if piece not in self._number:
            self._number[piece] = len(self.pieces)
            self.pieces.append(piece)
        return self._number[piece]

    # What is listed

    def _joined(self, pair: PairNumbers) -> str:
        return self.pieces[pair[0]] + self.pieces[pair[1]].removeprefix(self.prefix)

    def _listed(self, chosen: PairNumbers) -> tuple[tuple[CountedPair, ...], int]:
        waiting = {pair for _, pair, _, _ in self._queue if self._pair_counts[pair] > 0} - {chosen}
        best = heapq.nsmallest(self.n_shown - 1, waiting, key=lambda pair: (-self._pair_counts[pair], pair))
        n_of = self._n_of_pieces()
        return tuple(self._described(pair, n_of) for pair in (chosen, *best)), len(waiting) + 1

    def _described(self, pair: PairNumbers, n_of: Counter[int]) -> CountedPair:
        left, right = pair
        count = self._pair_counts[pair]
        product = n_of[left] * n_of[right]  # 0 of a pair that overlaps left over: counted, but not there any more
        score = count / product if product else 0.0
        return CountedPair(self.pieces[left], self.pieces[right], count, score, self._joined(pair))

    def _n_of_pieces(self) -> Counter[int]:
        n_of: Counter[int] = Counter()
        for word, n in zip(self._words, self._occurrences, strict=True):
            for piece in word:
                n_of[piece] += n
        return n_of

    def _counted(self) -> dict[PairNumbers, int]:
        counts: dict[PairNumbers, int] = {}
        for word, n in zip(self._words, self._occurrences, strict=True):
            for pair in itertools.pairwise(word):
                counts[pair] = counts.get(pair, 0) + n
        return counts


def _has(word: list[int], pair: PairNumbers) -> bool:
    return any(both == pair for both in itertools.pairwise(word))


def _merged(word: list[int], pair: PairNumbers, new: int) -> list[tuple[PairNumbers, int]]:
    """Merge a pair in a word, from left to right; returns how the counts of the pairs beside it change."""
    changes: list[tuple[PairNumbers, int]] = []
    place = 0
    while place < len(word) - 1:
        if (word[place], word[place + 1]) == pair:
            word[place : place + 2] = [new]
            if place > 0:
                changes += [((word[place - 1], pair[0]), -1), ((word[place - 1], new), 1)]
            if place < len(word) - 1:
                changes += [((pair[1], word[place + 1]), -1), ((new, word[place + 1]), 1)]
        place += 1
    return changes
