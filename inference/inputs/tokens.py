"""From what the user typed to tokens, the same for every family."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.files.config_file import config_of_text
from inference.inputs.languages import language_ids, spoken
from inference.inputs.origins import readable, segment_of, sides_of, sources_of
from inference.inputs.shortening import shortened
from inference.results.inputs import TOO_LONG, TextInput
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BatchEncoding, PreTrainedConfig, PreTrainedTokenizerBase

    from inference.results.inputs import Input

_SPACE = "␣"
_PICTURES = {"\n": "↵", "\t": "⇥"}
_CLS_SEGMENT = 2
_SPECIAL = ("cls", "sep", "pad", "mask", "bos", "eos", "unk")


def tokenize(
    input: TextInput,
    config: PreTrainedConfig,
    tokenizer: PreTrainedTokenizerBase | None,
    longest: int = 0,
    *,
    is_target: bool = False,
) -> Tokens:
    """Split the text with special tokens, or take the ids as they are, and put masks in.

    Parameters
    ----------
    longest
        Tokens that the model takes; 0 where there is no limit.
    is_target
        Whether a translation is split, for which some tokenizers have a vocabulary or a code of their own.

    Raises
    ------
    Refused
        It is no text; no tokenizer for text, no token at all, more than the model takes, an id outside the vocabulary,
        a masked position that is not there, a mask where the tokenizer has none.
    """
    d_vocab = vocabulary_size(config)
    notes: list[str] = []
    if input.token_ids is not None:
        ids, encoding = list(input.token_ids), None
    elif tokenizer is None:
        raise Refused(
            f"This checkpoint has no tokenizer that can be read; type token ids from 0 to {d_vocab - 1} instead."
        )
    else:
        with spoken(tokenizer, input.language, input.language_pair) as notes:
            encoding = _split(input, tokenizer, is_target)
        ids = list(encoding["input_ids"])
    can_cut = input.start is not None
    _check(ids, d_vocab, 0 if can_cut else longest, "target" if is_target else "text")

    segment, sources = np.zeros(len(ids), np.int8), ()
    if encoding is not None and tokenizer is not None:
        segment, sources = segment_of(input, encoding, tokenizer), sources_of(input, encoding, tokenizer)
    is_special = np.isin(ids, _special_ids(tokenizer))
    known = set(ids)  # each once: of a megabyte of text the first tokens may be wanted
    words = {token: word(token, tokenizer) for token in known}
    pieces = {token: piece(token, tokenizer) for token in known}
    tokens = Tokens(
        ids=np.array(ids, dtype=np.int64),
        words=tuple(words[token] for token in ids),
        starts_word=_starts_word(ids, encoding, is_special, tokenizer),
        is_special=is_special,
        segment=segment,
        pieces=tuple(pieces[token] for token in ids),
        sources=sources,
        notes=tuple(notes),
    )
    if can_cut and longest and len(ids) > longest:
        sides = _sides(input, tokens, encoding, tokenizer, is_target)
        tokens = shortened(tokens, sides, input.start or 0, longest)
    return masked_tokens(tokens, input.masked, tokenizer) if input.masked else tokens


def segments(tokens: Tokens, config: PreTrainedConfig) -> dict[str, Tensor]:
    """`token_type_ids`, int64 [1, pos], for models with a table of them; nothing for others."""
    has_table = (getattr(config, "type_vocab_size", 0) or 0) > 1
    return {"token_type_ids": torch.from_numpy(tokens.segment)[None].long()} if has_table else {}


def text_tensors(tokens: Tokens, config: PreTrainedConfig) -> dict[str, Tensor]:
    """`input_ids`, int64 [1, pos], and `segments`."""
    return {"input_ids": torch.from_numpy(tokens.ids)[None], **segments(tokens, config)}


def compared_segments(tokens: Tokens, tokenizer: PreTrainedTokenizerBase | None) -> dict[str, Tensor]:
    """The same for XLNet and Funnel, which compare those of two words; [CLS] belongs to neither text."""
    of_each = torch.from_numpy(tokens.segment)[None].long()
    if tokenizer is not None and tokenizer.cls_token_id is not None:
        of_each[torch.from_numpy(tokens.ids)[None] == tokenizer.cls_token_id] = _CLS_SEGMENT
    return {"token_type_ids": of_each}


def followed_by(tokens: Tokens, *words: str) -> Tokens:
    """The same with places behind it that are no tokens, and have no ids."""
    n = len(words)
    return joined(
        tokens, Tokens(np.full(n, -1, np.int64), words, np.ones(n, bool), np.ones(n, bool), np.zeros(n, np.int8))
    )


def padded(tokens: Tokens, n: int, pad: int, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """The same filled up with padding to a length; text that was given as ids is filled up too."""
    more = max(0, n - len(tokens))
    ones = np.ones(more, bool)
    words, pieces = (word(pad, tokenizer),) * more, (piece(pad, tokenizer),) * more
    return joined(tokens, Tokens(np.full(more, pad, np.int64), words, ones, ones, np.zeros(more, np.int8), pieces))


def filled_up(rows: Sequence[Sequence[int] | np.ndarray], value: int) -> np.ndarray:
    """int64 [row, pos]: rows of any lengths in one table, with a value behind those that end early."""
    table = np.full((len(rows), max(map(len, rows))), value, np.int64)
    for place, row in zip(table, rows, strict=True):
        place[: len(row)] = row
    return table


def joined(first: Tokens, second: Tokens) -> Tokens:
    """One sequence behind the other, with all that is known of each token, and the notes of both."""
    sources = [each.sources or ("",) * len(each) for each in (first, second)]
    return Tokens(
        ids=np.concatenate([first.ids, second.ids]),
        words=(*first.words, *second.words),
        starts_word=np.concatenate([first.starts_word, second.starts_word]),
        is_special=np.concatenate([first.is_special, second.is_special]),
        segment=np.concatenate([first.segment, second.segment]),
        pieces=(*first.shown, *second.shown) if first.pieces or second.pieces else (),
        sources=(*sources[0], *sources[1]) if first.sources or second.sources else (),
        notes=tuple(dict.fromkeys((*first.notes, *second.notes))),
    )


def behind_start(start: int, rest: Tokens, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """What a decoder is given that has begun to write: its start token, then the text."""
    one = np.ones(1, bool)
    first = Tokens(
        np.array([start], np.int64), (word(start, tokenizer),), one, one, np.zeros(1, np.int8),
        (piece(start, tokenizer),),
    )  # fmt: skip
    return joined(first, rest)


def vocabulary_size(config: PreTrainedConfig) -> int:
    """Token ids that a model knows; CANINE, which says none, reads Unicode's code points as they are."""
    return getattr(config_of_text(config), "vocab_size", 0x110000)


