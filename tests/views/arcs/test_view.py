"""The arcs join the tokens that attend to each other, and only those that were asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtSvg import QSvgGenerator

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.checkpoint import AttentionGroup
from inference.results.events import Failure
from tests.answers import answer, fail
from tests.factories import PAIR, make_attention_result, make_checkpoint_info, make_long_tokens, make_tokens
from tests.inputs import text_input
from tests.places import at, index_of
from widgets.context import ViewContext
from widgets.look.theme import LIGHT, FigureStyle
from widgets.selection import Position, Selection
from widgets.subject import Subject
from widgets.views.arcs.figure import MAX_LINES, ArcsFigure
from widgets.views.arcs.lines import Focus, chip_pen, head_color
from widgets.views.arcs.options import ArcsOptions
from widgets.views.arcs.threshold_slider import THRESHOLDS
from widgets.views.arcs.view import ArcsView

INPUT = text_input("the cat sat")


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    view = ArcsView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    return view


def result_of(layer: int = 0, **kwargs: object) -> AttentionResult:
    return make_attention_result(layers=(layer,), **kwargs)  # type: ignore[arg-type]


def triples(figure: ArcsFigure) -> set[tuple[int, int, int]]:
    return {(query, key, head) for query, key, head, _weight in figure.lines.each()}


def svg_of(figure: object) -> bytes:
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(72)
    size = figure.natural_size(FigureStyle())  # type: ignore[attr-defined]
    generator.setSize(size.toSize())
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    painter = QPainter(generator)
    figure.paint(painter, QRectF(0, 0, size.width(), size.height()), FigureStyle())  # type: ignore[attr-defined]
    painter.end()
    return bytes(buffer.data().data())


def click(qtbot, view: ArcsView, token: Focus) -> None:
    point = view.canvas.point_of(token).toPoint()
    qtbot.mouseClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=point)


def test_asks_for_all_heads_of_the_selected_layer(view, selection, qtbot):
    other = text_input("the dog")
    with qtbot.waitSignal(view.request_changed) as asked:
        view.set_subject(Subject(make_checkpoint_info(), other))
    assert asked.args == [AttentionRequest("bert-test", other, "encoder", layers=(0,))]
    with qtbot.waitSignal(view.request_changed) as asked:
        selection.update(layer=3)
    assert asked.args == [AttentionRequest("bert-test", other, "encoder", layers=(3,))]


def test_another_head_needs_no_other_numbers(view, selection, qtbot):
    with qtbot.assertNotEmitted(view.request_changed):
        selection.update(head=2, query=at(1), key=at(3))


def test_another_head_or_key_looks_for_no_lines_again_and_draws_none(view, selection, qtbot):
    answer(view, result_of())
    qtbot.waitUntil(lambda: view.canvas._whole is not None and view.canvas.is_complete)
    lines, drawn = view.figure().lines, view.canvas._whole
    selection.update(head=2, key=at(3))
    assert view.figure().lines is lines
    assert view.canvas._whole is drawn
    assert view.figure().selected == (None, 3)
    answer(view, result_of())  # other numbers
    assert view.figure().lines is not lines
    qtbot.waitUntil(lambda: view.canvas._whole is not None and view.canvas.is_complete)
    drawn = view.canvas._whole
    view.restyle()  # other colours
    assert view.canvas._whole is not drawn


def test_arrow_keys_walk_within_the_group(view, selection, qtbot):
    view.set_subject(Subject(make_checkpoint_info(n_layers=2, n_heads=3), INPUT))
    for key in (Qt.Key.Key_Right,) * 5 + (Qt.Key.Key_Down,) * 5:
        qtbot.keyClick(view.canvas, key)
    assert (selection.now.layer, selection.now.head) == (1, 2)
    for key in (Qt.Key.Key_Left,) * 5 + (Qt.Key.Key_Up,) * 5:
        qtbot.keyClick(view.canvas, key)
    assert (selection.now.layer, selection.now.head) == (0, 0)


def test_a_layer_with_fewer_heads_takes_its_last(view, selection, qtbot):
    groups = (AttentionGroup("encoder", "Encoder", (4, 2)),)
    view.set_subject(Subject(make_checkpoint_info(groups=groups), INPUT))
    selection.update(head=3)
    qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
    assert (selection.now.layer, selection.now.head) == (1, 1)


def test_weak_lines_are_hidden(view):
    result = result_of()
    answer(view, result)
    pattern = result.pattern[0]
    assert triples(view.figure()) == {(q, k, h) for h, q, k in np.argwhere(pattern >= 0.02).tolist()}
    slider = view.findChild(object, "arcs_threshold")
    slider.setValue(THRESHOLDS.index(0.3))
    assert triples(view.figure()) == {(q, k, h) for h, q, k in np.argwhere(pattern >= 0.3).tolist()}


def test_lines_come_strongest_first_and_not_too_many(qapp):
    figure = ArcsFigure(result_of(n_heads=12, tokens=make_long_tokens(80)), ArcsOptions(0.0))
    weight = figure.lines.weight
    assert len(weight) == MAX_LINES
    assert np.all(np.diff(np.ceil(weight * 24)) <= 0)
    assert weight.min() >= np.sort(figure.result.pattern.ravel())[-MAX_LINES]


def test_hovering_shows_one_tokens_lines(view, qtbot):
    result = result_of()
    answer(view, result)
    qtbot.mouseMove(view.canvas.viewport(), view.canvas.point_of(Focus("query", 4)).toPoint())
    expected = {(4, k, h) for h, k in np.argwhere(result.pattern[0, :, 4] > 0).tolist()}  # all, also the weak ones
    assert triples(view.figure()) == expected
    view.canvas.set_hovered(Focus("key", 2))
    assert triples(view.figure()) == {(q, 2, h) for h, q in np.argwhere(result.pattern[0, :, :, 2] >= 0.02).tolist()}
    view.canvas.set_hovered(None)
    assert view.figure().focus is None


def test_hovering_says_the_weights(qapp):
    result = result_of(n_heads=1)
    figure = ArcsFigure(result, ArcsOptions(0.0), focus=Focus("query", 3))
    svg = svg_of(figure).decode()
    for weight in result.pattern[0, 0, 3]:
        assert f"{weight:.2f}" in svg


def test_a_click_selects_and_a_second_one_does_not(view, selection, qtbot):
    answer(view, result_of())
    click(qtbot, view, Focus("query", 2))
    click(qtbot, view, Focus("key", 5))
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (2, 5)
    click(qtbot, view, Focus("query", 2))
    assert (index_of(selection.now.query), index_of(selection.now.key)) == (None, 5)


def test_tokens_can_be_chosen_by_keyboard(view, selection, qtbot):
    answer(view, result_of())
    for _ in range(3):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert index_of(selection.now.query) == 2
    qtbot.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert index_of(selection.now.query) is None


def test_only_the_selected_token(view, selection):
    answer(view, result_of())
    view.findChild(object, "arcs_only_token").setChecked(True)
    assert view.figure().focus is None
    selection.update(query=at(3))
    assert view.figure().focus == Focus("query", 3)
    selection.update(query=at(1_000))  # of a longer input
    assert view.figure().focus is None


@pytest.mark.parametrize("segments", ["AA", "AB", "BA", "BB"])
def test_only_lines_between_the_chosen_sentences(view, segments):
    tokens = make_tokens(PAIR)
    result = result_of(tokens=tokens)
    answer(view, result)
    combo = view.findChild(object, "arcs_segments")
    assert combo.isEnabled()
    combo.setCurrentIndex(combo.findData(segments))
    expected = set()
    for head in range(result.pattern.shape[1]):
        for query in range(len(tokens)):
            for key in range(len(tokens)):
                goes = "AB"[tokens.segment[query]] + "AB"[tokens.segment[key]]
                if goes == segments and result.pattern[0, head, query, key] >= 0.02:
                    expected.add((query, key, head))
    assert triples(view.figure()) == expected


def test_one_sentence_has_no_sentence_filter(view):
    answer(view, result_of(tokens=make_tokens(PAIR)))
    combo = view.findChild(object, "arcs_segments")
    combo.setCurrentIndex(2)
    answer(view, result_of(tokens=make_tokens("[CLS] a b [SEP]")))
    assert not combo.isEnabled()
    assert view.figure().options.segments == "all"


def test_special_tokens_can_be_left_out(qapp):
    result = result_of()
    figure = ArcsFigure(result, ArcsOptions(hide_special=True))
    special = set(np.flatnonzero(result.query_tokens.is_special).tolist())
    assert all(query not in special and key not in special for query, key, _ in triples(figure))


def test_chips_switch_heads(view, selection, qtbot):
    answer(view, result_of())
    chip = view.chips.chip(1)
    assert "1" in chip.accessibleName()
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert {head for *_, head in triples(view.figure())} == {0, 2, 3}
    qtbot.keyClick(view.chips.chip(2), Qt.Key.Key_Space)
    assert view.figure().shown_heads == (0, 3)
    selection.update(layer=1)
    answer(view, result_of(layer=1))  # they stay off in another layer
    assert view.figure().shown_heads == (0, 3)
    qtbot.mouseDClick(view.chips.chip(3), Qt.MouseButton.LeftButton)
    assert selection.now.head == 3
    assert view.chips.chip(3).font().bold()


def test_the_selected_head_alone(view, selection):
    answer(view, result_of())
    view.findChild(object, "arcs_only_head").setChecked(True)
    selection.update(head=2)
    assert {head for *_, head in triples(view.figure())} == {2}
    assert not view.chips.chip(2).isVisible()
    view.findChild(object, "arcs_only_head").setChecked(False)
    assert view.chips.chip(2).isVisible()


def test_heads_have_their_colours(qapp):
    figure = ArcsFigure(result_of(n_heads=12), ArcsOptions(0.0))
    style = FigureStyle()
    seen = {}
    heads = iter(figure.lines.head.tolist())
    for pen, batch in figure.strokes(figure.layout(style, QRectF(0, 0, 600, 400))).batches(LIGHT):
        for head in [next(heads) for _ in batch]:
            seen.setdefault(head, set()).add((pen.color().name(), pen.style()))
    assert all(seen[head] == {(head_color(head, LIGHT).name(), chip_pen(head, LIGHT, 1).style())} for head in range(12))
    assert len(set.union(*seen.values())) == 12  # also those that share a colour differ


def test_cross_attention_has_other_keys_than_queries(view):
    result = result_of(tokens=make_tokens("un chat dort"), key_tokens=make_tokens("[CLS] a cat sleeps now [SEP]"))
    answer(view, result)
    view.canvas.set_hovered(Focus("key", 5))
    assert {key for _, key, _ in triples(view.figure())} == {5}
    answer(view, result_of(tokens=make_tokens("a b")))  # the hovered key is gone
    assert view.figure().focus is None


def test_a_failure_keeps_the_old_picture(view, qtbot):
    answer(view, result_of())
    figure = view.figure()
    with qtbot.waitSignal(view.noticed) as noticed:
        fail(view, Failure("refused", "Too long."))
    assert noticed.args == ["Too long."]
    assert view.figure() is figure


def read_out(view):
    return view.findChild(object, "arcs_read_out").text()


def test_the_three_strongest_lines_name_their_head_where_several_are_shown(view):
    answer(view, result := result_of())
    view.canvas.set_hovered(Focus("query", 3))
    weights = result.pattern[0, :, 3]
    strongest = np.argsort(-weights, axis=None, kind="stable")[:3]
    wanted = [(int(place) // weights.shape[1], float(weights.flat[place])) for place in strongest]
    told = re.findall(r"([\d.e-]+), head (\d+)", read_out(view))
    assert [(int(head), float(weight)) for weight, head in told] == [
        (head, pytest.approx(weight, rel=0.01)) for head, weight in wanted
    ]
    view.findChild(object, "arcs_only_head").setChecked(True)
    view.canvas.set_hovered(Focus("query", 3))
    assert read_out(view).startswith("“sat” (3) attends most to  “because” (8) ")
    assert ", head" not in read_out(view)


def test_old_lines_are_dimmed_and_have_no_numbers_until_the_new_ones_are_there(view, selection, qtbot):
    answer(view, result_of())
    view.canvas.set_hovered(Focus("query", 3))
    assert "attends most to" in read_out(view)
    selection.update(layer=1)
    qtbot.waitUntil(lambda: view.is_dimmed)
    assert read_out(view) == ""
    view.canvas.set_hovered(Focus("query", 4))
    selection.update(head=2)
    assert read_out(view) == ""
    before = view.figure().result
    late = AttentionRequest("bert-test", INPUT, "encoder", layers=(0,))
    view.take_result(late, result_of(seed=3))
    assert view.figure().result is before
    assert view.is_dimmed
    answer(view, result_of(1))
    assert view.why_not_current == ""
    assert "attends most to" in read_out(view)


def test_another_checkpoint_dims_at_once_and_names_the_old_one(view):
    answer(view, result_of())
    view.set_subject(Subject(make_checkpoint_info(name="gpt-test"), INPUT))
    assert view.is_dimmed
    assert "bert-test  ·  the cat sat" in view.why_not_current


def test_options_are_kept_by_sessions(view):
    answer(view, result_of(tokens=make_tokens(PAIR)))
    view.set_options_state({"arcs": {"threshold": 0.1, "segments": "AB"}, "arcs_only": {"head": True}})
    assert view.figure().options == ArcsOptions(0.1, "AB")
    assert view.figure().heads == (0,)
    assert view.findChild(object, "arcs_threshold").value() == THRESHOLDS.index(0.1)
    assert view.options_state() == {"arcs": {"threshold": 0.1, "segments": "AB"}, "arcs_only": {"head": True}}


@pytest.mark.parametrize("n_tokens", [1, 2, 128])
def test_paints_short_and_long_inputs(view, qtbot, n_tokens):
    view.findChild(object, "arcs_threshold").setValue(THRESHOLDS.index(0.15))
    answer(view, result_of(n_heads=12, tokens=make_long_tokens(n_tokens)))
    assert not view.grab().isNull()
    qtbot.waitUntil(lambda: view.canvas.is_complete, timeout=20_000)
    view.canvas.set_hovered(Focus("key", 0))
    view.grab()


def test_follows_letters_and_colours(view, qapp):
    answer(view, result_of())
    view.grab()
    before = view.canvas.point_of(Focus("query", 5))
    font = view.font()
    font.setPointSizeF(font.pointSizeF() * 2)
    view.setFont(font)
    qapp.sendPostedEvents(view.canvas, QEvent.Type.FontChange)
    assert view.canvas.point_of(Focus("query", 5)).y() > before.y()


def test_the_svg_holds_the_tokens_as_text(qapp):
    figure = ArcsFigure(result_of(tokens=make_tokens("[CLS] the <cat> & \x00dog [SEP]")), focus=Focus("query", 1))
    root = ElementTree.fromstring(svg_of(figure))
    texts = {element.text.strip() for element in root.iter() if element.tag.endswith("text") and element.text}
    assert {"[CLS]", "the", "<cat>", "&", "‹NUL›dog"} <= texts


def test_the_numbers_are_those_of_the_lines(qapp):
    result = result_of(layer=2)
    figure = ArcsFigure(result, ArcsOptions(0.1), heads=(1, 3))
    numbers = figure.numbers()
    np.testing.assert_array_equal(numbers.arrays["pattern"], result.pattern[:, [1, 3]])
    assert numbers.arrays["layers"].tolist() == [2]
    assert numbers.arrays["heads"].tolist() == [1, 3]
    query, _word, key, _key_word, head, weight = numbers.rows[0]
    assert weight == result.pattern[0, head, query, key]  # type: ignore[index]
    assert len(numbers.rows) == int((result.pattern[0, [1, 3]] >= 0.1).sum())


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    answer(view, result_of())
    controls = [view.findChild(object, name) for name in ("arcs_only_head", "arcs_segments", "arcs_threshold")]
    controls += [view.findChild(object, name) for name in ("arcs_hide_special", "arcs_only_token", "arcs_canvas")]
    for control in [*controls, view.chips.chip(0)]:
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = ArcsView(ViewContext(selection))
        view.set_subject(Subject(make_checkpoint_info(), INPUT))
        answer(view, result_of())
        return view

    assert_collected(make)


def test_where_no_weight_is_strong_enough_it_says_how_strong_the_strongest_is():
    result = result_of()
    figure = ArcsFigure(result, ArcsOptions(threshold=1.0))
    largest = 100 * float(result.pattern.max())
    assert f"no weight reaches 100.0 %, the largest is {largest:.2g} %" in figure.caption
    assert "weights from 0.1 %" in ArcsFigure(result, ArcsOptions(threshold=0.001)).caption


def test_of_an_image_one_patch_is_shown_first_and_of_a_text_all_tokens(view, selection):
    of_patches = AttentionGroup("encoder", "Encoder", (4,) * 4, query_axis="patches", key_axis="patches")
    only = view.findChild(object, "arcs_only_token")
    view.set_subject(Subject(make_checkpoint_info(name="vit", groups=(of_patches,)), INPUT))
    result = result_of()
    answer(view, result)
    middle = len(result.query_tokens) // 2
    assert only.isChecked()
    assert {query for query, _, _ in triples(view.figure())} == {middle}
    selection.update(query=Position("patches", 1))
    assert {query for query, _, _ in triples(view.figure())} == {1}
    only.setChecked(False)
    assert {query for query, _, _ in triples(view.figure())} == set(range(len(result.query_tokens)))
    view.set_subject(Subject(make_checkpoint_info(name="vit", groups=(of_patches,)), text_input("another")))
    assert not only.isChecked()  # as the user left it
    only.setChecked(True)
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    assert not only.isChecked()


def test_of_many_patches_lines_are_drawn_that_are_weak_among_words(view):
    """Of 200 patches each gets half a per cent in the mean; a threshold that was chosen stays, and words get theirs."""
    of_patches = AttentionGroup("encoder", "Encoder", (4,) * 4, query_axis="patches", key_axis="patches")
    usual = view._options.value().threshold
    view.set_subject(Subject(make_checkpoint_info(name="vit", groups=(of_patches,)), INPUT))
    answer(view, make_attention_result(layers=(0,), tokens=make_long_tokens(200)))
    assert view._options.value().threshold == 0.005
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    assert view._options.value().threshold == usual
    view._options.set_value(replace(view._options.value(), threshold=0.1))
    view.set_subject(Subject(make_checkpoint_info(name="vit", groups=(of_patches,)), INPUT))
    answer(view, make_attention_result(layers=(0,), tokens=make_long_tokens(200)))
    assert view._options.value().threshold == 0.1


def test_words_with_many_patches_begin_with_one_place_and_with_few_regions_with_all_lines(view):
    mixed = AttentionGroup("encoder", "Encoder", (4,) * 4, query_axis="both", key_axis="both")
    only, usual = view.findChild(object, "arcs_only_token"), ArcsOptions().threshold
    view.set_subject(Subject(make_checkpoint_info(name="vilt", groups=(mixed,)), INPUT))
    answer(view, make_attention_result(tokens=make_long_tokens(77), layers=(2,)))
    assert only.isChecked()
    assert view.figure().focus is not None
    only.setChecked(False)
    view.set_subject(Subject(make_checkpoint_info(name="vilt", groups=(mixed,)), text_input("another")))
    answer(view, make_attention_result(tokens=make_long_tokens(76), layers=(2,)))
    assert not only.isChecked()  # which the user wished
    view.set_subject(Subject(make_checkpoint_info(name="uniter", groups=(mixed,)), INPUT))
    answer(view, make_attention_result(tokens=make_long_tokens(17), layers=(2,)))
    assert view.figure().focus is None
    assert view._options.value().threshold == 0.1  # above the mean of 17
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    assert view._options.value().threshold == usual


def test_a_token_that_was_walked_to_stays_in_sight_in_a_window_of_any_size_until_the_user_scrolls(view):
    answer(view, make_attention_result(tokens=make_long_tokens(200), layers=(0,)))
    canvas = view.canvas
    canvas.ensure_visible(Focus("query", 100))
    for size in ((900, 400), (700, 900), (1200, 500)):
        view.resize(*size)
        assert 0 < canvas.point_of(Focus("query", 100)).y() < canvas.viewport().height(), size
    font, height = QFont(view.font()), canvas.viewport().height()
    for size in (2.0, 0.5):  # rows lie elsewhere: half of the keys that it sees are above it
        font.setPointSizeF(size * font.pointSizeF())
        view.setFont(font)
        assert 0.2 * height < canvas.point_of(Focus("query", 100)).y() < 0.8 * height, size
    bar = canvas.verticalScrollBar()
    bar.triggerAction(bar.SliderAction.SliderToMinimum)
    view.resize(800, 450)
    assert bar.value() == 0
    bar.setValue(500)
    assert canvas._token_at(QPointF(canvas.point_of(Focus("query", 100)).x(), 5)) is None  # there stands the heading


def test_where_the_future_is_hidden_a_far_query_comes_to_the_lower_edge_below_the_keys_that_it_sees(view):
    view.resize(900, 500)
    causal = AttentionGroup("decoder", "Decoder", (4,) * 4, is_causal=True)
    view.set_subject(Subject(make_checkpoint_info(name="gpt", groups=(causal,)), INPUT))
    answer(view, make_attention_result(tokens=make_long_tokens(200), layers=(0,)))
    view.canvas.ensure_visible(Focus("query", 150))
    assert view.canvas.point_of(Focus("query", 150)).y() > 0.8 * view.canvas.viewport().height()
