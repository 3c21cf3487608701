"""Questions to word vectors, made by rule from the vocabulary: forms of words, and groups of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from inference.models.word_vectors import WordVectors
from inference.results.embedding import GROUPS

PlacePair = tuple[int, int]
_VOWELS = "aeiou"
_LEAST = 3  # letters of a word that has forms
N_NEAR = 5


def plural(word: str) -> str:
    """As English forms it by rule."""
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in _VOWELS else f"{word}s"


def _with_e(word: str, ending: str) -> str:
    if word.endswith("e"):
        return word + ending[1:]
    return f"{word[:-1]}i{ending}" if word.endswith("y") and word[-2] not in _VOWELS else word + ending


def past(word: str) -> str:
    """As English forms it by rule."""
    return _with_e(word, "ed")


def comparative(word: str) -> str:
    """As English forms it by rule."""
    return _with_e(word, "er")


def superlative(word: str) -> str:
    """As English forms it by rule."""
    return _with_e(word, "est")


def participle(word: str) -> str:
    """As English forms it by rule."""
    return f"{word[:-1]}ing" if word.endswith("e") else f"{word}ing"


def relations(words: Sequence[str]) -> dict[str, list[PlacePair]]:
    """Pairs of places of words of which the second is a form of the first, by relation.

    A form counts where others of the same kind are in the vocabulary too, or are not: what is compared has all three
    degrees, what has a past has a participle, and what has a plural has neither.
    """
    places = {word: place for place, word in enumerate(words)}
    found: dict[str, list[PlacePair]] = {"plural": [], "past": [], "comparative": []}

    def add(relation: str, word: str, form: Callable[[str], str]) -> None:
        if form(word) in places:
            found[relation].append((places[word], places[form(word)]))

    for word in words:
        if len(word) < _LEAST or not word.isalpha():
            continue
        if superlative(word) in places:
            add("comparative", word, comparative)
        if participle(word) in places:
            add("past", word, past)
        elif past(word) not in places and comparative(word) not in places:
            add("plural", word, plural)
    return found


def analogy_accuracy(vectors: WordVectors, pairs: Sequence[PlacePair], most: int, seed: int = 0) -> tuple[float, int]:
    """Share of a : b :: c : ? whose first answer (3CosAdd) is right, and how many were asked, at most `most`."""
    asked = [(one, other) for one in pairs for other in pairs if one != other]
    rng = np.random.default_rng(seed)
    if len(asked) > most:
        asked = [asked[place] for place in rng.choice(len(asked), most, replace=False)]
    n_right = 0
    for (a, b), (c, d) in asked:
        best, _ = vectors.nearest(vectors.analogy(a, b, c), 1, (a, b, c))
        n_right += best == [d]
    return n_right / len(asked) if asked else float("nan"), len(asked)


def group_purity(vectors: WordVectors) -> tuple[float, int]:
    """Share of the five nearest words, among all words of all groups, that are of a word's own group; and words."""
    members = [(group, place) for group, words in GROUPS.items() for word in words for place in [vectors.find(word)]]
    kinds = np.array([group for group, place in members if place is not None])
    unit = vectors.unit[[place for _, place in members if place is not None]]
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    near = np.argsort(-cosines, axis=1)[:, :N_NEAR]
    return float((kinds[near] == kinds[:, None]).mean()), len(kinds)


def neighbour_overlap(one: WordVectors, other: WordVectors, n_words: int, n_near: int = 10) -> float:
    """Mean share of the nearest words that both have in common, of the most frequent words; among words of both."""
    common = [word for word in one.words if word in set(other.words)]
    tables = []
    for vectors in (one, other):
        unit = vectors.unit[[vectors.words.index(word) for word in common]]
        cosines = unit[:n_words] @ unit.T
        cosines[np.arange(n_words), np.arange(n_words)] = -np.inf
        tables.append(np.argpartition(-cosines, n_near, axis=1)[:, :n_near])
    return float(np.mean([len(set(a) & set(b)) / n_near for a, b in zip(*map(np.ndarray.tolist, tables), strict=True)]))