def as_text(input: Input) -> TextInput:
    """The text of an input; `Refused` where it has none."""
    if input.text is None:
        raise Refused("This checkpoint reads texts; type a sentence.")
    return input.text


def typed_at(input: Input, tokens: Tokens, tokenizer: PreTrainedTokenizerBase | None) -> Callable[[int, int], str]:
    """What was typed from one token to another, the last one left out; the tokens' words where that is not known."""

    def words(start: int, stop: int) -> str:
        places = range(start, stop)
        blanks = (" " if place > start and tokens.starts_word[place] else "" for place in places)
        return "".join(blank + tokens.words[place] for blank, place in zip(blanks, places, strict=True))

    found = _offsets(input, tokens, tokenizer)
    if found is None:
        return words
    texts, of, offsets = found

    def typed(start: int, stop: int) -> str:
        which = of[start]
        if which is None or which != of[stop - 1]:
            return words(start, stop)
        return texts[which][offsets[start][0] : offsets[stop - 1][1]].strip() or words(start, stop)

    return typed


def typed_spans(input: Input, tokens: Tokens, tokenizer: PreTrainedTokenizerBase | None) -> tuple[str, np.ndarray]:
    """A text, and which of its characters each token is: int32 [pos, 2], first and last (left out), equal for none.

    The text is what was typed, a second one in a line of its own; else it is put together of the tokens' words.
    """
    found = _offsets(input, tokens, tokenizer)
    if found is not None:
        texts, of, offsets = found
        behind = (0, len(texts[0]) + 1)
        spans = [
            (0, 0) if side is None else (behind[side] + start, behind[side] + stop)
            for side, (start, stop) in zip(of, offsets, strict=True)
        ]
        return "\n".join(filter(None, texts)), np.array(spans, np.int32).reshape(-1, 2)
    text, spans = "", []
    for pos, word in enumerate(tokens.words):
        if tokens.is_special[pos]:
            spans.append((0, 0))
            continue
        text += " " if text and tokens.starts_word[pos] else ""
        spans.append((len(text), len(text) + len(word)))
        text += word
    return text, np.array(spans, np.int32).reshape(-1, 2)


