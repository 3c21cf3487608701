"""The order of frames on screen: dragged, moved by keys, chosen from the list, and asked anew each time."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton, QWidget

from inference.results.events import Failure
from inference.results.inputs import ClipInput, Input, TextInput
from inference.results.order import AFTER, BEFORE, OrderRequest
from tests.answers import answer, fail, watched
from tests.merlot_checkpoints import make_order_info, make_order_result
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.order.figure import OrderFigure
from widgets.views.order.match_figure import MatchFigure
from widgets.views.order.options import OrderOptions
from widgets.views.order.truth import pairs_in_order, put_back
from widgets.views.order.view import OrderView
from widgets.views.order.words_figure import WordsFigure

INPUT = Input(text=TextInput(), clip=ClipInput(seed=1))


@pytest.fixture
def view(qtbot):
    view = watched(OrderView(ViewContext()), qtbot, 1000, 640)
    view.set_subject(Subject(make_order_info(), INPUT))
    answer(view, make_order_result())
    return view


def canvas_of(view):
    return view.findChild(QWidget, "order_canvas")


def laid(view):
    canvas = canvas_of(view)
    return canvas.figure.layout(canvas.figure_rect(), canvas.style_now)


def middle(box):
    return box.center().toPoint()


def drag(view, start, end):
    canvas, boxes = canvas_of(view), laid(view).images
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle(boxes[start]))
    QTest.mouseMove(canvas, middle(boxes[end]) + QPoint(3, 3))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle(boxes[end]))


def asked(view):
    return view.asked[-1].order


def choose(view, show):
    combo = view.findChild(QComboBox, "order_show")
    combo.setCurrentIndex(combo.findData(show))


def test_the_first_order_is_left_to_the_program(view):
    assert view.asked == [OrderRequest("order-test", INPUT)]
    caption = view.findChild(QLabel, "order_caption").text()
    assert "as shown, 3 of 6 pairs are as in the film; in the likeliest order, 6" in caption


def test_a_frame_is_dragged_to_another_place(view):
    drag(view, 0, 2)
    assert asked(view) == (3, 0, 1, 2)
    answer(view, make_order_result((3, 0, 1, 2)))
    drag(view, 3, 0)
    assert asked(view) == (2, 3, 0, 1)


def test_an_order_of_the_user_is_a_step_that_can_be_undone(view, qtbot):
    before = view.options_state()
    with qtbot.waitSignal(view.options.changed):
        drag(view, 0, 2)
    after = view.options_state()
    assert view.options.titles(before, after) == ("Order",)
    view.set_options_state(before)
    assert asked(view) == ()
    view.set_options_state(after)
    assert asked(view) == (3, 0, 1, 2)
    view.set_options_state(after | {"frames_of": "another"})
    assert asked(view) == ()


def test_a_frame_that_is_let_go_beside_all_stays(view):
    canvas, boxes = canvas_of(view), laid(view).images
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle(boxes[0]))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert len(view.asked) == 1


def test_alt_and_an_arrow_move_the_frame_that_is_pointed_at(view):
    canvas = canvas_of(view)
    QTest.mouseMove(canvas, middle(laid(view).images[1]))
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert asked(view) == (1, 0, 3, 2)
    assert canvas.spot.place == 2  # it goes with the frame
    answer(view, make_order_result((1, 0, 3, 2)))
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert asked(view) == (1, 3, 0, 2)


def test_buttons_put_back_shuffle_and_show_the_film(view):
    view.findChild(QToolButton, "order_put_back").click()
    assert asked(view) == (0, 1, 2, 3)
    view.findChild(QToolButton, "order_shuffle").click()
    assert sorted(asked(view)) == [0, 1, 2, 3]
    assert asked(view) != make_order_result().order
    view.findChild(QToolButton, "order_in_time").click()
    assert asked(view) == (0, 1, 2, 3)


def test_a_click_on_an_order_shows_the_frames_so(view):
    second = put_back(make_order_result(), 1)
    QTest.mouseClick(canvas_of(view), Qt.MouseButton.LeftButton, pos=middle(laid(view).ranks[1]))
    assert asked(view) == second
    assert pairs_in_order(second)[0] == 5


def test_cells_say_what_comes_first(view):
    figure = view.figure()
    for row in range(4):
        for place, frame in enumerate((1, 3, 0, 2)):
            likeliest = int(figure.probs[row, place].argmax())
            assert likeliest == (1 if row == frame else BEFORE if row < frame else AFTER)
    canvas = canvas_of(view)
    QTest.mouseMove(canvas, middle(laid(view).cells[2][0]))
    said = view.findChild(QLabel, "order_read_out").text()
    assert "the red cup becomes blue → frame 13" in said  # as the film numbers it, like every other view
    assert "after 85.0 %" in said


def test_what_belongs_together_is_told_at_any_temperature(view):
    choose(view, "match")
    figure = view.figure()
    assert isinstance(figure, MatchFigure)
    np.testing.assert_allclose(figure.values.sum(1), 1, atol=1e-6)
    assert figure.n_right == 4
    flat = MatchFigure(make_order_result(), OrderOptions(temperature=1.0)).values
    assert figure.values.max() > flat.max() > 0.25
    by_frame = MatchFigure(make_order_result(), OrderOptions(numbers="frame"))
    np.testing.assert_allclose(by_frame.values.sum(0), 1, atol=1e-6)
    assert by_frame.n_right == 4


def test_words_are_as_large_as_they_are_attended_to(view):
    choose(view, "words")
    figure = view.figure()
    assert isinstance(figure, WordsFigure)
    words = figure.result.words.words
    assert (
        figure.factors[words.index("becomes")] > figure.factors[words.index("cup")] > figure.factors[words.index("a")]
    )
    assert [len(line) for line in figure.lines] == [4, 4, 5, 4]
    assert "4 of 17 masked, 1 of the most attended fifth" in figure.caption  # red three times, and leaves
    view.findChild(QWidget, "order_mask_seed").setValue(5)
    assert view.asked[-1].seed == 5


def test_numbers_name_their_axes(view):
    numbers = view.figure().numbers()
    for name in ("text_frame", "frame_frame", "orders", "cosines", "received"):
        assert numbers.arrays[name].ndim == len(numbers.arrays[f"{name}_axes"])
    assert len(numbers.rows) == 16
    assert {len(row) for row in numbers.rows} == {len(numbers.header)}
    np.testing.assert_array_equal(numbers.arrays["orders"][0], (0, 1, 2, 3))


def test_a_failure_keeps_the_picture(view):
    drag(view, 0, 1)
    fail(view, Failure("Refused", "It cannot be read.", ""))
    assert isinstance(view.figure(), OrderFigure)
    assert "It cannot be read." in view.why_not_current


def test_what_is_on_screen_says_of_what_it_is(view, qtbot):
    other = Subject(make_order_info(), Input(text=TextInput(), clip=ClipInput(seed=2)))
    check_provenance(view, qtbot, make_order_result(), change=lambda: drag(view, 0, 1), other=other)


def test_a_sentence_has_two_lines_beside_small_frames(qapp):
    figure, style = OrderFigure(make_order_result()), FigureStyle()
    letters = QFontMetricsF(style.font)
    for height in (figure.least_size(900, style).height(), 400.0):
        laid = figure.layout(QRectF(0, 0, 900, height), style)
        assert min(label.height() for label in laid.labels) >= 2 * letters.height()
        assert laid.legend.bottom() <= height + 1
        columns = zip(laid.titles, laid.images, laid.cells[0], strict=True)
        assert all(
            abs(image.left() - title.left()) <= 1 >= abs(cell.left() - title.left()) for title, image, cell in columns
        )


def test_no_number_over_a_bar_is_cut(qapp):
    figure, em = OrderFigure(make_order_result()), QFontMetricsF(FigureStyle().font).height()
    for width, has_words in ((60 * em, True), (44 * em, False)):
        texts = texts_of(figure, QRectF(0, 0, width, 26 * em))
        over_bars = [text for text in texts if text.endswith(" %") and "." not in text]
        assert len(over_bars) >= figure.n**2
        assert any(text.startswith(("before ", "after ")) for text in over_bars) == has_words
        assert not [text for text in over_bars if "…" in text]


@pytest.mark.parametrize("make", [OrderFigure, MatchFigure])
def test_frames_are_numbered_as_in_the_film(qapp, make):
    """As beside their thumbnails and in the film's own view."""
    texts = texts_of(make(make_order_result()), QRectF(0, 0, 1200, 640))
    numbers = [text for text in texts if text.startswith("frame ")]
    assert numbers == ["frame 13", "frame 29", "frame 5", "frame 21"]
    if make is OrderFigure:
        assert "5 13 21 29" in texts  # the likeliest order


def test_frames_grow_with_the_room_on_every_page(qapp):
    """In a presentation they are looked at from afar."""
    style = FigureStyle()
    words = WordsFigure(make_order_result())
    least = words.least_size(900, style).height()
    sides = []
    for height in (least, least + 40, 2 * least):
        rows = words._rows(QRectF(0, 0, 900, height), style)
        assert rows[-1][0].bottom() < height
        sides.append(rows[0][0].width())
    assert sides[0] < sides[1] < sides[2]
    match = MatchFigure(make_order_result())
    tops = [match.panels(QRectF(0, 0, 900, height), style)[0][0].lines_above for height in (200, 600)]
    assert tops[0] < tops[1]


def test_the_temperature_is_offered_where_it_changes_numbers(view):
    temperature, numbers = (view.findChild(QWidget, f"order_{name}") for name in ("temperature", "numbers"))
    choose(view, "match")
    assert temperature.isVisibleTo(view)
    numbers.setCurrentIndex(numbers.findData("cosine"))
    assert not temperature.isVisibleTo(view)
    numbers.setCurrentIndex(numbers.findData("frame"))
    choose(view, "words")
    assert not temperature.isVisibleTo(view)
