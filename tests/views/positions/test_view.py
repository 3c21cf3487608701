"""Positions: the sinusoids follow their sliders, the checkpoint's own encoding is shown as it is."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QSlider, QSpinBox, QTabWidget, QWidget

from inference.results.checkpoint import Missing
from inference.results.events import Failure
from inference.results.positions import PositionsRequest, PositionsResult
from tests.answers import answer, fail
from tests.factories import make_checkpoint_info, make_position_table
from tests.inputs import text_input
from tests.provenance import check_provenance
from tests.widgets.pointer import move_over
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.positions.figure import PositionsFigure
from widgets.views.positions.sinusoids import SinusoidsFigure
from widgets.views.positions.view import PositionsView

NOTE = "A learned vector for each position is added to the embedding of the token."


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    view = PositionsView(ViewContext(selection))
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    return view


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def open_checkpoint(view, *tables):
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    child(view, QTabWidget, "positions_pages").setCurrentIndex(1)
    answer(view, PositionsResult(tables or (make_position_table(),), NOTE))


def point_of(canvas, cell):
    panel, area = canvas.figure.panels(canvas.figure_rect(), canvas.style_now)[cell.panel]
    return panel.cell_rect(cell.row, cell.column, panel.plot(area, canvas.style_now)).center().toPoint()


# The sinusoids


def test_the_sinusoids_need_no_checkpoint(view):
    assert isinstance(view.figure(), SinusoidsFigure)


@pytest.mark.parametrize(
    ("name", "field", "steps", "value"),
    [("d_model", "d_model", 100, 200), ("length", "length", 300, 300), ("pair", "pair", 9, 9)],
)
def test_a_slider_changes_the_figure(view, qtbot, name, field, steps, value):
    with qtbot.waitSignal(view.figure_changed):
        child(view, QSlider, f"sinusoids_{name}_slider").setValue(steps)
    assert getattr(view.figure(), field) == value
    assert child(view, QSpinBox, f"sinusoids_{name}_number").value() == value
    assert child(view, QWidget, "sinusoids_canvas").figure == view.figure()


def test_dimensions_stay_even(view):
    child(view, QSpinBox, "sinusoids_d_model_number").setValue(33)
    assert view.figure().d_model == 32


def test_fewer_dimensions_have_fewer_pairs(view):
    child(view, QSpinBox, "sinusoids_pair_number").setValue(40)
    child(view, QSpinBox, "sinusoids_d_model_number").setValue(16)
    assert view.figure().pair == 7


def test_pointing_explains_a_number_and_clicking_chooses_its_pair(view):
    canvas = child(view, QWidget, "sinusoids_canvas")
    cell = Cell(0, 21, 10)
    QTest.mouseMove(canvas, point_of(canvas, cell))
    assert child(view, QLabel, "sinusoids_read_out").text() == view.figure().describe(cell)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=point_of(canvas, cell))
    assert view.figure().pair == 10


def test_arrow_keys_walk_over_the_cells(view):
    canvas = child(view, QWidget, "sinusoids_canvas")
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(canvas, key)
    assert canvas.spot == Cell(0, 1, 1)


def test_the_waves_stand_beneath_their_positions_and_explain_their_numbers(view):
    canvas = child(view, QWidget, "sinusoids_canvas")
    (plot,) = canvas.views
    figure = view.figure()
    panel, area = figure.panels(canvas.figure_rect(), canvas.style_now)[0]
    for position in (0, 21, 63):
        cell = panel.cell_rect(8, position, panel.plot(area, canvas.style_now)).center().x()
        assert plot.x() + plot.frame.point(1, position).x() == pytest.approx(cell, abs=1)
    move_over(plot, plot.frame.point(1, 21))
    assert child(view, QLabel, "sinusoids_read_out").text() == figure.describe(Cell(0, 8, 21))
    move_over(plot, plot.frame.point(3, 21))
    assert child(view, QLabel, "sinusoids_read_out").text() == figure.describe(Cell(0, 9, 21))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.frame.point(3, 21).toPoint())
    assert view.figure().pair == 4


@pytest.mark.parametrize(("d_model", "height"), [(1024, 400), (1024, 300), (128, 280), (128, 240)])
def test_many_dimensions_are_averaged_where_pixels_are_few(qapp, d_model, height):
    """Far dimensions alternate between 0 and 1; no row of pixels may show more of one than others do."""
    figure = SinusoidsFigure(d_model, 16)
    image = QImage(600, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    rect = QRectF(0, 0, 600, height)
    figure.paint(painter, rect, FigureStyle())
    painter.end()
    panel, area = figure.panels(rect, FigureStyle())[0]
    plot = panel.plot(area, FigureStyle())
    x = int(plot.left() + 3)
    lightness = [image.pixelColor(x, y).lightness() for y in range(int(plot.bottom()) - 40, int(plot.bottom()) - 4)]
    assert plot.height() < d_model
    assert max(lightness) - min(lightness) < 5


# The checkpoint


def test_asks_only_on_its_page(qtbot, selection):
    view = PositionsView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    asked = []
    view.request_changed.connect(asked.append)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    assert asked == []
    child(view, QTabWidget, "positions_pages").setCurrentIndex(1)
    assert asked == [PositionsRequest("bert-test")]
    view.set_subject(Subject(make_checkpoint_info(), text_input("another sentence")))
    assert len(asked) == 1


def test_a_checkpoint_without_positions_says_why(view):
    asked = []
    view.request_changed.connect(asked.append)
    info = make_checkpoint_info(capabilities=("attention",), missing=(Missing("positions", "it has none"),))
    view.set_subject(Subject(info, text_input("the cat")))
    child(view, QTabWidget, "positions_pages").setCurrentIndex(1)
    assert asked == []
    assert view.figure() is None
    assert "it has none" in child(view, QLabel, "positions_empty").text()


def test_shows_the_note_and_follows_the_window(view):
    open_checkpoint(view)
    assert child(view, QLabel, "positions_note").text() == NOTE
    assert view.figure().note == NOTE


def test_the_number_pointed_at_is_exact(view):
    table = make_position_table()
    open_checkpoint(view, table)
    canvas = child(view, QWidget, "positions_canvas")
    QTest.mouseMove(canvas, point_of(canvas, Cell(0, 3, 5)))
    text = child(view, QLabel, "positions_read_out").text()
    assert text == f"Position 5, dimension 3: {table.values[5, 3]}"
    QTest.mouseMove(canvas, point_of(canvas, Cell(1, 2, 9)))
    assert f"Positions 2 and 9: {table.similarity[0, 2, 9]}" in child(view, QLabel, "positions_read_out").text()


@pytest.mark.parametrize("kind", ["learned", "sinusoidal", "rotary", "relative", "alibi"])
def test_every_kind_shows_its_table_and_similarity(qapp, kind):
    table = make_position_table(kind=kind)
    figure = PositionsFigure(table)
    texts = texts_of(figure)
    assert any(table.name in text for text in texts)
    assert any(text.startswith(table.similarity_label) for text in texts)
    assert figure.numbers().arrays["table"] is table.values
    assert len(figure.numbers().rows) == len(table.values)


def test_a_map_for_each_head_is_chosen_everywhere(view, selection):
    table = make_position_table(kind="relative")
    open_checkpoint(view, table)
    heads = child(view, QComboBox, "positions_head")
    assert heads.count() == 4
    heads.setCurrentIndex(2)
    heads.activated.emit(2)
    assert selection.now.head == 2
    assert view.figure().head == 2
    selection.update(head=1)
    assert heads.currentIndex() == 1
    assert view.figure().head == 1


def test_one_map_needs_no_choice_of_head(view):
    open_checkpoint(view)
    table = child(view, QComboBox, "positions_table")
    assert not any(combo.isVisibleTo(view) for combo in (child(view, QComboBox, "positions_head"), table))
    only = child(view, QLabel, "positions_table_only")
    assert not only.isHidden()
    assert only.text() == table.currentText()


def test_several_tables_are_chosen_from(view):
    tables = make_position_table(), make_position_table(kind="rotary")
    open_checkpoint(view, *tables)
    child(view, QComboBox, "positions_table").setCurrentIndex(1)
    assert view.figure().table is tables[1]


@pytest.mark.parametrize(("what", "n_panels"), [("both", 2), ("values", 1), ("similarity", 1)])
def test_table_and_similarity_can_be_shown_alone(view, what, n_panels):
    open_checkpoint(view)
    combo = child(view, QComboBox, "positions_show")
    combo.setCurrentIndex(combo.findData(what))
    canvas = child(view, QWidget, "positions_canvas")
    assert len(canvas.figure.panels(canvas.figure_rect(), canvas.style_now)) == n_panels


def test_missing_numbers_have_a_colour_of_their_own(qapp):
    table = make_position_table(kind="alibi")
    similarity = table.similarity.copy()
    similarity[:, 0, 1:] = np.nan
    hidden = type(table)(*(getattr(table, name) for name in table.__slots__[:6]), similarity, table.similarity_label)
    assert texts_of(PositionsFigure(hidden, 1))


OTHER = Subject(replace(make_checkpoint_info(name="other"), checkpoint="other"), text_input("the cat"))


def test_an_old_encoding_is_dimmed_until_the_next_is_there(view, qtbot):
    open_checkpoint(view)
    third = replace(OTHER, checkpoint=replace(OTHER.checkpoint, checkpoint="third", name="third"))
    result = PositionsResult((make_position_table(),), NOTE)
    check_provenance(view, qtbot, result, change=lambda: view.set_subject(third), other=OTHER)


def test_another_sentence_has_the_same_encoding(view):
    open_checkpoint(view)
    view.set_subject(Subject(make_checkpoint_info(), text_input("another sentence")))
    assert view.why_not_current == ""
    view.set_subject(OTHER)
    assert "another sentence" in view.why_not_current


def test_the_sinusoids_never_grow_old(view):
    open_checkpoint(view)
    child(view, QTabWidget, "positions_pages").setCurrentIndex(0)
    view.set_subject(OTHER)
    assert view.why_not_current == ""


def test_a_first_failure_is_told_in_place(view):
    view.set_subject(OTHER)
    child(view, QTabWidget, "positions_pages").setCurrentIndex(1)
    fail(view, Failure("error", "It broke."))
    assert child(view, QLabel, "positions_empty").text() == "It broke."


def test_a_failure_keeps_the_old_picture(view, qtbot):
    open_checkpoint(view)
    before = view.figure()
    with qtbot.waitSignal(view.noticed) as blocker:
        fail(view, Failure("error", "It broke."))
    assert blocker.args == ["It broke."]
    assert view.figure() is before


def test_the_sinusoids_svg_names_the_pair(qapp):
    texts = texts_of(SinusoidsFigure(64, 32, 3))
    assert any("PE(pos, 6) = sin(pos /" in text for text in texts)
    assert "Position" in texts


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    names = [f"sinusoids_{name}_{kind}" for name in ("d_model", "length", "pair") for kind in ("slider", "number")]
    for name in (*names, "sinusoids_canvas", "positions_table", "positions_show", "positions_head", "positions_canvas"):
        control = child(view, QWidget, name)
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_pointing_beside_the_cells_says_what_to_do(view):
    canvas = child(view, QWidget, "sinusoids_canvas")
    QTest.mouseMove(canvas, QPoint(2, 2))
    assert "Point at a cell" in child(view, QLabel, "sinusoids_read_out").text()


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = PositionsView(ViewContext(selection))
        open_checkpoint(view)
        return view

    assert_collected(make)
