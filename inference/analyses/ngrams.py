"""The chain rule on a sentence, with n-gram models of a corpus."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.files.json_file import read_bytes
from inference.forward.masked_lm import check_top_k, masked_logits, probs_of, top_words
from inference.models.word_ngrams import EDGE, FIRST_WORD, UNKNOWN, WordNgrams, words_of, words_with_places
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
from resources import NGRAMS

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


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
    words = _words(request)
    check_top_k(request.top_k)
    if not 1 <= request.order <= MOST_ORDER:
        raise Refused(f"Order {request.order} was asked for; 1 to {MOST_ORDER} is allowed.")
    if not 0 <= request.blank <= len(words):
        raise Refused(f"Word {request.blank} was asked for; the text has words 1 to {len(words)}.")
    typed = next((i for i, word in enumerate(words, start=1) if word.startswith(BLANKS)), 0)
    blank = request.blank or typed
    context.checkpoint(0, MOST_ORDER, "Counting n-grams")
    counted = _corpus(request.corpus)
    ids = np.array([EDGE, *counted.ids(words), EDGE])
    rows = []
    for order in range(1, MOST_ORDER + 1):
        context.checkpoint(order, MOST_ORDER, f"N-grams of {order} words")
        rows.append(counted.model(order, request.smoothing).terms(ids))
    terms = rows[request.order - 1]
    result = NgramsResult(
        corpus=Path(request.corpus).name if request.corpus else "",
        words=tuple(words),
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
    )
    return _with_guesses(result, request, counted, ids, model, context) if blank else result


def _words(request: NgramsRequest) -> list[str]:
    text = request.input.text
    words = words_of(text.text) if text is not None else []
    if not words:
        raise Refused("There is no text; type a sentence.")
    if len(words) > MOST_SENTENCE_WORDS:
        raise Refused(f"The text has {len(words):,} words; at most {MOST_SENTENCE_WORDS} are taken apart.")
    return words


def _corpus(path: str) -> WordNgrams:
    if not path:
        return _bundled()
    content = read_bytes(Path(path), MOST_CORPUS_BYTES)
    return _counted(content, Path(path).name)


@lru_cache(maxsize=1)
def _bundled() -> WordNgrams:
    return WordNgrams.load(NGRAMS)


@lru_cache(maxsize=2)
def _counted(content: bytes, name: str) -> WordNgrams:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{name} is no text in UTF-8: byte {error.start:,} is none.") from error
    try:
        return WordNgrams.of_text(text)
    except ValueError as error:
        raise Refused(f"{name} cannot be counted: {error}.") from error


def _with_guesses(
    result: NgramsResult, request: NgramsRequest, counted: WordNgrams, ids: np.ndarray, model: Model, context: Context
) -> NgramsResult:
    """The same with what fills the blank."""
    own = counted.model(request.order, request.smoothing)
    token = int(ids[result.blank])
    guesses, probs, there = [], [], []
    for row in counted.blank(own, ids, result.blank):
        best = np.argsort(-row[FIRST_WORD:], kind="stable")[: request.top_k] + FIRST_WORD
        guesses.append(tuple(counted.words[place] for place in best))
        probs.append(row[best])
        there.append(row[token] if token != UNKNOWN else np.nan)
    guessers = ["left", "both"]
    if found := _guess_of_model(request, result.blank, model, context, len(probs[0])):
        guessers.append("model")
        for column, value in zip((guesses, probs, there), found, strict=True):
            column.append(value)
    return replace(
        result,
        guessers=tuple(guessers),
        guesses=tuple(guesses),
        guess_probs=np.stack(probs),
        blank_probs=np.array(there),
    )


def _guess_of_model(
    request: NgramsRequest, blank: int, model: Model, context: Context, top_k: int
) -> tuple[tuple[str, ...], np.ndarray, float] | None:
    """Words, their probabilities and that of the word that is there, of a checkpoint that predicts masked words."""
    if Capability.MASKED_LM not in model.info.capabilities or model.tokenizer is None or request.input.text is None:
        return None
    text = request.input.text.text
    word, start, end = words_with_places(text)[blank - 1]
    encoded = model.encode(Input(text=TextInput(text[:start] + model.info.mask_token + text[end:])))
    positions = np.flatnonzero(encoded.tokens.ids == model.tokenizer.mask_token_id)
    if len(positions) != 1:
        return None
    logits = masked_logits(model, encoded.tensors, positions, context)
    best = top_words(model, logits, top_k)
    # As it stands there: behind the same text, with the same space before it.
    pieces = model.encode(Input(text=TextInput(text))).tokens
    is_whole = len(pieces) == len(encoded.tokens) and not word.startswith(BLANKS)
    prob = float(probs_of(logits, pieces.ids[positions])[0]) if is_whole else float("nan")
    return best.words[0], best.probs[0].astype(np.float64), prob
