"""What can be chosen of word vectors: the map, the analogy, the sliding window, and how they are trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inference.results.embedding import GROUPS, MOST_MAPPED, MOST_NEAR, MOST_NEGATIVE, MOST_WINDOW
from inference.results.train_word2vec import (
    MOST_D_MODEL,
    MOST_EPOCHS,
    USUAL_RATES,
    Objective,
    Word2VecSettings,
)
from inference.results.train_word2vec import (
    MOST_NEGATIVE as MOST_TRAINED_NEGATIVE,
)
from inference.results.train_word2vec import (
    MOST_WINDOW as MOST_TRAINED_WINDOW,
)
from widgets.options import MOST_SEED, Options, choice, number


@dataclass(frozen=True)
class WordMapOptions(Options):
    """Which words are on the map, and how it is made."""

    show: Literal["groups", "frequent", "typed"] = choice(
        "groups",
        {"groups": "Groups of words", "frequent": "Frequent words", "typed": "Typed words"},
        "Map of",
        "groups: family, countries, months and so on; frequent: the most frequent words; typed: your own",
    )
    frequent: int = number(150, 2, MOST_MAPPED, "Words", "How many of the most frequent words", step=50)
    projection: Literal["pca", "tsne"] = choice(
        "pca",
        {"pca": "PCA", "tsne": "t-SNE"},
        "by",
        "pca: the plane of the largest variance; tsne: near words stay near, distances mean little",
    )
    seed: int = number(0, 0, MOST_SEED, "Seed", "Of t-SNE")
    near: int = number(10, 1, MOST_NEAR, "Neighbours", "How many of the nearest words are listed", flag="neighbours")

    def words(self, typed: tuple[str, ...]) -> tuple[str, ...]:
        """What is asked to be on the map; nothing for the most frequent words."""
        if self.show == "typed":
            return typed
        return tuple(word for group in GROUPS.values() for word in group) if self.show == "groups" else ()


@dataclass(frozen=True)
class AnalogyOptions(Options):
    """How many answers are listed."""

    answers: int = number(8, 1, MOST_NEAR, "Answers", "How many of the nearest words are listed")


@dataclass(frozen=True)
class SlidingWindowOptions(Options):
    """How a window slides over the text."""

    window: int = number(3, 1, MOST_WINDOW, "Window", "Most words to either side; shrunk at random at each place")
    negatives: int = number(
        4, 1, MOST_NEGATIVE, "Negatives", "Noise words drawn at random at each place, by count to the power of 0.75"
    )
    sample: float = number(
        0.001,
        0,
        1,
        "Thin out above a share of",
        "Words that make up more than this share of the training text, such as “the”, are left out at random, the more "
        "frequent the more often (0.001: one word in 1,000; 0: none is). The percentage under a word: how likely it is "
        "kept; red: it was left out this time",
        step=0.001,
        decimals=5,
    )
    seed: int = number(0, 0, MOST_SEED, "Seed", "Of all that is random")


@dataclass(frozen=True)
class TrainingOptions(Options):
    """How word2vec is trained."""

    objective: Objective = choice(
        "skip-gram",
        {"skip-gram": "Skip-gram", "cbow": "CBOW"},
        "Model",
        "skip-gram: from each word near a place its word is guessed; cbow (continuous bag of words): from the mean of "
        "the words near it",
    )
    d_model: int = number(100, 2, MOST_D_MODEL, "Numbers a word", "Length of each vector", step=10)
    window: int = number(5, 1, MOST_TRAINED_WINDOW, "Window", "Most words to either side")
    negatives: int = number(5, 1, MOST_TRAINED_NEGATIVE, "Negatives", "Noise words drawn at each place")
    epochs: int = number(5, 1, MOST_EPOCHS, "Epochs", "How often the text is gone through")
    min_count: int = number(5, 1, 1_000, "Least count", "Rarer words are left out")
    seed: int = number(1, 0, MOST_SEED, "Seed", "Of all that is random")

    @property
    def settings(self) -> Word2VecSettings:
        """The same for the engine; the rate is the usual one of the model."""
        return Word2VecSettings(
            self.objective,
            self.d_model,
            self.window,
            self.negatives,
            epochs=self.epochs,
            rate=USUAL_RATES[self.objective],
            seed=self.seed,
        )
