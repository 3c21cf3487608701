"""How the tokens of one word come about: merges by rank, the longest match, or the most probable way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from inference.models.subwords.lattice import UnigramVocabulary, cut_path
from inference.results.tokenization import MOST_SYMBOLS, Algorithm, PieceSpan

_MOST_ROWS = 24  # of attempts that are drawn


@dataclass(frozen=True)
class Way:
    """A word on its way to tokens; as in `CutWord`.

    Attributes
    ----------
    pieces
        Its tokens as the vocabulary writes them.
    spans
        Empty where only the tokens are known.
    """

    symbols: tuple[str, ...]
    pieces: tuple[str, ...]
    spans: tuple[PieceSpan, ...]
    best: tuple[float, ...] = ()


class Cutter(Protocol):
    """Cuts words as one of the library's models does."""

    algorithm: Algorithm
    unknown: str

    def way(self, word: str) -> Way:
        """From its symbols to its tokens."""
        ...

    def why_unknown(self, word: str) -> str:
        """A sentence on a word, or a part of it, that became the unknown token."""
        ...


def cutter_of(model: dict[str, Any]) -> Cutter | None:
    """For a model as tokenizer.json has it; None where it is of another kind, or leaves merges to chance."""
    kinds: dict[str, type] = {"BPE": Bpe, "WordPiece": WordPiece, "Unigram": Unigram, "WordLevel": WordLevel}
    kind = kinds.get(model.get("type", ""))
    return None if kind is None or model.get("dropout") else kind(model)


def byte_piece(byte: int) -> str:
    """What SentencePiece's vocabularies call a byte."""
    return f"<0x{byte:02X}>"


def _byte_pieces(text: str, vocabulary: Any) -> list[str]:
    """A text byte by byte; empty where the vocabulary lacks one of them."""
    pieces = [byte_piece(byte) for byte in text.encode()]
    return pieces if all(piece in vocabulary for piece in pieces) else []


class Bpe:
    """Byte pair encoding: of all pairs of pieces the one that was learned first is merged, until none is left."""

    algorithm: Algorithm = "bpe"

    def __init__(self, model: dict[str, Any]) -> None:
        self.vocabulary: dict[str, int] = model["vocab"]
        self.unknown = model.get("unk_token") or ""
        self._prefix = model.get("continuing_subword_prefix") or ""
        self._suffix = model.get("end_of_word_suffix") or ""
        self._fuses, self._has_bytes = bool(model.get("fuse_unk")), bool(model.get("byte_fallback"))
        self._takes_whole = bool(model.get("ignore_merges"))
        pairs = [tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair) for pair in model["merges"]]
        self._ranks = {pair: rank for rank, pair in enumerate(pairs)}

    def way(self, word: str) -> Way:
        if self._takes_whole and word in self.vocabulary:
            return Way(tuple(word), (word,), (PieceSpan(0, len(word), word, 0, is_token=True),))
        symbols = self._symbols(word)
        spans = [
            PieceSpan(place, place + 1, piece, 0, is_token=False, is_known=is_known)
            for place, (piece, is_known) in enumerate(symbols)
        ]
        now = list(range(len(spans)))  # the spans that stand beside each other
        while (found := self._best(spans, now)) is not None:
            place, rank = found
            left, right = spans[now[place]], spans[now[place + 1]]
            level = max(left.level, right.level) + 1
            piece = left.piece + right.piece[len(self._prefix) :]
            spans.append(PieceSpan(left.start, right.end, piece, level, is_token=False, number=rank + 1))
            now[place : place + 2] = [len(spans) - 1]
        for number in now:
            spans[number] = replace(spans[number], is_token=True)
        pieces = tuple(spans[number].piece for number in now)
        return Way(tuple(piece for piece, _ in symbols), pieces, tuple(spans))

    def _best(self, spans: Sequence[PieceSpan], now: Sequence[int]) -> tuple[int, int] | None:
        found: tuple[int, int] | None = None
        for place in range(len(now) - 1):
            rank = self._ranks.get((spans[now[place]].piece, spans[now[place + 1]].piece))
            if rank is not None and (found is None or rank < found[1]):
                found = (place, rank)
        return found

    def _symbols(self, word: str) -> list[tuple[str, bool]]:
        """Pieces, and whether each is known."""
        symbols: list[tuple[str, bool]] = []
        for place, letter in enumerate(word):
            piece = (self._prefix if place else "") + letter + (self._suffix if place == len(word) - 1 else "")
            if piece in self.vocabulary:
                symbols.append((piece, True))
            elif self._has_bytes and (octets := _byte_pieces(piece, self.vocabulary)):
                symbols += [(octet, True) for octet in octets]
            elif self.unknown and not (self._fuses and symbols and not symbols[-1][1]):
                symbols.append((self.unknown, False))
        return symbols

    def why_unknown(self, word: str) -> str:
        missing = [letter for letter in dict.fromkeys(word) if letter not in self.vocabulary]
        letters = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in missing[:3]) or "this character"
        return f"The vocabulary has no piece for {letters}, and no bytes to write it with."


