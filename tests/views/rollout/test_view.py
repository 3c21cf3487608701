"""Rollout beside mean attention: of all queries in a layer, or of one query in all layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QSlider

from inference.results.checkpoint import AttentionGroup
from inference.results.events import Failure
from inference.results.rollout import RolloutRequest
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info, make_long_tokens, make_rollout_result
from tests.inputs import text_input
from tests.places import at, index_of
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.kit.labels import LineLabel
from widgets.look.theme import FigureStyle
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.rollout.figure import RolloutCell, RolloutFigure
from widgets.views.rollout.options import RolloutOptions
from widgets.views.rollout.strip import SharesOfQuery
from widgets.views.rollout.view import RolloutView

TEXT = text_input("the cat")
LONG = text_input("a long text " * 400)
STYLE = FigureStyle()


@pytest.fixture
def selection(qapp):
    selection = Selection()
    selection.update(group="encoder", layer=1, query=at(2))
    return selection


@pytest.fixture
def view(qtbot, selection):
    view = watched(RolloutView(ViewContext(selection)), qtbot, 900, 650)
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    answer(view, make_rollout_result())
    return view


def canvas(view):
    return view.findChild(object, "rollout_canvas")


def choose(view, name, data):
    combo = view.findChild(QComboBox, name)
    combo.setCurrentIndex(combo.findData(data))


def center(view, cell) -> QPointF:
    figure, rect, style = canvas(view).figure, canvas(view).figure_rect(), canvas(view).style_now
    plot = next(panel.plot for panel in figure.panels(rect, style) if panel.kind == cell.kind)
    n_rows, n_keys = figure.table(cell.kind).shape
    return QPointF(
        plot.left() + (cell.key + 0.5) * plot.width() / n_keys, plot.top() + (cell.row + 0.5) * plot.height() / n_rows
    )


def read_out(view):
    return view.findChild(LineLabel, "rollout_read_out").text()


def test_of_a_short_text_all_queries_are_asked_for_at_once(view, selection):
    assert view.asked == [RolloutRequest("bert-test", TEXT, "encoder")]
    selection.update(layer=3, query=at(5))
    assert len(view.asked) == 1
    assert view.figure().caption == "Attention rollout and mean attention: layer 3, query “the” (5)"


def test_of_a_long_text_the_chosen_query(qtbot, selection):
    view = RolloutView(ViewContext(selection))
    qtbot.addWidget(view)
    asked = []
    view.request_changed.connect(asked.append)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), LONG))
    assert asked == [RolloutRequest("bert-test", LONG, "encoder", (2,))]
    tokens = make_long_tokens(600)
    answer(view, make_rollout_result(n_layers=2, tokens=tokens, queries=(2,)))
    assert view.figure().options.show == "query"
    modes = view.findChild(QComboBox, "rollout_show")
    assert modes.currentData() == "query"
    assert not modes.model().item(modes.findData("map")).isEnabled()
    assert "512 keys" in modes.model().item(modes.findData("map")).toolTip()
    selection.update(query=at(500))
    assert asked[-1] == RolloutRequest("bert-test", LONG, "encoder", (500,))
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    answer(view, make_rollout_result())
    assert modes.currentData() == "map"


def test_a_text_that_turns_out_to_be_short_gets_all_its_queries(qtbot, selection):
    view = RolloutView(ViewContext(selection))
    qtbot.addWidget(view)
    asked = []
    view.request_changed.connect(asked.append)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), LONG))
    answer(view, make_rollout_result(n_layers=2, tokens=make_long_tokens(300), queries=(2,)))
    assert asked[1] == RolloutRequest("bert-test", LONG, "encoder")


def test_both_maps_show_the_layer(view, selection):
    result = view.figure().result
    for layer in (0, 3):
        view.findChild(QSlider, "rollout_layer_slider").setValue(layer)
        assert selection.now.layer == layer
        np.testing.assert_array_equal(view.figure().table("rollout"), result.rollout[layer])
        np.testing.assert_array_equal(view.figure().table("attention"), result.attention[layer])
    choose(view, "rollout_maps", "attention")
    assert view.figure().kinds == ("attention",)


@pytest.fixture
def untouched(qtbot):
    """A view of a window in which nothing was selected yet."""
    view = watched(RolloutView(ViewContext(Selection())), qtbot, 900, 650)
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    answer(view, make_rollout_result())
    return view


def test_it_begins_with_the_last_layer_as_both_maps_are_alike_in_the_first(untouched):
    slider = untouched.findChild(QSlider, "rollout_layer_slider")
    assert (untouched.figure().layer, slider.value()) == (3, 3)
    assert "the last layer, as none is chosen" in untouched.findChild(LineLabel, "rollout_caption").text()
    assert untouched.selection.now.layer == 0  # other views begin where they did
    slider.setValue(0)
    assert untouched.figure().layer == 0
    assert "no layer is chosen" not in untouched.findChild(LineLabel, "rollout_caption").text()


@pytest.mark.parametrize("chosen", [{"layer": 1}, {"head": 1}])
def test_a_layer_or_a_head_that_is_chosen_is_followed(untouched, chosen):
    untouched.selection.update(**chosen)
    assert untouched.figure().layer == chosen.get("layer", 0)
    untouched.selection.update(layer=0, head=0)
    assert untouched.figure().layer == 0


def test_the_first_layer_is_chosen_by_a_click_on_its_row(untouched):
    choose(untouched, "rollout_show", "query")
    cell = center(untouched, RolloutCell("rollout", 0, 4)).toPoint()
    QTest.mouseClick(canvas(untouched), Qt.MouseButton.LeftButton, pos=cell)
    assert untouched.figure().layer == 0


def test_the_bars_are_those_of_the_chosen_query(view):
    QTest.mouseClick(canvas(view), Qt.MouseButton.LeftButton, pos=center(view, RolloutCell("rollout", 7, 3)).toPoint())
    assert (index_of(view.selection.now.query), index_of(view.selection.now.key)) == (7, 3)
    figure = view.figure()
    np.testing.assert_array_equal(figure.row_of("rollout"), figure.result.rollout[1, 7])
    strongest = int(figure.result.rollout[1, 7].argmax())
    QTest.mouseMove(canvas(view), canvas(view).rect().bottomRight())
    assert figure.strongest("rollout")[0][0] == strongest


def test_one_query_in_every_layer(view, selection):
    choose(view, "rollout_show", "query")
    figure = view.figure()
    np.testing.assert_array_equal(figure.table("rollout"), figure.result.rollout[:, 2])
    QTest.mouseClick(
        canvas(view), Qt.MouseButton.LeftButton, pos=center(view, RolloutCell("attention", 3, 4)).toPoint()
    )
    assert (selection.now.layer, index_of(selection.now.key), index_of(selection.now.query)) == (3, 4, 2)
    np.testing.assert_array_equal(view.figure().row_of("attention"), figure.result.attention[3, 2])


def test_words_of_the_text_are_quoted(view, selection):
    selection.update(layer=1, query=at(4))
    key, share = view.figure().strongest("rollout")[0]
    words = view.figure().result.key_tokens.words
    assert read_out(view).startswith(f"“on” (4) comes most from  “{words[key]}” ({key}) {share:.3g}")


def test_pointing_says_what_the_number_means(view, qtbot):
    value = view.figure().result.rollout[1, 4, 6]
    qtbot.mouseMove(canvas(view), center(view, RolloutCell("rollout", 4, 6)).toPoint())
    assert "comes to “on” (4) from “mat” (6), up to layer 1" in read_out(view)
    assert f"{value:.3g}" in read_out(view)
    qtbot.mouseMove(canvas(view), center(view, RolloutCell("attention", 4, 6)).toPoint())
    assert "mean attention of “on” (4) goes to “mat” (6), in layer 1" in read_out(view)


def test_where_keys_are_narrower_than_pixels_the_strongest_near_is_pointed_at(qapp):
    result = make_rollout_result(n_layers=2, tokens=make_long_tokens(900), queries=(2,))
    result.rollout[0, 0, 451] = 0.9
    figure, rect = RolloutFigure(result, 0, 2, RolloutOptions(show="query")), QRectF(0, 0, 300, 400)
    plot = figure.panels(rect, STYLE)[0].plot
    point = QPointF(plot.left() + 450 / 900 * plot.width(), plot.top() + 2)
    assert figure.spot_at(point, rect, STYLE) == RolloutCell("rollout", 0, 451)


def test_own_places_can_be_left_out(view):
    view.findChild(QCheckBox, "rollout_hide_own").setChecked(True)
    figure = view.figure()
    assert figure.row_of("rollout")[2] == 0
    assert 2 not in [key for key, _ in figure.strongest("rollout")]
    assert "own places left out" in figure.caption
    assert figure.numbers().arrays["rollout"][1, 2, 2] > 0  # the numbers stay


def test_what_is_a_querys_own_does_not_darken_all_else():
    plain = make_rollout_result(tokens=make_long_tokens(100))
    rollout = np.full_like(plain.rollout, 0.4 / 99)
    rollout[:, range(100), range(100)] = np.linspace(0.6, 0.7, 100)
    figure = RolloutFigure(replace(plain, rollout=rollout), 1, 2)
    assert figure.caption.endswith("above the colour bar: rollout up to 0.7")
    assert "\N{GREATER-THAN OR EQUAL TO} 0.0041" in texts_of(figure)
    assert float(figure.table("rollout")[3, 3]) > 0.6  # what is read out is what it is
    assert "colour bar" not in RolloutFigure(replace(plain, rollout=rollout), 1, 2, RolloutOptions(scale="log")).caption


def test_bars_take_what_wide_maps_leave_free_and_give_way_to_low_ones():
    figure, em = RolloutFigure(make_rollout_result(), 1, 2), QFontMetricsF(STYLE.font).height()
    heights = (12 * em, 23 * em, 50 * em)
    least, low, high = (figure.panels(QRectF(0, 0, 45 * em, height), STYLE)[0] for height in heights)
    assert low.strip.height() < 3 * em < 7 * em < high.strip.height()
    assert low.strip.bottom() <= 23 * em + 1
    assert high.strip.bottom() <= 50 * em
    assert least.strip.isEmpty()
    assert least.plot.bottom() > 11 * em


def test_bars_are_kept_in_low_windows(qapp):
    """Presented, the maps had all of the height."""
    figure, em = RolloutFigure(make_rollout_result(), 1, 2), QFontMetricsF(STYLE.font).height()
    panel = figure.panels(QRectF(0, 0, 60 * em, 18 * em), STYLE)[0]
    assert panel.strip.height() > em
    assert panel.strip.bottom() <= 18 * em
    assert panel.strip.top() - panel.plot.bottom() > em  # for their title


def test_only_keys_that_are_named_take_room_above_low_maps(qapp):
    em = QFontMetricsF(STYLE.font).height()
    words = ["word"] * 60
    words[33] = "incomprehensibilities"
    tokens = replace(make_long_tokens(60), words=tuple(words))
    figure, rect = RolloutFigure(make_rollout_result(tokens=tokens), 1, 2), QRectF(0, 0, 60 * em, 20 * em)
    panel = figure.panels(rect, STYLE)[0]
    assert panel.top < 5 * em
    assert panel.plot.height() > 9 * em
    words[0] = "incomprehensibilities"  # which is named always
    other = RolloutFigure(make_rollout_result(tokens=replace(tokens, words=tuple(words))), 1, 2)
    assert other.panels(rect, STYLE)[0].top > 8 * em


def test_a_querys_own_share_does_not_flatten_the_bars_of_all_others(qapp):
    plain = make_rollout_result(tokens=make_long_tokens(100))
    row = np.full(100, 0.004, np.float32)
    row[2], row[60] = 0.6, 0.008
    rollout = np.broadcast_to(row, plain.rollout.shape)
    figure = RolloutFigure(replace(plain, rollout=rollout), 1, 2)
    assert any("comes from (itself 0.6, others up to 0.008)" in text for text in texts_of(figure))
    bars = SharesOfQuery(row, 2)
    assert bars.is_cut
    assert bars.high == np.float32(0.008)
    image = QImage(400, 100, QImage.Format.Format_RGB32)
    image.fill(STYLE.theme.paper)
    with QPainter(image) as painter:
        bars.paint(painter, QRectF(0, 0, 400, 100), STYLE)

    def is_bar(key, height):
        return image.pixelColor(4 * key + 2, 100 - height) == STYLE.theme.accent

    assert [is_bar(60, height) for height in (10, 45, 95)] == [True] * 3
    assert [is_bar(61, height) for height in (10, 45, 55)] == [True, True, False]
    assert is_bar(2, 50)
    assert not all(is_bar(2, height) for height in range(88, 100))  # a gap: it goes on
    few = SharesOfQuery(np.array([0.08, 0.7, 0.08, 0.08], np.float32), 1)
    image.fill(STYLE.theme.paper)
    with QPainter(image) as painter:
        few.paint(painter, QRectF(0, 0, 400, 100), STYLE)
    middles = [[image.pixelColor(x, y) == STYLE.theme.accent for y in range(2, 98)] for x in (50, 82, 150, 218, 250)]
    assert [all(column) for column in middles] == [True, True, False, True, True]  # its neighbours are whole
    even = SharesOfQuery(np.full(100, 0.01, np.float32), 2)
    assert not even.is_cut
    assert not SharesOfQuery(np.array([1.0, 0, 0], np.float32), 0).is_cut  # of one that sees nothing but itself


def test_bars_that_touch_have_no_stripes_between_them(qapp):
    image = QImage(290, 100, QImage.Format.Format_RGB32)
    image.fill(STYLE.theme.paper)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        SharesOfQuery(np.full(256, 0.01, np.float32), 2).paint(painter, QRectF(0, 0, 290, 100), STYLE)
    assert {image.pixelColor(x, 50).name() for x in range(2, 288)} == {STYLE.theme.accent.name()}


def test_what_is_next_to_nothing_is_not_told_as_the_strongest(qapp):
    result = make_rollout_result()
    result.rollout[1, 2] = 1e-6
    result.rollout[1, 2, :3] = 0.25, 0.25, 0.5
    assert [key for key, _ in RolloutFigure(result, 1, 2).strongest("rollout")] == [2, 0, 1]


def test_a_group_that_cannot_be_rolled_out_says_why(qtbot, selection):
    groups = (AttentionGroup("encoder", "Encoder", (4,) * 4), AttentionGroup("cross", "Cross attention", (4,) * 4))
    view = RolloutView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(groups=groups), TEXT))
    answer(view, make_rollout_result())
    selection.update(group="cross")
    assert view.figure() is None  # never another group's picture
    why = "Cross attention joins two sequences; attention is rolled out within one."
    fail(view, Failure("refused", why))
    empty = view.findChild(object, "rollout_empty")
    assert empty.isVisible()
    assert empty.text() == why
    selection.update(group="encoder")
    assert view.figure() is not None


def test_a_failure_keeps_the_old_picture(view, qtbot):
    before = view.figure().result
    with qtbot.waitSignal(view.noticed):
        fail(view, Failure("refused", "No."))
    assert view.figure().result is before
    assert canvas(view).isVisible()


@pytest.mark.parametrize("mode", ["map", "query"])
@pytest.mark.parametrize("scale", ["raw", "row", "log"])
def test_the_figure_has_its_titles_and_numbers(qapp, mode, scale):
    figure = RolloutFigure(make_rollout_result(), 1, 2, RolloutOptions(show=mode, scale=scale))
    texts = " ".join(texts_of(figure))
    assert "Rollout" in texts
    assert "Mean attention of" in texts
    numbers = figure.numbers()
    assert len(numbers.rows) == 13
    np.testing.assert_allclose(sum(row[2] for row in numbers.rows), 1, atol=1e-5)
    assert numbers.arrays["attention"].shape == (4, 13, 13)


def test_a_long_row_is_painted_without_losing_a_peak(qapp):
    result = make_rollout_result(n_layers=2, tokens=make_long_tokens(900), queries=(2,))
    result.attention[0, 0, 533] = 0.9
    figure = RolloutFigure(result, 0, 2, RolloutOptions(show="query", maps="attention"))
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(STYLE.theme.paper)
    painter, rect = QPainter(image), QRectF(0, 0, 400, 300)
    figure.paint(painter, rect, STYLE)
    painter.end()
    strip = figure.panels(rect, STYLE)[0].strip
    x = int(strip.left() + 533 / 900 * strip.width())
    column = [image.pixelColor(x + d, int(strip.top() + 2)) for d in (-1, 0, 1)]
    assert any(color != STYLE.theme.paper for color in column)


def test_other_colours_are_taken_over(view):
    view.changeEvent(QEvent(QEvent.Type.PaletteChange))
    assert canvas(view).image().width() > 0


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    names = ("rollout_layer_slider", "rollout_layer_number", "rollout_show", "rollout_maps", "rollout_scale")
    for name in (*names, "rollout_hide_own", "rollout_canvas"):
        control = view.findChild(object, name)
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: RolloutView(ViewContext()))