def _offsets(
    input: Input, tokens: Tokens, tokenizer: PreTrainedTokenizerBase | None
) -> tuple[tuple[str, str], list[int | None], list[tuple[int, int]]] | None:
    """Both texts, which of them each token is of, and its characters there; None where that is not known."""
    given = input.text
    if given is None or given.token_ids is not None or tokenizer is None or not tokenizer.is_fast:
        return None
    with spoken(tokenizer, given.language, given.language_pair):
        encoding = _split(given, tokenizer, is_target=False)
    if encoding["input_ids"] != tokens.ids.tolist() or not encoding.encodings:  # a part of a long text, or a target
        return None
    texts = readable(given.text, tokenizer), readable(given.text_pair or "", tokenizer)
    return texts, encoding.sequence_ids(0), encoding.encodings[0].offsets


def _sides(
    input: TextInput,
    tokens: Tokens,
    encoding: BatchEncoding | None,
    tokenizer: PreTrainedTokenizerBase | None,
    is_target: bool,
) -> dict[str, range]:
    """Places of the text, or of each of a pair, by what it is called; without the special tokens around them."""
    if encoding is None or tokenizer is None or not input.text_pair or is_target:
        words = np.flatnonzero(~tokens.is_special)
        whole = range(int(words[0]), int(words[-1]) + 1) if len(words) else range(len(tokens))
        return {"the target" if is_target else "the text": whole}
    sides = sides_of(input, encoding, tokenizer)
    if sides is None:
        raise Refused("This tokenizer does not tell where the second sentence begins; shorten the texts.")
    return dict(zip(("sentence A", "sentence B"), sides, strict=True))


def _split(input: TextInput, tokenizer: PreTrainedTokenizerBase, is_target: bool) -> BatchEncoding:
    text, pair = readable(input.text, tokenizer), readable(input.text_pair or "", tokenizer)
    if is_target:
        return tokenizer(text_target=text)
    return tokenizer(text, pair) if pair else tokenizer(text)


def _check(ids: list[int], d_vocab: int, longest: int, what: str) -> None:
    if not ids:
        raise Refused("There is nothing to read: type a text.")
    if longest and len(ids) > longest:
        raise Refused(f"The {what} has {len(ids):,} tokens; {TOO_LONG} {longest:,}.")
    for token in ids:
        if not 0 <= token < d_vocab:
            raise Refused(f"{token} is outside the vocabulary; token ids from 0 to {d_vocab - 1} are allowed.")


def _special_ids(tokenizer: PreTrainedTokenizerBase | None) -> list[int]:
    if tokenizer is None:
        return []
    # The unknown word is a word; but GPT-2 uses one token for it, for the beginning and for the end.
    marks = [tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id]
    words = [token for token in (tokenizer.mask_token_id, tokenizer.unk_token_id) if token not in marks]
    return [*(token for token in tokenizer.all_special_ids if token not in words), *language_ids(tokenizer)]


def _starts_word(
    ids: list[int], encoding: BatchEncoding | None, is_special: np.ndarray, tokenizer: PreTrainedTokenizerBase | None
) -> np.ndarray:
    if tokenizer is None:
        return np.ones(len(ids), bool)
    known = {token: _piece(token, tokenizer) for token in set(ids)}
    pieces = [known[token] for token in ids]
    is_marked = np.array([piece.startswith(("Ġ", "▁")) for piece in pieces])
    if encoding is not None and encoding.is_fast:
        places = list(zip(encoding.sequence_ids(0), encoding.word_ids(0), strict=True))
        is_new = np.array([True, *(place != before for before, place in pairwise(places))])
        # Some tokenizers call the whole text one word; then only the marks tell.
        starts = is_new | is_marked
    elif is_marked.any():
        starts = is_marked
    else:
        starts = np.array([not piece.startswith("##") for piece in pieces])
    return starts | is_special | np.concatenate([[True], is_special[:-1]])