class WordPiece:
    """WordPiece: the longest piece that begins the word, then the longest that goes on, and so on."""

    algorithm: Algorithm = "wordpiece"

    def __init__(self, model: dict[str, Any]) -> None:
        self.vocabulary: dict[str, int] = model["vocab"]
        self.unknown = model.get("unk_token") or ""
        self._prefix = model.get("continuing_subword_prefix") or ""
        self._most = model.get("max_input_chars_per_word", 100)

    def way(self, word: str) -> Way:
        if len(word) > self._most:
            return Way(tuple(word), (self.unknown,), ())
        is_drawn = len(word) <= MOST_SYMBOLS  # of longer ones all that is tried would fill the memory
        tried: list[PieceSpan] = []
        pieces: list[str] = []
        start = 0
        while start < len(word):
            hit = 0
            for end in range(len(word), start, -1):
                piece = (self._prefix if start else "") + word[start:end]
                is_known = piece in self.vocabulary
                if is_drawn:
                    tried.append(PieceSpan(start, end, piece, len(tried), is_token=is_known, is_known=is_known))
                if is_known:
                    pieces.append(piece)
                    hit = end
                    break
            if not hit:
                lost = tuple(replace(span, is_token=False) for span in tried)
                return Way(tuple(word), (self.unknown,), _few(lost))
            start = hit
        return Way(tuple(word), tuple(pieces), _few(tuple(tried)))

    def why_unknown(self, word: str) -> str:
        if len(word) > self._most:
            return f"Words of more than {self._most} characters become unknown as a whole; this one has {len(word)}."
        start = 0
        while (end := self._longest(word, start)) > start:
            start = end
        return f"No piece of the vocabulary begins “{word[start:]}”, so the whole word is unknown."

    def _longest(self, word: str, start: int) -> int:
        """Where the longest piece ends that begins there; there itself if none does."""
        prefix = self._prefix if start else ""
        ends = range(len(word), start, -1)
        return next((end for end in ends if prefix + word[start:end] in self.vocabulary), start)


def _few(tried: tuple[PieceSpan, ...]) -> tuple[PieceSpan, ...]:
    """All attempts where they are few; else those with a hit, and the first that failed."""
    if len(tried) > _MOST_ROWS:
        hits = [span for span in tried if span.is_known]
        misses = [span for span in tried if not span.is_known][: max(_MOST_ROWS - len(hits), 0)]
        tried = tuple(sorted((*hits, *misses), key=lambda span: span.level))
    return tuple(replace(span, level=level) for level, span in enumerate(tried))


