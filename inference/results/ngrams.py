"""How n-gram models of a corpus explain a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.request import Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input

MOST_ORDER = 5
MOST_CORPUS_BYTES = 8_000_000
MOST_SENTENCE_WORDS = 120
BLANKS = ("[mask]", "<mask>", "__")  # how a typed blank begins, as a word


@dataclass(frozen=True, slots=True)
class NgramsRequest(Request["NgramsResult"]):
    """Take a sentence apart by the chain rule, word by word.

    Attributes
    ----------
    corpus
        A text file whose words are counted; empty for the counts that come with Headlight.
    order
        Words of the longest n-grams, 1 to 5.
    smoothing
        Whether shorter histories always have a say, or only where the longer ones know nothing of a word.
    blank
        Number of a word, from 1, to guess from what is around it; 0 for the blank that was typed, if there is one.
    unit
        Whether words and signs are counted, in lower case, or the tokens of the checkpoint, which needs a corpus.
    """

    checkpoint: str
    input: Input
    corpus: str = ""
    order: int = 3
    smoothing: Literal["interpolated", "back-off"] = "interpolated"
    blank: int = 0
    top_k: int = 8
    unit: Literal["words", "tokens"] = "words"


@dataclass(frozen=True, slots=True)
class NgramsResult:
    """Factors of a sentence.

    Attributes
    ----------
    corpus
        Name of what was counted.
    words
        The n words and signs of the sentence, in lower case, without its end; or its tokens.
    is_known
        bool [n], whether the corpus has the word.
    used
        float64 [order + 1, n + 1]: how much each order adds to the probability of each word and of the sentence's end;
        first what every word would have of 1 / `n_vocabulary`. They sum to it.
    weights
        float64 [order, n + 1]: share that each order leaves to those below it.
    by_order
        float64 [5, n + 1]: the same probabilities by models of order 1 to 5, each estimated for itself.
    held_out
        float64 [5]: perplexity per word of these models on every tenth sentence of the corpus, which was not counted.
    n_words, n_vocabulary
        Words counted, and different ones with the two places for unknown words and for the end.
    blank
        The word that is guessed, from 1; 0 for none.
    guessers
        Who guesses: `left` and `both`, the model of `order` from the words before it and from all; `cbow`, the mean of
        the bundled vectors of the words around it, of words; `model`, the checkpoint where it predicts masked words.
    guesses, guess_probs
        [guesser][k] words, float64 [guesser, k], most probable first.
    blank_probs
        float64 [guesser], probability of the word that is there; NaN where the checkpoint has no such token.
    model_bits
        float64 [n + 1], surprisal of each word by the checkpoint, where that writes: the sum over its tokens. NaN where
        it tells none: of a first token before which nothing stands, and of the end. Empty for other checkpoints.
    """

    corpus: str
    words: tuple[str, ...]
    is_known: np.ndarray
    used: np.ndarray
    weights: np.ndarray
    by_order: np.ndarray
    held_out: np.ndarray
    n_words: int
    n_vocabulary: int
    blank: int
    guessers: tuple[str, ...]
    guesses: tuple[tuple[str, ...], ...]
    guess_probs: np.ndarray
    blank_probs: np.ndarray
    model_bits: np.ndarray
