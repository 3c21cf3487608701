"""The attention view for long texts: what it asks, what it shows, and what the user can do."""

import base64
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QEvent, QIODevice, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from inference.results.attention import AttentionRequest
from inference.results.events import Failure
from inference.results.maps import MapRequest, RowsRequest, TilesRequest
from tests.answers import answer, fail
from tests.factories import LongMap, make_attention_result, make_checkpoint_info
from tests.inputs import text_input
from tests.places import at, index_of
from widgets.context import ViewContext
from widgets.look import color_maps, raster
from widgets.look.theme import DARK, FigureStyle
from widgets.maps.canvas import DeepZoomCanvas
from widgets.maps.minimap import Minimap
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.attention.view import AttentionView

LONG = LongMap(4096)
TEXT = text_input("a long text " * 400)
STYLE = FigureStyle()
NO_KEY = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
SVG = "{http://www.w3.org/2000/svg}"


class Engine:
    """Answers at once, or keeps what was asked."""

    def __init__(self, view, long_map=LONG):
        self.asked, self.view, self.map, self.is_sampled, self.answers = [], view, long_map, False, True
        view.request_changed.connect(self.on_request_changed)

    def on_request_changed(self, request):
        self.asked.append(request)
        if self.answers:
            result = self.map.answer(request, is_sampled=self.is_sampled)
            self.view.take_result(request, result, is_partial=self.is_sampled)

    def last(self, kind):
        return next(request for request in reversed(self.asked) if isinstance(request, kind))


@pytest.fixture
def selection(qapp):
    selection = Selection()
    selection.update(group="encoder", layer=2, head=1)
    return selection


@pytest.fixture
def view(qtbot, selection):
    view = AttentionView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(1000, 800)
    view.show()
    view.engine = Engine(view)
    choose(view, "attention_scale", "log")
    choose(view, "attention_scale", "raw")
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    return view


def canvas(view):
    return view.findChild(DeepZoomCanvas)


def look_at(qtbot, view, row, column, scale):
    """Move there, and wait until the tiles were asked for."""
    with qtbot.waitSignal(canvas(view).viewport_changed):
        canvas(view).go(canvas(view).viewport.centred(row, column, scale))
    qtbot.waitUntil(lambda: not view.figure().is_coarse)


def find(view, name):
    return next(child for child in view.findChildren(object) if child.objectName() == name)


def choose(view, name, data):
    combo = find(view, name)
    combo.setCurrentIndex(combo.findData(data))


def point(view, row, column):
    return canvas(view).cell_center(row, column).toPoint()


def read_out(view):
    return canvas(view).accessibleDescription()


# Short or long


def test_a_long_text_is_looked_at_from_afar_first(view):
    assert view.engine.asked == [MapRequest("bert-test", TEXT, "encoder", 2, 1)]
    assert view.focusProxy().focusProxy() is canvas(view)
    assert canvas(view).isVisible()
    assert (
        view.figure().caption
        == "Layer 2, head 1; queries 0–4095 of 4096, keys 0–4095 of 4096; maximum over 8 × 8 cells"
    )


def test_rows_are_scaled_at_first_for_raw_numbers_of_a_long_text_are_all_dark(qtbot, selection):
    view = AttentionView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.engine = Engine(view)
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    assert "each row divided by the maximum of its 8 rows" in view.figure().caption
    assert view.options_state() == {}
    choose(view, "attention_scale", "log")  # what the user wants stays
    selection.update(head=2)
    assert "logarithmic" in view.figure().caption
    assert view.options_state() == {"attention": {"scale": "log"}}


def test_a_text_that_turns_out_to_be_short_is_shown_as_a_whole(qtbot, selection):
    view = AttentionView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    engine = Engine(view, LongMap(300))
    engine.answers = False
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    answer(view, engine.map.answer(engine.asked[0]))
    assert engine.asked[1] == AttentionRequest("bert-test", TEXT, "encoder", layers=(2,))
    answer(view, make_attention_result(tokens=engine.map.tokens, layers=(2,)))
    assert not canvas(view).isVisible()
    selection.update(layer=1)  # the length is known now
    assert engine.asked[2:] == [AttentionRequest("bert-test", TEXT, "encoder", layers=(1,))]


