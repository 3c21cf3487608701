"""The heat map shows the selected head: its numbers, its colours, and what the user makes of them."""

import base64
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QEvent, QIODevice, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QWheelEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from inference.results.attention import AttentionRequest
from inference.results.events import Failure
from tests.answers import answer, fail
from tests.factories import PAIR, make_attention_result, make_checkpoint_info, make_long_tokens, make_tokens
from tests.inputs import text_input
from tests.places import at, index_of
from widgets.context import ViewContext
from widgets.figures.labels import AxisLabels
from widgets.kit.figure_canvas import HINTS
from widgets.look import color_maps, raster
from widgets.look.theme import FigureStyle
from widgets.selection import Position, Selection
from widgets.subject import Subject
from widgets.views.attention.figure import AttentionFigure, MapPart
from widgets.views.attention.options import AttentionOptions
from widgets.views.attention.view import AttentionView

TOKENS = make_tokens()
STYLE = FigureStyle()
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def selection(qapp):
    selection = Selection()
    selection.update(group="encoder", layer=2, head=1)
    return selection


@pytest.fixture
def view(qtbot, selection):
    view = AttentionView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    answer(view, make_attention_result(layers=(2,)))
    return view


def heat_map(view):
    return view.focusProxy().focusProxy()


def choose(view, name, data):
    combo = next(combo for combo in view.findChildren(object) if combo.objectName() == name)
    combo.setCurrentIndex(combo.findData(data))


def check(view, name):
    next(box for box in view.findChildren(object) if box.objectName() == name).click()


def read_out(view):
    return heat_map(view).accessibleDescription()


def click(view, row, column):
    point = heat_map(view).cell_center(row, column).toPoint()
    QTest.mouseClick(heat_map(view), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)


