"""Heads, whole patterns and one query worked out, against sums written out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from inference.analyses import attention as attention_module
from inference.analyses import heads as heads_module
from inference.analyses.attention import attention
from inference.analyses.heads import heads
from inference.analyses.scaled_dot import scaled_dot
from inference.capture.attention_call import AttentionCall
from inference.context import Cancelled, Context, Refused
from inference.forward.model import run_key
from inference.forward.run import Run
from inference.results.attention import AttentionRequest
from inference.results.events import Partial, Progress
from inference.results.heads import HeadsRequest
from inference.results.inputs import TextInput
from inference.results.scaled_dot import ScaledDotRequest
from tests.inference.planted import model_of, random_call
from tests.inference.tiny_models import ARCHITECTURES, build_model, ids_of
from tests.inputs import text_input

FUSED = [name for name in ARCHITECTURES if build_model(name).info.groups[0].has_qk]


def patterns_of(model: Any, input: TextInput, group: str) -> list[np.ndarray]:
    """[head, query_pos, key_pos] of each layer."""
    return [call.patterns().numpy() for call in model.run(input, Context()).calls[group]]


# --- heads ------------------------------------------------------------------------------------------------------------


def measures_by_hand(pattern: np.ndarray, cls: list[int], sep: list[int]) -> dict[str, float]:
    """Of one head, [query_pos, key_pos], query by query."""
    n_queries, n_keys = pattern.shape
    by_name: dict[str, list[float]] = {name: [] for name in heads_module._MEASURES}
    for query in range(n_queries):
        row = [float(p) for p in pattern[query]]
        by_name["entropy"].append(-sum(p * math.log2(p) for p in row if p > 0))
        by_name["distance"].append(sum(p * abs(query - key) for key, p in enumerate(row)))
        by_name["same"].append(row[query])
        if query > 0:
            by_name["previous"].append(row[query - 1])
        if query + 1 < n_keys:
            by_name["next"].append(row[query + 1])
        if cls:
            by_name["cls"].append(sum(row[key] for key in cls))
        if sep:
            by_name["sep"].append(sum(row[key] for key in sep))
    return {name: sum(values) / len(values) if values else math.nan for name, values in by_name.items()}


@pytest.mark.parametrize("block", [1, 40, 2**20])
@pytest.mark.parametrize("size", [1, 4, 7, 128])
def test_measures_and_thumbnails_are_those_of_the_whole_pattern(tiny_bert, monkeypatch, block, size):
    monkeypatch.setattr(heads_module, "_BLOCK", block)
    input = text_input("the cat sat on the mat .", "a dog ran .")
    result = heads(HeadsRequest("tiny", input, "encoder", size), tiny_bert, Context())
    ids = result.key_tokens.ids.tolist()
    cls, sep = ([pos for pos, token in enumerate(ids) if token == wanted] for wanted in (2, 3))
    assert (len(cls), len(sep)) == (1, 2)
    pool = -(-len(ids) // size)
    assert result.thumbnails.dtype == np.uint8
    for layer, pattern in enumerate(patterns_of(tiny_bert, input, "encoder")):
        for head in range(4):
            for name, value in measures_by_hand(pattern[head], cls, sep).items():
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


# --- attention --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bert", "llama", "bloom", "t5"])
def test_patterns_of_chosen_layers_and_heads(tiny, ids_input, name):
    model = tiny(name)
    for group in model.info.groups:
        every = attention(AttentionRequest("tiny", ids_input, group.name), model, Context())
        assert (every.layers, every.heads) == (tuple(range(group.n_layers)), tuple(range(group.n_heads[0])))
        np.testing.assert_array_equal(every.pattern, patterns_of(model, ids_input, group.name))
        some = attention(AttentionRequest("tiny", ids_input, group.name, (1, 0), (3, 1)), model, Context())
        assert (some.layers, some.heads) == ((1, 0), (3, 1))
        np.testing.assert_allclose(some.pattern, every.pattern[[1, 0]][:, [3, 1]], atol=1e-7)
        assert some.pattern.shape[2:] == (len(some.query_tokens), len(some.key_tokens))
        assert some.pattern.dtype == np.float32
        assert some.pattern.flags.c_contiguous


def test_patterns_that_fill_the_memory_are_refused(tiny, ids_input, monkeypatch):
    monkeypatch.setattr(attention_module, "_MOST_BYTES", 2 * 4 * 13 * 13 * 4 - 1)
    with pytest.raises(Refused, match=r"2 layers of 4 heads .* zoom into one in the Attention view"):
        attention(AttentionRequest("tiny", ids_input, "encoder"), tiny("bert"), Context())
    one = attention(AttentionRequest("tiny", ids_input, "encoder", (), (0,)), tiny("bert"), Context())
    assert one.pattern.shape == (2, 1, 13, 13)


# --- scaled dot -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUSED)
def test_every_step_follows_from_the_one_before(tiny, ids_input, name):
    model = tiny(name)
    for group in model.info.groups:
        whole = attention(AttentionRequest("tiny", ids_input, group.name), model, Context())
        for head, query_pos in ((0, 0), (1, 6), (group.n_heads[1] - 1, 12)):
            request = ScaledDotRequest("tiny", ids_input, group.name, 1, head, query_pos)
            r = scaled_dot(request, model, Context())
            np.testing.assert_allclose(r.dots, r.k @ r.q, rtol=1e-5, atol=1e-5)
            scaled = r.dots * r.scale
            capped = r.soft_cap * np.tanh(scaled / r.soft_cap) if r.soft_cap else scaled
            scores = np.where(r.is_masked, -np.inf, capped + r.bias)
            np.testing.assert_allclose(r.scores, scores, rtol=1e-5, atol=1e-5)
            weights = np.exp(scores - scores.max())
            np.testing.assert_allclose(r.pattern, weights / weights.sum(), atol=1e-6)
            np.testing.assert_allclose(r.pattern, whole.pattern[1, head, query_pos], atol=1e-6)
            np.testing.assert_allclose(r.z, r.pattern @ r.v, rtol=1e-5, atol=1e-5)
            if name not in ("mistral", "gemma2", "gemma3", "modernbert", "gpt_neo"):  # no sliding windows
                hidden = [group.is_causal and key > query_pos for key in range(len(r.key_tokens))]
                assert r.is_masked.tolist() == hidden
            arrays = (r.q, r.k, r.v, r.dots, r.bias, r.scores, r.pattern, r.z)
            assert all(array.dtype == np.float32 and array.flags.c_contiguous for array in arrays)


@pytest.mark.parametrize(("name", "module"), [("bert", "output.dense"), ("gpt2", "attn.c_proj"), ("llama", "o_proj")])
def test_z_is_what_the_model_passes_on(tiny, ids_input, name, module):
    """Every head of every layer at one place, put together as the output projection receives them."""
    model = tiny(name)
    received: list[np.ndarray] = []
    projections = [
        part
        for path, part in model.net.named_modules()
        if path.endswith(module) and ("attention" in path or "attn" in path)
    ]
    hooks = [
        part.register_forward_pre_hook(lambda _, args: received.append(args[0][0, 5].numpy())) for part in projections
    ]
    with torch.inference_mode():
        model.net(**model.encode(ids_input).tensors)
    for hook in hooks:
        hook.remove()
    assert len(received) == 2
    group = model.info.groups[0].name
    for layer in range(2):
        z = [
            scaled_dot(ScaledDotRequest("tiny", ids_input, group, layer, head, 5), model, Context()).z
            for head in range(4)
        ]
        np.testing.assert_allclose(np.concatenate(z), received[layer], atol=1e-5)


def test_a_result_is_a_copy(tiny, ids_input):
    model = tiny("bert")
    request = ScaledDotRequest("tiny", ids_input, "encoder", 0, 0, 0)
    first = scaled_dot(request, model, Context())
    expected = first.k.copy()
    first.k[:] = 0
    np.testing.assert_array_equal(scaled_dot(request, model, Context()).k, expected)


def test_position_bias_of_t5_is_shown(tiny, ids_input):
    r = scaled_dot(ScaledDotRequest("tiny", ids_input, "encoder", 1, 2, 4), tiny("t5"), Context())
    layer = tiny("t5").net.encoder.block[0].layer[0].SelfAttention
    np.testing.assert_allclose(r.bias, layer.compute_bias(13, 13)[0, 2, 4].detach().numpy(), atol=1e-6)
    assert r.scale == 1


def test_the_soft_cap_of_gemma2_is_shown(tiny, ids_input):
    r = scaled_dot(ScaledDotRequest("tiny", ids_input, "decoder", 1, 2, 4), tiny("gemma2"), Context())
    assert r.soft_cap == 0.5
    assert np.abs(r.scores[~r.is_masked]).max() <= 0.5


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "request_", "sentence"),
    [
        (heads, HeadsRequest("tiny", text_input(token_ids=(7, 8)), "cross"), "group 'cross' .* tiny-bert has encoder"),
        (heads, HeadsRequest("tiny", text_input(token_ids=(7, 8)), "encoder", 0), "0 pixels .* at least 1"),
        (
            attention,
            AttentionRequest("tiny", text_input(token_ids=(7, 8)), "encoder", (7,)),
            r"^Layer 7 was asked for; tiny-bert has layers 0 to 1\.$",
        ),
        (attention, AttentionRequest("tiny", text_input(token_ids=(7, 8)), "encoder", (-1,)), "Layer -1 "),
        (
            attention,
            AttentionRequest("tiny", text_input(token_ids=(7, 8)), "encoder", (1,), (4,)),
            r"^Head 4 was asked for; layer 1 of tiny-bert has heads 0 to 3\.$",
        ),
        (
            scaled_dot,
            ScaledDotRequest("tiny", text_input(token_ids=(7, 8)), "encoder", 0, 0, 2),
            r"^Position 2 was asked for; the text has positions 0 to 1\.$",
        ),
        (scaled_dot, ScaledDotRequest("tiny", text_input(token_ids=(7, 8)), "encoder", 2, 0, 0), "Layer 2 "),
        (scaled_dot, ScaledDotRequest("tiny", text_input(token_ids=(7, 8)), "encoder", 0, 9, 0), "Head 9 "),
    ],
)
def test_what_is_not_there_is_refused(tiny, function, request_, sentence):
    with pytest.raises(Refused, match=sentence):
        function(request_, tiny("bert"), Context())


def test_a_model_without_queries_says_so(tiny, ids_input):
    with pytest.raises(Refused, match="patterns, but not the queries and keys"):
        scaled_dot(ScaledDotRequest("tiny", ids_input, "encoder", 0, 0, 0), tiny("deberta-v2"), Context())
