"""The deep-zoom map's arithmetic, cache and requests: no widgets, no engine."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFontMetricsF

from inference.results.maps import TILE, MapRequest, RowsRequest, TilesRequest
from tests.factories import LongMap, make_long_tokens, make_tokens
from tests.inputs import text_input
from widgets.look import raster
from widgets.look.theme import FigureStyle
from widgets.maps.axis_labels import Ruler, label_spots
from widgets.maps.cells import has_values
from widgets.maps.coloring import Coloring, RowMaxima
from widgets.maps.feed import Feed, Source
from widgets.maps.pyramid import Box, Pyramid, TileIndex
from widgets.maps.search import NoSuchPlace, matches, place_of
from widgets.maps.tile_cache import MapPiece, PooledHead, TileCache, TileKey, pooled
from widgets.maps.viewport import LARGEST, Viewport

HEAD = PooledHead("encoder", 0, 0, "max")
SOURCE = Source("bert-test", text_input("long"))

NAMES = st.lists(st.sampled_from(["the", ",", "a"]), min_size=1, max_size=12)
lengths = st.integers(1, 40_000)
sides = st.floats(20, 2000)


@st.composite
def viewports(draw):
    whole = Viewport.fitted(draw(lengths), draw(lengths), draw(sides), draw(sides))
    x, y = draw(st.floats(0, 1)) * whole.plot_width, draw(st.floats(0, 1)) * whole.plot_height
    return whole.zoomed(2.0 ** draw(st.floats(0, 16)), x, y)


# Which part is seen


@given(viewports())
def test_what_is_seen_lies_in_the_map_and_fills_as_much_of_the_room_as_all_of_it(view):
    seen = view.seen
    assert 0 <= seen.top < seen.bottom <= view.n_rows
    assert 0 <= seen.left < seen.right <= view.n_columns
    assert view.plot_width <= view.width * (1 + 1e-6)
    assert view.plot_height <= view.height * (1 + 1e-6)
    # No less of the room is filled than by the whole map.
    whole = Viewport.fitted(view.n_rows, view.n_columns, view.width, view.height)
    assert view.plot_width >= whole.plot_width - 1e-3
    assert view.plot_height >= whole.plot_height - 1e-3


@given(viewports(), st.floats(0.2, 5), st.floats(0, 1), st.floats(0, 1))
def test_zooming_keeps_the_point_under_the_pointer_unless_an_edge_of_the_map_comes_in(view, factor, across, down):
    x, y = across * view.plot_width, down * view.plot_height
    row, column = view.top + y / view.row_height, view.left + x / view.column_width
    other = view.zoomed(factor, x, y)
    seen = other.seen
    whole = Viewport.fitted(view.n_rows, view.n_columns, view.width, view.height)
    if factor > 1 and max(x - whole.plot_width, y - whole.plot_height) < 0:  # no edge comes in
        assert (other.y_of(row), other.x_of(column)) == pytest.approx((y, x), abs=1e-3)
    if seen.top > 0 and seen.bottom < other.n_rows:
        assert other.y_of(row) == pytest.approx(y, abs=1e-3)
    if seen.left > 0 and seen.right < other.n_columns:
        assert other.x_of(column) == pytest.approx(x, abs=1e-3)
    assert other.least * (1 - 1e-9) <= other.scale <= LARGEST


@given(viewports(), st.floats(-3000, 3000), st.floats(-3000, 3000))
def test_moving_forth_and_back_ends_where_it_began_unless_an_edge_stopped_it(view, right, down):
    there = view.moved(right, down)
    if there.left == pytest.approx(view.left + right / view.column_width, rel=1e-9, abs=1e-9):
        assert there.moved(-right, 0).left == pytest.approx(view.left, abs=1e-6)
    assert there.scale == view.scale


@given(viewports())
def test_the_cell_under_a_point_is_the_one_drawn_there(view):
    for share in (0.001, 0.3, 0.999):
        x, y = share * view.plot_width, share * view.plot_height
        cell = view.cell_at(x, y)
        assert cell is not None
        row, column = cell
        assert view.y_of(row) - 1e-3 <= y <= view.y_of(row + 1) + 1e-3
        assert view.x_of(column) - 1e-3 <= x <= view.x_of(column + 1) + 1e-3
    assert view.cell_at(-1, 0) is None
    assert view.cell_at(0, view.plot_height + 1) is None


@given(viewports(), sides, sides)
def test_another_room_keeps_the_size_of_the_cells(view, width, height):
    other = view.resized(width, height)
    assert other.is_whole if view.is_whole else other.scale >= view.scale * (1 - 1e-9)


def test_cells_of_a_map_far_longer_than_wide_are_stretched_as_long_as_they_are_small():
    whole = Viewport.fitted(40, 4000, 800, 600)
    assert whole.is_whole
    assert whole.column_width == pytest.approx(0.2)
    assert whole.row_height == pytest.approx(25 * 0.2)  # a hundred times as long as wide, drawn four times
    near = whole.zoomed(1e9, 0, 0)
    assert near.row_height == near.column_width == LARGEST


def test_revealing_moves_no_further_than_it_must():
    view = Viewport.fitted(1000, 1000, 500, 500).centred(500, 500, 10.0)
    assert view.revealing(500, 500) == view
    seen = view.revealing(700, 100).seen
    assert (seen.bottom, seen.left) == (701, 100)


# Tiles


@given(viewports(), st.sampled_from([1.0, 1.5, 2.0]))
def test_visible_tiles_cover_what_is_seen_and_nothing_else(view, ratio):
    pyramid, level, seen = Pyramid(view.n_rows, view.n_columns), view.level(ratio), view.seen
    places = pyramid.tiles(level, seen)
    assert len(set(places)) == len(places)
    area = 0.0
    for place in places:
        cells = pyramid.cells(level, place)
        height = min(cells.bottom, seen.bottom) - max(cells.top, seen.top)
        width = min(cells.right, seen.right) - max(cells.left, seen.left)
        assert height > -1e-6
        assert width > -1e-6
        area += max(height, 0) * max(width, 0)
    assert area == pytest.approx((seen.bottom - seen.top) * (seen.right - seen.left), rel=1e-6)
    # A pixel of the sharper axis is never smaller than one of the screen, nor twice as large.
    pixel = ratio * max(view.row_height, view.column_width) * 2**level
    assert pixel >= 1 - 1e-6
    assert level == 0 or pixel < 2 + 1e-6


@given(viewports())
def test_the_ring_lies_round_the_visible_tiles(view):
    pyramid, level = Pyramid(view.n_rows, view.n_columns), view.level()
    inside, ring = pyramid.tiles(level, view.seen), pyramid.ring(level, view.seen)
    assert not set(inside) & set(ring)
    down, across = pyramid.grid(level)
    rows, columns = {place.row for place in inside}, {place.column for place in inside}
    for place in ring:
        assert 0 <= place.row < down
        assert 0 <= place.column < across
        assert min(rows) - 1 <= place.row <= max(rows) + 1
        assert min(columns) - 1 <= place.column <= max(columns) + 1


@given(viewports(), st.sampled_from([1.0, 2.0]))
def test_no_pixel_of_a_picture_is_skipped_on_screen(view, ratio):
    level = view.level(ratio)
    for side, step in zip((view.row_height, view.column_width), view.shrink(level, ratio), strict=True):
        assert ratio * side * 2**level * step >= 1 - 1e-6


def test_the_middle_comes_first():
    places = Pyramid(2560, 2560).tiles(0, Box(0, 0, 1280, 1280))
    assert places[0] == TileIndex(2, 2)
    assert len(places) == 25


# Labels


@given(
    st.floats(0, 30_000), st.floats(1e-3, LARGEST), st.floats(50, 2000), st.integers(1, 40_000), st.floats(8, 40), NAMES
)
def test_labels_never_overlap_and_stay_where_their_token_is(start, side, length, n, em, names):
    ruler = Ruler(min(start, n - 1), side, min(length, (n - min(start, n - 1)) * side), n)
    spots = label_spots(ruler, em, names * math.ceil(n / len(names)))
    assert (np.diff([spot.at for spot in spots]) >= em - 1e-6).all()
    for spot in spots:
        assert 0 <= spot.position < n
        assert -1e-6 <= spot.at <= ruler.length + 1e-6
        assert spot.at == pytest.approx((spot.position + 0.5 - ruler.start) * side)


def test_labels_thin_out_and_return():
    strides = [Ruler(0, side, 700, 32_768).stride(15) for side in (0.02, 0.4, 4, 8, 20)]
    assert strides == [1000, 50, 5, 2, 1]
    assert [spot.position for spot in label_spots(Ruler(100.25, 20, 200, 32_768), 15, ["a"] * 32_768)] == list(
        range(100, 110)
    )


def test_labels_do_not_all_say_the_same_where_every_fifth_token_is_the_same():
    faces = [
        "start",
        *(word for i in range(30) for word in (f"v{i}", f"v{i + 1}", f"v{i + 2}", f"v{i + 3}", "new face")),
    ]
    spots = label_spots(Ruler(0, 4, 4 * len(faces), len(faces)), 15, faces)
    assert len({faces[spot.position] for spot in spots}) == 30
    moved = label_spots(Ruler(17.5, 4, 200, len(faces)), 15, faces)
    assert {spot.position for spot in moved} <= {spot.position for spot in spots}
    assert [spot.position for spot in label_spots(Ruler(0, 4, 40, 10), 15, ["the"] * 10)] == [0, 5]


# Colours


@pytest.mark.parametrize("scale", ["raw", "log"])
def test_colours_are_those_of_every_other_map(scale):
    values = np.random.default_rng(0).uniform(0, 1, (40, 30)).astype(np.float16)
    values[0, 0] = np.nan
    coloring = Coloring("cividis", 0xFF123456, 0.7, scale)
    places = raster.levels(values.astype(np.float32), 0.7, scale)
    expected = raster.colored(places, "cividis")
    expected[0, 0] = 0xFF123456
    np.testing.assert_array_equal(coloring.colors(values, np.arange(40)), expected)


def test_rows_are_divided_by_the_maximum_of_their_rows():
    overview = np.array([[0.5, 0.2], [0.0, 0.0]], np.float16)
    maxima = RowMaxima.of(overview, 4)
    coloring = Coloring("cividis", 0, 1.0, "raw", maxima)
    values = np.full((8, 1), 0.25, np.float16)
    values[4:] = 0
    assert coloring.share(values, np.arange(8))[:, 0].tolist() == [0.5] * 4 + [0.0] * 4
    assert len(set(coloring.colors(values, np.arange(8))[:, 0].tolist())) == 2


@pytest.mark.parametrize("reduce", ["max", "mean"])
def test_pooling_on_screen_is_that_of_a_plain_computation(reduce):
    values = np.random.default_rng(0).uniform(0, 1, (7, 10)).astype(np.float16)
    expected = [
        [getattr(np, reduce)(values[i : i + 2, j : j + 4].astype(np.float32)) for j in range(0, 10, 4)]
        for i in range(0, 7, 2)
    ]
    np.testing.assert_allclose(pooled(values, (2, 4), reduce), expected, rtol=1e-3)


# Cache


def piece(n=16):
    return MapPiece(np.zeros((n, n), np.float16), 0, 0, 0)


def test_the_cache_keeps_within_its_bytes_and_forgets_what_was_not_looked_at():
    cache = TileCache(budget=3 * piece().n_bytes)
    keys = [TileKey(HEAD, 0, 0, column) for column in range(5)]
    for key in keys[:3]:
        cache.put(key, piece())
    assert cache.get(keys[0]) is not None
    for key in keys[3:]:
        cache.put(key, piece())
        assert cache.n_bytes <= 3 * piece().n_bytes
    assert [key in cache for key in keys] == [True, False, False, True, True]
    cache.put(keys[0], piece(8))  # in place of the older
    assert cache.n_bytes == 2 * piece().n_bytes + piece(8).n_bytes


# What is asked


def feed_of(long_map, **kwargs):
    feed = Feed(**kwargs)
    feed.show(SOURCE, HEAD)
    (request,) = feed.requests()
    feed.take(request, long_map.answer(request))
    return feed


LONG = LongMap(4096)
NEAR = Box(1000, 1000, 1500, 1800)


def tiles_request(feed):
    return next((request for request in feed.requests() if isinstance(request, TilesRequest)), None)


def test_asks_for_the_overview_until_the_exact_one_is_there():
    feed = Feed()
    feed.show(SOURCE, HEAD)
    wanted = (MapRequest("bert-test", text_input("long"), "encoder", 0, 0),)
    assert feed.requests() == wanted
    feed.take(wanted[0], LONG.answer(wanted[0], is_sampled=True))
    assert feed.requests() == wanted
    assert feed.map.is_sampled(3, Box(0, 0, 4096, 4096))
    feed.take(wanted[0], LONG.answer(wanted[0]))
    assert feed.requests() == ()
    assert not feed.map.is_sampled(3, Box(0, 0, 4096, 4096))


def test_asks_for_visible_tiles_then_for_one_ring_and_for_nothing_twice():
    feed = feed_of(LONG)
    feed.look_at(0, NEAR)
    request = tiles_request(feed)
    pyramid = Pyramid(4096, 4096)
    visible, ring = pyramid.tiles(0, NEAR), pyramid.ring(0, NEAR)
    assert request.tiles == tuple(map(tuple, visible + ring))
    feed.take(request, LONG.answer(request, only=len(visible)))
    feed.look_at(0, NEAR)
    assert tiles_request(feed) == request  # the ring is on its way
    feed.take(request, LONG.answer(request))
    feed.look_at(0, NEAR)
    assert tiles_request(feed) is None
    feed.look_at(0, Box(1300, 1000, 1700, 1800))  # within the ring: only what lies round it is asked for
    assert set(tiles_request(feed).tiles) == set(pyramid.ring(0, Box(1300, 1000, 1700, 1800))) - set(visible + ring)


def test_a_move_elsewhere_replaces_what_was_asked():
    feed = feed_of(LONG)
    feed.look_at(0, NEAR)
    first = tiles_request(feed)
    feed.look_at(0, Box(3000, 3000, 3500, 3800))
    second = tiles_request(feed)
    assert not set(first.tiles) & set(second.tiles)
    feed.look_at(1, Box(3000, 3000, 4000, 4000))
    assert tiles_request(feed).level == 1


def test_the_level_of_the_overview_has_no_tiles():
    feed = feed_of(LONG)
    for level in (3, 5):
        feed.look_at(level, Box(0, 0, 4096, 4096))
        assert feed.requests() == ()


def test_what_comes_is_kept_as_what_was_asked_for():
    feed = feed_of(LONG)
    feed.look_at(0, NEAR)
    request = tiles_request(feed)
    feed.take(request, replace(LONG.answer(request, only=1), head=3, level=1, reduce="mean"))  # a result's own words
    assert TileKey(HEAD, 0, *request.tiles[0]) in feed.cache
    feed.forget()
    assert (feed.requests(), feed.map, len(feed.cache)) == ((), None, 0)


def test_another_text_forgets_the_tiles_and_another_head_does_not():
    feed = feed_of(LONG)
    feed.look_at(0, NEAR)
    feed.take(tiles_request(feed), LONG.answer(tiles_request(feed)))
    n = len(feed.cache)
    feed.show(SOURCE, HEAD._replace(head=1))
    assert feed.map is not None  # of the same size: tiles can be asked for at once
    feed.look_at(0, NEAR)
    assert tiles_request(feed).head == 1
    feed.show(SOURCE, HEAD)
    feed.look_at(0, NEAR)
    assert (len(feed.cache), feed.requests()) == (n, ())
    feed.show(Source("bert-test", text_input("other")), HEAD)
    assert (len(feed.cache), feed.map) == (0, None)


def test_a_tile_that_the_cache_had_to_drop_is_asked_for_again():
    tile = 6 * TILE * TILE
    feed = feed_of(LONG, cache=TileCache(budget=60 * tile))
    feed.look_at(0, NEAR)
    first = tiles_request(feed)
    feed.take(first, LONG.answer(first))
    for start in (2000, 3000):
        feed.look_at(0, Box(start, start, start + 700, start + 700))
        feed.take(tiles_request(feed), LONG.answer(tiles_request(feed)))
    feed.look_at(0, NEAR)
    assert tiles_request(feed) is not None
    assert feed.cache.n_bytes <= 60 * tile


def test_numbers_are_exact_where_tiles_are_and_those_of_the_overview_elsewhere():
    feed = feed_of(LONG)
    seen = Box(1000.5, 1200.25, 1100.5, 1333.5)
    coarse = feed.map.values(0, seen)
    overview = LONG.answer(MapRequest("", text_input(), "encoder", 0, 0)).overview
    rows, columns = np.arange(1000, 1101), np.arange(1200, 1334)
    np.testing.assert_array_equal(coarse, overview[np.ix_(rows // 8, columns // 8)])
    feed.look_at(0, seen)
    feed.take(tiles_request(feed), LONG.answer(tiles_request(feed)))
    cells = LONG.cells(range(1000, 1101), range(1200, 1334)).astype(np.float16)
    np.testing.assert_array_equal(feed.map.values(0, seen), cells)
    reading = feed.map.read(0, 1003, 1234)
    assert (reading.value, reading.rows, reading.columns) == (cells[3, 34], range(1003, 1004), range(1234, 1235))
    reading = feed.map.read(0, 3003, 1234)  # nothing sharp there
    assert (reading.rows, reading.columns) == (range(3000, 3008), range(1232, 1240))
    assert reading.value == LONG.cells(reading.rows, reading.columns).max().astype(np.float16)


def test_a_parent_tile_stands_in_for_its_children():
    feed = feed_of(LONG)
    feed.look_at(2, NEAR)
    feed.take(tiles_request(feed), LONG.answer(tiles_request(feed)))
    reading = feed.map.read(0, 1100, 1200)
    assert (reading.rows, reading.columns) == (range(1100, 1104), range(1200, 1204))


def test_means_have_a_scale_of_their_own_at_each_level():
    small = LongMap(1024)
    feed = Feed()
    feed.show(SOURCE, HEAD._replace(reduce="mean"))
    feed.take(feed.requests()[0], small.answer(feed.requests()[0]))
    assert feed.map.maxima() is None
    before = feed.map.high(0)
    seen = Box(0, 0, 300, 300)
    feed.look_at(0, seen)
    feed.take(tiles_request(feed), small.answer(tiles_request(feed)))
    assert feed.map.high(0) >= small.cells(range(300), range(300)).max() - 1e-3
    assert feed.map.high(1) == before


def test_brushed_rows_are_asked_for_and_belong_to_their_head():
    feed = feed_of(LONG)
    feed.brush(range(10, 30))
    (request,) = feed.requests()
    assert request == RowsRequest("bert-test", text_input("long"), "encoder", 0, 0, 10, 30)
    feed.take(replace(request, start=11), LONG.answer(replace(request, start=11)))  # no longer what is brushed
    assert feed.pattern is None
    feed.take(request, LONG.answer(request))
    np.testing.assert_allclose(feed.pattern, LONG.cells(range(10, 30), range(4096)).mean(0), rtol=1e-6, atol=1e-20)
    assert feed.requests() == ()
    feed.show(SOURCE, HEAD._replace(head=1))
    assert feed.pattern is None
    assert any(isinstance(wanted, RowsRequest) and wanted.head == 1 for wanted in feed.requests())


# Finding a place


def test_words_are_found_over_the_borders_of_tokens():
    tokens = make_tokens("[CLS] the cat sat on the mat ##tress because it was tired [SEP]")
    assert matches(tokens, "the") == (1, 5)
    assert matches(tokens, "THE  Cat") == (1,)
    assert matches(tokens, "mattress") == (6,)
    assert matches(tokens, "tress be") == (7,)
    assert matches(tokens, "a") == (2, 3, 6, 8, 10)
    assert matches(tokens, ".*") == matches(tokens, " ") == ()


@given(st.integers(2, 300), st.integers(0, 299))
def test_every_token_is_found_by_its_own_word(n, position):
    tokens = make_long_tokens(n)
    assert position % n in matches(tokens, tokens.words[position % n])


def test_a_place_is_a_number_or_two():
    assert place_of(" 12 ", 100, 50) == (12, None)
    assert place_of("99, 49", 100, 50) == (99, 49)
    for text in ("100", "1,50", "cat", "-1", "1,2,3", ""):
        with pytest.raises(NoSuchPlace) as refusal:
            place_of(text, 100, 50)
        assert str(refusal.value).endswith(".")


def test_numbers_are_small_before_cells_have_none(qapp):
    style = FigureStyle()
    number = QFontMetricsF(style.font).horizontalAdvance("0.00")
    for cell, is_told in ((1.3 * number, True), (number, True), (0.8 * number, False)):
        assert has_values(Viewport.fitted(13, 13, 13 * cell, 13 * cell), style) == is_told, cell


@pytest.mark.parametrize("shrink", [(1, 3), (4, 4), (5, 2)])
def test_pixels_together_show_the_largest_of_them_or_what_is_missing(shrink):
    values = np.random.default_rng(0).random((41, 37)).astype(np.float16)
    values[7, 7], values[40, 36] = np.nan, np.inf
    down, across = shrink
    found = pooled(values, shrink, "max")
    assert found.shape == (-(-41 // down), -(-37 // across))
    for (i, j), number in np.ndenumerate(found):
        part = values[i * down : (i + 1) * down, j * across : (j + 1) * across]
        np.testing.assert_equal(number, part.max())
