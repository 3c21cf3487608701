"""Attention over a film: clicks and arrow keys choose the query, the player a frame, and all numbers are on screen."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from inference.results.clip import ClipRequest
from inference.results.events import Failure
from inference.results.inputs import ClipInput, Input
from inference.results.tokens import Tokens
from tests.answers import answer, fail, watched
from tests.controls import rows_of_controls
from tests.film_factories import make_clip_result, make_film_info
from tests.places import index_of
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.image_geometry import patch_rect
from widgets.look.theme import FigureStyle
from widgets.player.player import Player
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.clip.figure import ClipFigure
from widgets.views.clip.options import ClipOptions
from widgets.views.clip.places import FilmPlace, position_title
from widgets.views.clip.view import ClipView

INPUT = Input(clip=ClipInput(seed=1))


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    view = watched(ClipView(ViewContext(selection)), qtbot, 1000, 700)
    view.set_subject(Subject(make_film_info(), INPUT))
    answer(view, make_clip_result())
    return view


def test_controls_are_one_row_in_a_small_window(view):
    view.resize(850, 600)
    assert rows_of_controls(view._page.controls) == 1


def test_many_frames_in_a_low_window_scroll_and_are_never_too_small_to_see(view):
    result = make_clip_result()
    many = replace(result, seen=np.repeat(result.seen, 20, axis=0)[:40])
    figure, style = ClipFigure(many, 0, 0, ClipOptions(), 0), FigureStyle()
    em = QFontMetricsF(style.font).height()
    for width in (300, 700, 1200):
        area = QRectF(0, 0, width, figure.least_size(width, style).height())
        assert min(tile.box.height() for tile in figure.tiles(area, style)) >= 3.4 * em


def test_a_few_frames_are_larger_than_many_may_be(view):
    result = make_clip_result()
    figure, style = ClipFigure(result, 0, 0, ClipOptions(), 0), FigureStyle()
    assert len(result.seen) <= 8
    area = QRectF(0, 0, 900, figure.least_size(900, style).height())
    assert min(tile.box.height() for tile in figure.tiles(area, style)) >= 5.3 * QFontMetricsF(style.font).height()


def canvas_of(view):
    return view.findChild(QWidget, "clip_canvas")


def click_patch(view, frame, row, column):
    canvas = canvas_of(view)
    tile = canvas.figure.tiles(canvas.figure_rect(), canvas.style_now)[frame]
    box = patch_rect(3 * row + column, (3, 3), tile.box)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=box.center().toPoint())


def choose(view, name, data):
    combo = view.findChild(QComboBox, name)
    combo.setCurrentIndex(combo.findData(data))


def request(query=None, with_rollout=False):
    return ClipRequest("films-test", INPUT, "encoder", query, with_rollout)


def test_the_first_query_is_left_to_the_model(view):
    assert view.asked == [request()]


def test_a_click_makes_a_patch_of_that_frame_the_query(view, selection):
    click_patch(view, 2, 1, 0)
    assert index_of(selection.now.query) == 1 + 2 * 9 + 3
    assert view.asked[-1] == request(22)
    assert view.playback.step == 2


def test_a_chip_makes_the_class_token_the_query(view, selection):
    click_patch(view, 2, 1, 0)
    answer(view, make_clip_result(22))
    canvas = canvas_of(view)
    ((_, box),) = canvas.figure.chips(canvas.figure_rect(), canvas.style_now)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert index_of(selection.now.query) == 0


def test_arrow_keys_go_over_the_border_into_the_next_frame(view, selection):
    click_patch(view, 1, 1, 2)
    answer(view, make_clip_result(1 + 9 + 5))
    QTest.keyClick(canvas_of(view), Qt.Key.Key_Right)
    assert index_of(selection.now.query) == 1 + 18 + 3
    answer(view, make_clip_result(1 + 18 + 3))
    QTest.keyClick(canvas_of(view), Qt.Key.Key_Down)
    assert index_of(selection.now.query) == 1 + 18 + 6


def test_another_layer_or_head_asks_nothing(view, selection):
    view.asked.clear()
    selection.update(layer=1, head=3)
    assert view.asked == []
    np.testing.assert_array_equal(view.figure().values, make_clip_result().pattern[1, 3])


def test_the_numbers_are_those_chosen(view):
    choose(view, "clip_weights", "mean")
    np.testing.assert_allclose(view.figure().values, make_clip_result().pattern[0].mean(0))
    choose(view, "clip_weights", "rollout")
    assert view.asked[-1] == request(with_rollout=True)
    rolled = make_clip_result(with_rollout=True)
    answer(view, rolled)
    np.testing.assert_array_equal(view.figure().values, rolled.rollout[0])


def test_why_there_is_no_rollout_is_said_where_it_would_be_chosen(view):
    choose(view, "clip_weights", "mean")
    view.refresh(again=True)
    answer(view, replace(make_clip_result(), why_no_rollout="Both take turns."))
    combo = view.findChild(QComboBox, "clip_weights")
    tip = combo.itemData(combo.findData("rollout"), Qt.ItemDataRole.ToolTipRole)
    assert "Both take turns." in tip


def test_the_player_goes_through_the_frames(view):
    choose(view, "clip_show", "frame")
    assert "frame 2 of the film" in view.figure().caption
    view.playback.go_to(3)
    assert view.figure().frame == 3
    assert "frame 17 of the film" in view.figure().caption
    QTest.keyClick(canvas_of(view), Qt.Key.Key_Home)
    assert view.figure().frame == 0


def test_of_all_frames_at_once_there_is_no_second_player(view):
    player = view.findChild(Player, "clip_player")
    assert player.isHidden()
    QTest.keyClick(canvas_of(view), Qt.Key.Key_End)
    assert view.playback.step == 0
    choose(view, "clip_show", "frame")
    assert not player.isHidden()


@pytest.mark.parametrize(("width", "titles"), [(900, ["frame 2", "frame 7"]), (140, ["frame 2", "7"])])
def test_frames_have_the_numbers_of_the_film(qapp, width, titles):
    figure = ClipFigure(make_clip_result(), 0, 0)
    shown = texts_of(figure, QRectF(0, 0, width, 400))
    assert [text for text in shown if text in {"frame 2", "2", "frame 7", "7"}] == titles


def test_the_scale_says_where_something_lies_beyond_it(qapp):
    figure = ClipFigure(make_clip_result(), 0, 0)
    pattern = figure.result.pattern.copy()
    alone = int(np.flatnonzero(~np.isin(np.arange(pattern.shape[-1]), figure.places.by_patch))[0])
    for factor, is_told in ((0.0, False), (9.0, True)):
        pattern[0, 0, alone] = factor * figure.high
        beyond = ClipFigure(replace(figure.result, pattern=pattern), 0, 0)
        texts = texts_of(beyond, QRectF(0, 0, 900, 400))
        assert any(text.startswith("\N{GREATER-THAN OR EQUAL TO}") for text in texts) == is_told


def test_as_a_film_every_frame_is_seen_once():
    figure = ClipFigure(make_clip_result(), 0, 1)
    assert list(figure.film_steps) == [0, 1, 2, 3]
    assert figure.film_frame(2).frame == 2
    assert figure.film_frame(2).options.show == "frame"


def test_maps_hold_each_number_where_its_patch_is():
    result = make_clip_result(frames_a_step=2)
    figure = ClipFigure(result, 1, 2)
    assert figure.maps.shape == (8, 3, 3)
    for key, (step, row, column) in enumerate(result.key_cells.tolist()):
        if step >= 0:
            for frame in (2 * step, 2 * step + 1):
                assert figure.maps[frame, row, column] == result.pattern[1, 2, key]
    assert position_title(result, result.key_tokens, result.key_cells, 5) == "patch (1, 1) of frames 2–7"


def test_what_lies_in_another_part_has_no_colour():
    result = make_clip_result(query=1)
    pattern = result.pattern.copy()
    pattern[:, :, 12:] = 0
    figure = ClipFigure(replace(result, pattern=pattern), 0, 0)
    assert np.isnan(figure.maps[2:]).all()
    assert "does not attend to patch (0, 2) of frame 12" in figure.describe(FilmPlace(2, 21))


def beside_words(words):
    """Words, and a frame for each of the other keys."""
    result, n = make_clip_result(), len(words) + 4
    cells = np.array([*[(-1, -1, -1)] * len(words), *((t, -1, -1) for t in range(4))], np.int16)
    tokens = Tokens(
        np.arange(n), (*words, *"0123"), np.ones(n, bool), np.array([w.startswith("[") for w in (*words, *"0123")]),
        np.zeros(n, np.int8),
    )  # fmt: skip
    beside = {"key_tokens": tokens, "query_tokens": tokens, "key_cells": cells, "query_cells": cells}
    return ClipFigure(replace(result, **beside, pattern=result.pattern[..., :n]), 0, 0)


def test_a_special_token_begins_a_line_where_words_follow():
    figure = beside_words(("[CLS]", "a", "cup", "[CLS]", "it", "grows", "[>]", "[SEP]"))
    lines = [box.top() for _, box in figure.chips(QRectF(0, 0, 2000, 900), FigureStyle())]
    assert len(set(lines)) == 2
    assert lines[0] == lines[2] < lines[3] == lines[7]


def test_keys_that_are_frames_colour_the_whole_frame():
    result = make_clip_result()
    cells = np.array([(t, -1, -1) for t in range(4)], np.int16)
    tokens = replace(
        result.key_tokens, ids=np.arange(4), words=tuple("abcd"), starts_word=np.ones(4, bool),
        is_special=np.zeros(4, bool), segment=np.zeros(4, np.int8),
    )  # fmt: skip
    whole = replace(
        result,
        key_tokens=tokens,
        query_tokens=tokens,
        key_cells=cells,
        query_cells=cells,
        pattern=result.pattern[..., :4],
    )
    figure = ClipFigure(whole, 0, 0)
    assert (figure.maps[2] == whole.pattern[0, 0, 2]).all()
    assert figure.query_title == "frame 2"


def test_the_number_that_is_pointed_at_is_told(view):
    canvas = canvas_of(view)
    tile = canvas.figure.tiles(canvas.figure_rect(), canvas.style_now)[1]
    QTest.mouseMove(canvas, patch_rect(4, (3, 3), tile.box).center().toPoint())
    value = make_clip_result().pattern[0, 0, 1 + 9 + 4]
    assert f"[CLS] → patch (1, 1) of frame 7: {value:.5f}" in view.findChild(QLabel, "clip_read_out").text().replace(
        "\u2068", ""
    ).replace("\u2069", "")


def test_numbers_have_named_axes():
    arrays = ClipFigure(make_clip_result(), 0, 1).numbers().arrays
    for name in ("pattern", "map", "seen", "key_cells"):
        assert len(arrays[f"{name}_axes"]) in (arrays[name].ndim,)
    assert arrays["map"].shape == (4, 3, 3)
    assert len(ClipFigure(make_clip_result(), 0, 1).numbers().rows) == 37


def test_a_failure_keeps_the_picture_and_says_why(view):
    click_patch(view, 2, 1, 0)
    fail(view, Failure("refused", "too large"))
    assert view.why_not_current


def test_nothing_is_asked_without_a_film(qtbot, selection):
    view = watched(ClipView(ViewContext(selection)), qtbot, 600, 400)
    view.set_subject(Subject(make_film_info(), Input()))
    assert view.asked == []
    assert view.figure() is None


def test_what_is_shown_belongs_to_what_was_asked(view, selection, qtbot):
    view.show()
    check_provenance(
        view,
        qtbot,
        make_clip_result(),
        change=lambda: selection.choose(make_film_info().groups[0], query_pos=5),
        other=Subject(make_film_info("other"), INPUT),
    )


def test_every_way_of_showing_it_is_painted(qapp):
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    for options in (ClipOptions(), ClipOptions(show="frame", spotlight=True), ClipOptions(smooth=True, grid=False)):
        figure, style = ClipFigure(make_clip_result(5), 0, 0, options), FigureStyle()
        image = QImage(figure.natural_size(style).toSize(), QImage.Format.Format_RGB32)
        with QPainter(image) as painter:
            figure.paint(painter, QRectF(image.rect()), style)
            spot = figure.step(None, 1, 0, QRectF(image.rect()), style)
            figure.paint_spot(painter, QRectF(image.rect()), style, spot)
        assert len({image.pixel(x, image.height() // 2) for x in range(0, image.width(), 9)}) > 5
