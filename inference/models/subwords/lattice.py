"""All ways to cut a word with a Unigram vocabulary, the best of them, and how often each piece is expected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

UNKNOWN_PENALTY = 10.0  # SentencePiece's: what no piece holds costs so much more than the least probable piece


class PieceNode(NamedTuple):
    """A piece at a place of a word: characters `start` to `end`, its number, its log-probability."""

    start: int
    end: int
    piece: int
    score: float


@dataclass(frozen=True)
class UnigramVocabulary:
    """Pieces and their log-probabilities.

    Attributes
    ----------
    scores
        NaN for what is in no text, such as the piece for all that is unknown.
    unknown
        Number of the piece for what no other one holds; None where there is none.
    """

    pieces: Sequence[str]
    scores: Sequence[float]
    unknown: int | None
    numbers: Mapping[str, int]
    longest: int
    least: float

    @classmethod
    def of(cls, pieces: Sequence[str], scores: Sequence[float], unknown: int | None) -> UnigramVocabulary:
        """With what follows from the pieces."""
        numbers = {piece: number for number, piece in enumerate(pieces)}
        longest = max(map(len, pieces), default=0)
        least = min((score for score in scores if not math.isnan(score)), default=math.inf)
        return cls(pieces, scores, unknown, numbers, longest, least)

    def nodes(self, word: str) -> list[PieceNode]:
        """Every piece at every place, from left to right, short ones first; what no piece of one character holds is
        unknown."""
        found: list[PieceNode] = []
        for start in range(len(word)):
            is_held = False
            for end in range(start + 1, min(len(word), start + self.longest) + 1):
                number = self.numbers.get(word[start:end])
                if number is not None:
                    found.append(PieceNode(start, end, number, self.scores[number]))
                    is_held = is_held or end == start + 1
            if not is_held and self.unknown is not None:
                found.append(PieceNode(start, start + 1, self.unknown, self.least - UNKNOWN_PENALTY))
        return found


def best_path(nodes: Sequence[PieceNode], n: int) -> tuple[list[PieceNode], list[float]]:
    """The most probable way through a word of `n` characters, and the best score up to each place (Viterbi 1967).

    Of equal ways the one whose last piece begins first; sums are made in the library's order, as they decide what is
    equal. Without a way: none, and minus infinity at the end.
    """
    begun, ended = _by_places(nodes, n)
    score_with: dict[PieceNode, float] = {}  # of the best way that ends with a node
    before: dict[PieceNode, PieceNode | None] = {}
    best = [0.0] + [-math.inf] * n
    last: PieceNode | None = None
    for place in range(n + 1):
        ways = [node for node in ended[place] if node in score_with]
        if place and not ways:
            continue
        best[place] = max((score_with[node] for node in ways), default=0.0)
        last = max(ways, key=score_with.__getitem__) if ways else None
        for node in begun[place]:
            came_by = max(ways, key=lambda way: score_with[way] + node.score) if ways else None
            score_with[node] = (score_with[came_by] if came_by else 0.0) + node.score
            before[node] = came_by
    path: list[PieceNode] = []
    while last is not None and last.end == (path[-1].start if path else n):
        path.append(last)
        last = before[last]
    return path[::-1], best


def cut_path(nodes: Sequence[PieceNode], n: int) -> tuple[list[PieceNode], list[float]]:
    """The same with sums in the order in which the library adds them where it cuts a text and trains nothing."""
    best = [0.0] + [-math.inf] * n
    came_by: list[PieceNode | None] = [None] * (n + 1)
    for node in nodes:  # in the order of their beginnings: all ways to one are known when it is reached
        score = node.score + best[node.start]
        if best[node.start] > -math.inf and score > best[node.end]:
            best[node.end], came_by[node.end] = score, node
    path: list[PieceNode] = []
    place = n
    while place > 0 and (node := came_by[place]) is not None:
        path.append(node)
        place = node.start
    return (path[::-1] if place == 0 else []), best


def expected_counts(nodes: Sequence[PieceNode], n: int) -> tuple[list[float], float]:
    """How often each node is on a way, all ways weighed by their probability; and the log-probability of the word.

    The forward-backward algorithm, as sums of logarithms; there is a way, as what is unknown is a node, too.
    """
    begun, ended = _by_places(nodes, n)
    forward, backward = [0.0] * (n + 1), [0.0] * (n + 1)
    for place in range(1, n + 1):
        forward[place] = _log_sum([node.score + forward[node.start] for node in ended[place]])
    for place in reversed(range(n)):
        backward[place] = _log_sum([node.score + backward[node.end] for node in begun[place]])
    whole = forward[n]
    return [math.exp(forward[node.start] + node.score + backward[node.end] - whole) for node in nodes], whole


def _by_places(nodes: Sequence[PieceNode], n: int) -> tuple[list[list[PieceNode]], list[list[PieceNode]]]:
    begun: list[list[PieceNode]] = [[] for _ in range(n + 1)]
    ended: list[list[PieceNode]] = [[] for _ in range(n + 1)]
    for node in nodes:
        begun[node.start].append(node)
        ended[node.end].append(node)
    return begun, ended


def _log_sum(values: Sequence[float]) -> float:
    total = values[0]
    for value in values[1:]:
        high, low = max(total, value), min(total, value)
        total = high + math.log(math.exp(low - high) + 1.0)
    return total
