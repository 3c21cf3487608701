"""One head's map by requests: overview, tiles, rows; what comes first, what is kept, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from inference.analyses import maps
from inference.capture.tiles import sampled_map
from inference.context import Cancelled, Context, Refused
from inference.results.events import Partial, Progress
from inference.results.maps import TILE, MapRequest, RowsRequest, TilesRequest
from tests.inference.planted import Largest, model_of, random_call
from tests.inference.tiny_models import build, build_model, eager_maps
from tests.inputs import text_input

TEXT = text_input("planted")


def collected(analysis: Any, request: Any, model: Any) -> tuple[list[Any], Any]:
    """Partial results, and the last one."""
    events: list[Any] = []
    last = analysis(request, model, Context(report=events.append))
    return [event.result for event in events if isinstance(event, Partial)], last


def pooled(cells: np.ndarray, pool: int, reduce: str) -> np.ndarray:
    n_rows, n_columns = (-(-n // pool) for n in cells.shape)
    padded = np.full((n_rows * pool, n_columns * pool), np.nan)
    padded[: cells.shape[0], : cells.shape[1]] = cells
    blocks = padded.reshape(n_rows, pool, n_columns, pool)
    return {"max": np.nanmax, "mean": np.nanmean}[reduce](blocks, axis=(1, 3))


def cancelled_after(n_checks: int) -> Context:
    """A context that nobody waits for any more at the n-th question."""
    left = iter([False] * n_checks)
    return Context(is_cancelled=lambda: next(left, True))


# --- overview ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduce", ["max", "mean"])
@pytest.mark.parametrize(("size", "level"), [(512, 0), (300, 0), (299, 1), (75, 2), (10, 5), (1, 9)])
def test_an_overview_of_a_short_text_is_exact_at_once(size, level, reduce):
    calls = [random_call(300, n_heads=2, seed=layer) for layer in range(2)]
    partials, result = collected(maps.overview, MapRequest("c", TEXT, "planted", 1, 1, reduce, size), model_of(calls))
    assert partials == []
    assert (result.layer, result.head, result.reduce, result.level) == (1, 1, reduce, level)
    assert (result.is_sampled, result.overview.dtype) == (False, np.float16)
    assert max(result.overview.shape) <= size
    assert (len(result.query_tokens), len(result.key_tokens)) == (300, 300)
    expected = pooled(calls[1].patterns([1])[0].numpy(), 2**level, reduce)
    np.testing.assert_allclose(result.overview, expected, rtol=1e-3, atol=1e-7)


def test_a_map_between_two_sequences_has_both_axes():
    call = random_call(70, 33)
    _, result = collected(
        maps.overview, MapRequest("c", TEXT, "planted", 0, 0, "max", 16), model_of([call], is_cross=True)
    )
    assert (len(result.query_tokens), len(result.key_tokens), result.level) == (70, 33, 3)
    np.testing.assert_allclose(result.overview, pooled(call.patterns()[0].numpy(), 8, "max"), rtol=1e-3)


def test_a_long_text_is_sampled_first_and_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(maps, "_MOST_CELLS_AT_ONCE", 2**18)
    call, request = random_call(1100), MapRequest("c", TEXT, "planted", 0, 0, "max", 128)
    model, events = model_of([call]), list[Any]()

    def is_cancelled() -> bool:
        progress = [event for event in events if isinstance(event, Progress)]
        return bool(progress) and progress[-1].done >= 34

    with pytest.raises(Cancelled):
        maps.overview(request, model, Context(events.append, is_cancelled))
    first = events[0].result
    assert (first.is_sampled, first.level) == (True, 4)
    expected = sampled_map(call, 0, 16, "max", torch.full((1100,), torch.nan))
    np.testing.assert_array_equal(first.overview, expected.half())
    # 69 rows of pixels, 16 at once; what was exact is not worked out again.
    assert [event.done for event in events[1:]] == [0, 16, 32, 48]
    events.clear()
    result = maps.overview(request, model, Context(events.append))
    assert [type(event) for event in events[:1]] == [Partial]
    assert [(event.done, event.total) for event in events[1:]] == [(48, 69), (64, 69)]
    np.testing.assert_allclose(result.overview, pooled(call.patterns()[0].numpy(), 16, "max"), rtol=1e-3)
    assert not result.is_sampled
    # Asked again it is there.
    partials, again = collected(maps.overview, request, model)
    assert partials == []
    np.testing.assert_array_equal(again.overview, result.overview)


def test_kept_overviews_are_bounded(monkeypatch):
    monkeypatch.setattr(maps, "_MOST_BYTES_KEPT", 3 * 2 * 16 * 16)
    call = random_call(16, n_heads=8)
    model = model_of([call])
    for head in (0, 1, 2, 0, 3):
        collected(maps.overview, MapRequest("c", TEXT, "planted", 0, head, "max", 16), model)
    kept = model.run(None, None).store["overviews"]
    assert [key[2] for key in kept] == [2, 0, 3]


# --- tiles ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduce", ["max", "mean"])
@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_tiles_come_in_the_order_asked_for(level, reduce):
    n = 1300
    call = random_call(n, n_heads=2)
    n_tiles = -(-n // (TILE * 2**level))
    places = tuple((i * 7 % n_tiles, j) for j in reversed(range(n_tiles)) for i in range(n_tiles))
    # Asked for twice, it comes once.
    request = TilesRequest("c", TEXT, "planted", 0, 1, level, (*places, places[0]), reduce)
    partials, last = collected(maps.tiles, request, model_of([call]))
    assert last.tiles == ()
    shown = [tile for partial in partials for tile in partial.tiles]
    assert [(tile.row, tile.column) for tile in shown] == list(dict.fromkeys(places))
    whole = pooled(call.patterns([1])[0].numpy(), 2**level, reduce)
    for tile in shown:
        expected = whole[tile.row * TILE :][:TILE, tile.column * TILE :][:, :TILE]
        assert (tile.values.dtype, tile.kinds) == (np.float16, None)
        np.testing.assert_allclose(tile.values, expected, rtol=1e-3, atol=1e-7)
    for partial in partials:
        assert (partial.layer, partial.head, partial.level, partial.reduce) == (0, 1, level, reduce)


def test_tiles_say_which_kind_of_cells_they_show():
    call = random_call(300, is_causal=True)
    request = TilesRequest("c", TEXT, "planted", 0, 0, 1, ((0, 0),), with_kinds=True)
    (partial,), _ = collected(maps.tiles, request, model_of([call], is_causal=True))
    assert partial.kind_names == ("hidden", "seen")
    pixels = np.arange(150)
    np.testing.assert_array_equal(partial.tiles[0].kinds, pixels <= pixels[:, None])


def test_a_band_is_worked_out_once(monkeypatch):
    """All keys once for the normalisers; then each tile needs its own only."""
    n_cells: list[int] = []
    scores = type(random_call(1)).scores

    def counted(self, heads, rows, keys):
        n_cells.append(len(rows) * len(range(self.n_keys)[keys]))
        return scores(self, heads, rows, keys)

    monkeypatch.setattr(type(random_call(1)), "scores", counted)
    model = model_of([random_call(1024)])
    band = tuple((1, column) for column in (2, 0, 3))
    collected(maps.tiles, TilesRequest("c", TEXT, "planted", 0, 0, 0, band), model)
    assert sum(n_cells) == TILE * 1024
    n_cells.clear()
    collected(maps.tiles, TilesRequest("c", TEXT, "planted", 0, 0, 0, band), model)
    assert n_cells == [TILE * TILE] * 3


def test_nobody_waits_for_the_next_tile():
    model = model_of([random_call(2 * TILE)])
    events: list[Any] = []
    request = TilesRequest("c", TEXT, "planted", 0, 0, 0, ((0, 0), (1, 0), (1, 1)))
    with pytest.raises(Cancelled):
        maps.tiles(request, model, Context(events.append, lambda: len(events) == 1))
    assert [(tile.row, tile.column) for event in events for tile in event.result.tiles] == [(0, 0)]
    for n_checks in range(3):
        with pytest.raises(Cancelled):
            maps.tiles(request, model, cancelled_after(n_checks))


def test_a_long_map_is_never_there_as_a_whole():
    n = 8192
    call = random_call(n, is_causal=True)
    model = model_of([call], is_causal=True)
    with Largest() as largest:
        maps.overview(MapRequest("c", TEXT, "planted", 0, 0), model, Context())
        maps.tiles(TilesRequest("c", TEXT, "planted", 0, 0, 3, ((0, 0), (3, 3)), "mean"), model, Context())
        maps.rows(RowsRequest("c", TEXT, "planted", 0, 0, 0, 1000), model, Context())
    assert largest.numbers <= 2**20 < n * n / 50


# --- rows -------------------------------------------------------------------------------------------------------------


def test_rows_are_the_mean_of_a_span(monkeypatch):
    monkeypatch.setattr(maps, "_CELLS_OF_ROWS", 1000)
    call = random_call(90, n_heads=2)
    pattern = call.patterns()
    for start, stop in ((0, 1), (89, 90), (17, 60), (0, 90)):
        result = maps.rows(RowsRequest("c", TEXT, "planted", 0, 1, start, stop), model_of([call]), Context())
        assert (result.start, result.stop, result.pattern.dtype) == (start, stop, np.float32)
        np.testing.assert_allclose(result.pattern, pattern[1, start:stop].mean(0), rtol=1e-5)
        assert result.pattern.sum() == pytest.approx(1, abs=1e-5)
    with pytest.raises(Cancelled):
        maps.rows(RowsRequest("c", TEXT, "planted", 0, 1, 0, 90), model_of([call]), cancelled_after(2))


# --- models -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5", "deberta-v2"])
def test_maps_of_models(tiny, ids_input, name):
    """Queries and keys, grouped, biased, or a pattern alone: the map is the model's."""
    model = tiny(name)
    run = model.run(ids_input, Context())
    for group in model.info.groups:
        whole = model.call(run, group.name, 1, Context()).patterns([1])[0].numpy()
        request = MapRequest("tiny", ids_input, group.name, 1, 1, "max", 4)
        _, result = collected(maps.overview, request, model)
        np.testing.assert_allclose(result.overview, pooled(whole, 4, "max"), rtol=1e-3, atol=1e-7)
        (partial,), _ = collected(maps.tiles, TilesRequest("tiny", ids_input, group.name, 1, 1, 0, ((0, 0),)), model)
        np.testing.assert_allclose(partial.tiles[0].values, whole, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("name", ["bert", "gemma2", "t5", "bloom", "deberta-v2"])
def test_maps_of_models_in_sixteen_bits(ids_input, name):
    """Worked out in 32 from what the model had in 16: rows sum to 1, where its own do to half a percent."""
    model = build_model(name, build(name, torch.bfloat16))
    run = model.run(ids_input, Context())
    for group in model.info.groups:
        call = model.call(run, group.name, 1, Context())
        assert (call.q if call.has_qk else call.pattern).dtype == torch.bfloat16
        whole = call.patterns([1])[0]
        assert whole.dtype == torch.float32
        torch.testing.assert_close(whole.sum(-1), torch.ones(len(whole)), atol=1e-5 if call.has_qk else 1e-2, rtol=0)
        (partial,), _ = collected(maps.tiles, TilesRequest("tiny", ids_input, group.name, 1, 1, 0, ((0, 0),)), model)
        np.testing.assert_allclose(partial.tiles[0].values, whole, rtol=1e-2, atol=1e-4)
        expected = eager_maps(model.net, run.encoded.tensors, group.name)[1][1].float()
        torch.testing.assert_close(whole, expected, atol=0.05, rtol=0)


# --- refused ----------------------------------------------------------------------------------------------------------

OVERVIEW = MapRequest("c", TEXT, "planted", 0, 0)
TILES = TilesRequest("c", TEXT, "planted", 0, 0, 0, ((0, 0),))
ROWS = RowsRequest("c", TEXT, "planted", 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (replace(OVERVIEW, group="cross"), "group 'cross' .* planted has planted"),
        (replace(OVERVIEW, layer=1), r"^Layer 1 was asked for; planted has layers 0 to 0\.$"),
        (replace(OVERVIEW, head=-1), r"^Head -1 was asked for; layer 0 of planted has heads 0 to 1\.$"),
        (replace(OVERVIEW, reduce="min"), r"^Cells pooled by 'min' were asked for; there are max and mean\.$"),
        (replace(OVERVIEW, size=0), r"^A map of 0 pixels was asked for; 1 to 4096 are possible\.$"),
        (replace(OVERVIEW, size=5000), "5000 pixels"),
        (replace(TILES, layer=7), "^Layer 7 "),
        (replace(TILES, head=2), "^Head 2 "),
        (replace(TILES, reduce=""), "pooled by ''"),
        (replace(TILES, level=-1), r"^Level -1 was asked for; this map has levels 0 to 10\.$"),
        (replace(TILES, level=11), "^Level 11 "),
        (
            replace(TILES, tiles=((0, 0), (2, 1))),
            r"^The tile in row 2, column 1 was asked for; level 0 has rows 0 to 1 and columns 0 to 2\.$",
        ),
        (replace(TILES, level=10, tiles=((0, 1),)), "level 10 has rows 0 to 0 and columns 0 to 0"),
        (replace(ROWS, layer=-1), "^Layer -1 "),
        (replace(ROWS, start=3, stop=3), r"^The rows 3 to 3 were asked for; .* at 300 or before\.$"),
        (replace(ROWS, start=-1), "rows -1 to 1"),
        (replace(ROWS, stop=301), "rows 0 to 301"),
    ],
)
def test_what_is_not_there_is_refused(request_, sentence):
    analysis = {MapRequest: maps.overview, TilesRequest: maps.tiles, RowsRequest: maps.rows}[type(request_)]
    model = model_of([random_call(300, 700, n_heads=2)], is_cross=True)
    with pytest.raises(Refused, match=sentence):
        analysis(request_, model, Context())
