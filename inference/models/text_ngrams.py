"""N-grams of the words or tokens of a text, and how well models of each order foretell what was held out of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from inference.models.kneser_ney import KneserNey, Smoothing
from inference.models.ngram_counts import MOST_ORDERS, NgramCounts, count_ngrams, from_arrays, to_arrays
from inference.results.counts import count_of

EDGE, UNKNOWN = 0, 1
FIRST_WORD = 2
HELD_OUT = 10  # every tenth sentence
LEAST_SENTENCES = 20
MOST_WORDS = 50_000  # of the vocabulary; rarer ones are unknown
Splitter = Callable[[Sequence[str]], Sequence[Sequence[str]]]
_WORD = re.compile(r"\[MASK\]|<mask>|__+|\w+(?:['’-]\w+)*|[^\w\s]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")


def words_of(text: str) -> list[str]:
    """Words and signs of a text, in lower case."""
    return [word for word, _, _ in words_with_places(text)]


def words_with_places(text: str) -> list[tuple[str, int, int]]:
    """The same, and where each begins and ends in the text as it is."""
    return [(found[0].lower(), *found.span()) for found in _WORD.finditer(text)]


@dataclass(frozen=True, eq=False)
class TextNgrams:
    """Counts of words up to five in a row; of tokens, where the text was cut into those.

    Attributes
    ----------
    words
        What was counted; the edge of a sentence and unknown words have the first two places.
    counts
        Of all sentences but every tenth.
    held_out
        Perplexity per word, the end of a sentence counted as one, of interpolated Kneser-Ney models of order 1, 2, ...
        on every tenth sentence.
    n_words, n_held_out
        Words that were counted, and those held out.
    """

    words: tuple[str, ...]
    counts: NgramCounts
    held_out: tuple[float, ...]
    n_words: int
    n_held_out: int

    @classmethod
    def of_text(cls, text: str, cut: Splitter | None = None) -> TextNgrams:
        """Count the words of a text, sentence by sentence.

        A word that was counted once only is taken for unknown, as those are that never were: so unknown words have a
        probability.

        Parameters
        ----------
        cut
            Cuts sentences into tokens; None for words and signs in lower case.

        Raises
        ------
        ValueError
            If the text has too few sentences.
        """
        parts = [part for part in _SENTENCE_END.split(text) if part]
        sentences = [words for words in (cut(parts) if cut else map(words_of, parts)) if words]
        if len(sentences) < LEAST_SENTENCES:
            raise ValueError(f"it has {count_of(len(sentences), 'sentences')}; at least {LEAST_SENTENCES} are needed")
        counted = [words for i, words in enumerate(sentences) if i % HELD_OUT != HELD_OUT - 1]
        times = Counter(word for words in counted for word in words)
        common = [word for word, n in times.most_common(MOST_WORDS) if n > 1]
        vocabulary = ("", "", *common)
        places = {word: token for token, word in enumerate(vocabulary)}

        def ids(words: Sequence[str]) -> NDArray[np.int64]:
            return np.array([places.get(word, UNKNOWN) for word in words], dtype=np.int64)

        counts = count_ngrams([ids(words) for words in counted], len(vocabulary), EDGE, MOST_ORDERS)
        held_out = [np.append(ids(words), EDGE) for words in sentences[HELD_OUT - 1 :: HELD_OUT]]
        stream = np.concatenate([[EDGE], *held_out])
        bits = (KneserNey.estimate(counts, order).log2_probabilities(stream) for order in range(1, MOST_ORDERS + 1))
        perplexities = tuple(float(2 ** -row.mean()) for row in bits)
        n_held_out = len(stream) - 1 - len(held_out)
        return cls(vocabulary, counts, perplexities, sum(times.values()), n_held_out)

    def ids(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Tokens of words."""
        return np.array([self._places.get(word, UNKNOWN) for word in words], dtype=np.int64)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: token for token, word in enumerate(self.words) if token >= FIRST_WORD}

    def model(self, order: int, smoothing: Smoothing = "interpolated") -> KneserNey:
        """The model of an order."""
        return _model(self, order, smoothing)

    def blank(self, model: KneserNey, sentence: NDArray[np.int64], at: int) -> tuple[NDArray, NDArray]:
        """Probability of every token at a place, [token]: from what stands before it, and from both sides.

        From both sides a word counts by the probability of the whole sentence with it; the edge of a sentence and
        unknown words are none of the candidates then, as nobody could write them.

        Parameters
        ----------
        sentence
            Tokens with the edge at the beginning and at the end.
        at
            The place, 1 for the first word.
        """
        left = model.distribution(sentence[:at])
        first, last = max(0, at - model.order + 1), min(len(sentence), at + model.order)
        rows = np.tile(sentence[first:last], (len(self.words), 1))
        rows[:, at - first] = np.arange(len(self.words))
        # Only what follows depends on the word, and the word itself on what is before it.
        behind = model.log2_probabilities(rows)[:, at - first :]
        scores = np.log2(left) + behind.sum(1)
        scores[:FIRST_WORD] = -np.inf
        both = np.exp2(scores - scores.max())
        return left, both / both.sum()

    def save(self, file: Path) -> None:
        """Write everything as a compressed NPZ."""
        told = {"words": self.words, "held_out": self.held_out, "n_words": self.n_words, "n_held_out": self.n_held_out}
        text = np.frombuffer(json.dumps(told, ensure_ascii=False).encode(), dtype=np.uint8)
        np.savez_compressed(file, allow_pickle=False, told=text, **to_arrays(self.counts))

    @classmethod
    def load(cls, file: Path) -> TextNgrams:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is no such model.
        """
        try:
            with np.load(file, allow_pickle=False) as stored:
                told = json.loads(stored["told"].tobytes())
                counts = from_arrays(stored)
            held_out = tuple(map(float, told["held_out"]))
            return cls(tuple(told["words"]), counts, held_out, int(told["n_words"]), int(told["n_held_out"]))
        except (KeyError, ValueError, TypeError, BadZipFile) as error:
            raise ValueError(f"{file.name} is no n-gram model of words.") from error


@lru_cache(maxsize=2 * MOST_ORDERS)
def _model(ngrams: TextNgrams, order: int, smoothing: Smoothing) -> KneserNey:
    return KneserNey.estimate(ngrams.counts, order, smoothing)
