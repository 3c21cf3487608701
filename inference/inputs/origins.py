"""Where in what was typed each token comes from: which of two texts, and what an unknown one stands for.

Fast tokenizers tell it. Of those written in Python, and of SentencePiece's own, it is found by splitting parts of the
text again; what is not found is not told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from transformers import BatchEncoding, PreTrainedTokenizerBase

    from inference.results.inputs import TextInput

# What people type for a mask, whatever the tokenizer calls it.
TYPED_MASK = "[MASK]"
_MARKS = re.compile(r"^##|@@$|</w>$|▁|^Ġ")  # of places in a word, in pieces of vocabularies


def readable(text: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """The text with the tokenizer's own mask, and without what no tokenizer reads: halves of surrogate pairs."""
    text = text.encode("utf-8", "replace").decode()
    return text if tokenizer.mask_token is None else text.replace(TYPED_MASK, str(tokenizer.mask_token))


def segment_of(input: TextInput, encoding: BatchEncoding, tokenizer: PreTrainedTokenizerBase) -> np.ndarray:
    """int8 [pos], 0 for the first text, 1 for the second; a special token belongs to the text before it."""
    segment = np.zeros(len(encoding["input_ids"]), np.int8)
    if encoding.is_fast:
        for pos, sequence in enumerate(encoding.sequence_ids(0)):
            segment[pos] = sequence if sequence is not None else segment[max(pos - 1, 0)]
    # Those in Python tell nothing, or 0 for both.
    elif input.text_pair and (sides := sides_of(input, encoding, tokenizer)):
        segment[sides[1].start :] = 1
    return segment


def sides_of(
    input: TextInput, encoding: BatchEncoding, tokenizer: PreTrainedTokenizerBase
) -> tuple[range, range] | None:
    """Places of both texts, without the special tokens around them; None where that cannot be known."""
    if encoding.is_fast:
        of_each = encoding.sequence_ids(0)
        first, second = (_from_to([pos for pos, of in enumerate(of_each) if of == side]) for side in (0, 1))
        return first, second
    ids, sides = list(encoding["input_ids"]), []
    for text in (input.text, input.text_pair or ""):
        alone = _ids(readable(text, tokenizer), tokenizer)
        begin = sides[0].stop if sides else 0
        at = next((i for i in range(begin, len(ids) - len(alone) + 1) if ids[i : i + len(alone)] == alone), None)
        if at is None:
            return None
        sides.append(range(at, at + len(alone)))
    return sides[0], sides[1]


def sources_of(input: TextInput, encoding: BatchEncoding, tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """What was typed where a token stands for whatever is not known; empty where that is nowhere, or not told."""
    ids = list(encoding["input_ids"])
    if tokenizer.unk_token_id not in ids:
        return ()
    texts = readable(input.text, tokenizer), readable(input.text_pair or "", tokenizer)
    if not encoding.is_fast:
        return _searched(texts, input, encoding, tokenizer)
    found = encoding.encodings
    if not found:
        return ()
    places = zip(ids, encoding.sequence_ids(0), found[0].offsets, strict=True)
    return tuple(
        texts[of][begin:end] if token == tokenizer.unk_token_id and of is not None else ""
        for token, of, (begin, end) in places
    )


def _searched(
    texts: tuple[str, str], input: TextInput, encoding: BatchEncoding, tokenizer: PreTrainedTokenizerBase
) -> tuple[str, ...]:
    sides = sides_of(input, encoding, tokenizer)
    if sides is None:
        return ()
    ids = list(encoding["input_ids"])
    sources = [""] * len(ids)
    for text, side in zip(texts, sides, strict=True):
        words = text.split()
        of_words = [_ids(word, tokenizer) for word in words]
        if [token for of_word in of_words for token in of_word] != ids[side.start : side.stop]:
            words, of_words = [text], [ids[side.start : side.stop]]  # its words are not split one by one
        pos = side.start
        for word, of_word in zip(words, of_words, strict=True):
            sources[pos : pos + len(of_word)] = _sources_in(word, of_word, tokenizer)
            pos += len(of_word)
    return tuple(sources)


def _sources_in(word: str, ids: list[int], tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The same for a part of a text: what is left of it between the tokens that are known, if that is only one way."""
    unknown = [token == tokenizer.unk_token_id for token in ids]
    pieces = [_MARKS.sub("", str(piece)) for piece in tokenizer.convert_ids_to_tokens(ids)]
    told = ["" if is_unknown else re.escape(piece) for piece, is_unknown in zip(pieces, unknown, strict=True)]
    found = []
    for any_signs in ("(.+?)", "(.+)"):
        parts = [any_signs if is_unknown else piece for piece, is_unknown in zip(told, unknown, strict=True)]
        found.append(re.fullmatch(r"\s*".join(parts), word.strip(), re.IGNORECASE | re.DOTALL))
    shortest, longest = found
    if shortest is None or longest is None or shortest.groups() != longest.groups():
        return [""] * len(ids)
    groups = iter(shortest.groups())
    return [next(groups).strip() if is_unknown else "" for is_unknown in unknown]


def _ids(text: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _from_to(places: list[int]) -> range:
    return range(places[0], places[-1] + 1) if places else range(0)
