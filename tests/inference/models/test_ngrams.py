"""N-gram models against a plain implementation with dictionaries, word for word as in the papers."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.models.kneser_ney import USUAL_DISCOUNTS, KneserNey, discounts
from inference.models.ngram_counts import count_ngrams, from_arrays, to_arrays

N_TOKENS, EDGE = 6, 0
texts_of_tokens = st.lists(st.lists(st.integers(1, N_TOKENS - 2), max_size=9), min_size=1, max_size=6)
orders = st.integers(1, 5)
smoothings = st.sampled_from(["interpolated", "back-off"])


class Plain:
    """Kneser-Ney of dictionaries and recursion; a history is a tuple, and token 5 never occurs."""

    def __init__(self, texts, order, smoothing):
        self.order, self.smoothing = order, smoothing
        raw = defaultdict(Counter)  # by length
        for text in texts:
            whole = (EDGE, *text, EDGE)
            for length in range(1, order + 2):
                for start in range(len(whole) - length + 1):
                    if length > 1 or start > 0:
                        raw[length][whole[start : start + length]] += 1
        self.times = {}
        for length in range(1, order + 1):
            if length == order:
                self.times[length] = dict(raw[length])
                continue
            lefts = defaultdict(set)
            for gram in raw[length + 1]:
                lefts[gram[1:]].add(gram[0])
            times = {gram: len(lefts[gram]) for gram in raw[length]}
            if length > 1:
                times |= {gram: n for gram, n in raw[length].items() if gram[0] == EDGE}
            self.times[length] = times
        self.taken = {length: self.estimate(times) for length, times in self.times.items()}

    @staticmethod
    def estimate(times):
        t = Counter(times.values())
        if not (t[1] and t[2] and t[3]):
            return USUAL_DISCOUNTS
        y = t[1] / (t[1] + 2 * t[2])
        found = [i - (i + 1) * y * t[i + 1] / t[i] for i in (1, 2, 3)]
        return tuple(found) if all(0 < d < i + 1 for i, d in enumerate(found)) else USUAL_DISCOUNTS

    def followers(self, history):
        times = self.times[len(history) + 1]
        return {gram[-1]: n for gram, n in times.items() if gram[:-1] == history and n > 0}

    def probability(self, token, history):
        history = history[len(history) - min(len(history), self.order - 1) :]
        followers = self.followers(history)
        total = sum(followers.values())

        def shorter(other):
            return self.probability(other, history[1:]) if history else 1 / N_TOKENS

        if not total:
            return shorter(token)

        def taken(n):
            return self.taken[len(history) + 1][min(n, 3) - 1]

        rest = sum(taken(n) for n in followers.values()) / total
        n = followers.get(token, 0)
        share = (n - taken(n)) / total if n else 0.0
        if self.smoothing == "interpolated" or not history:
            return share + rest * shorter(token)
        free = 1 - sum(shorter(other) for other in followers)
        if free < 1e-9:
            return share / (1 - rest)
        return share if n else rest * shorter(token) / free


def test_two_sentences_worked_out_by_hand():
    """`a b` and `a c`; no count occurs three times, so 0.5 is taken from a count of 1, and 1 from a count of 2."""
    a, b, c = 1, 2, 3
    model = KneserNey.estimate(count_ngrams([[a, b], [a, c]], N_TOKENS, EDGE, 2))
    # Different words before: a 1, b 1, c 1, the end 2, together 5; taken from them 3 * 0.5 + 1 = 2.5, for 6 tokens.
    alone = {a: 0.5 / 5 + 0.5 / 6, b: 0.5 / 5 + 0.5 / 6, EDGE: 1 / 5 + 0.5 / 6}
    expected = [
        (2 - 1) / 2 + 1 / 2 * alone[a],  # behind the beginning: a twice
        (1 - 0.5) / 2 + (0.5 + 0.5) / 2 * alone[b],  # behind a: b and c, each once
        (1 - 0.5) / 1 + 0.5 / 1 * alone[EDGE],  # behind b: the end, once
    ]
    np.testing.assert_allclose(expected, [0.591667, 0.341667, 0.641667], atol=1e-6)
    ids = np.array([EDGE, a, b, EDGE])
    np.testing.assert_allclose(model.terms(ids).probabilities[-1], expected, rtol=1e-12)


@given(texts_of_tokens, orders, smoothings, st.lists(st.integers(1, N_TOKENS - 1), max_size=6))
def test_probabilities_are_those_of_the_plain_implementation(texts, order, smoothing, wanted):
    model = KneserNey.estimate(count_ngrams(texts, N_TOKENS, EDGE, 5), order, smoothing)
    plain = Plain(texts, order, smoothing)
    ids = np.array([EDGE, *wanted, EDGE])
    expected = [plain.probability(int(ids[i]), tuple(ids[:i].tolist())) for i in range(1, len(ids))]
    np.testing.assert_allclose(model.terms(ids).probabilities[-1], expected, rtol=1e-9)
    np.testing.assert_allclose(model.log2_probabilities(ids), np.log2(expected), atol=1e-9)


@given(texts_of_tokens, orders, smoothings, st.lists(st.integers(1, N_TOKENS - 1), max_size=6), st.booleans())
def test_every_history_has_a_distribution(texts, order, smoothing, wanted, begins):
    model = KneserNey.estimate(count_ngrams(texts, N_TOKENS, EDGE, order), smoothing=smoothing)
    history = np.array([EDGE, *wanted] if begins else wanted, dtype=int)
    distribution = model.distribution(history)
    assert distribution.sum() == pytest.approx(1, abs=1e-9)
    assert (distribution > 0).all()
    if len(history):
        rows = np.concatenate([np.tile(history, (N_TOKENS, 1)), np.arange(N_TOKENS)[:, None]], 1)
        np.testing.assert_allclose(model.terms(rows).probabilities[-1][:, -1], distribution, rtol=1e-9)


@given(texts_of_tokens, orders, smoothings)
def test_factors_multiply_to_the_probability_of_the_text(texts, order, smoothing):
    model = KneserNey.estimate(count_ngrams(texts, N_TOKENS, EDGE, order), smoothing=smoothing)
    text = np.array([EDGE, *texts[0], EDGE])
    factors = [model.distribution(text[:i])[text[i]] for i in range(1, len(text))]
    assert model.log2_probabilities(text).sum() == pytest.approx(np.log2(np.prod(factors)))


@given(texts_of_tokens, orders, smoothings)
def test_what_orders_add_sums_to_the_probability(texts, order, smoothing):
    model = KneserNey.estimate(count_ngrams(texts, N_TOKENS, EDGE, order), smoothing=smoothing)
    terms = model.terms(np.array([EDGE, *texts[0], N_TOKENS - 1, EDGE]))
    assert terms.used.shape[0] == order + 1
    assert (terms.used >= 0).all()
    np.testing.assert_allclose(terms.used.sum(0), terms.probabilities[-1])
    below = np.concatenate([np.zeros_like(terms.shares[:1]), terms.probabilities[:-1]])
    np.testing.assert_allclose((terms.shares + terms.weights * below)[1:], terms.probabilities[1:])


@given(texts_of_tokens, orders)
def test_counts_are_those_of_a_dictionary(texts, order):
    counts = count_ngrams(texts, N_TOKENS, EDGE, order)
    for length in range(2, order + 1):
        expected = Counter()
        for text in texts:
            whole = (EDGE, *text, EDGE)
            expected.update(whole[i : i + length] for i in range(len(whole) - length + 1))
        grams = counts.levels[length - 1]
        found = {}
        for place, n in enumerate(grams.counts):
            tokens, at = [], place
            for level in reversed(counts.levels[1:length]):
                at, token = divmod(int(level.keys[at]), N_TOKENS)
                tokens.append(token)
            found[(at, *reversed(tokens))] = int(n)
        assert found == expected


def test_a_stream_of_many_texts_is_as_good_as_each_text():
    texts = [np.array([1, 2, 3, 1, 2]), np.array([2, 2, 4]), np.array([1, 2, 4])]
    model = KneserNey.estimate(count_ngrams(texts, N_TOKENS, EDGE, 4))
    stream = np.concatenate([[EDGE], *([*text, EDGE] for text in texts)])
    singly = np.concatenate([model.log2_probabilities(np.array([EDGE, *text, EDGE])) for text in texts])
    np.testing.assert_allclose(model.log2_probabilities(stream), singly)


def test_longer_histories_help_where_text_repeats():
    text = np.tile([1, 2, 1, 3, 1, 4], 50)
    counts = count_ngrams([text], N_TOKENS, EDGE, 4)
    stream = np.array([EDGE, *text, EDGE])
    bits = [-KneserNey.estimate(counts, order).log2_probabilities(stream).mean() for order in (1, 2, 3, 4)]
    assert bits == sorted(bits, reverse=True)
    assert bits[-1] < 0.2 < 1.5 < bits[0]


def test_discounts_of_a_known_distribution():
    times = np.repeat([1, 2, 3, 4], [60, 20, 10, 5])
    y = 60 / 100
    assert discounts(times) == pytest.approx((y, 2 - 3 * y * 0.5, 3 - 4 * y * 0.5))
    assert discounts(np.array([1, 1, 2])) == USUAL_DISCOUNTS


@given(texts_of_tokens, orders)
def test_arrays_give_the_counts_back(texts, order):
    counts = count_ngrams(texts, N_TOKENS, EDGE, order)
    again = from_arrays(to_arrays(counts))
    assert (again.n_tokens, again.boundary, again.order) == (N_TOKENS, EDGE, order)
    for level, other in zip(counts.levels, again.levels, strict=True):
        for name in ("keys", "counts", "begins"):
            np.testing.assert_array_equal(getattr(other, name), getattr(level, name))
    for level, other in zip(counts.levels[1:], again.levels[1:], strict=True):
        np.testing.assert_array_equal(other.suffixes, level.suffixes)


@pytest.mark.parametrize(
    ("texts", "order", "reason"),
    [
        ([], 2, "no text"),
        ([[1, 2]], 6, "of 6 tokens cannot be counted; 1 to 5 can"),
        ([[1, EDGE, 2]], 2, "Token 0 marks where texts begin and end"),
        ([[1, 9]], 2, "Token 9 is none of the vocabulary's, 0 to 5"),
        ([[-1]], 2, "Token -1 is none"),
    ],
)
def test_what_cannot_be_counted_is_told(texts, order, reason):
    with pytest.raises(ValueError, match=reason):
        count_ngrams(texts, N_TOKENS, EDGE, order)


def test_more_orders_than_counted_are_refused():
    counts = count_ngrams([[1, 2, 1]], N_TOKENS, EDGE, 2)
    with pytest.raises(ValueError, match="1 to 2 tokens were counted, not of 3"):
        KneserNey.estimate(counts, 3)


@pytest.mark.parametrize("smoothing", ["interpolated", "back-off"])
def test_estimated_discounts_too(smoothing):
    rng = np.random.default_rng(3)
    texts = [np.minimum(rng.geometric(0.45, n), 4).tolist() for n in rng.integers(1, 40, 12)]
    counts = count_ngrams(texts, N_TOKENS, EDGE, 4)
    for order in (2, 3, 4):
        model, plain = KneserNey.estimate(counts, order, smoothing), Plain(texts, order, smoothing)
        assert any(taken != USUAL_DISCOUNTS for taken in plain.taken.values())
        ids = [EDGE, *rng.integers(1, N_TOKENS, 40).tolist()]
        expected = [plain.probability(ids[i], tuple(ids[:i])) for i in range(1, len(ids))]
        np.testing.assert_allclose(model.terms(np.array(ids)).probabilities[-1], expected, rtol=1e-9)