def test_controls_that_make_no_sense_are_grey_and_say_why(view):
    for name in ("aggregate", "hide_special", "merge_words"):
        control = find(view, f"attention_{name}")
        assert not control.isEnabled()
        assert "512 keys" in control.toolTip()
    assert find(view, "attention_reduce").isEnabled()
    view.engine.answers = False
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    answer(view, make_attention_result(layers=(2,)))
    assert find(view, "attention_aggregate").isEnabled()
    assert find(view, "attention_hide_special").toolTip().startswith("<qt>Leave out")
    for name in ("reduce", "search", "go_to"):
        assert not find(view, f"attention_{name}").isEnabled()
        assert "512 keys" in find(view, f"attention_{name}").toolTip()


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    for name in ("reduce", "search", "go_to", "search_text", "search_next", "search_close", "minimap", "deep_zoom"):
        control = find(view, f"attention_{name}")
        find(view, "attention_search").click()
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


# What is asked, what is shown


def test_sharp_tiles_are_asked_for_when_the_user_has_moved(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 4.0)
    request = view.engine.last(TilesRequest)
    assert (request.level, request.tiles[0]) == (0, (7, 7))
    seen = view.figure().seen
    rows, columns = (range(int(a), int(np.ceil(b))) for a, b in ((seen.top, seen.bottom), (seen.left, seen.right)))
    np.testing.assert_array_equal(view.figure().values, LONG.cells(rows, columns).astype(np.float16))


def test_many_moves_make_one_request(qtbot, view):
    n = len(view.engine.asked)
    for step in range(8):
        canvas(view).go(canvas(view).viewport.centred(2000 + step, 2000, 4.0))
    qtbot.waitUntil(lambda: not view.figure().is_coarse)
    assert len(view.engine.asked) == n + 1


def test_sampled_rows_are_marked_until_the_exact_ones_are_there(qtbot, selection):
    view = AttentionView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    engine = Engine(view)
    engine.is_sampled = True
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    assert view.figure().caption.endswith("from sampled rows")
    assert view.figure().scene.is_sampled
    answer(view, LONG.answer(engine.asked[0]))
    assert not view.figure().scene.is_sampled
    assert "sampled" not in view.figure().caption


def test_another_head_keeps_place_and_zoom(qtbot, view, selection):
    look_at(qtbot, view, 2000, 1000, 4.0)
    before = canvas(view).viewport
    view.engine.answers = False
    selection.update(head=3)
    asked = view.engine.asked[-2:]
    assert [type(request) for request in asked] == [MapRequest, TilesRequest]
    assert asked[1].head == 3
    assert canvas(view).viewport == before
    answer(view, LONG.answer(asked[1]))
    QApplication.processEvents()  # tiles are shown once for all that came in a turn
    assert view.figure().caption.startswith("Layer 2, head 3; queries 1")
    # Back again: all is still here.
    n = len(view.engine.asked)
    selection.update(head=1)
    assert len(view.engine.asked) == n
    assert not view.figure().is_coarse


def test_another_text_is_shown_from_its_beginning(qtbot, view):
    look_at(qtbot, view, 2000, 1000, 4.0)
    view.engine.map = LongMap(2000)
    view.engine.answers = False
    picture = canvas(view).grab().toImage()
    view.set_subject(Subject(make_checkpoint_info(), text_input("the next long text " * 200)))
    assert canvas(view).grab().toImage() == picture  # nothing else is known yet
    view.engine.answers = True
    view.set_subject(Subject(make_checkpoint_info(), text_input("another long text " * 200)))
    assert canvas(view).viewport.is_whole
    assert canvas(view).viewport.n_rows == 2000


def test_a_failure_keeps_the_picture_and_the_next_move_asks_again(qtbot, view):
    view.engine.answers = False
    before = canvas(view).grab().toImage()
    with qtbot.waitSignal(view.request_changed):
        canvas(view).zoom(8.0)
    first = view.engine.last(TilesRequest)
    with qtbot.waitSignal(view.noticed) as blocker:
        fail(view, Failure("refused", "Not now."))
    assert blocker.args == ["Not now."]
    canvas(view).fit()
    assert canvas(view).grab().toImage() == before
    view.engine.answers = True
    with qtbot.waitSignal(view.request_changed):
        canvas(view).zoom(8.0)
    assert view.engine.last(TilesRequest).tiles == first.tiles


