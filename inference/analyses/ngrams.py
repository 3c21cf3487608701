"""The chain rule on a sentence, with n-gram models of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.files.json_file import read_bytes, utf8_text
from inference.forward.masked_lm import check_top_k, masked_logits, predicted_word, probs_of, top_words
from inference.forward.predictions import of_next_tokens
from inference.inputs.tokens import piece, typed_spans
from inference.models.text_ngrams import EDGE, FIRST_WORD, UNKNOWN, Splitter, TextNgrams, words_with_places
from inference.models.word_vectors import WordVectors, open_vectors
from inference.results.counts import count_of
from inference.results.inputs import Input, TextInput
from inference.results.ngrams import (
    BLANKS,
    MOST_CORPUS_BYTES,
    MOST_ORDER,
    MOST_SENTENCE_WORDS,
    NgramsRequest,
    NgramsResult,
)
from inference.results.request import Capability
from inference.results.word_places import words_of_tokens
from resources import CBOW_EMBEDDINGS, NGRAMS

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model

_AT_ONCE = 512  # sentences that are cut into tokens between two looks at whether it was cancelled


def ngrams(request: NgramsRequest, model: Model, context: Context) -> NgramsResult:
    """Probability of each word of the sentence behind those before it, and what each order adds to it.

    Parameters
    ----------
    context
        One checkpoint an order.

    Raises
    ------
    Refused
        There is no text or too much of it; there is no such word, order or corpus.

    References
    ----------
    Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling", sections 2.7 and 3.
    """
    sentence = _cut(request, model)
    words = sentence.names
    check_top_k(request.top_k)
    if not 1 <= request.order <= MOST_ORDER:
        raise Refused(f"Order {request.order} was asked for; 1 to {MOST_ORDER} is allowed.")
    if not 0 <= request.blank <= len(words):
        raise Refused(f"Word {request.blank} was asked for; the text has words 1 to {len(words)}.")
    typed = next((i for i, word in enumerate(words, start=1) if word.lower().startswith(BLANKS)), 0)
    blank = request.blank or typed
    context.checkpoint(0, MOST_ORDER, "Counting n-grams")
    counted = _corpus(request, model, context)
    ids = np.array([EDGE, *counted.ids(sentence.keys), EDGE])
    rows = []
    for order in range(1, MOST_ORDER + 1):
        context.checkpoint(order, MOST_ORDER, f"N-grams of {count_of(order, 'words')}")
        rows.append(counted.model(order, request.smoothing).terms(ids))
    terms = rows[request.order - 1]
    result = NgramsResult(
        corpus=Path(request.corpus).name if request.corpus else "",
        words=words,
        is_known=ids[1:-1] != UNKNOWN,
        used=terms.used,
        weights=terms.weights,
        by_order=np.stack([each.probabilities[-1] for each in rows]),
        held_out=np.array(counted.held_out),
        n_words=counted.n_words,
        n_vocabulary=len(counted.words),
        blank=blank,
        guessers=(),
        guesses=(),
        guess_probs=np.zeros((0, 0)),
        blank_probs=np.zeros(0),
        model_bits=_model_bits(request, sentence, model, context),
    )
    return _with_guesses(result, request, sentence, counted, ids, model, context) if blank else result


@dataclass(frozen=True)
class _Sentence:
    """What a sentence is made of: as it is counted, as it is read, and where it stands.

    Attributes
    ----------
    spans
        First character of each word, and the one behind its last; of tokens nothing.
    positions
        int64 [n] of tokens in what the model reads; of words nothing.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    spans: tuple[tuple[int, int], ...] = ()
    positions: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


