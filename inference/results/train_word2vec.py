"""word2vec trained on a text, and how it learns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inference.results.job import JobRequest

if TYPE_CHECKING:
    import numpy as np

Objective = Literal["skip-gram", "cbow"]
USUAL_RATES: dict[Objective, float] = {"skip-gram": 0.025, "cbow": 0.05}

MOST_TEXT_BYTES = 64_000_000
VECTOR_ENDINGS = (".npz", ".txt", ".vec", ".bin")
MOST_D_MODEL, MOST_WINDOW, MOST_NEGATIVE, MOST_EPOCHS = 300, 10, 20, 100
MOST_DRAWN_WORDS = 2_000_000
MOST_MAPPED = 200


def unfinished_file(out: Path) -> Path:
    """Beside the file of the vectors: what a run needs to go on; it is there until the run is done."""
    return out.with_name(f"{out.name}.unfinished")


@dataclass(frozen=True, slots=True)
class Word2VecSettings:
    """How vectors are trained; the defaults are those of word2vec.c, but for the objective.

    Attributes
    ----------
    d_model
        Numbers of each vector.
    window
        Most words to either side.
    n_negative
        Noise words a place.
    sample
        Words with a larger share of the text than this are left out at random; 0: none is.
    epochs
        How often the text is gone through.
    rate
        Of learning, at first.
    """

    objective: Objective = "skip-gram"
    d_model: int = 100
    window: int = 5
    n_negative: int = 5
    sample: float = 1e-3
    epochs: int = 5
    rate: float = 0.025
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TrainWord2VecRequest(JobRequest["TrainWord2VecResult"]):
    """Train word2vec, or go on where a run with the same wishes was stopped.

    The vectors are saved every few seconds, so that what was learned outlives a stop.

    Attributes
    ----------
    text
        A text file; empty for `n_drawn` words that are drawn from the counts of n-grams that come with Headlight.
    out
        File for the vectors: .npz, or as word2vec writes them .txt, .vec or .bin. See `unfinished_file`.
    min_count
        Rarer words are left out.
    watched
        Words whose neighbours are told; those that the text does not have are passed over.
    mapped
        Words on the map; where the text has fewer than two of them, the `n_mapped` most frequent ones are.
    """

    keeps_what_is_done = True

    text: str
    out: str
    settings: Word2VecSettings = Word2VecSettings()
    min_count: int = 5
    n_drawn: int = 1_000_000
    watched: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()
    n_mapped: int = 80

    @property
    def title(self) -> str:
        what = "skip-gram" if self.settings.objective == "skip-gram" else "CBOW"
        return f"word2vec, {what}, {self.settings.d_model} numbers a word"


@dataclass(frozen=True, slots=True)
class TrainWord2VecResult:
    """What was learned so far; a partial result after every look.

    Attributes
    ----------
    text
        Name of the text; empty for the drawn one.
    settings
        As they were asked for.
    n_words, n_vocabulary
        Words of the text, and different ones that are frequent enough.
    share
        0-1, of the work that is done.
    shares, losses
        float64 [look]: how far it was, and the mean loss of a pair (skip-gram) or a place (CBOW) since the last look.
    words, places
        The words on the map, and float64 [word, 2]: the plane of their largest variance, turned to lie as at the
        last look.
    explained
        float64 [2]: share of the variance of these words on either axis.
    watched, neighbours, cosines
        Words, [watched][k] their nearest words, and float64 [watched, k].
    out
        Where the vectors lie.
    """

    text: str
    settings: Word2VecSettings
    n_words: int
    n_vocabulary: int
    share: float
    shares: np.ndarray
    losses: np.ndarray
    words: tuple[str, ...]
    places: np.ndarray
    explained: np.ndarray
    watched: tuple[str, ...]
    neighbours: tuple[tuple[str, ...], ...]
    cosines: np.ndarray
    out: str
