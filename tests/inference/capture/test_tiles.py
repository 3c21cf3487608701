"""Parts of maps at any zoom, against the whole map pooled the plain way."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.capture import tiles
from inference.capture.attention_call import AttentionCall
from inference.capture.tiles import sampled_map, sampled_rows, tile, tile_kinds
from inference.context import Cancelled
from tests.inference.planted import Largest, random_call


def unknown(call: AttentionCall) -> torch.Tensor:
    return torch.full((call.n_queries,), math.nan)


def pooled(cells: np.ndarray, pool: int, reduce: str) -> np.ndarray:
    """Pixel by pixel."""
    how = {"max": np.max, "mean": np.mean}[reduce]
    n_rows, n_columns = (range(0, n, pool) for n in cells.shape)
    return np.array([[how(cells[i : i + pool, j : j + pool]) for j in n_columns] for i in n_rows])


@st.composite
def calls(draw: st.DrawFn) -> AttentionCall:
    """Dense, causal, padded, biased, capped, grouped, cross, or a pattern alone; sizes multiples of nothing."""
    n_queries = draw(st.integers(1, 45))
    is_cross = draw(st.booleans())
    n_keys = draw(st.integers(1, 45)) if is_cross else n_queries
    n_kv, per_kv = draw(st.sampled_from([(1, 1), (2, 1), (1, 3), (2, 2)]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    n_heads = n_kv * per_kv

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    mask = bias = None
    kind = draw(st.sampled_from(["none", "left", "right", "random", "added"]))
    if kind in ("left", "right"):
        mask = torch.ones(1, 1, n_keys, dtype=torch.bool)
        n_hidden = draw(st.integers(0, n_keys))
        mask[..., slice(n_hidden) if kind == "left" else slice(n_keys - n_hidden, None)] = False
    elif kind != "none":
        mask = random(draw(st.sampled_from([1, n_heads])), draw(st.sampled_from([1, n_queries])), n_keys) > -0.5
        if kind == "added":
            mask = torch.zeros(mask.shape).masked_fill_(~mask, torch.finfo(torch.float32).min)
    if draw(st.booleans()):
        bias = random(draw(st.sampled_from([1, n_heads])), n_queries, n_keys)
    call = AttentionCall(
        "any",
        0,
        is_cross,
        q=2 * random(n_heads, n_queries, 4),
        k=2 * random(n_kv, n_keys, 4),
        scale=0.5,
        mask=mask,
        is_causal=draw(st.booleans()),
        bias=bias,
        soft_cap=draw(st.sampled_from([None, 1.5])),
    )
    if draw(st.booleans()):
        return call
    return AttentionCall("any", 0, is_cross, pattern=call.patterns().to(torch.float16))


def a_span(draw: st.DrawFn, n: int, pool: int) -> slice:
    """From a whole pixel to a whole pixel or the end."""
    n_pixels = math.ceil(n / pool)
    first = draw(st.integers(0, n_pixels - 1))
    return slice(first * pool, min(draw(st.integers(first + 1, n_pixels)) * pool, n))


@pytest.fixture(params=[(8, 2**6), (256, 2**20)], ids=["small blocks", "blocks"])
def _blocks(request, monkeypatch):
    monkeypatch.setattr(tiles, "ROWS", request.param[0])
    monkeypatch.setattr(tiles, "_CELLS_CPU", request.param[1])


@pytest.mark.usefixtures("_blocks")
@settings(max_examples=120, deadline=None)
@given(data=st.data(), call=calls(), level=st.integers(0, 6), reduce=st.sampled_from(["max", "mean"]))
def test_a_tile_is_a_part_of_the_whole_map_pooled(data, call, level, reduce):
    pool, head = 2**level, data.draw(st.integers(0, call.n_heads - 1))
    rows, cols = (a_span(data.draw, n, pool) for n in (call.n_queries, call.n_keys))
    whole = call.patterns([head])[0].numpy()
    expected = pooled(whole[rows, cols], pool, reduce)
    normalisers = unknown(call)
    for _ in range(2):  # with the normalisers unknown, then known
        found = tile(call, head, rows, cols, pool, reduce, normalisers).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(normalisers[rows], call.log_sum_exp([head])[0][rows], rtol=1e-5, atol=1e-5)
    assert normalisers[: rows.start].isnan().all()
    assert normalisers[rows.stop :].isnan().all()


@pytest.mark.usefixtures("_blocks")
@settings(max_examples=60, deadline=None)
@given(data=st.data(), call=calls(), level=st.integers(0, 6), reduce=st.sampled_from(["max", "mean"]))
def test_a_sampled_map_has_the_middle_row_of_each_pixel(data, call, level, reduce):
    pool, head = 2**level, data.draw(st.integers(0, call.n_heads - 1))
    middle = [min(top + pool // 2, call.n_queries - 1) for top in range(0, call.n_queries, pool)]
    assert sampled_rows(call, pool).tolist() == middle
    whole = call.patterns([head])[0].numpy()
    expected = np.concatenate([pooled(whole[[row]], pool, reduce) for row in middle])
    found = sampled_map(call, head, pool, reduce, unknown(call)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.usefixtures("_blocks")
@settings(max_examples=60, deadline=None)
@given(data=st.data(), call=calls(), level=st.integers(0, 6))
def test_a_pixel_shows_the_highest_kind_of_its_cells(data, call, level):
    pool, head = 2**level, data.draw(st.integers(0, call.n_heads - 1))
    rows, cols = (a_span(data.draw, n, pool) for n in (call.n_queries, call.n_keys))
    whole = call.kinds([head], torch.arange(call.n_queries))[0].numpy()
    found = tile_kinds(call, head, rows, cols, pool)
    assert found.dtype == torch.uint8
    np.testing.assert_array_equal(found, pooled(whole[rows, cols], pool, "max"))


@pytest.mark.parametrize("is_causal", [False, True])
def test_a_tile_of_a_long_text_is_exact(is_causal):
    """32,768 tokens, against its rows worked out directly in float64."""
    n, rows, cols = 32_768, slice(20_224, 20_480), slice(19_968, 20_480)
    call = random_call(n, d_head=64, is_causal=is_causal)
    assert call.q is not None
    assert call.k is not None
    scores = call.q[0, rows].double() @ call.k[0].double().T * call.scale
    if is_causal:
        scores.masked_fill_(torch.arange(n) > torch.arange(n)[rows, None], -math.inf)
    expected = scores.softmax(-1)[:, cols]
    normalisers = unknown(call)
    found = tile(call, 0, rows, cols, 1, "max", normalisers)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-9)
    torch.testing.assert_close(normalisers[rows].double(), scores.logsumexp(-1), rtol=1e-6, atol=1e-6)
    half = found.half().double()
    assert ((half - expected).abs() <= expected / 1024 + 6e-8).all()


def test_float64_stays_float64():
    call = random_call(300)
    assert call.q is not None
    assert call.k is not None
    double = replace(call, q=call.q.double(), k=call.k.double())
    normalisers = torch.full((300,), math.nan, dtype=torch.float64)
    found = tile(double, 0, slice(0, 300), slice(0, 300), 1, "max", normalisers)
    torch.testing.assert_close(found, double.patterns()[0], rtol=1e-10, atol=0)


def test_nothing_of_the_size_of_the_map_is_allocated():
    n = 8192
    call = random_call(n)
    with Largest() as largest:
        tile(call, 0, slice(0, n), slice(0, n), 16, "max", unknown(call))
        tile(call, 0, slice(0, n), slice(0, n), 512, "mean", unknown(call))
        sampled_map(call, 0, 16, "max", unknown(call))
        tile_kinds(replace(call, is_causal=True), 0, slice(0, n), slice(0, n), 16)
    assert largest.numbers <= 2**20 < n * n / 50


def test_a_causal_map_leaves_out_what_no_row_of_a_block_sees(monkeypatch):
    n_cells = 0
    scores = AttentionCall.scores

    def counted(self, heads, rows, keys):
        nonlocal n_cells
        n_cells += len(rows) * len(range(self.n_keys)[keys])
        return scores(self, heads, rows, keys)

    monkeypatch.setattr(AttentionCall, "scores", counted)
    call = random_call(2048, is_causal=True)
    tile(call, 0, slice(0, 2048), slice(0, 2048), 8, "max", unknown(call))
    assert n_cells <= 0.57 * 2048**2
    n_cells = 0
    tile(call, 0, slice(0, 256), slice(1024, 2048), 1, "max", torch.zeros(2048))
    assert n_cells == 0


def test_known_normalisers_cost_no_other_keys(monkeypatch):
    asked: list[slice] = []
    scores = AttentionCall.scores
    monkeypatch.setattr(
        AttentionCall, "scores", lambda self, heads, rows, keys: asked.append(keys) or scores(self, heads, rows, keys)
    )
    call = random_call(9000)
    normalisers = unknown(call)
    tile(call, 0, slice(256, 512), slice(512, 768), 1, "max", normalisers)
    assert sum(keys.stop - keys.start for keys in asked) == 9000
    asked.clear()
    tile(call, 0, slice(256, 512), slice(0, 256), 1, "max", normalisers)
    assert asked == [slice(0, 256)]


def test_every_block_can_be_the_last():
    call = random_call(3000)
    n_blocks = 0

    def checkpoint() -> None:
        nonlocal n_blocks
        n_blocks += 1
        if n_blocks == 3:
            raise Cancelled

    normalisers = unknown(call)
    with pytest.raises(Cancelled):
        tile(call, 0, slice(0, 3000), slice(0, 3000), 8, "max", normalisers, checkpoint)
    # What was done before stays.
    assert not normalisers[:512].isnan().any()
    assert normalisers[512:].isnan().all()