def _cut(request: NgramsRequest, model: Model) -> _Sentence:
    text = request.input.text
    if text is None or not text.text.strip():
        raise Refused("There is no text; type a sentence.")
    if request.unit == "tokens":
        if model.tokenizer is None:
            raise Refused(f"{model.info.name} has no tokenizer whose tokens could be counted; count words.")
        tokens = model.encode(request.input).tokens
        positions = np.flatnonzero(~tokens.is_special)
        keys, names = tuple(map(str, tokens.ids[positions].tolist())), tuple(tokens.shown[i] for i in positions)
        sentence = _Sentence(keys, names, positions=positions)
    else:
        found = words_with_places(text.text)
        words = tuple(word for word, _, _ in found)
        sentence = _Sentence(words, words, tuple((start, end) for _, start, end in found))
    if not sentence.keys:
        raise Refused("There is no text; type a sentence.")
    if len(sentence.keys) > MOST_SENTENCE_WORDS:
        raise Refused(
            f"The text has {len(sentence.keys):,} {request.unit}; at most {MOST_SENTENCE_WORDS} are taken apart."
        )
    return sentence


def _corpus(request: NgramsRequest, model: Model, context: Context) -> TextNgrams:
    if request.corpus:
        content = read_bytes(Path(request.corpus), MOST_CORPUS_BYTES)
        if request.unit == "words":
            return _counted(content, Path(request.corpus).name)
        return _counted_tokens(content, Path(request.corpus).name, model, context)
    if request.unit == "tokens":
        raise Refused(
            f"The counts that come with Headlight are of words; count a text file in tokens of {model.info.name}."
        )
    return _bundled()


def _counted_tokens(content: bytes, name: str, model: Model, context: Context) -> TextNgrams:
    """Kept with the model, whose tokens they are."""
    kept = model.store.get("ngrams")
    if isinstance(kept, tuple) and kept[0] == content:
        return kept[1]
    tokenizer = model.tokenizer
    assert tokenizer is not None

    def cut(sentences: Sequence[str]) -> list[list[str]]:
        found: list[list[str]] = []
        for start in range(0, len(sentences), _AT_ONCE):
            context.checkpoint(start, len(sentences), "Cutting the text into tokens")
            some = list(sentences[start : start + _AT_ONCE])
            ids = tokenizer(some, add_special_tokens=False)["input_ids"]
            found += [list(map(str, each)) for each in ids]
        return found

    counted = _of_text(content, name, cut)
    model.store["ngrams"] = content, counted
    return counted


@lru_cache(maxsize=1)
def _bundled() -> TextNgrams:
    return TextNgrams.load(NGRAMS)


@lru_cache(maxsize=2)
def _counted(content: bytes, name: str) -> TextNgrams:
    return _of_text(content, name)


def _of_text(content: bytes, name: str, cut: Splitter | None = None) -> TextNgrams:
    text = utf8_text(content, name)
    try:
        return TextNgrams.of_text(text, cut)
    except ValueError as error:
        raise Refused(f"{name} cannot be counted: {error}.") from error


def _with_guesses(
    result: NgramsResult,
    request: NgramsRequest,
    sentence: _Sentence,
    counted: TextNgrams,
    ids: np.ndarray,
    model: Model,
    context: Context,
) -> NgramsResult:
    """The same with what fills the blank."""
    own = counted.model(request.order, request.smoothing)
    token = int(ids[result.blank])
    guesses, probs, there = [], [], []
    for row in counted.blank(own, ids, result.blank):
        best = np.argsort(-row[FIRST_WORD:], kind="stable")[: request.top_k] + FIRST_WORD
        names = tuple(counted.words[place] for place in best)
        guesses.append(names if request.unit == "words" else tuple(piece(int(name), model.tokenizer) for name in names))
        probs.append(row[best])
        there.append(row[token] if token != UNKNOWN else np.nan)
    guessers = ["left", "both"]
    others = {
        "cbow": _guess_of_cbow(sentence, result.blank, len(probs[0])) if request.unit == "words" else None,
        "model": _guess_of_model(request, sentence, result.blank, model, context, len(probs[0])),
    }
    for name, found in others.items():
        if found is not None:
            guessers.append(name)
            for column, value in zip((guesses, probs, there), found, strict=True):
                column.append(value)
    return replace(
        result,
        guessers=tuple(guessers),
        guesses=tuple(guesses),
        guess_probs=np.stack(probs),
        blank_probs=np.array(there),
    )


