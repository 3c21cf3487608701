"""Every head at a glance: thumbnails and measures, of long texts from a sample first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from inference.analyses import heads as heads_module
from inference.analyses.heads import heads
from inference.capture.attention_call import AttentionCall
from inference.context import Cancelled, Context
from inference.forward.model import run_key
from inference.forward.run import Run
from inference.results.events import Partial, Progress
from inference.results.heads import HeadsRequest
from tests.inference.measures_by_hand import measured_by_hand
from tests.inference.planted import model_of, random_call
from tests.inference.tiny_models import build_model, ids_of, patterns_of
from tests.inputs import text_input


@pytest.mark.parametrize("block", [1, 40, 2**20])
@pytest.mark.parametrize("size", [1, 4, 7, 128])
def test_measures_and_thumbnails_are_those_of_the_whole_pattern(tiny_bert, monkeypatch, block, size):
    monkeypatch.setattr(heads_module, "_BLOCK", block)
    input = text_input("the cat sat on the mat .", "the dog ran .")
    result = heads(HeadsRequest("tiny", input, "encoder", size), tiny_bert, Context())
    ids, is_special = result.key_tokens.ids.tolist(), result.key_tokens.is_special.tolist()
    cls, sep = ([pos for pos, token in enumerate(ids) if token == wanted] for wanted in (2, 3))
    assert (len(cls), len(sep)) == (1, 2)
    assert result.marks == {"cls": "[CLS]", "sep": "[SEP]"}
    pool = -(-len(ids) // size)
    assert result.thumbnails.dtype == np.uint8
    for layer, pattern in enumerate(patterns_of(tiny_bert, input, "encoder")):
        for head in range(4):
            expected = measured_by_hand(pattern[head], ids, is_special, cls, sep)
            assert result.measures.keys() == expected.keys() - {"distance_variance"}
            for name, value in expected.items() - {("distance_variance", expected["distance_variance"])}:
                assert result.measures[name][layer, head] == pytest.approx(value, rel=1e-4, abs=1e-6), name
            expected = [
                [
                    np.sqrt(pattern[head][row : row + pool, column : column + pool].max()) * 255
                    for column in range(0, len(ids), pool)
                ]
                for row in range(0, len(ids), pool)
            ]
            np.testing.assert_allclose(result.thumbnails[layer, head], expected, atol=0.51)


def test_measures_of_known_patterns(tiny):
    """A pattern that looks back by one, and one that looks everywhere alike."""
    n = 8
    back = torch.zeros(n, n)
    back[range(n), [0, *range(n - 1)]] = 1
    planted = torch.stack([back, torch.full((n, n), 1 / n), torch.eye(n), torch.zeros(n, n)])
    model = build_model("distilbert")
    input = text_input(token_ids=ids_of(n))
    call = AttentionCall("layer", 0, False, pattern=planted)
    model._last = (run_key(input), Run(model.encode(input), {"encoder": [call, call]}))
    measures = heads(HeadsRequest("tiny", input, "encoder"), model, Context()).measures
    np.testing.assert_allclose(measures["entropy"][1], [0, 3, 0, 0], atol=1e-6)
    np.testing.assert_allclose(measures["previous"][1], [1, 1 / n, 0, 0], atol=1e-6)
    np.testing.assert_allclose(measures["next"][1], [0, 1 / n, 0, 0], atol=1e-6)
    np.testing.assert_allclose(measures["same"][1], [1 / n, 1 / n, 1, 0], atol=1e-6)
    np.testing.assert_allclose(measures["distance"][1], [7 / n, (n * n - 1) / (3 * n), 0, 0], atol=1e-6)
    assert heads(HeadsRequest("tiny", input, "encoder"), model, Context()).marks == {}
    assert np.isnan(measures["cls"]).all()
    assert np.isnan(measures["sep"]).all()


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_groups_have_their_own_axes(tiny, name):
    model = tiny(name)
    tokenized = text_input(token_ids=ids_of(11))
    shapes = {
        group.name: heads(HeadsRequest("tiny", tokenized, group.name), model, Context()).thumbnails.shape
        for group in model.info.groups
    }
    n_heads = {group.name: group.n_heads[0] for group in model.info.groups}
    assert shapes == {
        "encoder": (2, n_heads["encoder"], 11, 11),
        "decoder": (3, n_heads["decoder"], 12, 12),
        "cross": (3, n_heads["cross"], 12, 11),
    }
    cross = heads(HeadsRequest("tiny", tokenized, "cross"), model, Context()).measures
    assert np.isfinite(cross["entropy"]).all()
    for measure in ("distance", "previous", "next", "same"):
        assert np.isnan(cross[measure]).all()


def test_the_future_has_no_measure_in_a_decoder(tiny, ids_input):
    measures = heads(HeadsRequest("tiny", ids_input, "decoder"), tiny("gpt2"), Context()).measures
    assert np.isnan(measures["next"]).all()
    assert np.isfinite(measures["previous"]).all()


def test_a_single_token_has_no_neighbours(tiny):
    result = heads(HeadsRequest("tiny", text_input(token_ids=(7,)), "encoder"), tiny("bert"), Context())
    assert (result.thumbnails == 255).all()
    assert (result.measures["same"] == 1).all()
    assert np.isnan(result.measures["previous"]).all()
    assert np.isnan(result.measures["next"]).all()


def test_progress_and_cancellation_by_layer(ids_input):
    progress: list[Any] = []
    model = build_model("bert")
    model.run(ids_input, Context())
    heads(HeadsRequest("tiny", ids_input, "encoder"), model, Context(report=progress.append))
    assert progress == [Progress(i, 2, f"Heads of layer {i + 1} of 2") for i in range(2)]
    with pytest.raises(Cancelled):
        heads(HeadsRequest("tiny", ids_input, "encoder"), model, Context(is_cancelled=lambda: True))


@pytest.mark.parametrize("block", [1, 700, 2**20])
def test_a_long_text_is_sampled_first(monkeypatch, block):
    """Every layer as it comes, from one query a row of pixels; then exact, the same as at once."""
    monkeypatch.setattr(heads_module, "_BLOCK", block)
    calls = [random_call(75, n_heads=3, seed=seed) for seed in range(2)]
    request = HeadsRequest("planted", text_input(), "planted", 10)
    at_once = heads(request, model_of(calls), Context())
    monkeypatch.setattr(heads_module, "_MOST_CELLS_AT_ONCE", 2 * 3 * 75 * 75 - 1)
    monkeypatch.setattr(heads_module, "_PAUSES", (-1, -1))
    events: list[Any] = []
    exact = heads(request, model_of(calls), Context(events.append))
    looks: list[Any] = [event.result for event in events if isinstance(event, Partial)]
    assert [look.is_sampled for look in looks] == [True] * 4 + [False]
    np.testing.assert_array_equal(looks[0].thumbnails[1], 0)
    assert np.isnan(looks[0].measures["entropy"][1]).all()
    rows = [4, 12, 20, 28, 36, 44, 52, 60, 68, 74]  # the middle ones of 8 each, and the last
    sampled = looks[2]
    for layer, call in enumerate(calls):
        pattern = call.patterns().numpy()
        pixels = [[pattern[:, row, left : left + 8].max(-1) for left in range(0, 75, 8)] for row in rows]
        expected = 255 * np.sqrt(np.array(pixels).transpose(2, 0, 1))
        np.testing.assert_allclose(sampled.thumbnails[layer], expected, atol=0.51)
        distances = np.abs(np.array(rows)[:, None] - np.arange(75))
        expected = (pattern[:, rows] * distances).sum(-1).mean(-1)
        np.testing.assert_allclose(sampled.measures["distance"][layer], expected, rtol=1e-5)
        expected = pattern[:, rows[:-1], [row + 1 for row in rows[:-1]]].mean(-1)
        np.testing.assert_allclose(sampled.measures["next"][layer], expected, rtol=1e-5)
    # The first layer is exact already, the second not yet.
    np.testing.assert_array_equal(looks[3].thumbnails[0], at_once.thumbnails[0])
    np.testing.assert_array_equal(looks[3].thumbnails[1], sampled.thumbnails[1])
    for result in (exact, at_once):
        assert not result.is_sampled
        np.testing.assert_array_equal(result.thumbnails, at_once.thumbnails)
        for name, values in at_once.measures.items():
            np.testing.assert_array_equal(result.measures[name], values)


def test_what_was_looked_at_stays(monkeypatch):
    """Put off and asked again, it goes on where it was; a finished one is not worked out again."""
    monkeypatch.setattr(heads_module, "_MOST_CELLS_AT_ONCE", 0)
    seen: list[int] = []
    calls = [random_call(40, n_heads=2, seed=seed) for seed in range(3)]
    patterns = AttentionCall.patterns

    def counted(self, *args):
        seen.append(calls.index(self))
        return patterns(self, *args)

    monkeypatch.setattr(AttentionCall, "patterns", counted)
    model, request = model_of(calls), HeadsRequest("planted", text_input(), "planted", 10)
    events: list[Any] = []
    with pytest.raises(Cancelled):
        heads(request, model, Context(events.append, lambda: Progress(1, 3, "Heads of layer 2 of 3") in events))
    assert seen == [0, 1, 2, 0]
    seen.clear()
    assert not heads(request, model, Context()).is_sampled
    assert seen == [1, 2]
    assert not heads(request, model, Context()).is_sampled
    assert seen == [1, 2]