def test_the_sentence_below_says_how_many_cells_a_number_is_of(qtbot, view):
    at = point(view, 1000, 2000)
    row, column = (position // 8 * 8 for position in canvas(view).cell_at(QPointF(at)))
    QTest.mouseMove(canvas(view), at)
    value = LONG.cells(range(row, row + 8), range(column, column + 8)).max().astype(np.float16)
    number = np.format_float_positional(value)
    place = f"queries {row}–{row + 7} → keys {column}–{column + 7}"
    assert read_out(view) == f"max of 8 × 8 cells  {number}  ·  {place}"
    look_at(qtbot, view, 1000, 1003, 20.0)
    QTest.mouseMove(canvas(view), point(view, 1001, 1004))
    words = LONG.tokens.words
    number = np.format_float_positional(LONG.cells(range(1001, 1002), range(1004, 1005)).astype(np.float16)[0, 0])
    assert read_out(view) == f"“{words[1001]}” → “{words[1004]}”  {number}  ·  positions 1001 → 1004"
    QApplication.sendEvent(canvas(view), QEvent(QEvent.Type.Leave))
    assert "→" not in read_out(view)


@pytest.mark.parametrize("scale", ["raw", "row", "log"])
@pytest.mark.parametrize("zoom", [None, 0.4, 1.0, 7.3])
def test_every_pixel_has_the_colour_of_its_value(qtbot, view, scale, zoom):
    choose(view, "attention_scale", scale)
    if zoom is not None:
        look_at(qtbot, view, 2000.3, 1999.6, zoom)
    figure, style = view.figure(), view.style_now()
    picture, plot, viewport = canvas(view).grab().toImage(), canvas(view).plot(), canvas(view).viewport
    side = 2**figure.level
    top, left = int(figure.seen.top // side), int(figure.seen.left // side)
    n_seen = 0
    steps = [max(1, n // 25) for n in figure.values.shape]
    for i in range(0, len(figure.values), steps[0]):
        for j in range(0, figure.values.shape[1], steps[1]):
            value = np.float32(figure.values[i, j])
            if scale == "row":
                row = (top + i) * side
                value /= LONG.pooled(3, range(row // 8, row // 8 + 1), range(512)).astype(np.float32).max()
            colors = "log" if scale == "log" else "raw"
            place = raster.levels(np.float32([value]), figure.scene.bar.high, colors)
            x, y = viewport.x_of((left + j + 0.5) * side), viewport.y_of((top + i + 0.5) * side)
            if not (2 < x < plot.width() - 2 and 2 < y < plot.height() - 2):
                continue
            at = plot.topLeft() + QPointF(x, y)
            steps_aside = [QPoint(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
            around = {picture.pixel(QPoint(int(at.x()), int(at.y())) + step) for step in steps_aside}
            assert color_maps.lookup(style.color_map)[place[0]] in around
            n_seen += 1
    assert n_seen > 200


def test_means_can_be_shown_and_have_no_scale_per_row(qtbot, selection):
    view = AttentionView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    engine = Engine(view, LongMap(1200))
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    choose(view, "attention_scale", "row")
    assert view.figure().coloring.maxima is not None
    choose(view, "attention_reduce", "mean")
    assert engine.last(MapRequest).reduce == "mean"
    assert view.figure().coloring.maxima is None
    assert "mean over" in view.figure().caption
    item = find(view, "attention_scale").model().item(1)
    assert not item.isEnabled()
    assert item.toolTip()


# Of what it is


def test_late_tiles_of_another_head_are_dropped(qtbot, view, selection):
    view.engine.answers = False
    with qtbot.waitSignal(view.request_changed):
        canvas(view).zoom(8.0)
    late = view.engine.last(TilesRequest)
    selection.update(head=3)
    view.take_result(late, LONG.answer(late))
    assert view.figure().head.head == 1
    assert view.figure().is_coarse


def test_another_head_is_dimmed_until_it_is_seen_and_tiles_make_nothing_old(qtbot, view, selection):
    view.engine.answers = False
    with qtbot.waitSignal(view.request_changed):
        canvas(view).zoom(8.0)
    assert view.why_not_current == ""
    view.take_cancellation(view.engine.last(TilesRequest))
    assert not view.is_dimmed
    selection.update(head=3, query=at(1), key=at(1))
    qtbot.waitUntil(lambda: view.is_dimmed)
    assert read_out(view) == ""
    asked = view.engine.last(MapRequest)
    view.take_result(asked, LONG.answer(asked, is_sampled=True), is_partial=True)
    assert not view.is_dimmed
    assert "first look" in view.why_not_current
    view.take_result(asked, LONG.answer(asked))
    assert view.why_not_current == ""


def test_a_head_that_was_seen_before_is_shown_at_once(view, selection):
    selection.update(head=3)
    view.engine.answers = False
    selection.update(head=1)
    assert view.why_not_current == ""
    assert view.figure().head.head == 1


def test_cancelling_the_map_of_another_text_leaves_the_old_one_dimmed(qtbot, view):
    view.engine.answers = False
    view.set_subject(Subject(make_checkpoint_info(name="gpt-test"), text_input("the next long text " * 200)))
    assert view.is_dimmed
    view.take_cancellation(view.engine.last(MapRequest))
    assert view.is_dimmed
    assert "bert-test" in view.why_not_current
    assert read_out(view) == ""


def test_until_a_text_that_turned_out_to_be_short_is_shown_the_old_one_keeps_its_name(view):
    view.engine.answers = False
    view.set_subject(Subject(make_checkpoint_info(), text_input("another text " * 200)))
    asked = view.engine.last(MapRequest)
    view.take_result(asked, LongMap(300).answer(asked))
    assert view.is_dimmed
    assert "a long text" in view.why_not_current
    answer(view, make_attention_result(tokens=LongMap(300).tokens, layers=(2,)))
    assert not view.is_dimmed


# Moving


def wheel(view, at, notches):
    event = QWheelEvent(
        QPointF(at), QPointF(canvas(view).mapToGlobal(at)), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, NO_KEY, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas(view), event)


def test_the_wheel_zooms_about_the_pointer(view):
    at = point(view, 1200, 2600)
    cell = canvas(view).cell_at(QPointF(at))
    for _ in range(20):
        wheel(view, at, 1)
    assert canvas(view).cell_at(QPointF(at)) == pytest.approx(cell, abs=8)
    assert canvas(view).viewport.scale > 10
    wheel(view, at, -100)
    assert canvas(view).viewport.is_whole


def test_dragging_pans_and_selects_nothing(qtbot, view, selection):
    look_at(qtbot, view, 2000, 2000, 10.0)
    before = canvas(view).viewport
    start = point(view, 2000, 2000)
    QTest.mousePress(canvas(view), LEFT, NO_KEY, start)
    QTest.mouseMove(canvas(view), start + QPoint(-30, 50))
    QTest.mouseRelease(canvas(view), LEFT, NO_KEY, start + QPoint(-30, 50))
    after = canvas(view).viewport
    assert (after.left - before.left, after.top - before.top) == pytest.approx((3, -5))
    assert index_of(selection.now.query) is None


def test_keys_walk_zoom_and_turn_pages(qtbot, view, selection):
    look_at(qtbot, view, 2000, 2000, 10.0)
    before = canvas(view).viewport
    QTest.keyClick(canvas(view), Qt.Key.Key_Plus)
    assert canvas(view).viewport.scale == pytest.approx(13)
    QTest.keyClick(canvas(view), Qt.Key.Key_Minus)
    QTest.keyClick(canvas(view), Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert canvas(view).viewport.top == pytest.approx(before.top + before.height / 40)
    QTest.keyClick(canvas(view), Qt.Key.Key_PageUp)
    assert canvas(view).viewport.top < before.top
    QTest.keyClick(canvas(view), Qt.Key.Key_End)
    assert canvas(view).viewport.seen.bottom == 4096
    QTest.keyClick(canvas(view), Qt.Key.Key_Home)
    assert (canvas(view).viewport.top, canvas(view).viewport.left) == (0, 0)
    QTest.keyClick(canvas(view), Qt.Key.Key_Z)
    assert canvas(view).viewport.is_whole
    QTest.keyClick(canvas(view), Qt.Key.Key_Right)
    QTest.keyClick(canvas(view), Qt.Key.Key_Up)
    assert (selection.now.layer, selection.now.head) == (1, 2)


def test_double_click_zooms_in(view):
    QTest.mouseDClick(canvas(view), LEFT, NO_KEY, point(view, 2000, 2000))
    assert canvas(view).viewport.scale == pytest.approx(2 * canvas(view).viewport.least)


def test_a_click_selects_and_shift_and_arrows_move_what_is_selected(qtbot, view, selection):
    look_at(qtbot, view, 2000, 2000, 10.0)
    QTest.mouseClick(canvas(view), LEFT, NO_KEY, point(view, 2003, 1998))
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (2003, 1998)
    assert (view.figure().scene.query_pos, view.figure().scene.key_pos) == (2003, 1998)
    for _ in range(60):
        QTest.keyClick(canvas(view), Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert index_of(selection.now.query) == 2063
    assert canvas(view).viewport.seen.bottom >= 2064


def test_the_minimap_moves_the_map_and_frames_what_is_seen(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 4.0)
    minimap = view.findChild(Minimap)
    area = minimap.area()
    assert minimap.frame().center().x() == pytest.approx(area.left() + area.width() * 2000 / 4096, abs=2)
    QTest.mousePress(minimap, LEFT, NO_KEY, QPoint(int(area.width() * 0.75), int(area.height() / 4)))
    seen = canvas(view).viewport.seen
    assert (seen.left + seen.right) / 2 == pytest.approx(3072, abs=50)
    assert (seen.top + seen.bottom) / 2 == pytest.approx(1024, abs=50)
    QTest.mouseMove(minimap, QPoint(1, 1))
    QTest.mouseRelease(minimap, LEFT, NO_KEY, QPoint(1, 1))
    assert canvas(view).viewport.seen.top == 0
    QTest.keyClick(minimap, Qt.Key.Key_Down)
    assert canvas(view).viewport.seen.top > 0


def test_a_pointer_that_comes_to_the_minimap_at_once_is_at_no_cell_any_more(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 4.0)
    QTest.mouseMove(canvas(view), canvas(view).room().center().toPoint())
    qtbot.waitUntil(lambda: canvas(view).pointed() is not None)
    minimap = view.findChild(Minimap)
    QTest.mouseMove(minimap, minimap.rect().center())
    qtbot.waitUntil(lambda: canvas(view).pointed() is None)


def test_the_minimap_shows_all_of_the_map(view):
    minimap = view.findChild(Minimap)
    picture, area = minimap.grab().toImage(), minimap.area().toRect()
    colors = {picture.pixel(x, y) for x in range(10, area.width() - 10, 3) for y in range(10, area.height() - 10, 3)}
    assert len(colors) > 20


def test_in_a_low_window_the_minimap_leaves_the_colour_bar_room(qtbot, view):
    em = canvas(view).fontMetrics().height()
    usual = view.findChild(Minimap).height()
    view.resize(700, 360)
    qtbot.waitUntil(lambda: view.findChild(Minimap).height() < usual)
    minimap = view.findChild(Minimap).geometry()
    room = canvas(view).room()
    assert minimap.height() >= 4 * em
    assert minimap.top() >= room.top() + 5 * em - 1  # the bar is at least four high
    assert canvas(view).rect().contains(minimap)
    view.resize(1000, 800)
    qtbot.waitUntil(lambda: view.findChild(Minimap).height() == usual)


# Brush


def brush(view, first, last):
    x = int(canvas(view).plot().left()) - 20
    QTest.mousePress(canvas(view), LEFT, NO_KEY, QPoint(x, point(view, first, 0).y()))
    QTest.mouseMove(canvas(view), QPoint(x, point(view, last, 0).y()))
    QTest.mouseRelease(canvas(view), LEFT, NO_KEY, QPoint(x, point(view, last, 0).y()))


def test_brushing_queries_asks_what_they_look_at(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 10.0)
    with qtbot.waitSignal(view.request_changed):
        brush(view, 1990, 2010)
    assert view.engine.last(RowsRequest) == RowsRequest("bert-test", TEXT, "encoder", 2, 1, 1990, 2011)
    expected = LONG.cells(range(1990, 2011), range(4096)).mean(0)
    np.testing.assert_allclose(view.figure().scene.pattern, expected, rtol=1e-6, atol=1e-20)
    QApplication.sendEvent(canvas(view), QEvent(QEvent.Type.Leave))
    strongest = int(expected.argmax())
    start = f"Queries 1990–2010 attend most to  “{LONG.tokens.words[strongest]}” ({strongest}) {expected.max():.3g}"
    assert read_out(view).startswith(start)
    canvas(view).grab()


def test_a_click_and_shift_click_brush_a_span_and_escape_ends_it(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 10.0)
    QTest.mouseClick(canvas(view), LEFT, NO_KEY, point(view, 2010, 2000))
    with qtbot.waitSignal(view.request_changed):
        QTest.mouseClick(canvas(view), LEFT, Qt.KeyboardModifier.ShiftModifier, point(view, 1995, 2000))
    request = view.engine.last(RowsRequest)
    assert (request.start, request.stop) == (1995, 2011)
    with qtbot.waitSignal(canvas(view).brushed):
        QTest.keyClick(canvas(view), Qt.Key.Key_Escape)
    assert view.figure().scene.brush is None


def test_the_keyboard_brushes_too(qtbot, view, selection):
    look_at(qtbot, view, 2000, 2000, 10.0)
    selection.update(query=at(2001), key=at(2000))
    QTest.keyClick(canvas(view), Qt.Key.Key_Space)
    assert view.figure().scene.brush == range(2001, 2002)
    for _ in range(3):
        QTest.keyClick(canvas(view), Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(canvas(view), Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert view.figure().scene.brush == range(1998, 2002)


def test_masks_keep_the_place_and_what_is_known_of_the_length(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 10.0)
    before = canvas(view).viewport
    view.set_subject(Subject(make_checkpoint_info(), replace(TEXT, text=replace(TEXT.text, masked=(5,)))))
    assert canvas(view).viewport == before
    assert view.engine.last(MapRequest).input.text.masked == (5,)
    assert view._lengths == {"encoder": 4096}


def test_what_was_brushed_is_asked_of_the_next_head_too(qtbot, view, selection):
    look_at(qtbot, view, 2000, 2000, 10.0)
    with qtbot.waitSignal(view.request_changed):
        brush(view, 1990, 2010)
    view.engine.answers = False
    selection.update(head=2)
    assert view.engine.last(RowsRequest).head == 2
    assert view.figure() is None or view.figure().scene.pattern is None


def test_from_afar_whole_pixels_are_brushed(qtbot, view):
    with qtbot.waitSignal(view.request_changed):
        brush(view, 1003, 1003)
    assert view.engine.last(RowsRequest).start % 8 == 0
    assert view.engine.last(RowsRequest).stop % 8 == 0


# Search and go to


def type_into(view, text):
    edit = next(edit for edit in view.findChildren(QLineEdit) if not edit.isReadOnly() and edit.isVisible())
    edit.setText(text)
    return edit


def test_searching_goes_from_match_to_match(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 10.0)
    QTest.keyClick(canvas(view), Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    edit = type_into(view, "word10")
    expected = [i for i, word in enumerate(LONG.tokens.words) if "word10" in word]
    assert find(view, "attention_search_count").text() == f"1 of {len(expected)}"
    assert view.figure().scene.matches.queries.tolist() == expected
    for step, key, modifier in (
        (1, Qt.Key.Key_F3, NO_KEY),
        (2, Qt.Key.Key_F3, NO_KEY),
        (1, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier),
        (2, Qt.Key.Key_Return, NO_KEY),
    ):
        QTest.keyClick(edit, key, modifier)
        assert view.figure().scene.matches.query == expected[step]
        seen = canvas(view).viewport.seen
        assert seen.top <= expected[step] < seen.bottom
        assert seen.left <= expected[step] < seen.right
    canvas(view).grab()
    type_into(view, "nowhere")
    assert find(view, "attention_search_count").text() == "no match"
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert len(view.figure().scene.matches.queries) == 0
    assert canvas(view).hasFocus() or not view.isActiveWindow()


def test_going_to_a_place_shows_it_large_enough_to_read(view, selection):
    QTest.keyClick(canvas(view), Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    edit = type_into(view, "3000")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    seen = canvas(view).viewport.seen
    assert (seen.top + seen.bottom) / 2 == pytest.approx(3000.5)
    assert (seen.left + seen.right) / 2 == pytest.approx(3000.5)
    assert canvas(view).viewport.scale >= 15
    type_into(view, "10, 4000")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (10, 4000)


def test_a_place_that_is_not_there_is_refused_in_a_sentence(qtbot, view):
    find(view, "attention_go_to").click()
    edit = type_into(view, "4096")
    with qtbot.waitSignal(view.noticed) as blocker:
        QTest.keyClick(edit, Qt.Key.Key_Return)
    assert blocker.args == ["There is no query 4096: they are counted from 0 to 4095."]


def test_queries_and_keys_of_different_texts_are_searched_one_after_the_other(qtbot, selection):
    view = AttentionView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.engine = Engine(view, LongMap(40, 3000))
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    find(view, "attention_search").click()
    edit = type_into(view, "word12")
    matches = view.figure().scene.matches
    assert (matches.query, matches.key) == (13, None)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert (view.figure().scene.matches.query, view.figure().scene.matches.key) == (None, 13)
    canvas(view).grab()
    view.findChild(Minimap).grab()


# Files


def svg(figure, width, height):
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setViewBox(QRectF(0, 0, width, height))
    painter = QPainter(generator)
    figure.paint(painter, QRectF(0, 0, width, height), STYLE)
    painter.end()
    return ET.fromstring(bytes(buffer.data().data()))


def images_of(root):
    links = [element.get("{http://www.w3.org/1999/xlink}href") for element in root.iter(f"{SVG}image")]
    return [QImage.fromData(base64.b64decode(link.split(",")[1])) for link in links]


def test_the_picture_in_a_file_is_cut_where_the_screen_cuts(qtbot, view):
    look_at(qtbot, view, 2000.37, 1500.81, 7.3)
    figure = view.figure()
    picture = max(images_of(svg(figure, 700, 600)), key=lambda image: image.width())
    seen, style = figure.seen, STYLE
    assert min(picture.width(), picture.height()) >= 600
    for i in range(0, picture.height(), 41):
        for j in range(0, picture.width(), 37):
            row = int(seen.top + (i + 0.5) / picture.height() * (seen.bottom - seen.top))
            column = int(seen.left + (j + 0.5) / picture.width() * (seen.right - seen.left))
            value = LONG.cells(range(row, row + 1), range(column, column + 1)).astype(np.float16)
            place = raster.levels(value.astype(np.float32), figure.scene.bar.high)[0, 0]
            assert picture.pixel(j, i) == color_maps.lookup(style.color_map)[place]


def test_a_file_has_axes_and_colour_bar_as_text(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 20.0)
    root = svg(view.figure(), 900, 700)
    texts = {"".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")}
    assert {LONG.tokens.words[2000], "2000", "attention", "to (keys) →"} <= texts


def test_the_numbers_are_those_on_screen(qtbot, view):
    look_at(qtbot, view, 2000, 2000, 20.0)
    figure = view.figure()
    numbers = figure.numbers()
    first, start = int(numbers.arrays["first_query"][0]), int(numbers.arrays["first_key"][0])
    shape = numbers.arrays["shown"].shape
    cells = LONG.cells(range(first, first + shape[0]), range(start, start + shape[1])).astype(np.float16)
    np.testing.assert_array_equal(numbers.arrays["shown"], cells.astype(np.float32))
    assert numbers.header[1] == LONG.tokens.words[start]
    assert len(numbers.rows) == shape[0]
    canvas(view).fit()
    numbers = view.figure().numbers()
    assert numbers.header[1:3] == ("0–7", "8–15")
    assert int(numbers.arrays["cells_a_side"]) == 8


@pytest.mark.parametrize("size", [(900, 700), (300, 900), (2500, 1200)])
def test_the_figure_fits_any_paper_and_its_own_size(qtbot, view, size):
    figure = view.figure()
    rect = QRectF(QPointF(), figure.natural_size(STYLE))
    assert rect.contains(figure.plot(rect, STYLE))
    view.resize(*size)
    picture = QImage(*size, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    before = (painter.pen(), painter.brush(), painter.font(), painter.transform())
    view.figure().paint(painter, QRectF(0, 0, *size), FigureStyle(DARK))
    assert (painter.pen(), painter.brush(), painter.font(), painter.transform()) == before
    painter.end()


def test_larger_letters_and_another_theme_are_followed_at_once(view):
    before = canvas(view).plot()
    font = view.font()
    font.setPointSizeF(1.5 * font.pointSizeF())
    view.setFont(font)
    assert canvas(view).plot().left() > before.left()
    view.grab()


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = AttentionView(ViewContext(selection))
        view.show()
        view.engine = Engine(view)
        view.set_subject(Subject(make_checkpoint_info(), TEXT))
        return view

    assert_collected(make)
