"""Labels at pixels: what is asked, what is laid over the image, what a new label takes, and labels that are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton, QWidget

from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.segments import SegmentsRequest
from tests.answers import answer, watched
from tests.image_factories import make_image_info, make_segments_result
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.heat_panel import fixed
from widgets.look.theme import LIGHT, FigureStyle
from widgets.subject import Subject
from widgets.views.segments.figure import LabelledPixel, SegmentsFigure
from widgets.views.segments.label_colors import label_color, outlines
from widgets.views.segments.label_sets import KeptLabels
from widgets.views.segments.options import SegmentsOptions
from widgets.views.segments.similarity_figure import LabelSimilarityFigure
from widgets.views.segments.view import SegmentsView

LABELS = ("red house", "blue car", "background")
IMAGE = ImageInput(seed=1)
STYLE = FigureStyle(LIGHT, QFont("sans", 10))


def subject(labels=LABELS, *, name="lseg-test", image=IMAGE, compares=("text",)):
    info = replace(make_image_info(name=name), reads=("text", "image"), compares=compares, capabilities=("segments",))
    text = TextInput(labels[0] if labels else "")
    return Subject(info, Input(text=text, image=image), texts=labels)


@pytest.fixture
def view(qtbot):
    view = watched(SegmentsView(ViewContext()), qtbot, 1000, 600)
    view.set_subject(subject())
    answer(view, make_segments_result())
    return view


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def choose(view, name, data):
    combo = child(view, QComboBox, name)
    combo.setCurrentIndex(combo.findData(data))


def painted(figure, width=900, height=400):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    with QPainter(image) as painter:
        figure.paint(painter, QRectF(0, 0, width, height), STYLE)
    return image


def test_the_image_and_all_labels_are_asked_for(view):
    assert view.asked == [SegmentsRequest("lseg-test", Input(image=IMAGE), LABELS)]


def test_which_label_is_looked_at_elsewhere_asks_nothing(view):
    view.asked.clear()
    view.set_subject(replace(subject(), input=Input(text=TextInput("blue car"), image=IMAGE)))
    assert view.asked == []
    assert view.why_not_current == ""


def test_a_model_with_labels_of_its_own_is_asked_for_these(qtbot):
    view = watched(SegmentsView(ViewContext()), qtbot, 800, 500)
    view.set_subject(subject((), compares=()))
    assert view.asked == [SegmentsRequest("lseg-test", Input(image=IMAGE), ())]


def test_without_a_label_it_says_what_to_do(qtbot):
    view = watched(SegmentsView(ViewContext()), qtbot, 800, 500)
    view.set_subject(subject(()))
    assert view.asked == []
    assert "Type a label" in child(view, QLabel, "segments_empty").text()


@pytest.mark.parametrize("size", [(6, 9), (9, 6), (5, 5)])
def test_every_pixel_has_the_colour_of_its_label(qapp, size):
    """Exact to the pixel, also where images are not square."""
    result = make_segments_result(size=size)
    figure = SegmentsFigure(result, SegmentsOptions(opacity=1.0, outlines=False))
    image = painted(figure)
    (box,) = figure.boxes(QRectF(0, 0, 900, 400), STYLE)
    assert box.width() / box.height() == pytest.approx(size[1] / size[0], rel=0.01)
    height, width = box.height() / size[0], box.width() / size[1]
    for row in range(size[0]):
        for column in range(size[1]):
            wanted = label_color(int(result.winners[row, column])).rgb()
            left, top = box.left() + column * width, box.top() + row * height
            inside = [(left + 1.6, top + 1.6), (left + width - 1.6, top + height - 1.6)]
            assert {image.pixel(round(x - 0.5), round(y - 0.5)) for x, y in inside} == {wanted}


def test_lines_part_pixels_of_different_labels():
    labels = np.array([[0, 0, 1], [0, 0, 1], [2, 2, 2]])
    assert sorted(map(tuple, outlines(labels).tolist())) == [(0, 2, 3, 2), (2, 0, 2, 2)]
    assert outlines(np.zeros((3, 4), int)).shape == (0, 4)


def test_the_legend_tells_the_share_of_the_pixels(view):
    figure = view.figure()
    assert figure.covered.sum() == pytest.approx(1)
    texts = texts_of(figure)
    for label, share in zip(LABELS, figure.covered, strict=True):
        assert label in texts
        assert f"{100 * share:.1f} %" in texts


def test_a_click_on_a_pixel_shows_its_cosines_and_a_second_one_takes_them_away(view):
    canvas = child(view, QWidget, "segments_canvas")
    (box,) = view.figure().boxes(canvas.figure_rect(), canvas.style_now)
    at = (box.topLeft() + (box.bottomRight() - box.topLeft()) * 0.4).toPoint()
    QTest.mouseMove(canvas, at)
    spot = canvas.spot
    values = make_segments_result().scores[:, spot.row, spot.column]
    read_out = child(view, QLabel, "segments_read_out").text()
    assert f"Row {spot.row}, column {spot.column}: {LABELS[int(values.argmax())]} {values.max():.4f}" in read_out
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert view.figure().pixel == (spot.row, spot.column)
    texts = texts_of(view.figure())
    assert all(fixed(value, ".3f") in texts for value in values)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert view.figure().pixel is None


def test_arrow_keys_and_enter_do_the_same(view):
    canvas = child(view, QWidget, "segments_canvas")
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(canvas, key)
    assert view.figure().pixel == (4, 3)


def test_a_new_label_shows_what_it_takes(view):
    before = make_segments_result()
    view.set_subject(subject((*LABELS, "tree")))
    after = make_segments_result((*LABELS, "tree"))
    answer(view, after)
    choose(view, "segments_show", "change")
    figure = view.figure()
    assert figure.before.labels == LABELS
    assert figure.added == (3,)
    taken = after.winners == 3
    assert np.array_equal(figure.is_taken, taken)
    assert f"tree takes {100 * taken.mean():.1f} % of the pixels" in figure.caption
    lost = np.bincount(before.winners[taken], minlength=3)
    assert f"{100 * lost.max() / taken.size:.1f} % from {LABELS[int(lost.argmax())]}" in figure.caption
    assert len(figure.panels) == 2
    assert "Before: 3 labels" in texts_of(figure)


def test_a_pixel_or_two_are_not_said_to_be_none(qapp):
    before, after = make_segments_result(), make_segments_result((*LABELS, "tree"))
    winners = np.zeros((64, 64), np.int64)
    before = replace(before, winners=winners)
    taken = winners.copy()
    taken[5, 7] = 3
    figure = SegmentsFigure(replace(after, winners=taken), SegmentsOptions(), before)
    assert figure.taken == f"tree takes < 0.1 % of the pixels: < 0.1 % from {LABELS[0]}"


def test_before_and_after_need_a_label_more(view):
    choose(view, "segments_show", "change")
    assert "Add a label" in view.figure().caption
    view.set_subject(subject(LABELS[:2]))
    answer(view, make_segments_result(LABELS[:2]))
    assert view.figure().before is None


def test_every_label_has_a_map_of_its_own(view):
    assert not child(view, QComboBox, "segments_scores").isVisibleTo(view)  # nothing else is drawn from them
    choose(view, "segments_show", "labels")
    figure = view.figure()
    assert [panel.label for panel in figure.panels] == [0, 1, 2]
    assert "cosines from" in figure.caption
    assert child(view, QComboBox, "segments_scores").isVisibleTo(view)
    choose(view, "segments_scores", "share")
    np.testing.assert_allclose(view.figure().shares.sum(0), 1, atol=1e-5)
    assert "shares from 0.000 (dark) to 1.000" in view.figure().caption


def test_entropy_is_in_bits(view):
    choose(view, "segments_show", "entropy")
    assert "at most 1.58 bits" in view.figure().caption


def test_the_labels_own_similarity_is_a_matrix(view):
    choose(view, "segments_show", "similarity")
    figure = view.figure()
    assert isinstance(figure, LabelSimilarityFigure)
    canvas = child(view, QWidget, "segments_canvas")
    QTest.mouseMove(canvas, figure._cell(0, 1, figure.table(canvas.figure_rect(), canvas.style_now)).center().toPoint())
    value = make_segments_result().similarity[0, 1]
    assert f"red house and blue car: cosine {fixed(value, '.4f')}" in child(view, QLabel, "segments_read_out").text()
    choose(view, "segments_show", "map")
    assert isinstance(view.figure(), SegmentsFigure)


def test_labels_are_kept_chosen_again_and_forgotten(view, qtbot):
    child(view, QToolButton, "segments_labels_keep").click()
    state = view.options_state()
    assert state["segments_labels"] == {"sets": [list(LABELS)]}
    view.set_subject(subject(("tree",)))
    answer(view, make_segments_result(("tree",)))
    kept = child(view, QComboBox, "segments_labels_kept")
    with qtbot.waitSignal(view.context.input_requested) as asked:
        kept.activated.emit(1)
    assert asked.args[0].texts == LABELS
    view.set_subject(subject())
    child(view, QToolButton, "segments_labels_forget").click()
    assert "segments_labels" not in view.options_state()
    view.set_options_state(state)
    assert view.options_state() == state


@pytest.mark.parametrize("stored", [None, 3, {"sets": 4}, {"sets": [[], [1], ["a", ""], "ab"]}])
def test_what_is_no_list_of_labels_is_left_out(stored):
    assert KeptLabels.from_json(stored)[0] == KeptLabels()


OTHER = subject(name="other")


def test_an_old_map_is_dimmed_until_the_next_is_there(view, qtbot):
    change = subject(image=ImageInput(seed=2))
    check_provenance(view, qtbot, make_segments_result(), change=lambda: view.set_subject(change), other=OTHER)


def test_numbers_are_unrounded(qapp):
    result = make_segments_result()
    numbers = SegmentsFigure(result, SegmentsOptions()).numbers()
    np.testing.assert_array_equal(numbers.arrays["labels"], result.winners)
    np.testing.assert_array_equal(numbers.arrays["cosines"], result.scores)
    assert numbers.arrays["names"].tolist() == list(LABELS)
    logits = SegmentsFigure(make_segments_result(is_cosine=False), SegmentsOptions()).numbers().arrays
    assert "cosines" not in logits
    assert logits["logits"].shape == (3, 6, 9)


def test_names_are_cleaned(qapp):
    figure = SegmentsFigure(make_segments_result(("bad\x00name", "car")), SegmentsOptions())
    assert any("‹NUL›" in text for text in texts_of(figure))


def test_many_labels_fit(qapp):
    result = make_segments_result(tuple("x" * (i + 1) for i in range(128)))
    assert "and 105 more" in texts_of(SegmentsFigure(result, SegmentsOptions()))
    assert len(SegmentsFigure(result, SegmentsOptions(show="labels")).panels) == 128
    assert len({label_color(i).rgb() for i in range(128)}) == 128


def test_a_pixel_is_pointed_at_within_eight_milliseconds(qapp):
    from time import perf_counter

    result = make_segments_result(tuple(f"label {'x' * i}" for i in range(40)), size=(120, 160))
    figure, rect = SegmentsFigure(result, SegmentsOptions()), QRectF(0, 0, 900, 400)
    (box,) = figure.boxes(rect, STYLE)
    times = []
    for _ in range(9):
        start = perf_counter()
        figure.describe(figure.spot_at(box.center(), rect, STYLE))
        times.append(perf_counter() - start)
    assert min(times) <= 0.008
    assert figure.spot_at(box.topLeft(), rect, STYLE) == LabelledPixel(0, 0)


def test_is_collected_after_closing(assert_collected, qapp):
    def make():
        view = SegmentsView(ViewContext())
        view.set_subject(subject())
        view.show()
        answer(view, make_segments_result())
        return view

    assert_collected(make)


def test_single_labels_can_be_compared_by_one_scale(view):
    choose(view, "segments_show", "labels")
    own = view.figure()
    chosen = replace(own, options=replace(own.options, low=-0.5, high=0.75))
    assert own.caption.endswith(f"(dark) to {own.result.scores.max():.3f} (bright)")
    assert chosen.caption.endswith("from −0.500 (dark) to 0.750 (bright)")
    assert painted(own) != painted(chosen)
    wrong = replace(own, options=replace(own.options, low=0.75, high=0.5))
    assert wrong.caption == "Colours from 0.75 to 0.5: choose a first number that is less."
    bare = replace(wrong, options=replace(wrong.options, outlines=False, opacity=0.0))
    assert painted(wrong) == painted(bare)  # no colours that the caption does not explain


def test_names_of_the_matrix_are_whole_and_it_stands_in_the_middle(qapp):
    labels = ("yellow balloon", "purple bird", "background")
    figure = LabelSimilarityFigure(replace(make_segments_result(), labels=labels))
    for size in ((900, 400), (500, 500), (1600, 700)):
        rect = QRectF(0, 0, *size)
        shown = texts_of(figure, rect)
        assert all(shown.count(label) == 2 for label in labels)
        table = figure.table(rect, STYLE)
        assert rect.contains(table)
        assert abs(table.center().x() - rect.center().x()) < 0.2 * rect.width()


def test_what_has_no_pixels_asks_for_no_click_on_one(view):
    choose(view, "segments_show", "similarity")
    assert child(view, QLabel, "segments_read_out").text() == "Point at a cell."
    controls = view._page.controls
    controls.show_all()
    assert not child(view, QWidget, "segments_opacity").isVisibleTo(controls)
    choose(view, "segments_show", "map")
    assert child(view, QLabel, "segments_read_out").text().startswith("Click a pixel")
    assert child(view, QWidget, "segments_opacity").isVisibleTo(controls)


def test_the_legend_has_all_that_one_image_leaves(qapp):
    figure, rect = SegmentsFigure(make_segments_result(), SegmentsOptions()), QRectF(0, 0, 1100, 360)
    (image,), legend = figure.boxes(rect, FigureStyle()), figure._legend(rect, FigureStyle())
    em = QFontMetricsF(FigureStyle().font).height()
    assert image.left() - rect.left() < em
    assert legend.left() - image.right() < 3 * em
    assert legend.right() == rect.right()


def test_short_labels_leave_the_legend_to_the_bars(qapp):
    style = FigureStyle()
    em = QFontMetricsF(style.font).height()
    width = 18 * em  # as on a projector
    few = SegmentsFigure(make_segments_result(("cup", "car", "bird")), SegmentsOptions())
    assert width - few._name_width(width, style) > 12 * em
    long = SegmentsFigure(make_segments_result(("x" * 80, "car", "bird")), SegmentsOptions())
    assert width - long._name_width(width, style) > 6 * em