def wheel(view, row, column, notches):
    target, point = heat_map(view), heat_map(view).cell_center(row, column)
    event = QWheelEvent(
        point,
        QPointF(target.mapToGlobal(point.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(target, event)


# What is asked, what is shown


def test_asks_for_all_heads_of_the_selected_layer(qtbot, selection):
    view = AttentionView(ViewContext(selection))
    qtbot.addWidget(view)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    asked = []
    view.request_changed.connect(asked.append)
    view.show()
    assert asked == [AttentionRequest("bert-test", text_input("the cat"), "encoder", layers=(2,), heads=())]
    selection.update(head=3)
    assert len(asked) == 1
    selection.update(layer=0)
    assert asked[1].layers == (0,)


def test_shows_the_selected_layer_and_head(view, selection):
    pattern = make_attention_result().pattern
    np.testing.assert_array_equal(view.figure().values, pattern[2, 1])
    selection.update(head=3)
    np.testing.assert_array_equal(view.figure().values, pattern[2, 3])
    assert view.figure().caption == "Layer 2, head 3"


def test_the_old_layer_stays_until_the_new_one_is_there(view, selection):
    selection.update(layer=3, head=2)
    assert (view.figure().layer, view.figure().head) == (2, 2)
    answer(view, make_attention_result(layers=(3,)))
    assert (view.figure().layer, view.figure().head) == (3, 2)


def test_a_failure_keeps_the_old_picture(view, qtbot):
    before = view.figure()
    with qtbot.waitSignal(view.noticed) as blocker:
        fail(view, Failure("refused", "The text is too long."))
    assert blocker.args == ["The text is too long."]
    assert view.figure() is before


@pytest.mark.parametrize("words", ["[CLS]", "the", "[CLS] [SEP]"])
def test_shows_the_shortest_texts(view, words):
    answer(view, make_attention_result(tokens=make_tokens(words), layers=(2,)))
    check(view, "attention_hide_special")
    view.grab()
    assert view.figure().values.size == len(words.split()) ** 2


def test_shows_300_tokens_and_labels_that_do_not_overlap(view):
    answer(view, make_attention_result(tokens=make_long_tokens(300), layers=(2,)))
    view.grab()
    assert len(texts_of(svg(view.figure(), 800, 700))) < 150


def test_shows_queries_and_keys_of_different_length(view):
    keys = make_tokens(PAIR)
    answer(view, make_attention_result(tokens=TOKENS, key_tokens=keys, layers=(2,)))
    view.grab()
    assert view.figure().values.shape == (len(TOKENS), len(keys))


# Numbers


def brute_force(pattern, tokens, *, hide_special, merge_words):
    """Sum over key pieces, mean over query pieces, cell by cell."""
    units: list[list[int]] = []
    for position in range(len(tokens)):
        if merge_words and units and not tokens.starts_word[position]:
            units[-1].append(position)
        else:
            units.append([position])
    if hide_special:
        units = [unit for unit in units if not tokens.is_special[unit[0]]]
    return np.array([[np.mean([sum(pattern[q, k] for k in keys) for q in rows]) for keys in units] for rows in units])


@pytest.mark.parametrize("hide_special", [False, True])
@pytest.mark.parametrize("merge_words", [False, True])
def test_hidden_and_merged_numbers_equal_a_plain_computation(hide_special, merge_words):
    result = make_attention_result()
    for tokens in (TOKENS, make_tokens("[CLS] a ##b ##c [SEP] d ##e [SEP]"), make_tokens("x ##y")):
        result = make_attention_result(tokens=tokens)
        figure = AttentionFigure(result, 1, 2, AttentionOptions(hide_special=hide_special, merge_words=merge_words))
        expected = brute_force(result.pattern[1, 2], tokens, hide_special=hide_special, merge_words=merge_words)
        np.testing.assert_allclose(figure.values, expected, rtol=1e-5)


def test_merged_rows_still_sum_to_one():
    figure = AttentionFigure(make_attention_result(), 0, 0, AttentionOptions(merge_words=True))
    np.testing.assert_allclose(figure.values.sum(-1), 1, atol=1e-5)
    assert "mattress" in figure.keys.labels


def test_the_mean_and_the_maximum_are_over_all_heads_of_the_layer():
    result = make_attention_result()
    mean, highest = (AttentionFigure(result, 1, 0, AttentionOptions(aggregate)) for aggregate in ("mean", "max"))
    np.testing.assert_allclose(mean.values, result.pattern[1].mean(0))
    np.testing.assert_array_equal(highest.values, result.pattern[1].max(0))


def test_the_maximum_of_words_is_taken_over_heads_and_not_over_pieces():
    result = make_attention_result()
    merged = [AttentionFigure(result, 1, head, AttentionOptions(merge_words=True)).values for head in result.heads]
    values = AttentionFigure(result, 1, 0, AttentionOptions("max", merge_words=True)).values
    np.testing.assert_allclose(values, np.max(merged, axis=0), rtol=1e-6)


def test_per_row_divides_by_the_maximum_of_the_row():
    result = make_attention_result()
    pattern = result.pattern[0, 0].copy()
    pattern[3] = 0  # a query that sees nothing
    result = replace(result, pattern=np.broadcast_to(pattern, result.pattern.shape))
    values = AttentionFigure(result, 0, 0, AttentionOptions(scale="row")).values
    assert values[3].tolist() == [0] * len(TOKENS)
    others = np.delete(np.arange(len(TOKENS)), 3)
    np.testing.assert_allclose(values[others], (pattern / pattern.max(-1, keepdims=True, initial=1e-9))[others])


def test_logarithmic_colours_leave_the_numbers_alone():
    result = make_attention_result()
    figure = AttentionFigure(result, 0, 0, AttentionOptions(scale="log"))
    np.testing.assert_array_equal(figure.values, result.pattern[0, 0])
    assert figure.bar.scale == "log"


def test_the_exported_pattern_is_that_of_the_result_and_the_table_what_is_shown():
    result = make_attention_result()
    figure = AttentionFigure(result, 1, 2, AttentionOptions(hide_special=True), MapPart(range(2, 5), range(1, 4)))
    numbers = figure.numbers()
    assert numbers.arrays["pattern"] is result.pattern
    assert numbers.arrays["tokens"].tolist() == list(TOKENS.words)
    assert numbers.header == ("from \\ to", "cat", "sat", "on")
    assert [row[0] for row in numbers.rows] == ["sat", "on", "the"]
    np.testing.assert_array_equal([row[1:] for row in numbers.rows], result.pattern[1, 2, 3:6, 2:5])


# Colours and geometry


@pytest.mark.parametrize("part", [None, MapPart(range(3, 8), range(2, 7)), MapPart(range(4), range(9, 13))])
@pytest.mark.parametrize("scale", ["raw", "row", "log"])
def test_every_cell_has_the_colour_of_its_value(view, scale, part):
    choose(view, "attention_scale", scale)
    heat_map(view).part_changed.emit(part)
    figure, style = view.figure(), view.style_now()
    image = heat_map(view).image()
    places = raster.levels(figure.values, figure.bar.high, figure.bar.scale)
    plot = figure.plot(heat_map(view).figure_rect(), style)
    for row in figure.shown.rows:
        for column in figure.shown.columns:
            # Near the corner, where no value is written.
            point = (figure.cell_rect(row, column, plot).topLeft() + QPointF(2, 2)).toPoint()
            assert image.pixel(point) == color_maps.lookup(style.color_map)[places[row, column]]


@pytest.mark.parametrize("size", [(300, 250), (640, 480), (1301, 977)])
@pytest.mark.parametrize("part", [None, MapPart(range(3, 8), range(2, 7))])
def test_the_cell_under_a_point_is_the_one_painted_there(view, size, part):
    figure = view.figure().seen(part=part)
    plot = figure.plot(QRectF(3, 5, *size), STYLE)
    for row in figure.shown.rows:
        for column in figure.shown.columns:
            box = figure.cell_rect(row, column, plot)
            for point in (box.center(), box.topLeft() + QPointF(0.01, 0.01), box.bottomRight() - QPointF(0.01, 0.01)):
                assert figure.cell_at(point, plot) == (row, column)
    assert figure.cell_at(plot.topLeft() - QPointF(1, 1), plot) is None
    assert figure.cell_at(plot.bottomRight() + QPointF(1, 1), plot) is None


def test_missing_numbers_are_painted_in_their_own_colour(view):
    result = make_attention_result(layers=(2,))
    pattern = result.pattern.copy()
    pattern[0, 1, 4, 4] = np.nan
    answer(view, replace(result, pattern=pattern))
    point = heat_map(view).cell_center(4, 4) - QPointF(8, 8)
    assert heat_map(view).image().pixel(point.toPoint()) == view.style_now().theme.missing.rgb()


@pytest.mark.parametrize(("n_queries", "n_keys"), [(1, 1), (2, 40), (13, 13), (60, 3), (128, 128), (300, 300)])
def test_the_natural_size_holds_everything_and_little_else(qapp, n_queries, n_keys):
    result = make_attention_result(tokens=make_long_tokens(n_queries), key_tokens=make_long_tokens(n_keys))
    figure = AttentionFigure(result, 0, 0)
    rect = QRectF(QPointF(), figure.natural_size(STYLE))
    plot = figure.plot(rect, STYLE)
    assert rect.contains(plot)
    em = QFontMetricsF(STYLE.font).height()
    assert rect.bottom() - plot.bottom() < 4.5 * em
    assert plot.width() > 0.5 * rect.width() or n_keys < 20


# What the user does


def test_a_click_selects_query_and_key(view, selection):
    click(view, 3, 5)
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (3, 5)
    assert (view.figure().query_pos, view.figure().key_pos) == (3, 5)
    assert read_out(view).startswith(f"“sat” → “the”  {view.figure().values[3, 5]:.4f}")


def test_a_click_selects_positions_of_tokens_where_some_are_hidden_and_merged(view, selection):
    check(view, "attention_hide_special")
    check(view, "attention_merge_words")
    assert view.figure().keys.labels[5:7] == ("mattress", "because")
    click(view, 6, 5)
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (8, 6)
    assert read_out(view).startswith("“because” → “mattress”")
    assert "special tokens hidden" in read_out(view)
    assert "special tokens hidden" in view.figure().caption
    assert "sum over a key's pieces" in view.figure().caption
    selection.update(key=at(7))  # the second piece of the same word
    assert read_out(view).startswith("“because” → “mattress”")
    selection.update(key=at(0))  # [CLS] is hidden: nothing to read
    assert "→" not in read_out(view)


def test_the_pointer_reads_the_exact_value(view):
    QTest.mouseMove(heat_map(view), heat_map(view).cell_center(2, 3).toPoint())
    assert read_out(view).startswith(f"“cat” → “sat”  {view.figure().values[2, 3]:.4f}")
    view.grab()
    QApplication.sendEvent(heat_map(view), QEvent(QEvent.Type.Leave))
    assert "→" not in read_out(view)


def test_a_weight_below_four_digits_is_told_with_two_that_count(view):
    result = make_attention_result(layers=(2,))
    pattern = result.pattern.copy()
    pattern[..., 2, 3] = 4.9e-07
    answer(view, replace(result, pattern=pattern))
    click(view, 2, 3)
    assert read_out(view).startswith("“cat” → “sat”  4.9·10⁻⁷")


def test_arrow_keys_walk_through_heads_and_layers(view, selection):
    for key, expected in (
        (Qt.Key.Key_Right, (2, 2)),
        (Qt.Key.Key_Left, (2, 1)),
        (Qt.Key.Key_Left, (2, 0)),
        (Qt.Key.Key_Left, (2, 0)),
        (Qt.Key.Key_Down, (3, 0)),
        (Qt.Key.Key_Down, (3, 0)),
        (Qt.Key.Key_Up, (2, 0)),
    ):
        QTest.keyClick(heat_map(view), key)
        assert (selection.now.layer, selection.now.head) == expected


def test_shift_and_arrow_keys_move_the_cell_and_the_zoomed_part_follows(view, selection):
    click(view, 3, 3)
    wheel(view, 3, 3, 10)
    assert len(view.figure().shown.rows) == 4
    for _ in range(9):
        QTest.keyClick(heat_map(view), Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (12, 3)
    assert 12 in view.figure().shown.rows
    QTest.keyClick(heat_map(view), Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert index_of(selection.now.key) == 4


def test_zooming_keeps_the_cell_under_the_pointer_and_ends_at_four(view):
    for notches in (1, 1, 2, 5, 20):
        wheel(view, 6, 6, notches)
        assert 6 in view.figure().shown.rows
        assert 6 in view.figure().shown.columns
    assert [len(cells) for cells in view.figure().shown] == [4, 4]
    wheel(view, 6, 6, -50)
    assert view.figure().part is None


def test_plus_minus_z_and_double_click(view):
    QTest.keyClick(heat_map(view), Qt.Key.Key_Plus)
    assert len(view.figure().shown.rows) < len(TOKENS)
    QTest.keyClick(heat_map(view), Qt.Key.Key_Minus)
    QTest.keyClick(heat_map(view), Qt.Key.Key_Minus)
    assert view.figure().part is None
    QTest.keyClick(heat_map(view), Qt.Key.Key_Plus)
    QTest.keyClick(heat_map(view), Qt.Key.Key_Z)
    assert view.figure().part is None
    QTest.keyClick(heat_map(view), Qt.Key.Key_Plus)
    QTest.mouseDClick(heat_map(view), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 300))
    assert view.figure().part is None


def test_dragging_pans_and_selects_nothing(view, selection):
    wheel(view, 6, 6, 4)
    before = view.figure().shown
    target = heat_map(view)
    start, end = target.cell_center(6, 6).toPoint(), target.cell_center(4, 6).toPoint()
    QTest.mousePress(target, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(target, end)
    QTest.mouseRelease(target, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    after = view.figure().shown
    assert (after.rows.start - before.rows.start, after.columns) == (2, before.columns)
    assert index_of(selection.now.query) is None


def test_another_head_keeps_the_zoom_and_another_text_does_not(view, selection):
    wheel(view, 6, 6, 4)
    part = view.figure().part
    selection.update(head=2)
    assert view.figure().part == part
    answer(view, make_attention_result(tokens=make_tokens(PAIR), layers=(2,)))
    assert view.figure().part is None


def test_labels_are_painted_once_for_all_heads_and_again_for_what_changes_them(view, selection, monkeypatch):
    painted = []
    paint_axes = AttentionFigure.paint_axes
    monkeypatch.setattr(AttentionFigure, "paint_axes", lambda *args: (painted.append(1), paint_axes(*args)))
    canvas = heat_map(view)

    def n_painted(**selected):
        painted.clear()
        selection.update(**selected)
        shown = canvas.image()
        n, fresh = len(painted), shown.copy()
        fresh.fill(canvas.style_now.theme.paper)
        with QPainter(fresh) as painter:
            painter.setRenderHints(HINTS)
            canvas.figure.paint(painter, canvas.figure_rect(), canvas.style_now)
        assert shown == fresh
        return n

    n_painted(head=0)
    assert [n_painted(head=1), n_painted(head=0)] == [0, 0]
    assert n_painted(query=Position("text", 2)) == 1
    assert n_painted(key=Position("text", 3)) == 1
    canvas.zoom(2.0)
    assert n_painted(head=1) == 1
    view.resize(700, 600)
    assert n_painted(head=0) == 1


def test_larger_letters_and_another_theme_are_followed_at_once(view):
    before = view.figure().plot(heat_map(view).figure_rect(), view.style_now())
    font = view.font()
    font.setPointSizeF(2 * font.pointSizeF())
    view.setFont(font)
    style = heat_map(view).style_now
    assert style.font.pointSizeF() == font.pointSizeF()
    assert view.figure().plot(heat_map(view).figure_rect(), style).width() < before.width()
    view.grab()


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    for name in ("aggregate", "scale", "hide_special", "merge_words", "zoom_in", "zoom_out", "fit", "map"):
        control = next(child for child in view.findChildren(object) if child.objectName() == f"attention_{name}")
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


# Of what it is


def asked_for(view, layer):
    return AttentionRequest("bert-test", text_input("the cat"), "encoder", layers=(layer,))


def line(view):
    return next(child for child in view.findChildren(object) if child.objectName() == "attention_read_out").text()


def test_an_old_layer_is_dimmed_and_has_no_numbers_until_the_new_one_is_there(view, selection, qtbot):
    selection.update(query=at(3), key=at(5))
    assert "→" in line(view)
    selection.update(layer=3)
    qtbot.waitUntil(lambda: view.is_dimmed)
    assert line(view) == read_out(view) == ""
    selection.update(head=2)  # the old layer's head is shown meanwhile
    QTest.keyClick(heat_map(view), Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert line(view) == read_out(view) == ""
    before = view.figure().result
    view.take_result(asked_for(view, 2), make_attention_result(layers=(2,), seed=7))  # came too late
    assert view.figure().result is before
    assert view.is_dimmed
    view.take_result(asked_for(view, 3), make_attention_result(layers=(3,)))
    assert not view.is_dimmed
    assert view.why_not_current == ""
    assert "→" in line(view)


def test_another_checkpoint_dims_at_once_and_names_the_old_one(view):
    view.set_subject(Subject(make_checkpoint_info(name="gpt-test"), text_input("the cat")))
    assert view.is_dimmed
    assert "bert-test  ·  the cat" in view.why_not_current


def test_a_cancel_and_a_failure_dim_and_say_why(view, selection):
    selection.update(layer=3)
    view.take_cancellation(asked_for(view, 3))
    assert view.is_dimmed
    assert "Cancelled" in view.why_not_current
    selection.update(layer=1)
    fail(view, Failure("refused", "It is too long."))
    assert view.is_dimmed
    assert "It is too long." in view.why_not_current


def test_a_refused_text_leaves_the_map_dimmed(view, selection):
    view.refuse("The text has 9 tokens; at most 5 are allowed.")
    assert view.is_dimmed
    selection.update(query=at(1), key=at(2))
    assert line(view) == ""


def test_options_are_kept_by_sessions(view):
    assert view.options_state() == {}
    choose(view, "attention_aggregate", "mean")
    choose(view, "attention_scale", "log")
    check(view, "attention_merge_words")
    state = view.options_state()
    assert state == {"attention": {"aggregate": "mean", "scale": "log", "merge_words": True}}
    choose(view, "attention_scale", "row")
    view.set_options_state(state)
    assert view.figure().options == AttentionOptions("mean", "log", merge_words=True)


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


def texts_of(root):
    return ["".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")]


def test_an_svg_has_the_tokens_as_text_and_a_picture_large_enough(view):
    root = svg(view.figure(), 700, 600)
    assert set(TOKENS.words) <= set(texts_of(root))
    images = [element.get("{http://www.w3.org/1999/xlink}href") for element in root.iter(f"{SVG}image")]
    sizes = [QImage.fromData(base64.b64decode(image.split(",")[1])).width() for image in images]
    assert max(sizes) >= 600


def test_painting_leaves_the_painter_as_it_was(view):
    image = QImage(400, 400, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    before = (painter.pen(), painter.brush(), painter.font(), painter.transform())
    view.figure().paint(painter, QRectF(0, 0, 400, 400), STYLE)
    assert (painter.pen(), painter.brush(), painter.font(), painter.transform()) == before
    painter.end()


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = AttentionView(ViewContext(selection))
        view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
        answer(view, make_attention_result(layers=(2,)))
        return view

    assert_collected(make)


def test_limits_of_the_colours_are_heeded_said_and_kept_in_order():
    result = make_attention_result()
    figure = AttentionFigure(result, 0, 0, AttentionOptions(low=0.1, high=0.3))
    assert (figure.bar.low, figure.bar.high) == (0.1, 0.3)
    assert figure.caption.endswith("colours from 0.1 to 0.3")
    assert [text for _, text in figure.bar.ticks()] == [
        "0.10",
        "0.15",
        "0.20",
        "0.25",
        "\N{GREATER-THAN OR EQUAL TO} 0.3",
    ]
    assert [height for height, _ in figure.bar.ticks()] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    places = raster.levels(np.array([0.0, 0.1, 0.2, 0.3, 0.9]), figure.bar.high, low=figure.bar.low)
    assert places.tolist() == [0, 0, 128, 255, 255]
    crossed = AttentionFigure(result, 0, 0, AttentionOptions(low=0.5, high=0.3))
    assert crossed.bar.low == 0
    assert "colours from 0.5 are not heeded" in crossed.caption
    plain = AttentionFigure(result, 0, 0, AttentionOptions())
    assert "colours" not in plain.caption


def test_a_few_cells_far_beyond_all_others_leave_these_their_colours():
    plain = make_attention_result(tokens=make_long_tokens(40))
    pattern = np.full_like(plain.pattern, 0.02)
    pattern[0, 0, 3, 4], pattern[0, 0, 7, 7] = 0.9, 0.5
    result = replace(plain, pattern=pattern)
    figure = AttentionFigure(result, 0, 0)
    assert (figure.bar.high, figure.bar.ticks()[-1]) == (0.02, (1.0, "\N{GREATER-THAN OR EQUAL TO} 0.02"))
    assert figure.caption.endswith("2 values beyond the last colour, up to 0.9")
    assert float(figure.probabilities[3, 4]) == pytest.approx(0.9)  # what is read out is what it is
    chosen = AttentionFigure(result, 0, 0, AttentionOptions(high=0.6))
    assert (chosen.bar.high, "beyond" in chosen.caption) == (0.6, False)
    from_above = AttentionFigure(result, 0, 0, AttentionOptions(low=0.3))
    assert (from_above.bar.low, from_above.bar.high) == (0.3, pytest.approx(0.9))
    assert AttentionFigure(result, 0, 1).bar.high == pytest.approx(0.02)


@pytest.mark.parametrize("width", range(500, 1100, 40))
def test_the_axis_titles_and_labels_stay_inside_however_far_labels_turn(qapp, width):
    tokens = make_tokens(" ".join(["[CLS]", *["yellow-balloon", "small"] * 9, "[SEP]"]))
    figure = AttentionFigure(make_attention_result(tokens=tokens, layers=(0,)), 0, 0)
    rect = QRectF(0, 0, width, 480)
    layout = figure._layout(rect, STYLE)
    em = QFontMetricsF(STYLE.font).height()
    assert layout.plot.top() - layout.top.extent - 1.8 * em >= rect.top() - 1
    assert layout.plot.bottom() <= rect.bottom()


def test_no_label_stands_half_behind_the_selected_one(qapp):
    labels = AxisLabels.left(tuple("abcdefghij"), 5.0, QFontMetricsF(STYLE.font), 200)
    assert labels.step > 1
    step = labels.step
    assert list(labels.shown()) == labels.shown_beside(None)
    marked = step + 1
    assert all(cell == marked or abs(cell - marked) >= step for cell in labels.shown_beside(marked))
    assert labels.shown_beside(marked)


def test_the_label_of_a_special_token_says_what_it_is(view, qtbot):
    plot = view.figure().plot(heat_map(view).figure_rect(), heat_map(view).style_now)
    label = QPointF(plot.left() - 10, view.figure().cell_rect(0, 0, plot).center().y())
    qtbot.mouseMove(heat_map(view), label.toPoint())
    assert "[CLS]: A token put first" in heat_map(view).toolTip()
    qtbot.mouseMove(heat_map(view), heat_map(view).cell_center(2, 3).toPoint())
    assert heat_map(view).toolTip() == ""


def test_labels_that_are_thinned_do_not_all_name_the_one_word_that_comes_again(qapp):
    words = tuple("new face" if place % 5 == 0 else f"v{place}" for place in range(50))
    metrics = QFontMetricsF(STYLE.font)
    labels = AxisLabels.left(words, metrics.height() / 4.8, metrics, 200)
    assert len({words[cell] for cell in labels.shown()}) > 2
    assert AxisLabels.left(tuple(map(str, range(50))), metrics.height() / 4.8, metrics, 200).step == 5


def test_labels_that_are_thinned_name_each_of_a_vertexs_coordinates(qapp):
    words = ("chair", *(f"{'zyx'[place % 3]} {place}" for place in range(60)))
    metrics = QFontMetricsF(STYLE.font)
    labels = AxisLabels.left(words, metrics.height() / 2.8, metrics, 200)
    assert {words[cell][0] for cell in labels.shown()} == set("czyx")
    assert labels.step == 4
