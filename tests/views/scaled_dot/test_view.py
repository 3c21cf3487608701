"""The dot product view shows the numbers of its result, step by step."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QCheckBox

from inference.results.checkpoint import AttentionGroup
from inference.results.events import Failure
from inference.results.scaled_dot import ScaledDotRequest
from tests.answers import answer, fail
from tests.factories import make_checkpoint_info, make_long_tokens, make_scaled_dot_result, make_tokens
from tests.inputs import text_input
from tests.places import at, index_of
from widgets.context import ViewContext
from widgets.kit.labels import LineLabel
from widgets.look.theme import LIGHT, FigureStyle
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.scaled_dot.figure import ScaledDotFigure
from widgets.views.scaled_dot.options import ScaledDotOptions
from widgets.views.scaled_dot.steps import explain_dot, number, steps_of
from widgets.views.scaled_dot.strips import CELL, end_of_bars, strip_image
from widgets.views.scaled_dot.view import ScaledDotView

INPUT = text_input("the cat sat")


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    """A view that was given nothing to look at yet."""
    view = ScaledDotView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(1100, 700)
    view.show()
    return view


def show(view, result):
    """Let it look at something, select the query of a result, and answer with that."""
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    view.selection.update(query=at(result.query_pos))
    answer(view, result)


def svg_of(figure: ScaledDotFigure, size: QSizeF | None = None) -> ElementTree.Element:
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(72)
    size = size or figure.natural_size(FigureStyle())
    generator.setSize(size.toSize())
    painter = QPainter(generator)
    figure.paint(painter, QRectF(0, 0, size.width(), size.height()), FigureStyle())
    painter.end()
    return ElementTree.fromstring(bytes(buffer.data().data()))


def texts_of(figure: ScaledDotFigure, size: QSizeF | None = None) -> list[str]:
    elements = svg_of(figure, size).iter()
    return [element.text.strip() for element in elements if element.tag.endswith("text") and element.text]


def click(qtbot, view: ScaledDotView, key: int) -> None:
    qtbot.mouseClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=view.canvas.point_of(key).toPoint())


def read_out(view: ScaledDotView) -> str:
    return view.findChild(LineLabel, "scaled_dot_read_out").text()  # type: ignore[union-attr]


# What it asks


def test_asks_for_the_selected_query(view, selection, qtbot):
    selection.update(layer=1, head=2, query=at(3))
    with qtbot.waitSignal(view.request_changed) as asked:
        view.set_subject(Subject(make_checkpoint_info(), INPUT))
    assert asked.args == [ScaledDotRequest("bert-test", INPUT, "encoder", 1, 2, 3)]
    for change in ({"head": 0}, {"layer": 2}, {"query": at(4)}):
        with qtbot.waitSignal(view.request_changed):
            selection.update(**change)
    with qtbot.assertNotEmitted(view.request_changed):
        selection.update(key=at(2))


def test_without_a_selected_query_the_engine_takes_one(view, qtbot):
    asked = []
    view.request_changed.connect(asked.append)
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    answer(view, make_scaled_dot_result(query_pos=4))
    assert [request.query_pos for request in asked] == [None]
    assert view.figure().result.query_pos == 4
    assert view.findChild(object, "scaled_dot_query").currentIndex() == 4


def test_only_special_tokens(view):
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    answer(view, make_scaled_dot_result(tokens=make_tokens("[CLS]"), query_pos=0))
    assert view.figure().result.query_pos == 0


def test_a_query_beyond_the_input_falls_back(view, selection, qtbot):
    asked = []
    view.request_changed.connect(asked.append)
    selection.update(query=at(50))
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    fail(view, Failure("refused", "There is no token 50."))
    answer(view, make_scaled_dot_result(query_pos=4))
    assert [request.query_pos for request in asked] == [50, None]
    assert view.figure().result.query_pos == 4


def test_layers_with_fewer_heads(view, selection, qtbot):
    selection.update(layer=7, head=7, query=at(1))
    groups = (AttentionGroup("encoder", "Encoder", (4, 2)),)
    with qtbot.waitSignal(view.request_changed) as asked:
        view.set_subject(Subject(make_checkpoint_info(groups=groups), INPUT))
    assert (asked.args[0].layer, asked.args[0].head) == (1, 1)


def test_arrow_keys_walk_through_heads_and_layers(view, selection, qtbot):
    view.set_subject(Subject(make_checkpoint_info(n_layers=2, n_heads=2), INPUT))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(view.canvas, key)
    assert (selection.now.layer, selection.now.head) == (1, 1)


def test_which_attention_it_is_of_stands_above_and_can_be_chosen(view, selection, qtbot):
    groups = (AttentionGroup("encoder", "Encoder", (4,)), AttentionGroup("decoder", "Decoder", (4,)))
    view.set_subject(Subject(make_checkpoint_info(groups=groups), INPUT))
    combo = view.findChild(object, "scaled_dot_group")
    assert (combo.currentText(), combo.isHidden()) == ("Encoder", False)
    with qtbot.waitSignal(view.request_changed) as asked:
        combo.setCurrentIndex(1)
        combo.activated.emit(1)
    assert asked.args[0].group == "decoder"


def test_the_combo_chooses_the_query(view, selection):
    show(view, make_scaled_dot_result(query_pos=2))
    combo = view.findChild(object, "scaled_dot_query")
    assert combo.currentText() == "2  cat"
    combo.activated.emit(4)
    assert index_of(selection.now.query) == 4


# What it shows


def test_shows_the_numbers_of_the_result(view):
    result = make_scaled_dot_result()
    show(view, result)
    texts = texts_of(view.figure())
    for key in range(len(result.key_tokens)):
        for value in (result.dots[key], result.dots[key] * result.scale, result.pattern[key]):
            assert number(float(value)) in texts
    assert set(result.key_tokens.words) <= set(texts)
    assert any("dₖ = 16" in text and "0.250" in text for text in texts)


def test_numbers_stand_point_under_point():
    assert [number(value) for value in (1.23456, -12.5, -0.00001, -np.inf)] == ["1.235", "−12.500", "0.000", "−∞"]


def test_weights_that_are_all_small_have_digits_that_tell_them_apart(qapp):
    result = make_scaled_dot_result()
    pattern = np.linspace(0.004, 0.006, len(result.pattern))
    texts = texts_of(ScaledDotFigure(replace(result, pattern=pattern)))
    assert {"0.0040", "0.0060"} <= set(texts)
    assert number(-0.00001, 4) == "0.0000"


def test_bias_cap_and_mask_only_where_there_are_any(qapp):
    def names(**kwargs):
        return [step.name for step in steps_of(make_scaled_dot_result(**kwargs))]

    usual = ["vectors", "dots", "scaled", "softmax", "weighted", "sum"]
    assert names() == usual
    assert names(has_bias=True) == [*usual[:3], "bias", *usual[3:]]
    assert names(is_causal=True) == [*usual[:3], "mask", *usual[3:]]
    assert names(has_bias=True, is_causal=True, soft_cap=5.0) == [*usual[:3], "bias", "cap", "mask", *usual[3:]]
    assert "+ B" not in " ".join(texts_of(ScaledDotFigure(make_scaled_dot_result())))


def test_masked_keys_show_minus_infinity(qapp):
    result = make_scaled_dot_result(is_causal=True, query_pos=3)
    texts = texts_of(ScaledDotFigure(result))
    assert texts.count("−∞") == len(result.key_tokens) - 4


def test_other_scales_are_written_as_they_are(qapp):
    texts = " ".join(texts_of(ScaledDotFigure(make_scaled_dot_result(scale=1.0))))
    assert "√" not in texts
    assert "scale = 1.000" in texts


def test_what_the_colours_stand_for_is_told_however_little_room_there_is(qapp):
    figure = ScaledDotFigure(make_scaled_dot_result(is_causal=True))
    texts = texts_of(figure, QSizeF(figure.least_width(FigureStyle()), 300))
    result = figure.result
    limits = (max(abs(result.q).max(), abs(result.k).max()), abs(result.pattern[:, None] * result.v).max())
    for limit in limits:
        assert {f"{limit:.2g}", f"\N{MINUS SIGN}{limit:.2g}"} <= set(texts)
    assert f"\N{MINUS SIGN}{abs(result.z).max():.2g} to {abs(result.z).max():.2g}" in texts


def test_the_read_out_writes_out_a_product(view, qtbot):
    result = make_scaled_dot_result()
    show(view, result)
    qtbot.mouseMove(view.canvas.viewport(), view.canvas.point_of(2).toPoint())
    assert explain_dot(result, 2) in read_out(view)
    first = f"{result.q[0]:.2f}×{result.k[2][0]:.2f}".replace("-", "−")
    assert first in read_out(view)
    assert read_out(view).endswith(number(float(result.dots[2])))


def test_short_vectors_are_written_out_whole():
    assert "more" not in explain_dot(make_scaled_dot_result(d_head=3), 0)


# Steps, order, keys


def test_steps_can_be_walked(view, qtbot):
    show(view, make_scaled_dot_result())
    assert view.figure().step is None
    for step in (1, 2, 3, 4, 5, 6, None, 1):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Space)
        assert view.figure().step == step
    qtbot.keyClick(view.canvas, Qt.Key.Key_4)
    assert view.figure().step == 4
    qtbot.mouseClick(view.findChild(object, "scaled_dot_previous"), Qt.MouseButton.LeftButton)
    assert view.figure().step == 3
    qtbot.mouseClick(view.findChild(object, "scaled_dot_next"), Qt.MouseButton.LeftButton)
    assert view.figure().step == 4
    qtbot.keyClick(view.canvas, Qt.Key.Key_0)
    assert view.figure().step is None
    qtbot.keyClick(view.canvas, Qt.Key.Key_9)
    assert view.figure().step is None


def test_a_step_stays_when_the_head_changes(view):
    show(view, make_scaled_dot_result())
    view.set_step(3)
    show(view, make_scaled_dot_result(head=1, seed=1))
    assert view.figure().step == 3


def test_a_step_says_what_happens(qapp):
    figure = ScaledDotFigure(make_scaled_dot_result(), ScaledDotOptions(step=4))
    assert any("add up to 1" in text for text in texts_of(figure))


def test_rows_by_weight(view):
    result = make_scaled_dot_result()
    show(view, result)
    view.findChild(object, "scaled_dot_by_weight").setChecked(True)
    assert np.all(np.diff(result.pattern[view.figure().order]) <= 0)
    assert [row[0] for row in view.figure().numbers().rows] == view.figure().order.tolist()


def test_a_click_selects_the_key(view, selection, qtbot):
    show(view, make_scaled_dot_result())
    view.findChild(object, "scaled_dot_by_weight").setChecked(True)
    click(qtbot, view, 3)
    assert index_of(selection.now.key) == 3
    assert view.figure().selected == 3
    click(qtbot, view, 3)
    assert index_of(selection.now.key) is None


def test_keys_can_be_chosen_by_keyboard(view, selection, qtbot):
    show(view, make_scaled_dot_result(tokens=make_long_tokens(60)))
    for _ in range(50):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert index_of(selection.now.key) == 49
    assert view.canvas.viewport().rect().contains(view.canvas.point_of(49).toPoint())


def test_a_failure_keeps_the_old_picture(view, qtbot):
    show(view, make_scaled_dot_result())
    figure = view.figure()
    with qtbot.waitSignal(view.noticed):
        fail(view, Failure("error", "Something went wrong."))
    assert view.figure() is figure


def test_old_numbers_are_dimmed_and_none_stand_beside_until_the_new_ones_are_there(view, selection, qtbot):
    show(view, make_scaled_dot_result())
    selection.update(key=at(2))
    assert "q · k" in read_out(view)
    selection.update(layer=1)
    qtbot.waitUntil(lambda: view.is_dimmed)
    assert read_out(view) == ""
    view.canvas.set_hovered(1)
    qtbot.keyClick(view.canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert read_out(view) == ""
    before, pos = view.figure().result, view.figure().result.query_pos
    late = ScaledDotRequest("bert-test", INPUT, "encoder", 0, 0, pos)
    view.take_result(late, make_scaled_dot_result(seed=4))
    assert view.figure().result is before
    assert view.is_dimmed
    answer(view, make_scaled_dot_result(layer=1, query_pos=pos))
    assert view.why_not_current == ""
    assert "q · k" in read_out(view)


def test_a_cancel_and_a_failure_dim_and_say_why(view, selection):
    show(view, make_scaled_dot_result())
    selection.update(layer=1)
    view.take_cancellation(view._asked[-1])
    assert "Cancelled" in view.why_not_current
    assert view.is_dimmed
    selection.update(layer=2)
    fail(view, Failure("refused", "It is too long."))
    assert view.is_dimmed
    assert "It is too long." in view.why_not_current


def test_options_are_kept_by_sessions(view):
    view.set_options_state({"scaled_dot": {"step": 3, "by_weight": True}})
    show(view, make_scaled_dot_result())
    assert view.figure().step == 3
    assert view.findChild(object, "scaled_dot_step").currentIndex() == 3
    assert view.options_state() == {"scaled_dot": {"step": 3, "by_weight": True}}


@pytest.mark.parametrize("n_tokens", [1, 128])
def test_paints_short_and_long_inputs(view, n_tokens):
    show(view, make_scaled_dot_result(tokens=make_long_tokens(n_tokens), query_pos=0, d_head=64))
    assert not view.grab().isNull()
    assert (view.canvas.verticalScrollBar().maximum() > 0) == (n_tokens == 128)
    assert view.canvas.horizontalScrollBar().maximum() == 0


def test_where_there_is_little_room_bars_and_gaps_are_narrower_before_the_last_step_leaves_the_screen(view):
    show(view, make_scaled_dot_result(is_causal=True, has_bias=True, d_head=24))
    figure, style = view.canvas.figure, view.style_now()
    least = figure.least_width(style)
    roomy = figure.layout(style, QRectF(0, 0, 2 * least, 600))
    tight = figure.layout(style, QRectF(0, 0, least, 600))
    assert tight.right + tight.em == pytest.approx(least)
    for name in ("softmax", "k", "weighted"):
        assert tight.column(name).width < roomy.column(name).width
    before = max(left + width for *_, left, width in tight.columns[:-1])
    assert before < tight.columns[-1].left


def test_cross_attention_has_other_keys_than_queries(view):
    keys = make_tokens("[CLS] a cat sleeps [SEP]")
    show(view, make_scaled_dot_result(tokens=make_tokens("un chat"), key_tokens=keys))
    assert len(view.figure().order) == 5
    assert view.findChild(object, "scaled_dot_query").count() == 2


def test_paints_blue_below_zero_and_orange_above(qapp):
    image = strip_image(np.array([[-1.0, 0.0, 1.0]]), 1.0, LIGHT)
    below, zero, above = (image.pixelColor(CELL * i + 1, 1) for i in range(3))
    assert below.blue() > below.red()
    assert zero.name() == "#ffffff"
    assert above.red() > above.blue()


def test_a_file_holds_a_strip_for_each_vector(qapp):
    result = make_scaled_dot_result(d_head=4)
    root = svg_of(ScaledDotFigure(result))
    links = [element.get("{http://www.w3.org/1999/xlink}href") for element in root.iter() if "image" in element.tag]
    sizes = [QImage.fromData(b64decode(str(link).partition(",")[2])).size().toTuple() for link in links]
    assert sizes.count((4 * CELL, CELL)) == 2 * len(result.key_tokens) + 2  # keys and values, q and z


def test_the_numbers_are_those_of_the_result(qapp):
    result = make_scaled_dot_result(has_bias=True, is_causal=True)
    numbers = ScaledDotFigure(result).numbers()
    for name in ("q", "k", "v", "dots", "bias", "is_masked", "scores", "pattern", "z"):
        np.testing.assert_array_equal(numbers.arrays[name], getattr(result, name))
    assert len(numbers.rows) == len(result.key_tokens)
    row = dict(zip(numbers.header, numbers.rows[1], strict=True))
    assert row["weight"] == result.pattern[1]


def test_control_characters_and_markup_stay_text(qapp):
    result = make_scaled_dot_result(tokens=make_tokens("[CLS] <b>x</b> \x1bz [SEP]"))
    assert {"<b>x</b>", "‹ESC›z"} <= set(texts_of(ScaledDotFigure(result)))


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    names = ("query", "step", "previous", "next", "by_weight", "canvas")
    for control in [view.findChild(object, f"scaled_dot_{name}") for name in names]:
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = ScaledDotView(ViewContext(selection))
        show(view, make_scaled_dot_result())
        return view

    assert_collected(make)


def heavy(places, head=0):
    """Of 200 keys those at some places have nearly all the weight."""
    pattern = np.full(200, 0.0005, np.float32)
    pattern[list(places)] = 0.9 / len(places)
    result = make_scaled_dot_result(tokens=make_long_tokens(200), head=head)
    return replace(result, pattern=pattern)


def is_seen(view, key):
    return 0 < view.canvas.point_of(key).y() < view.canvas.viewport().height()


def test_it_begins_where_the_weight_is_in_a_window_of_any_size_until_the_user_scrolls(view, selection):
    """Where a query in the middle of an image looks about itself, the first keys have next to none."""
    show(view, heavy((120, 124)))
    for size in ((1100, 700), (900, 500), (1400, 900)):
        view.resize(*size)
        assert is_seen(view, 120), size
        assert is_seen(view, 124), size
    selection.update(head=1)
    answer(view, heavy((30, 31), head=1))  # another head looks elsewhere
    assert is_seen(view, 30)
    bar = view.canvas.verticalScrollBar()
    bar.triggerAction(bar.SliderAction.SliderToMaximum)
    view.resize(1100, 700)
    assert not is_seen(view, 30)
    selection.update(key=at(150))  # what is selected moves nothing
    assert not is_seen(view, 30)


def test_sorted_by_weight_it_begins_at_the_top_and_goes_back_to_where_the_weight_is(view):
    show(view, heavy((120, 124)))
    by_weight = view.findChild(QCheckBox, "scaled_dot_by_weight")
    by_weight.setChecked(True)
    assert view.canvas.verticalScrollBar().value() == 0
    assert is_seen(view, 124)
    by_weight.setChecked(False)
    assert is_seen(view, 124)


def test_where_the_weight_is_even_it_begins_with_the_first_key(view):
    result = heavy((120, 124))
    show(view, replace(result, pattern=np.linspace(0.004, 0.006, 200, dtype=np.float32)))
    assert view.canvas.verticalScrollBar().value() == 0


@pytest.mark.parametrize(
    ("largest", "end"), [(0.9, 1.0), (0.25, 1.0), (0.24, 0.3), (0.017, 0.02), (0.02, 0.02), (0, 1)]
)
def test_bars_of_small_weights_can_be_compared_and_it_is_said_where_they_end(largest, end):
    assert end_of_bars(largest) == pytest.approx(end)
    result = heavy((120,))
    texts = texts_of(ScaledDotFigure(replace(result, pattern=np.full(200, largest, np.float32))))
    assert (f"0 to {end:g}" in texts) == (end < 1)
