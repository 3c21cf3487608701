"""Classes after each layer, and the paper's table."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QTabWidget, QWidget

from inference.results.classes import ClassesRequest
from inference.results.events import Failure
from tests.answers import answer, fail, watched
from tests.image_factories import make_classes_result, make_image_info
from tests.inputs import image_input
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.classes.figure import ClassCell, ClassesFigure
from widgets.views.classes.view import ClassesView
from widgets.views.classes.vit_results import VitResultsFigure

INPUT = image_input(seed=1)


@pytest.fixture
def view(qtbot):
    view = watched(ClassesView(ViewContext()), qtbot, 1000, 700)
    view.set_subject(Subject(make_image_info(), INPUT))
    answer(view, make_classes_result())
    return view


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def test_the_classes_are_asked_for(view):
    assert view.asked == [ClassesRequest("vit-test", INPUT)]


def test_the_answer_is_ranked(view):
    result = make_classes_result()
    ranked = view.figure().ranked
    assert result.labels[ranked[0][0]] == "car"
    assert [prob for _, prob in ranked] == sorted((prob for _, prob in ranked), reverse=True)
    assert ranked[0][1] == result.probabilities[-1].max()


def test_true_classes_are_always_there_and_marked(qapp):
    figure = ClassesFigure(make_classes_result(truth=("car", "key")), top_k=3)
    labels = [figure.result.labels[label] for label in figure.columns]
    assert len(labels) == 3
    assert {"car", "key"} <= set(labels)
    assert "key" in [figure.result.labels[label] for label, _ in figure.ranked]
    texts = texts_of(figure)
    assert "✓ car" in texts
    assert "✓ tree" not in texts


def test_a_click_on_a_layer_shows_its_bars(view):
    canvas = child(view, QWidget, "classes_canvas")
    figure = view.figure()
    table = figure._layout(canvas.figure_rect(), canvas.style_now).table
    place = figure._cell(1, 2, table).center().toPoint()
    QTest.mouseMove(canvas, place)
    label = figure.columns[2]
    assert f"{figure.result.probabilities[1, label]:.6f}" in child(view, QLabel, "classes_read_out").text()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.figure().row == 1
    assert child(view, QComboBox, "classes_row").currentText() == "Layer 0"
    assert "after layer 0" in view.figure().caption


def test_arrow_keys_choose_a_layer(view):
    canvas = child(view, QWidget, "classes_canvas")
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Return):
        QTest.keyClick(canvas, key)
    assert canvas.spot == ClassCell(3, view.figure().columns[0])
    assert view.figure().row == 3


def test_more_classes_are_shown_without_asking(view):
    view.asked.clear()
    child(view, QSpinBox, "classes_top_k").setValue(5)
    assert len(view.figure().columns) == 5
    assert view.asked == []


def test_it_says_whether_classes_exclude_each_other(view):
    assert "sum to 1" in view.figure().caption
    answer(view, make_classes_result(is_multi_label=True))
    assert "each class by itself" in view.figure().caption


def test_a_thousand_classes_and_many_layers_are_readable(qapp):
    result = make_classes_result(n_layers=48, n_labels=1000)
    texts = texts_of(ClassesFigure(result))
    assert "Layer 47" in texts
    assert "✓ car" in texts


OTHER = Subject(replace(make_image_info(name="other"), checkpoint="other"), INPUT)


def test_old_classes_are_dimmed_until_the_next_are_there(view, qtbot):
    image = Subject(make_image_info(), image_input(seed=2))
    check_provenance(view, qtbot, make_classes_result(), change=lambda: view.set_subject(image), other=OTHER)


def test_the_paper_s_table_never_grows_old(view):
    child(view, QTabWidget, "classes_pages").setCurrentIndex(1)
    view.set_subject(OTHER)
    assert view.why_not_current == ""
    child(view, QTabWidget, "classes_pages").setCurrentIndex(0)
    assert "vit-test" in view.why_not_current


def test_a_first_failure_is_told_in_place(qtbot):
    view = ClassesView(ViewContext())
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(make_image_info(), INPUT))
    fail(view, Failure("refused", "This image has gone."))
    assert child(view, QLabel, "classes_empty").text() == "This image has gone."


def test_a_failure_keeps_the_old_picture(view, qtbot):
    before = view.figure()
    with qtbot.waitSignal(view.noticed):
        fail(view, Failure("error", "It broke."))
    assert view.figure() is before


def test_numbers_are_unrounded(qapp):
    result = make_classes_result()
    numbers = ClassesFigure(result).numbers()
    np.testing.assert_array_equal(numbers.arrays["probabilities"], result.probabilities)
    assert numbers.rows[0][0] == "Embeddings"
    car = [row for row in numbers.rows if row[1] == "car"]
    assert [row[3] for row in car] == result.probabilities[:, 2].tolist()
    assert {row[2] for row in car} == {1}


def test_the_paper_s_table_is_a_page_of_its_own(view):
    child(view, QTabWidget, "classes_pages").setCurrentIndex(1)
    assert isinstance(view.figure(), VitResultsFigure)
    texts = " ".join(texts_of(view.figure()))
    assert "not measured here" in texts
    assert "Dosovitskiy" in texts
    for number in ("88.55", "99.74", "77.63", "0.23k", "12.3k"):
        assert number in texts


def test_the_paper_s_table_has_all_its_numbers():
    numbers = VitResultsFigure().numbers()
    accuracy = numbers.arrays["accuracy"]
    assert accuracy.shape == (7, 5)
    assert np.isnan(accuracy).sum() == 5  # Noisy Student was measured on ImageNet only
    assert accuracy[0].tolist() == pytest.approx([88.55, 87.76, 85.30, 87.54, 88.4])
    assert numbers.arrays["thousand_core_days"].tolist() == pytest.approx([2.5, 0.68, 0.23, 9.9, 12.3])


def test_names_from_a_checkpoint_are_cleaned(qapp):
    result = make_classes_result()
    figure = ClassesFigure(replace(result, labels=("bad\x00name", *result.labels[1:])))
    assert any("‹NUL›" in text for text in texts_of(figure))


def test_is_collected_after_closing(assert_collected, qapp):
    def make():
        view = ClassesView(ViewContext())
        view.set_subject(Subject(make_image_info(), INPUT))
        view.show()
        answer(view, make_classes_result())
        return view

    assert_collected(make)


@pytest.mark.parametrize(("size", "is_over"), [((660, 430), True), ((1040, 560), True), ((900, 290), False)])
def test_bars_stand_below_the_image_where_there_is_height_and_leave_the_width_to_the_table(qapp, size, is_over):
    figure, rect = ClassesFigure(make_classes_result()), QRectF(0, 0, *size)
    where = figure._layout(rect, FigureStyle())
    assert (where.bars.left() == where.image.left()) == is_over
    assert where.bars.top() >= where.image.bottom() or not is_over
    assert not where.bars.intersects(where.table)
    assert not where.image.intersects(where.table)
    n_shown = int((where.bars.height() / QFontMetricsF(FigureStyle().font).height() - 1.7) / 1.45 + 1e-6)
    assert n_shown >= len(figure.ranked)
