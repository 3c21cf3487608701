"""How a tokenizer cuts a text, followed step by step and checked against what it returns itself."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from inference.models.subwords.ways import Cutter, cutter_of, parts_of
from inference.results.tokenization import MOST_SYMBOLS, Algorithm, CutResult, CutToken, CutWord

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_NOT_FOLLOWED = "Its tokens and ids are shown, but not how they come about"


@dataclass(frozen=True)
class _Inside:
    """What a tokenizer is made of, as its tokenizer.json says."""

    cutter: Cutter | None
    normalizers: tuple[str, ...]
    splitters: tuple[str, ...]
    has_byte_letters: bool
    marks: tuple[str, str]  # before a piece that goes on with a word, behind one that ends it


_inside: WeakKeyDictionary[Any, _Inside] = WeakKeyDictionary()


def cut_text(tokenizer: PreTrainedTokenizerBase, text: str) -> CutResult:
    """Tokens and ids as the tokenizer returns them, and, where it is one of tokenizers' library, how each word is cut.

    What is followed here is shown only where it ends in the very tokens that the tokenizer returns.
    """
    if not getattr(tokenizer, "is_fast", False):
        return _cut_in_python(tokenizer, text)
    if tokenizer not in _inside:
        _inside[tokenizer] = _looked_into(tokenizer)
    inside = _inside[tokenizer]
    encoding: Any = tokenizer(text).encodings[0]  # type: ignore[index]
    added = tokenizer.added_tokens_decoder
    kinds = [
        "special" if is_special else "added" if number in added else "piece"
        for number, is_special in zip(encoding.ids, encoding.special_tokens_mask, strict=True)
    ]
    unknown = inside.cutter.unknown if inside.cutter else str(tokenizer.unk_token or "")
    unknown_id = tokenizer.backend_tokenizer.token_to_id(unknown) if unknown else None  # type: ignore[attr-defined]
    tokens = []
    for number, piece, place, kind in zip(encoding.ids, encoding.tokens, encoding.offsets, kinds, strict=True):
        is_unknown = kind != "special" and number == unknown_id and text[slice(*place)] != unknown
        octets = () if kind == "special" else _octets(piece, inside) if not is_unknown else ()
        octets = tuple(text[slice(*place)].encode()) if is_unknown or kind == "added" else octets
        start, end = place if kind != "special" else (-1, -1)
        shown = unknown if is_unknown else piece  # some models call it what was typed
        tokens.append(CutToken(number, shown, start, end, octets, "unknown" if is_unknown else kind))  # type: ignore[arg-type]
    normalized, words, note = _followed(tokenizer, inside, text, tokens)
    tokens = [_explained(token, place, text, words, inside.cutter) for place, token in enumerate(tokens)]
    return CutResult(
        text=text,
        tokenizer=type(tokenizer).__name__,
        algorithm=inside.cutter.algorithm if inside.cutter else "",
        n_vocabulary=len(tokenizer),
        normalizers=inside.normalizers,
        splitters=inside.splitters,
        normalized=normalized,
        words=tuple(words),
        tokens=tuple(tokens),
        notes=(note,) if note else (),
    )


def algorithm_of(tokenizer: PreTrainedTokenizerBase) -> Algorithm | Literal[""]:
    """What kind of model cuts its words; empty where that is not known."""
    if not getattr(tokenizer, "is_fast", False):
        return ""
    cutter = _looked_into(tokenizer).cutter
    return cutter.algorithm if cutter is not None else ""


def _looked_into(tokenizer: Any) -> _Inside:
    described = json.loads(tokenizer.backend_tokenizer.to_str())
    model = described["model"]
    names = {name: tuple(_names(described.get(name))) for name in ("normalizer", "pre_tokenizer")}
    has_byte_letters = any("ByteLevel" in found for found in names.values())
    marks = (model.get("continuing_subword_prefix") or "", model.get("end_of_word_suffix") or "")
    return _Inside(cutter_of(model), names["normalizer"], names["pre_tokenizer"], has_byte_letters, marks)


def _names(step: Any) -> Iterator[str]:
    """Names of the steps, those within others one by one."""
    if isinstance(step, dict):
        inner = step.get("normalizers") or step.get("pretokenizers")
        if inner:
            for one in inner:
                yield from _names(one)
        else:
            yield str(step.get("type", ""))


def _cut_in_python(tokenizer: PreTrainedTokenizerBase, text: str) -> CutResult:
    ids: Any = tokenizer(text)["input_ids"]
    unknown: Any = tokenizer.unk_token_id
    special = set(tokenizer.all_special_ids) - {unknown}
    tokens = []
    for number in ids:
        piece = str(tokenizer.convert_ids_to_tokens(number))
        kind = "special" if number in special else "unknown" if number == unknown else "piece"
        why = "The tokenizer has no token for this part of the text." if kind == "unknown" else ""
        octets = () if kind != "piece" else tuple(piece.replace("▁", " ").encode(errors="replace"))
        tokens.append(CutToken(number, piece, -1, -1, octets, kind, why))  # type: ignore[arg-type]
    name = type(tokenizer).__name__
    note = f"{name} is written in Python and has no tokenizer.json: {_NOT_FOLLOWED[0].lower()}{_NOT_FOLLOWED[1:]}."
    return CutResult(text, name, "", len(tokenizer), (), (), "", (), tuple(tokens), (note,))


# Step by step


def _followed(tokenizer: Any, inside: _Inside, text: str, tokens: list[CutToken]) -> tuple[str, list[CutWord], str]:
    """The normalised text, its words with their tokens, and why there are none."""
    if inside.cutter is None:
        return "", [], f"{_NOT_FOLLOWED}: its kind of model is not known here, or leaves merges to chance."
    own = [place for place, token in enumerate(tokens) if token.kind != "special"]
    whole = [(tokens[place].start, tokens[place].end) for place in own if tokens[place].kind == "added"]
    normalized, parts = _words(tokenizer.backend_tokenizer, text, whole)
    words: list[CutWord] = []
    done = 0  # tokens of the text that have their word by now
    for part in parts:
        if part is None:
            done += 1
            continue
        for way in parts_of(inside.cutter.way(part)):
            expected = tuple(tokens[place].piece for place in own[done : done + len(way.pieces)])
            if expected != way.pieces:
                return normalized, [], f"{_NOT_FOLLOWED}: the tokenizer does otherwise than its files say."
            is_long = len(way.symbols) > MOST_SYMBOLS
            why = f"This word has {len(way.symbols)} symbols; at most {MOST_SYMBOLS} are drawn." if is_long else ""
            spans = () if is_long else way.spans
            first = own[done] if way.pieces else -1
            word = part if len(part) <= MOST_SYMBOLS else "".join(way.symbols)
            words.append(CutWord(word, first, len(way.pieces), way.symbols, spans, way.best, why))
            done += len(way.pieces)
    if done != len(own):
        return normalized, [], f"{_NOT_FOLLOWED}: the tokenizer does otherwise than its files say."
    return normalized, words, ""


def _words(backend: Any, text: str, whole: list[tuple[int, int]]) -> tuple[str, list[str | None]]:
    """The normalised text and its words in order; None for a token that stands for itself.

    Parameters
    ----------
    whole
        Where such tokens are: what lies between them is normalised and split by itself, as the library does it.
    """
    from tokenizers import PreTokenizedString

    edges = sorted({0, len(text), *(edge for place in whole for edge in place)})
    pieces = [(start, end) for start, end in itertools.pairwise(edges) if start < end]
    parts: Any = PreTokenizedString(text)
    parts.split(lambda _, all_of_it: [all_of_it[start:end] for start, end in pieces])
    is_whole = {start for start, end in whole if start < end}
    if backend.normalizer is not None:
        parts.normalize(backend.normalizer.normalize)
    stands = [
        (part, place[0]) for part, place, _ in parts.get_splits(offset_referential="original", offset_type="char")
    ]
    normalized = " ".join(part for part, start in stands if start not in is_whole)
    if backend.pre_tokenizer is not None:
        backend.pre_tokenizer.pre_tokenize(parts)
    words: list[str | None] = []
    done: set[tuple[int, int]] = set()
    for part, (start, end), _ in parts.get_splits(offset_referential="original", offset_type="char"):
        inside = next((place for place in whole if place[0] <= start and end <= place[1] and start < place[1]), None)
        if inside is None:
            if part:
                words.append(part)
        elif inside not in done:
            done.add(inside)
            words.append(None)
    return normalized, words


def _explained(token: CutToken, place: int, text: str, words: list[CutWord], cutter: Cutter | None) -> CutToken:
    if token.kind != "unknown":
        return token
    word = next((word for word in words if word.first <= place < word.first + word.n_tokens), None)
    why = "The vocabulary has no piece for this part of the text."
    if cutter is not None and word is not None:
        typed = text[token.start : token.end].strip()
        why = cutter.why_unknown(typed if typed and word.n_tokens > 1 else word.text)
    return replace(token, why=why)


# Bytes


def _octets(piece: str, inside: _Inside) -> tuple[int, ...]:
    """The bytes that a piece stands for."""
    if found := _BYTE.fullmatch(piece):
        return (int(found[1], 16),)
    before, behind = inside.marks
    text = piece.removeprefix(before) if before else piece
    text = text.removesuffix(behind) if behind else text
    if inside.has_byte_letters and all(letter in _byte_of_letter() for letter in text):
        return tuple(_byte_of_letter()[letter] for letter in text)
    return tuple(text.replace("▁", " ").encode(errors="replace"))


@cache
def _byte_of_letter() -> dict[str, int]:
    """The letters in which GPT-2 and its like write bytes: printable ones are themselves, others come after U+0100."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}