def _guess_of_cbow(sentence: _Sentence, blank: int, top_k: int) -> tuple[tuple[str, ...], np.ndarray, float] | None:
    """The same from the bundled word vectors; None where they know no word around the blank."""
    vectors = _cbow()
    assert vectors.settings is not None
    first, last = max(0, blank - 1 - vectors.settings.window), blank + vectors.settings.window
    around = [*sentence.keys[first : blank - 1], *sentence.keys[blank:last]]
    context = [place for word in around if (place := vectors.find(word)) is not None]
    if not context:
        return None
    row = vectors.between(context)
    best = np.argsort(-row, kind="stable")[:top_k]
    there = vectors.find(sentence.keys[blank - 1])
    return (
        tuple(vectors.words[place] for place in best),
        row[best],
        float("nan") if there is None else float(row[there]),
    )


@lru_cache(maxsize=1)
def _cbow() -> WordVectors:
    return open_vectors(CBOW_EMBEDDINGS)


def _guess_of_model(
    request: NgramsRequest, sentence: _Sentence, blank: int, model: Model, context: Context, top_k: int
) -> tuple[tuple[str, ...], np.ndarray, float] | None:
    """Words, their probabilities and that of the word that is there, of a checkpoint that predicts masked words."""
    text = request.input.text
    if Capability.MASKED_LM not in model.info.capabilities or model.tokenizer is None or text is None:
        return None
    if request.unit == "tokens":
        masked = TextInput(text.text, masked=(int(sentence.positions[blank - 1]),))
    else:
        start, end = sentence.spans[blank - 1]
        masked = TextInput(text.text[:start] + model.info.mask_token + text.text[end:])
    encoded = model.encode(Input(text=masked))
    positions = np.flatnonzero(encoded.tokens.ids == model.tokenizer.mask_token_id)
    if len(positions) != 1:
        return None
    logits = masked_logits(model, encoded.tensors, positions, context)
    best = top_words(model, logits, top_k)
    # As it stands there: behind the same text, with the same space before it.
    pieces = model.encode(Input(text=TextInput(text.text))).tokens
    is_whole = len(pieces) == len(encoded.tokens) and not sentence.names[blank - 1].lower().startswith(BLANKS)
    prob = float(probs_of(logits, pieces.ids[positions])[0]) if is_whole else float("nan")
    # Words of the sentence, which have no marks.
    words = tuple(predicted_word(model, token) for token in best.ids[0].tolist())
    return words, best.probs[0].astype(np.float64), prob


def _model_bits(request: NgramsRequest, sentence: _Sentence, model: Model, context: Context) -> np.ndarray:
    """float64 [n + 1], what the checkpoint tells of each word; empty where it does not write this text."""
    is_told = Capability.NEXT_TOKEN in model.info.capabilities and model.info.word_axis != "target"
    if not is_told:
        return np.zeros(0)
    bits = np.full(len(sentence.keys) + 1, np.nan)
    with suppress(Refused):  # of a text that it does not take it tells nothing
        tokens, found = of_next_tokens(model, model.encode(request.input), 1, context)
        of_token = np.append(np.nan, -found.target_log_probs.astype(np.float64) / np.log(2))
        if len(sentence.positions):
            bits[:-1] = of_token[sentence.positions]
            return bits
        text, spans = typed_spans(request.input, tokens, model.tokenizer)
        of_word = words_of_tokens(text, spans, tokens.is_special, sentence.spans)
        for word in set(of_word[of_word >= 0].tolist()):
            bits[word] = of_token[of_word == word].sum()
    return bits
