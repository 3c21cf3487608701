"""Vocabularies are built as the library's trainers build them: the same merges in the same order, the same pieces."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.analyses.tokenization import _trained_by_library, vocabulary
from inference.context import Cancelled, Context, Refused
from inference.models.subwords.lattice import UnigramVocabulary, best_path, expected_counts
from inference.models.subwords.merge_training import MergeTraining
from inference.models.subwords.unigram_training import UNKNOWN, digamma, training
from inference.results.tokenization import MOST_TRAINING_LETTERS, SAMPLE_TEXT, VocabularyRequest

SENNRICH = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3
TEXTS = (
    SENNRICH,
    "the cat sat on the mat the cats sat on mats abc abcabc aaaa bbbb low lower lowest newer new",
    "aaaa aaa aa a aaaaaaa",  # pairs that overlap
    "## #a a# ##a ###",  # what looks like the prefix
    "Ünïcödé naïve 日本語 日本 本日 é e",
    "x",
)
WORDS = st.lists(st.text("abc#", min_size=1, max_size=8), min_size=1, max_size=12)


def counted(text):
    return dict(Counter(text.split()).most_common())


def merged(training, size):
    """Pieces, and merges as a model keeps them: one that comes up again stands where it came up last."""
    ranks = {}
    for rank, merge in enumerate(training.merges(size)):
        ranks[merge.chosen.left, merge.chosen.right] = rank
    return training.pieces, sorted(ranks, key=ranks.__getitem__)


def by_number(vocabulary):
    return sorted(vocabulary, key=vocabulary.__getitem__)


def check_bpe(words, size):
    counts = dict(Counter(words))
    there = _trained_by_library(counts, "bpe", size)
    assert merged(MergeTraining(counts), size) == (by_number(there["vocab"]), list(map(tuple, there["merges"])))


def check_wordpiece(words, size):
    """The library numbers pieces of one character in random order, which decides ties: with those numbers."""
    counts = dict(Counter(words))
    there = by_number(_trained_by_library(counts, "wordpiece", size)["vocab"])
    singles = [piece for piece in there if piece.startswith("##") and len(piece) == 3]
    assert merged(MergeTraining(counts, "##", singles), size)[0] == there


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [12, 25, 60])
def test_bpe_merges_what_the_library_merges_in_the_same_order(text, size):
    check_bpe(text.split(), size)


@settings(max_examples=150, deadline=None)
@given(WORDS, st.integers(1, 40))
def test_bpe_does_so_for_any_words(words, size):
    check_bpe(words, size)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [12, 25, 60])
def test_wordpiece_has_the_library_s_pieces_in_the_same_order(text, size):
    check_wordpiece(text.split(), size)


@settings(max_examples=150, deadline=None)
@given(WORDS, st.integers(1, 40))
def test_wordpiece_does_so_for_any_words(words, size):
    check_wordpiece(words, size)


def test_the_first_merges_of_the_paper():
    merges = list(MergeTraining(counted(SENNRICH)).merges(40))
    assert [(merge.chosen.left, merge.chosen.right, merge.chosen.count) for merge in merges[:4]] == [
        ("e", "s", 9),
        ("es", "t", 9),
        ("l", "o", 7),
        ("lo", "w", 7),
    ]


def test_wordpiece_by_score_merges_the_pair_whose_parts_are_rare_elsewhere():
    counts = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}
    first = next(iter(MergeTraining(counts, "##").merges_by_score(40))).chosen
    assert (first.left, first.right, first.new) == ("##g", "##s", "##gs")
    assert first.score == pytest.approx(5 / (20 * 5))
    by_count = next(iter(MergeTraining(counts, "##").merges(40))).chosen
    assert (by_count.left, by_count.right, by_count.count) == ("##u", "##g", 20)


# Unigram


def unigram_there(counts, size):
    return dict(_trained_by_library(counts, "unigram", size)["vocab"])


def final(counts, size):
    *_, end = training(counts, size)
    return dict(zip(end.vocabulary.pieces, end.vocabulary.scores, strict=True)), end


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("abcd", min_size=1, max_size=6), min_size=2, max_size=12))
def test_unigram_without_pruning_has_the_library_s_pieces_and_probabilities(words):
    """Seeds and expectation are that trainer's: the vocabulary is so large that nothing is pruned."""
    counts = dict(Counter(words))
    here, end = final(counts, 400)
    there = unigram_there(counts, 400)
    assert here.keys() == there.keys()
    # Characters that came back are penalised in random order, each by 0.0001 more.
    tolerance = 1e-9 + 1e-4 * len(set("".join(words)))
    assert all(math.isclose(here[p], there[p], abs_tol=tolerance) for p in here if p != UNKNOWN)
    assert [piece.fate for piece in end.pieces] == ["kept"] * (len(here) - 1)


@pytest.mark.parametrize("size", [30, 33, 40, 50, 60])
@pytest.mark.parametrize(
    "text", [SAMPLE_TEXT, SENNRICH + "lowest newer wider wide new slow slower", "ab abc abcd bcd cd"]
)
def test_unigram_with_pruning_keeps_what_the_library_keeps(text, size):
    counts = counted(text)
    here, _ = final(counts, size)
    assert here.keys() == unigram_there(counts, size).keys()


