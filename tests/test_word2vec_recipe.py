"""How the bundled word vectors are measured: forms of words by rule, groups, and vectors by counting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.models.word2vec_corpus import corpus_of
from inference.models.word_vectors import WordVectors
from inference.results.embedding import GROUPS
from resources.recipes.word2vec.baseline import counted_vectors
from resources.recipes.word2vec.beside_gensim import (
    N_SMALL_AMONG,
    N_SMALL_WORDS,
    SMALL,
    nearest,
    overlap,
    own_vectors,
    shared,
    small_text,
)
from resources.recipes.word2vec.questions import (
    analogy_accuracy,
    comparative,
    group_purity,
    neighbour_overlap,
    participle,
    past,
    plural,
    relations,
    superlative,
)


@pytest.mark.parametrize(
    ("form", "word", "expected"),
    [
        (plural, "dog", "dogs"),
        (plural, "box", "boxes"),
        (plural, "lady", "ladies"),
        (plural, "day", "days"),
        (past, "walk", "walked"),
        (past, "use", "used"),
        (past, "try", "tried"),
        (participle, "use", "using"),
        (comparative, "late", "later"),
        (comparative, "happy", "happier"),
        (superlative, "late", "latest"),
    ],
)
def test_forms_are_made_by_rule(form, word, expected):
    assert form(word) == expected


def test_a_pair_needs_the_other_forms_in_the_vocabulary():
    words = [
        "old",
        "older",
        "oldest",
        "her",
        "hers",
        "walk",
        "walked",
        "walking",
        "walks",
        "open",
        "opened",
        "cat",
        "cats",
        "teach",
        "teacher",
    ]
    found = {name: [(words[a], words[b]) for a, b in pairs] for name, pairs in relations(words).items()}
    assert found["comparative"] == [("old", "older")]
    assert found["past"] == [("walk", "walked")]
    assert ("cat", "cats") in found["plural"]
    assert ("walk", "walks") not in found["plural"]
    assert ("teach", "teacher") not in found["comparative"]


def test_perfect_vectors_answer_everything_and_random_ones_nothing():
    words = tuple(f"{stem}{ending}" for stem in ("cat", "dog", "hen", "cow", "pig") for ending in ("", "s"))
    stems, endings = np.eye(5), np.eye(2)
    table = np.array([np.concatenate([stem, ending]) for stem in stems for ending in endings], np.float32)
    pairs = [(place, place + 1) for place in range(0, 10, 2)]
    assert analogy_accuracy(WordVectors(words, table), pairs, 99) == (1.0, 20)
    random = np.random.default_rng(0).normal(size=(10, 50)).astype(np.float32)
    assert analogy_accuracy(WordVectors(words, random), pairs, 12)[1] == 12


def test_purity_is_one_where_groups_stand_apart_and_chance_where_they_do_not():
    words = tuple(word for group in GROUPS.values() for word in group)
    kinds = np.array([number for number, group in enumerate(GROUPS.values()) for _ in group])
    rng = np.random.default_rng(0)
    apart = np.eye(len(GROUPS))[kinds] + rng.normal(scale=0.01, size=(len(words), len(GROUPS)))
    assert group_purity(WordVectors(words, apart.astype(np.float32))) == (1.0, len(words))
    random = WordVectors(words, rng.normal(size=(len(words), 20)).astype(np.float32))
    assert group_purity(random)[0] < 0.3


def test_the_same_vectors_share_all_neighbours():
    rng = np.random.default_rng(0)
    words = tuple(f"w{n}" for n in range(60))
    one = WordVectors(words, rng.normal(size=(60, 8)).astype(np.float32))
    turned = WordVectors(words[::-1], (3 * one.inputs @ np.linalg.qr(rng.normal(size=(8, 8)))[0])[::-1])
    other = WordVectors(words, rng.normal(size=(60, 8)).astype(np.float32))
    assert neighbour_overlap(one, turned, 20) == 1
    assert neighbour_overlap(one, other, 20) < 0.4


def test_counted_vectors_know_what_stands_together():
    rng = np.random.default_rng(0)
    groups = (["cat", "dog", "cow", "hen"], ["car", "bus", "tram", "bike"])
    text = corpus_of([rng.choice(groups[i % 2], 5).tolist() for i in range(400)], 1)
    unit = counted_vectors(text, 8, 3, 2).unit
    is_animal = np.isin(text.words, groups[0])
    cosines = unit @ unit.T
    assert cosines[is_animal][:, is_animal].min() > cosines[is_animal][:, ~is_animal].max()


def test_the_overlap_of_neighbours_is_that_of_sets():
    vectors = np.random.default_rng(0).normal(size=(60, 5))
    turned = 3 * vectors @ np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    assert overlap(vectors, turned, n_words=20, n_near=4) == 1.0  # neither turns nor lengths matter
    random = overlap(vectors, np.random.default_rng(2).normal(size=(60, 5)), n_words=60, n_near=4)
    assert random == pytest.approx(4 / 59, abs=0.06)


def test_our_nearest_words_are_gensims_as_far_as_chance_allows():
    """Beside what `beside_gensim --record` kept of gensim 4.4.0: two seeds of its own agree no better."""
    with np.load(Path(__file__).parent / "inference" / "models" / "gensim-4.4.0-nearest.npz") as kept:
        words, (one, other) = kept["words"].tolist(), kept["nearest"]
    text = small_text()
    assert list(text.words[:N_SMALL_AMONG]) == words
    ours = nearest(own_vectors(text, SMALL).inputs[:N_SMALL_AMONG], N_SMALL_WORDS)
    by_chance = one.shape[1] / N_SMALL_AMONG
    assert shared(one, other) > 10 * by_chance
    assert shared(ours, one) > shared(one, other) - 0.05
