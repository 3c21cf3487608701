"""Numbers of every head."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inference.analyses import measures as measures_module
from inference.analyses.heads import heads
from inference.analyses.measures import measures
from inference.analyses.rollout import rollout
from inference.capture.head_measures import HeadMeasures, KeyPlaces, marks_of
from inference.context import Cancelled, Context
from inference.results.heads import HeadsRequest
from inference.results.measures import MeasuresRequest
from inference.results.rollout import RolloutRequest
from inference.results.tokens import Tokens
from tests.factories import make_long_tokens
from tests.inference.measures_by_hand import measured_by_hand
from tests.inference.planted import Largest, model_of, random_call
from tests.inference.tiny_models import build_model, ids_of, patterns_of
from tests.inputs import text_input

REPEATING = text_input("the cat sat on the cat . the cat")


@pytest.mark.parametrize("block", [1, 100, 2**20])
def test_measures_are_those_of_the_whole_pattern(tiny_bert, monkeypatch, block):
    monkeypatch.setattr(measures_module, "_BLOCK", block)
    result = measures(
        MeasuresRequest("tiny", REPEATING, "encoder"),
        build_model("bert", tiny_bert.net, tiny_bert.tokenizer),
        Context(),
    )
    tokens = tiny_bert.encode(REPEATING).tokens
    for layer, patterns in enumerate(patterns_of(tiny_bert, REPEATING, "encoder")):
        for head, pattern in enumerate(patterns):
            last = len(tokens) - 1
            expected = measured_by_hand(pattern, tokens.ids.tolist(), tokens.is_special.tolist(), [0], [last])
            assert set(expected) == set(result.measures)
            for name, value in expected.items():
                assert result.measures[name][layer, head] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def test_all_heads_at_a_glance_have_the_same_numbers(tiny_bert):
    """What a head does is told from either, in one sentence."""
    measured = measures(MeasuresRequest("tiny", REPEATING, "encoder"), tiny_bert, Context())
    seen = heads(HeadsRequest("tiny", REPEATING, "encoder"), tiny_bert, Context())
    assert measured.n_repeated == seen.key_tokens.n_repeated == 4, "the and cat, twice each"
    assert measured.marks == seen.marks == {"cls": "[CLS]", "sep": "[SEP]"}
    assert measured.measures.keys() == seen.measures.keys() | {"distance_variance"}
    for name, values in seen.measures.items():
        np.testing.assert_allclose(measured.measures[name], values, atol=1e-6)
        assert np.isfinite(values).all(), name


def test_what_has_no_meaning_is_no_number(tiny):
    causal = measures(MeasuresRequest("tiny", text_input(token_ids=ids_of(9)), "decoder"), tiny("gpt2"), Context())
    assert np.isnan(causal.measures["next"]).all()
    assert np.isfinite(causal.measures["previous"]).all()
    cross = measures(MeasuresRequest("tiny", text_input(token_ids=ids_of(9)), "cross"), tiny("bart"), Context())
    assert np.isfinite(cross.measures["entropy"]).all()
    assert all(np.isnan(cross.measures[name]).all() for name in ("distance", "same", "induction"))


def test_a_long_text_is_sampled_first_and_goes_on_where_it_was(tiny, monkeypatch):
    monkeypatch.setattr(measures_module, "_MOST_CELLS_AT_ONCE", 10)
    model = build_model("bert", tiny("bert").net)
    request = MeasuresRequest("tiny", text_input(token_ids=ids_of(33)), "encoder")
    looks, labels = [], []

    def report(event):
        looks.extend([event.result] if hasattr(event, "result") else [])
        labels.extend([event.label] if hasattr(event, "label") else [])

    monkeypatch.setattr(measures_module, "_N_SAMPLED", 4)
    n_seen = 0

    def is_cancelled():
        nonlocal n_seen
        n_seen += bool(looks)
        return n_seen > 2  # after the first layer of the exact ones

    with pytest.raises(Cancelled):
        measures(request, model, Context(report, is_cancelled))
    assert [(look.n_rows, look.n_queries) for look in looks] == [(5, 33)]
    labels.clear()
    result = measures(request, model, Context(report))
    assert result.n_rows == 33
    assert labels == ["Measuring layer 2 of 2"]


def test_a_head_that_looks_far_away_loses_no_digits():
    """All on the first token and the one behind it, from 100,000 tokens away."""
    n, weight = 100_000, 0.25
    tokens = make_long_tokens(n)
    places = KeyPlaces(tokens, torch.device("cpu"), is_cross=False, is_causal=True, marks={})
    sums = HeadMeasures(1, places)
    pattern = torch.zeros(1, 1, n)
    pattern[..., 0], pattern[..., 1] = weight, 1 - weight
    rows = torch.tensor([n - 1])
    sums.add(pattern, slice(1), places.around(rows, torch.float32))
    means = sums.means()
    assert means["distance"][0] == pytest.approx(n - 1 - (1 - weight))
    assert means["distance_variance"][0] == pytest.approx(weight * (1 - weight), rel=0.05)
    assert means["entropy"][0] == pytest.approx(-weight * math.log2(weight) - 0.75 * math.log2(0.75), rel=1e-5)


def test_nothing_of_the_size_of_a_map_is_there():
    """At 4,096 tokens, of two heads."""
    n = 4096
    model = model_of([random_call(n, n_heads=2, is_causal=True)], is_causal=True)
    with Largest() as largest:
        result = measures(MeasuresRequest("c", text_input(), "planted"), model, Context())
        rollout(RolloutRequest("c", text_input(), "planted", (5, n - 1)), model, Context())
    assert result.n_rows == n
    assert largest.numbers <= 2**20 < n * n / 15


@pytest.mark.parametrize(
    ("ids", "words", "expected"),
    [
        ({"cls": 1, "sep": 2, "bos": 8, "eos": 9}, "[CLS] cat [SEP] dog [SEP]", {"cls": [0], "sep": [2, 4]}),
        ({"bos": 1, "eos": 2}, "<s> cat </s>", {"cls": [0], "sep": [2]}),
        ({"eos": 2}, "cat </s>", {"cls": [], "sep": [1]}),
        ({"bos": 1, "eos": 1}, "<|endoftext|> cat", {"cls": [0], "sep": []}),
        (None, "cat dog", {"cls": [], "sep": []}),
    ],
)
def test_what_begins_and_ends_a_text_stands_for_cls_and_sep(ids, words, expected):
    numbers = {"[CLS]": 1, "<s>": 1, "<|endoftext|>": 1, "[SEP]": 2, "</s>": 2}
    words = tuple(words.split())
    tokens = Tokens(
        np.array([numbers.get(word, 5) for word in words]),
        words,
        np.ones(len(words), bool),
        np.array([word in numbers for word in words]),
        np.zeros(len(words), np.int8),
    )
    names = ("cls", "sep", "bos", "eos")
    tokenizer = None if ids is None else SimpleNamespace(**{f"{name}_token_id": ids.get(name) for name in names})
    found = marks_of(tokens, tokenizer)
    assert {name: places.tolist() for name, places in found.items()} == expected