@pytest.mark.parametrize("seed", range(40))
def test_unigram_prunes_as_the_library_does_for_other_words(seed):
    draw = random.Random(seed)
    words = ["".join(draw.choices("abcde", k=draw.randint(1, 8))) for _ in range(12)]
    counts = {word: draw.randint(1, 20) for word in words}
    size = len(set("".join(words))) + draw.randint(2, 9)
    here, _ = final(counts, size)
    there = unigram_there(counts, size)
    assert here.keys() == there.keys()
    tolerance = 1e-9 + 1e-4 * len(set("".join(words)))
    assert all(math.isclose(here[p], there[p], abs_tol=tolerance) for p in here if p != UNKNOWN)


def test_what_differs_from_the_library_would_be_told(monkeypatch):
    there = [["<unk>", 0.0], ["low", -1.0]]
    monkeypatch.setattr("inference.analyses.tokenization._trained_by_library", lambda *_: {"vocab": there})
    result = vocabulary(VocabularyRequest(SAMPLE_TEXT, "unigram", 40), Context())
    assert "prune" in [step.kind for step in result.steps]
    assert result.steps[-1].n_pieces == 40
    here, _ = final(dict(zip(result.words, result.counts, strict=True)), 40)
    assert set(result.only_here) == here.keys() - {"<unk>", "low"}
    assert set(result.only_there) == {"low"} - here.keys()
    assert not result.same_order


def test_a_loss_is_what_the_words_lose_when_a_piece_is_made_of_others():
    counts = {"ab": 3, "a": 1, "b": 1, "cab": 1, "abc": 1}
    prune = next(step for step in training(counts, 4) if step.kind == "prune")
    ab = next(piece for piece in prune.pieces if piece.text == "ab")
    n = len(prune.pieces) + 1
    # Cuts: ab x 3, a, b, c ab, ab c: 9 pieces, ab five times; the tokens afterwards are the library's estimate.
    now = math.log(5 / 9)
    then = 2 * math.log((1 + 5) / (9 + 5 * (n - 1)))
    assert ab.loss == pytest.approx(5 / 7 * (now - then))


def test_expected_counts_and_the_best_way_are_those_of_all_ways():
    pieces = ["<unk>", "a", "b", "ab", "ba", "aba"]
    vocabulary_ = UnigramVocabulary.of(pieces, [math.nan, -2.0, -2.5, -3.0, -3.5, -6.0], 0)
    word = "abab"
    nodes = vocabulary_.nodes(word)

    def ways(place):
        if place == len(word):
            return [()]
        return [(node, *rest) for node in nodes if node.start == place for rest in ways(node.end)]

    scored = [(sum(node.score for node in way), way) for way in ways(0)]
    whole = math.log(sum(math.exp(score) for score, _ in scored))
    expected = [sum(math.exp(score - whole) for score, way in scored if node in way) for node in nodes]
    found, total = expected_counts(nodes, len(word))
    assert total == pytest.approx(whole)
    assert found == pytest.approx(expected)
    path, best = best_path(nodes, len(word))
    assert best[-1] == pytest.approx(max(score for score, _ in scored))
    assert tuple(path) == max(scored, key=lambda item: item[0])[1]


@pytest.mark.parametrize(("x", "value"), [(1.0, -0.5772156649), (0.5, -1.9635100260), (10.0, 2.2517525890)])
def test_digamma(x, value):
    assert digamma(x) == pytest.approx(value, abs=1e-9)


# The analysis


def test_each_step_holds_what_it_made_of_the_words():
    result = vocabulary(VocabularyRequest(SENNRICH, "bpe", 20), Context())
    assert result.words[:2] == ("newest", "low")
    assert result.counts == (6, 5, 3, 2)
    for number, step in enumerate(result.steps):
        cuts = result.cuts(number)
        assert ["".join(cut) for cut in cuts] == list(result.words)
        assert step.n_tokens == sum(len(cut) * n for cut, n in zip(cuts, result.counts, strict=True))
    assert result.same_order
    assert result.only_here == result.only_there == ()
    assert [step.n_pieces for step in result.steps] == list(range(10, 21))


@pytest.mark.parametrize("algorithm", ["bpe", "wordpiece", "unigram"])
def test_every_algorithm_answers_and_agrees_with_the_library_where_it_can(algorithm):
    result = vocabulary(VocabularyRequest(SENNRICH, algorithm, 30), Context())
    assert result.steps[0].kind == "start"
    assert result.only_here == result.only_there == ()
    assert result.same_order


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (VocabularyRequest("a " * MOST_TRAINING_LETTERS), "The text has 8,000 characters; at most 4,000"),
        (VocabularyRequest(" \n"), "no words"),
        (VocabularyRequest("a" * 61), "A word has 61 characters; at most 60"),
        (VocabularyRequest("a", size=9), "10 to 400"),
        (VocabularyRequest("abcdefghijkl", "unigram", 12), "12 different characters.*13 is the least"),
        (VocabularyRequest("a \ud800"), "surrogate"),
        (VocabularyRequest("a" * 26, "unigram", 20), "keeps nothing, as no piece is expected half a time"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_a_sentence(request_, sentence):
    with pytest.raises(Refused, match=sentence):
        vocabulary(request_, Context())


def test_it_can_be_cancelled():
    with pytest.raises(Cancelled):
        vocabulary(VocabularyRequest(SENNRICH), Context(is_cancelled=lambda: True))