def masked_tokens(tokens: Tokens, masked: tuple[int, ...], tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """The same with the mask token at some positions.

    Raises
    ------
    Refused
        There is no mask token, or no such position.
    """
    if tokenizer is None or tokenizer.mask_token_id is None:
        raise Refused("A word cannot be masked: this checkpoint has no mask token.")
    ids, words, is_special = tokens.ids.copy(), list(tokens.words), tokens.is_special.copy()
    pieces = list(tokens.shown)
    for pos in masked:
        if not 0 <= pos < len(ids):
            raise Refused(f"Position {pos} cannot be masked; the text has positions 0 to {len(ids) - 1}.")
        ids[pos], words[pos], is_special[pos] = tokenizer.mask_token_id, str(tokenizer.mask_token), False
        pieces[pos] = words[pos]
    return replace(tokens, ids=ids, words=tuple(words), is_special=is_special, pieces=tuple(pieces))


def word(token: int, tokenizer: PreTrainedTokenizerBase | None) -> str:
    """What to show for a token: no marks of the tokenizer, nothing invisible, never empty."""
    piece = _piece(token, tokenizer) if tokenizer is not None else ""
    if tokenizer is None or not piece:
        return f"#{token}"
    if token in tokenizer.all_special_ids:
        return _named(token, piece, tokenizer)
    text = tokenizer.convert_tokens_to_string([piece])
    if "\ufffd" in text:
        text = _show_bytes(piece)
    if text.startswith("##") and len(text) > 2:
        text = text[2:]
    text = text.strip(" ") or _SPACE * max(len(text), piece.count("Ġ") + piece.count("▁"))
    return "".join(map(_visible, text)) or piece


def piece(token: int, tokenizer: PreTrainedTokenizerBase | None) -> str:
    """A token with the marks of its tokenizer, as `␣Time`, `##ing` or `c@@`; nothing invisible, never empty."""
    text = _piece(token, tokenizer) if tokenizer is not None else ""
    if tokenizer is None or not text:
        return f"#{token}"
    if token in tokenizer.all_special_ids:
        return _named(token, text, tokenizer)
    if _is_byte_level(tokenizer):
        text = _show_bytes(text)
    return "".join(_SPACE if sign in " ▁" else _visible(sign) for sign in text)


def _named(token: int, text: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """A special token as it is written; CANINE's are code points without a sign, and are told by what they are for."""
    if len(text) > 1 or unicodedata.category(text) not in ("Co", "Cc"):
        return text
    known = (name for name in _SPECIAL if getattr(tokenizer, f"{name}_token_id") == token)
    return next((f"[{name.upper()}]" for name in known), _visible(text))


def _is_byte_level(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether signs of its vocabulary stand for bytes; `Ġ` is a space then."""
    try:
        return tokenizer.convert_tokens_to_string(["Ġ"]) == " "
    except ValueError:  # ByT5's signs are the bytes themselves
        return False


def _piece(token: int, tokenizer: PreTrainedTokenizerBase) -> str:
    """As it stands in the vocabulary; empty where the model has more ids than the tokenizer."""
    piece = None
    with suppress(LookupError, ValueError, TypeError):  # codes of languages lie beyond the length that M2M100 tells
        piece = tokenizer.convert_ids_to_tokens(token)
    return piece if isinstance(piece, str) else ""


def _show_bytes(piece: str) -> str:
    """A byte-level piece that ends within a letter: the bytes, as `\\xc3`."""
    byte_by_sign = _byte_by_sign()
    if not all(sign in byte_by_sign for sign in piece):
        return piece
    return bytes(byte_by_sign[sign] for sign in piece).decode("utf-8", "backslashreplace")


@cache
def _byte_by_sign() -> dict[str, int]:
    """The signs that stand for bytes in byte-level vocabularies (Radford et al. 2019)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(0x100) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + i): byte for i, byte in enumerate(rest)}


def _visible(sign: str) -> str:
    # Unicode's own pictures of control characters are in few fonts; these two are in nearly all.
    if sign in _PICTURES:
        return _PICTURES[sign]
    code = ord(sign)
    category = unicodedata.category(sign)
    if category == "Zs" and sign != " ":
        return _SPACE
    return f"<U+{code:04X}>" if category in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") else sign