class Unigram:
    """Unigram: of all ways to cut a word the one with the highest product of probabilities."""

    algorithm: Algorithm = "unigram"

    def __init__(self, model: dict[str, Any]) -> None:
        pieces, scores = zip(*model["vocab"], strict=True) if model["vocab"] else ((), ())
        self.vocabulary = UnigramVocabulary.of(pieces, scores, model.get("unk_id"))
        number = self.vocabulary.unknown
        self.unknown = "" if number is None else pieces[number]
        self._has_bytes = bool(model.get("byte_fallback"))

    def way(self, word: str) -> Way:
        nodes = self.vocabulary.nodes(word)
        path, best = cut_path(nodes, len(word))
        pieces: list[str] = []
        lost = ""  # characters in a row that no piece holds become one token
        for node in path:
            if node.piece == self.vocabulary.unknown:
                lost += word[node.start : node.end]
                continue
            pieces += self._unknown(lost)
            lost = ""
            pieces.append(word[node.start : node.end])
        pieces += self._unknown(lost)
        ends: list[int] = []  # of the last span of each row
        spans: list[PieceSpan] = []
        on_path = set(path)
        for node in sorted(nodes, key=lambda node: (node not in on_path, node.start, node.end)):
            level = 0 if node in on_path else next((i for i in range(1, len(ends)) if ends[i] <= node.start), 0)
            if not level and node not in on_path:
                level = max(len(ends), 1)
            ends += [0] * (level + 1 - len(ends))
            ends[level] = node.end
            is_known = node.piece != self.vocabulary.unknown
            text = word[node.start : node.end]
            spans.append(PieceSpan(node.start, node.end, text, level, node in on_path, node.score, is_known))
        return Way(tuple(word), tuple(pieces), tuple(spans), tuple(best))

    def _unknown(self, lost: str) -> list[str]:
        if not lost:
            return []
        if lost in self.vocabulary.numbers:
            return [lost]
        return (_byte_pieces(lost, self.vocabulary.numbers) if self._has_bytes else []) or [self.unknown]

    def why_unknown(self, word: str) -> str:
        missing = [letter for letter in dict.fromkeys(word) if letter not in self.vocabulary.numbers]
        letters = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in missing[:3]) or "these characters"
        return f"No way through the word without {letters}, which no piece of the vocabulary holds."


class WordLevel:
    """A vocabulary of whole words."""

    algorithm: Algorithm = "wordlevel"

    def __init__(self, model: dict[str, Any]) -> None:
        self.vocabulary: dict[str, int] = model["vocab"]
        self.unknown = model.get("unk_token") or ""

    def way(self, word: str) -> Way:
        piece = word if word in self.vocabulary else self.unknown
        return Way(tuple(word), (piece,), (PieceSpan(0, len(word), word, 0, piece == word, math.nan, piece == word),))

    def why_unknown(self, word: str) -> str:
        return f"The vocabulary holds whole words alone, and not “{word}”."


def parts_of(way: Way) -> list[Way]:
    """A long word that is cut where its tokens begin a word of the text (`▁`), each part by itself.

    Vocabularies that meet a whole sentence as one word join nothing across such a place in the end.
    """
    tokens = sorted((span for span in way.spans if span.is_token), key=lambda span: span.start)
    if len(way.symbols) <= MOST_SYMBOLS or len(tokens) != len(way.pieces):
        return [way]
    cuts = [span.start for span in tokens[1:] if span.piece.startswith("▁") and span.piece.strip("▁") != ""]
    parts: list[Way] = []
    for start, end in zip([0, *cuts], [*cuts, len(way.symbols)], strict=True):
        spans = tuple(
            replace(span, start=span.start - start, end=span.end - start)
            for span in way.spans
            if start <= span.start and span.end <= end
        )
        pieces = tuple(
            piece for span, piece in zip(tokens, way.pieces, strict=True) if start <= span.start and span.end <= end
        )
        best = tuple(score - way.best[start] for score in way.best[start : end + 1]) if way.best else ()
        parts.append(Way(way.symbols[start:end], pieces, spans, best))
    return parts
