"""Texts as word2vec reads them: words in a row, and where sentences end; of a text, or drawn from counts of n-grams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.models.text_ngrams import EDGE, FIRST_WORD, TextNgrams, words_of
from inference.results.counts import count_of

SENTENCE_END = -1
MOST_SENTENCE = 1_000  # words: longer ones are cut, as in word2vec.c
MOST_VOCABULARY = 60_000
_ENDS = frozenset(".!?…")
_MOST_DRAWN = 60  # words of a drawn sentence


@dataclass(frozen=True, eq=False)
class NumberedText:
    """A text of words that are frequent enough.

    Attributes
    ----------
    words
        The vocabulary, most frequent first.
    counts
        int64 [word].
    ids
        int32: words in a row, -1 where a sentence ends.
    n_words
        Of the text, rare ones included.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    ids: NDArray[np.int32]
    n_words: int


def is_sentence_end(word: str) -> bool:
    """Whether a sign ends a sentence."""
    return word in _ENDS


def sentences_of(lines: Iterable[str]) -> Iterable[list[str]]:
    """Words without signs, in lower case; a line ends a sentence, and so do . ! ? and …"""
    for line in lines:
        sentence: list[str] = []
        for word in words_of(line):
            if word[0].isalnum():
                sentence.append(word)
            elif is_sentence_end(word) and sentence:
                yield sentence
                sentence = []
        if sentence:
            yield sentence


def corpus_of(sentences: Iterable[list[str]], min_count: int) -> NumberedText:
    """Number the words that occur at least `min_count` times.

    Raises
    ------
    ValueError
        If there are too few of them to learn from.
    """
    places: dict[str, int] = {}
    text: list[int] = []
    for sentence in sentences:
        for start in range(0, len(sentence), MOST_SENTENCE):
            text += [places.setdefault(word, len(places)) for word in sentence[start : start + MOST_SENTENCE]]
            text.append(SENTENCE_END)
    found = np.array(text, np.int64)
    times = Counter(dict(enumerate(np.bincount(found[found >= 0], minlength=len(places)).tolist())))
    names = list(places)
    common = [place for place, n in times.most_common(MOST_VOCABULARY) if n >= min_count]
    if len(common) < 2:
        often = count_of(min_count, "times")
        words = count_of(len(common), "words")
        raise ValueError(f"it has {words} that occur {often} or more; at least 2 are needed")
    renumbered = np.full(len(names) + 1, -2, np.int32)
    renumbered[common] = np.arange(len(common), dtype=np.int32)
    renumbered[-1] = SENTENCE_END
    ids = renumbered[found]
    counts = np.array([times[place] for place in common], np.int64)
    return NumberedText(tuple(names[place] for place in common), counts, ids[ids != -2], int((found >= 0).sum()))


def drawn_sentences(ngrams: TextNgrams, n_words: int, seed: int) -> list[list[str]]:
    """Sentences drawn word by word from counts of n-grams, each word behind the four before it, until there are enough.

    All sentences grow at once, a word at a time.
    """
    rng = np.random.default_rng(seed)
    levels, n_tokens = ngrams.counts.levels, ngrams.counts.n_tokens
    sums = [np.concatenate([[0], np.cumsum(level.counts)]) for level in levels]
    sentences: list[list[str]] = []
    n_drawn = 0
    while n_drawn < n_words:
        n = max((n_words - n_drawn) // 8, 16)
        histories = np.full(n, EDGE, np.int64)
        tokens = np.full((n, _MOST_DRAWN), EDGE, np.int64)
        alive = np.arange(n)
        for step in range(_MOST_DRAWN):
            level = min(step + 1, len(levels) - 1)
            keys = levels[level].keys
            first = np.searchsorted(keys, histories * n_tokens)
            last = np.searchsorted(keys, (histories + 1) * n_tokens)
            low, high = sums[level][first], sums[level][last]
            gram = np.searchsorted(sums[level], low + rng.random(len(alive)) * (high - low), side="right") - 1
            is_open = high > low  # nothing follows what only ends the counted text
            gram = np.minimum(gram, len(keys) - 1)
            drawn = np.where(is_open, keys[gram] % n_tokens, EDGE)
            tokens[alive, step] = drawn
            goes_on = drawn != EDGE
            alive = alive[goes_on]
            histories = (gram if level < len(levels) - 1 else levels[level].suffixes[gram])[goes_on]
            if not len(alive):
                break
        for row in tokens:
            sentence = [
                word for token in row[: int((row != EDGE).sum())] if token >= FIRST_WORD
                for word in [ngrams.words[token]] if word[0].isalnum()
            ]  # fmt: skip
            if sentence:
                sentences.append(sentence)
                n_drawn += len(sentence)
    return sentences
