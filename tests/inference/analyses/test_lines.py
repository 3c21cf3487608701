"""The links that lines are drawn of are those of the whole pattern."""

from __future__ import annotations

import numpy as np
import pytest

from inference.analyses import lines as lines_module
from inference.analyses.lines import lines
from inference.context import Cancelled, Context, Refused
from inference.results.lines import LinesRequest
from tests.inference.tiny_models import ids_of, patterns_of
from tests.inputs import text_input

INPUT = text_input(token_ids=ids_of(11))


def quads(result):
    columns = (result.query, result.key, result.head, result.weight)
    return {(q, k, h): w for q, k, h, w in zip(*(column.tolist() for column in columns), strict=True)}


@pytest.mark.parametrize("block", [1, 30, 2**20])
@pytest.mark.parametrize(("name", "group"), [("bert", "encoder"), ("gpt2", "decoder"), ("bart", "cross")])
@pytest.mark.parametrize("heads", [(), (1,), (1, 0)])
def test_links_are_those_of_the_pattern(tiny, monkeypatch, block, name, group, heads):
    monkeypatch.setattr(lines_module, "_BLOCK", block)
    pattern = patterns_of(tiny(name), INPUT, group)[1]
    chosen = heads or range(len(pattern))
    result = lines(LinesRequest("tiny", INPUT, group, 1, heads, 2, 7, 0.1), tiny(name), Context())
    expected = {
        (query, key, head): float(pattern[head, query, key])
        for head in chosen
        for query in range(2, min(7, pattern.shape[1]))
        for key in range(pattern.shape[2])
        if pattern[head, query, key] >= 0.1
    }
    assert quads(result) == pytest.approx(expected, abs=1e-6)
    assert np.all(np.diff(result.weight) <= 0)
    assert result.heads == tuple(chosen)
    assert not result.is_cut
    assert result.largest == pytest.approx(pattern[list(chosen), 2:7].max(), abs=1e-6)


def test_no_threshold_gives_whole_rows(tiny):
    result = lines(LinesRequest("tiny", INPUT, "encoder", 0, (1,), 4, 5, 0.0), tiny("bert"), Context())
    assert sorted(result.key.tolist()) == list(range(11))
    np.testing.assert_allclose(result.weight.sum(), 1, atol=1e-5)


def test_what_goes_beyond_the_text_is_left_out(tiny):
    result = lines(LinesRequest("tiny", INPUT, "encoder", 0, (), 8, 64, 0.1), tiny("bert"), Context())
    assert (result.start, result.stop) == (8, 11)
    assert set(result.query.tolist()) <= {8, 9, 10}


@pytest.mark.parametrize("block", [1, 2**20])
def test_of_too_many_links_the_strongest_are_kept(tiny, monkeypatch, block):
    monkeypatch.setattr(lines_module, "_BLOCK", block)
    request = LinesRequest("tiny", INPUT, "encoder", 0, (), 0, 11, 0.0)
    every = lines(request, tiny("bert"), Context())
    monkeypatch.setattr(lines_module, "MOST_LINES", 10)
    few = lines(request, tiny("bert"), Context())
    assert few.is_cut
    np.testing.assert_array_equal(few.weight, every.weight[:10])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": 11, "stop": 20}, "The queries 11 to 20 were asked for; the text has 0 to 10"),
        ({"start": 5, "stop": 5}, "The queries 5 to 5 were asked for"),
        ({"threshold": 2.0}, "Links from 2.0 on were asked for"),
        ({"heads": (9,)}, "Head 9 was asked for"),
        ({"layer": 7}, "Layer 7 was asked for"),
        ({"group": "cross"}, "attention group 'cross'"),
    ],
)
def test_refuses_with_a_sentence(tiny, changes, said):
    values = {"group": "encoder", "layer": 0, "heads": (), "start": 0, "stop": 4, "threshold": 0.1} | changes
    with pytest.raises(Refused, match=said):
        lines(LinesRequest("tiny", INPUT, **values), tiny("bert"), Context())


def test_can_be_cancelled(tiny):
    with pytest.raises(Cancelled):
        lines(
            LinesRequest("tiny", INPUT, "encoder", 0, (), 0, 4, 0.1), tiny("bert"), Context(is_cancelled=lambda: True)
        )
