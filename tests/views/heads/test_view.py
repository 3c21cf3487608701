"""All heads at a glance: in their order, in their colours, under pointer and keyboard."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest

from inference.results.checkpoint import AttentionGroup
from inference.results.events import Failure
from inference.results.heads import HeadsRequest
from tests.answers import answer, fail
from tests.factories import make_checkpoint_info, make_heads_result, make_long_tokens, make_tokens
from tests.inputs import text_input
from tests.lettering import watched
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.head_sentence import head_words
from widgets.kit.plain import PlainLabel
from widgets.look import color_maps, raster
from widgets.look.theme import FigureStyle
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.heads.figure import HeadsFigure
from widgets.views.heads.options import MEASURES, HeadsOptions
from widgets.views.heads.view import HeadsView

STYLE = FigureStyle()


@pytest.fixture
def selection(qapp):
    selection = Selection()
    selection.update(group="encoder", layer=1, head=2)
    return selection


@pytest.fixture
def view(qtbot, selection):
    view = HeadsView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(800, 650)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    answer(view, make_heads_result())
    return view


def grid_of(view):
    return view.focusProxy().focusProxy()


def control_of(view, name):
    return next(child for child in view.findChildren(object) if child.objectName() == name)


def read_out(view):
    return control_of(view, "heads_read_out").text()


def choose(view, name, data):
    combo = control_of(view, name)
    combo.setCurrentIndex(combo.findData(data))


def center(view, place):
    return grid_of(view).box_of(place).center().toPoint()


def click(view, place):
    target = grid_of(view)
    QTest.mouseClick(target, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, center(view, place))


def ragged(result):
    """The last layer has a head less."""
    thumbnails = result.thumbnails.copy()
    thumbnails[-1, -1] = 0
    measures = {name: values.copy() for name, values in result.measures.items()}
    for values in measures.values():
        values[-1, -1] = np.nan
    return replace(result, thumbnails=thumbnails, measures=measures)


# What is asked, what is shown


def test_asks_for_the_selected_group(qtbot, selection):
    groups = (AttentionGroup("encoder", "Encoder", (4, 4)), AttentionGroup("decoder", "Decoder", (4, 4), True))
    view = HeadsView(ViewContext(selection))
    qtbot.addWidget(view)
    asked = []
    view.request_changed.connect(asked.append)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(groups=groups), text_input("the cat")))
    assert asked == [HeadsRequest("bert-test", text_input("the cat"), "encoder")]
    combo = control_of(view, "heads_group")
    assert combo.isVisible()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert selection.now.group == "decoder"
    assert asked[-1].group == "decoder"


def test_one_group_needs_no_choice(view):
    assert not control_of(view, "heads_group").isVisible()


@pytest.mark.parametrize("order", ["layer", "entropy", "next"])
@pytest.mark.parametrize("mark", ["nothing", "cls"])
def test_every_thumbnail_has_the_colours_of_its_levels(view, order, mark):
    choose(view, "heads_order", order)
    choose(view, "heads_mark", mark)
    thumbnails = make_heads_result().thumbnails
    image, highest = grid_of(view).image(), float(thumbnails.max())
    colors = color_maps.lookup("cividis")[np.rint(np.minimum(np.arange(256) * (255 / highest), 255)).astype(int)]
    for layer, head in np.ndindex(4, 4):
        box = grid_of(view).box_of((layer, head)).toRect()
        expected = colors[raster.resample(thumbnails[layer, head], box.height(), box.width())]
        for x, y in ((0, 0), (7, 20), (box.width() // 2, box.height() // 2), (box.width() - 1, box.height() - 1)):
            assert image.pixel(box.left() + x, box.top() + y) == expected[y, x]


def test_heads_that_all_attend_a_little_to_everything_are_told_apart():
    thumbnails = np.full((2, 2, 8, 8), 9, np.uint8)  # of 800 patches
    thumbnails[0, 1, 3, 4] = 12
    figure = HeadsFigure(replace(make_heads_result(n_layers=2, n_heads=2), thumbnails=thumbnails))
    colors = raster.colored(thumbnails, "cividis", figure.colors.highest)
    assert colors[0, 1, 3, 4] == color_maps.lookup("cividis")[255]
    assert "up to 0.0022" in figure.caption


def test_each_head_may_have_a_scale_of_its_own_and_a_bar_says_which(view):
    thumbnails = np.full((4, 4, 8, 8), 9, np.uint8)
    thumbnails[1, 2, 3, 4] = 40
    thumbnails[2, 1, 5, 6] = 200
    answer(view, replace(make_heads_result(), thumbnails=thumbnails))
    assert "attention" in texts_of(view.figure())
    ticks, highest = view.figure().colors.bar.ticks(), view.figure().colors.highest
    assert len(ticks) > 2
    for height, text in ticks:  # a level stands for the square of its share
        assert (height * highest / 255) ** 2 == pytest.approx(float(text.removeprefix("≥ ")), rel=0.01)
    bright = color_maps.lookup("cividis")[255]

    def has_bright(place):
        figure = view.figure()
        return bright in figure.colors.of(thumbnails[place], place, "cividis")

    assert [has_bright((1, 2)), has_bright((2, 1))] == [False, True]
    choose(view, "heads_scale", "head")
    assert [has_bright((1, 2)), has_bright((2, 1))] == [True, True]
    assert "up to the highest of each head" in view.figure().caption
    assert "attention / highest of the head" in texts_of(view.figure())
    answer(view, replace(make_heads_result(), thumbnails=thumbnails))
    assert view.figure().options.scale == "head"  # an answer changes no choice


def test_many_layers_of_few_heads_stand_in_stacks_where_that_makes_them_larger():
    figure, style = HeadsFigure(make_heads_result(n_layers=8, n_heads=4)), FigureStyle()
    narrow, wide = figure.grid(QRectF(0, 0, 500, 800), style), figure.grid(QRectF(0, 0, 1200, 500), style)
    assert narrow.n_rows == 8
    assert wide.n_rows == 4
    boxes = {place: figure.box_of(place, wide) for place in figure.heads}
    assert boxes[4, 0].top() == boxes[0, 0].top()
    assert boxes[4, 0].left() > boxes[0, 3].right()
    assert boxes[7, 3].right() <= 1200
    assert all(figure.head_at(box.center(), wide) == place for place, box in boxes.items())
    assert figure.head_at(QPointF(boxes[4, 0].left() - 3, boxes[4, 0].center().y()), wide) is None


def test_all_measures_of_a_head_are_read_in_a_narrow_window(view):
    view.selection.update(layer=0, head=1)
    view.resize(480, 700)
    shown = control_of(view, "heads_read_out").findChild(PlainLabel).text()
    assert shown.replace("·", " ").split() == read_out(view).replace("·", " ").split()


def test_a_patch_that_looks_at_itself_does_not_darken_all_others():
    thumbnails = np.full((2, 2, 64, 64), 32, np.uint8)
    thumbnails[0, 1, 3, 3] = 240
    figure = HeadsFigure(replace(make_heads_result(n_layers=2, n_heads=2), thumbnails=thumbnails))
    colors = raster.colored(thumbnails, "cividis", figure.colors.highest)
    assert colors[0, 0, 0, 0] == color_maps.lookup("cividis")[255]
    assert figure.caption.endswith("brightest from 0.016 on")


@pytest.mark.parametrize(
    ("size", "is_told", "is_high"),
    [((600, 700), True, True), ((600, 496), True, None), ((900, 500), True, False), ((340, 215), False, None)],
)
def test_room_to_spare_goes_to_words_below_the_maps_and_to_the_maps(qapp, size, is_told, is_high):
    figure, rect = HeadsFigure(make_heads_result()), QRectF(0, 0, *size)
    grid = figure.grid(rect, STYLE)
    box, words = grid.box(0), [head_words(figure.result, place)[0] for place in figure.heads]
    longest, shortest = max(box.width(), box.height()), min(box.width(), box.height())
    assert min(size) / 7 <= shortest <= longest <= 1.3 * shortest + 1
    assert (box.height() > 1.2 * box.width(), box.width() > 1.2 * box.height()) == (is_high is True, is_high is False)
    above, below = grid.origin.y(), rect.bottom() - grid.box(15).bottom()
    assert below - above < 3 * QFontMetricsF(STYLE.font).height(), "what is left is at both ends"
    image = QImage(*size, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched() as painted:
        figure.paint(painter, rect, STYLE)
    texts = [word.text for word in painted]
    assert (texts.count("looks at") == 4) == is_told
    assert all(any(text.startswith(word) for text in texts) for word in words) or not is_told


@pytest.mark.parametrize("words", ["the", "[CLS] the"])
def test_shows_the_shortest_texts_of_a_causal_model(view, words):
    answer(view, make_heads_result(tokens=make_tokens(words), is_causal=True))
    choose(view, "heads_mark", "entropy")
    view.grab()
    order = control_of(view, "heads_order")
    assert not order.model().item(order.findData("next")).isEnabled()
    assert order.model().item(order.findData("entropy")).isEnabled()


def test_shows_300_tokens(view):
    result = make_heads_result(tokens=make_long_tokens(300))
    answer(view, replace(result, thumbnails=raster.resample(result.thumbnails, 128, 128)))
    view.grab()


def test_many_heads_scroll_instead_of_becoming_too_small(view):
    answer(view, make_heads_result(n_layers=24, n_heads=16))
    least = 2.7 * view.fontMetrics().height()
    assert grid_of(view).box_of((23, 15)).width() >= least
    view.selection.update(layer=23, head=15)
    assert grid_of(view).visibleRegion().contains(center(view, (23, 15)))
    choose(view, "heads_order", "entropy")
    assert grid_of(view).box_of((23, 15)).width() >= least
    assert grid_of(view).width() <= view.width()


def test_a_head_that_does_not_exist_is_neither_shown_nor_chosen(view, selection):
    answer(view, ragged(make_heads_result()))
    assert grid_of(view).box_of((3, 3)) is None
    view.grab()
    selection.update(layer=3, head=2)
    QTest.keyClick(grid_of(view), Qt.Key.Key_Right)
    assert selection.now.head == 2
    choose(view, "heads_order", "entropy")
    assert (3, 3) not in view.figure().heads


def test_a_failure_keeps_the_old_picture(view, qtbot):
    before = view.figure()
    with qtbot.waitSignal(view.noticed):
        fail(view, Failure("error", "It broke."))
    assert view.figure() == before


# What the user does


def test_a_click_selects_everywhere(view, selection):
    click(view, (3, 1))
    assert (selection.now.layer, selection.now.head) == (3, 1)
    assert view.figure().selected == (3, 1)


def test_what_is_selected_elsewhere_is_framed_here(view, selection):
    selection.update(layer=0, head=3)
    assert grid_of(view).selected == (0, 3)
    selection.update(group="decoder")
    assert grid_of(view).selected is None
    selection.update(group="encoder", layer=40)
    assert grid_of(view).selected is None
    view.grab()


def test_double_click_and_enter_open_the_head(view, qtbot):
    with qtbot.waitSignal(view.context.view_requested) as blocker:
        QTest.mouseDClick(
            grid_of(view), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, center(view, (2, 0))
        )
    assert blocker.args == ["attention"]
    assert (view.selection.now.layer, view.selection.now.head) == (2, 0)
    view.selection.update(layer=1, head=2)
    with qtbot.waitSignal(view.context.view_requested) as blocker:
        QTest.keyClick(grid_of(view), Qt.Key.Key_Return)
    assert blocker.args == ["attention"]
    assert (view.selection.now.layer, view.selection.now.head) == (1, 2)


def test_arrow_keys_walk_by_layer_and_head_and_stop_at_the_edge(view, selection):
    for key, expected in (
        (Qt.Key.Key_Right, (1, 3)),
        (Qt.Key.Key_Right, (1, 3)),
        (Qt.Key.Key_Down, (2, 3)),
        (Qt.Key.Key_Down, (3, 3)),
        (Qt.Key.Key_Down, (3, 3)),
        (Qt.Key.Key_Left, (3, 2)),
        (Qt.Key.Key_Up, (2, 2)),
    ):
        QTest.keyClick(grid_of(view), key)
        assert (selection.now.layer, selection.now.head) == expected


def test_arrow_keys_walk_through_sorted_heads_like_text(view, selection):
    choose(view, "heads_order", "distance")
    heads = view.figure().heads
    selection.update(layer=heads[0][0], head=heads[0][1])
    for expected in heads[1:]:
        QTest.keyClick(grid_of(view), Qt.Key.Key_Right)
        assert (selection.now.layer, selection.now.head) == expected
    QTest.keyClick(grid_of(view), Qt.Key.Key_Right)
    assert (selection.now.layer, selection.now.head) == heads[-1]
    for expected in reversed(heads[:-1]):
        QTest.keyClick(grid_of(view), Qt.Key.Key_Left)
        assert (selection.now.layer, selection.now.head) == expected


def test_the_read_out_has_room_for_what_it_says_as_the_card_has_all(view):
    choose(view, "heads_mark", "same")
    facts = read_out(view).split("  \N{MIDDLE DOT}  ")
    assert [fact.partition(" ")[0] for fact in facts[2:]] == ["Entropy", "Mean", "Same"]


def test_the_numbers_are_of_the_head_under_the_pointer_or_of_the_selected_one(view):
    grid = grid_of(view)
    of_selected = read_out(view)
    assert of_selected.startswith("Layer 1, head 2")
    QTest.mouseMove(grid, grid.box_of((0, 1)).center().toPoint())
    assert read_out(view).startswith("Layer 0, head 1")
    QTest.mouseMove(grid, grid.rect().bottomLeft())
    assert read_out(view) == of_selected


def test_the_pointer_enlarges_a_head_beside_it(view):
    target = grid_of(view)
    plain = target.grab().toImage()
    for place in ((0, 0), (3, 3), (0, 3), (3, 0)):
        QTest.mouseMove(target, center(view, place))
        enlarged = target.grab().toImage()
        assert enlarged != plain
        inner = target.box_of(place).toRect().adjusted(5, 5, -5, -5)
        assert enlarged.copy(inner) == plain.copy(inner)


@pytest.mark.parametrize("measure", MEASURES)
def test_sorting_shows_the_highest_first(view, measure):
    choose(view, "heads_order", measure)
    values = make_heads_result().measures[measure]
    shown = [values[place] for place in view.figure().heads]
    assert shown == sorted(values.ravel(), reverse=True)
    assert len(set(view.figure().heads)) == 16


def test_the_highest_heads_are_marked(view):
    choose(view, "heads_mark", "sep")
    values = make_heads_result().measures["sep"]
    highest = sorted(values.ravel())[-3:]
    assert view.figure().top == frozenset(tuple(map(int, np.argwhere(values == value)[0])) for value in highest)
    assert "[SEP]" in view.figure().caption


@pytest.mark.parametrize("order", ["layer", "entropy"])
@pytest.mark.parametrize("mark", ["nothing", "cls"])
@pytest.mark.parametrize("size", [(500, 300), (300, 700), (1200, 900)])
def test_the_head_under_a_point_is_the_one_painted_there(qapp, order, mark, size):
    figure = HeadsFigure(make_heads_result(n_layers=3, n_heads=5), HeadsOptions(order, mark))
    rect = QRectF(4, 7, *size)
    grid = figure.grid(rect, STYLE)
    for place in figure.heads:
        box = figure.box_of(place, grid)
        assert rect.adjusted(-1, -1, 1, 1).contains(box)
        for point in (box.center(), box.topLeft(), box.bottomRight() - QPointF(0.01, 0.01)):
            assert figure.head_at(point, grid) == place
    assert figure.head_at(grid.origin - QPointF(1, 1), grid) is None
    assert figure.head_at(rect.bottomRight() + QPointF(500, 500), grid) is None


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    for name in ("heads_group", "heads_order", "heads_mark", "heads_grid"):
        control = control_of(view, name)
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_colour_map_of_the_window_is_followed(view):
    view.context.looks.set_color_map("magma")
    assert grid_of(view).style_now.color_map == "magma"


# Files


def test_numbers_hold_every_head():
    result = ragged(make_heads_result())
    numbers = HeadsFigure(result, HeadsOptions("entropy")).numbers()
    assert numbers.header == ("layer", "head", *MEASURES)
    assert [row[:2] for row in numbers.rows] == [place for place in np.ndindex(4, 4) if place != (3, 3)]
    assert numbers.rows[5][2] == pytest.approx(float(result.measures["entropy"][1, 1]), abs=0)
    assert numbers.arrays["thumbnails"] is result.thumbnails


@pytest.mark.parametrize("order", ["layer", "cls"])
def test_an_svg_is_well_formed_and_names_every_layer(qapp, order):
    figure = HeadsFigure(make_heads_result(), HeadsOptions(order, "entropy"), selected=(1, 1))
    size = figure.natural_size(STYLE)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    painter = QPainter(generator)
    figure.paint(painter, QRectF(QPointF(), size), STYLE)
    painter.end()
    root = ET.fromstring(bytes(buffer.data().data()))
    texts = {"".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Layer 0", "Layer 3", "Head 0"} <= texts if order == "layer" else {"L0 H0", "L3 H3"} <= texts


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = HeadsView(ViewContext(selection))
        view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
        answer(view, make_heads_result())
        return view

    assert_collected(make)


# Of what it is


def ask_for_decoder(view):
    """Let it look at another group of the same checkpoint; returns what it was asked before, and what now."""
    groups = (AttentionGroup("encoder", "Encoder", (4,) * 4), AttentionGroup("decoder", "Decoder", (4,) * 4, True))
    asked = []
    view.request_changed.connect(asked.append)
    view.set_subject(Subject(make_checkpoint_info(groups=groups), text_input("the cat")))
    answer(view, make_heads_result())
    before = HeadsRequest("bert-test", text_input("the cat"), "encoder")
    view.selection.update(group="decoder")
    return before, asked[-1]


def test_an_old_group_is_dimmed_until_the_new_one_is_there_and_has_no_numbers(view, qtbot):
    before, asked = ask_for_decoder(view)
    qtbot.waitUntil(lambda: view.is_dimmed)
    assert read_out(view) == ""
    view.selection.update(layer=3)
    assert read_out(view) == ""
    figure = view.figure()
    view.take_result(before, make_heads_result(seed=5))  # came too late
    assert view.is_dimmed
    assert view.figure().result is figure.result
    view.take_result(asked, replace(make_heads_result(), group="decoder"))
    assert not view.is_dimmed
    assert view.why_not_current == ""
    assert read_out(view).startswith("Layer 3, head 2")


def test_the_arrow_keys_write_no_numbers_beside_an_old_picture(view):
    view.set_subject(Subject(make_checkpoint_info(name="gpt-test"), text_input("the cat")))
    assert view.is_dimmed
    QTest.keyClick(grid_of(view), Qt.Key.Key_Right)
    assert read_out(view) == ""
    assert "bert-test  ·  the cat" in view.why_not_current


def test_a_cancel_and_a_failure_dim_and_say_why(view):
    _, asked = ask_for_decoder(view)
    view.take_cancellation(asked)
    assert view.is_dimmed
    assert "Cancelled" in view.why_not_current
    view.refresh()
    fail(view, Failure("refused", "It is too long."))
    assert view.is_dimmed
    assert "It is too long." in view.why_not_current


def test_a_first_failure_stands_where_the_heads_would_be(qtbot, selection):
    view = HeadsView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    fail(view, Failure("refused", "It is too long."))
    assert control_of(view, "heads_empty").text() == "It is too long."
    assert view.figure() is None


def test_options_are_kept_by_sessions(view):
    choose(view, "heads_order", "cls")
    assert view.options_state() == {"heads": {"order": "cls"}}
    view.set_options_state({"heads": {"mark": "sep", "order": "size"}})
    assert view.figure().options == HeadsOptions("layer", "sep")


def test_a_sample_is_marked_until_the_exact_picture_comes(view):
    view.refresh(again=True)
    answer(view, replace(make_heads_result(), is_sampled=True), is_partial=True)
    assert view.figure().caption.endswith("from sampled rows")
    assert "first look" in view.why_not_current
    assert not view.is_dimmed
    before = grid_of(view).image()
    answer(view, make_heads_result())
    assert "sampled" not in view.figure().caption
    assert grid_of(view).image() != before


def test_heads_that_have_yet_to_come_have_a_frame(view):
    result = replace(ragged(make_heads_result()), is_sampled=True)
    answer(view, result)
    box = grid_of(view).figure.grid(grid_of(view).figure_rect(), grid_of(view).style_now).box(15).toRect()
    image = grid_of(view).image()
    assert image.pixelColor(box.left(), box.center().y()) != image.pixelColor(box.center())
