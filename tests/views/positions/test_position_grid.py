"""Places in an image: small maps where the places are, and biases by distance for each head."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QTabWidget, QWidget

from inference.results.positions import PositionsResult, PositionTable
from tests.answers import answer
from tests.factories import make_position_table
from tests.image_factories import make_image_info
from tests.inputs import image_input
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.image_geometry import patch_rect
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.positions.figure import PositionsFigure
from widgets.views.positions.position_grid import MOST_TILES, GridSpot, PositionGridFigure
from widgets.views.positions.view import PositionsView


def learned(grid=(3, 4)):
    values = np.random.default_rng(0).normal(size=(grid[0] * grid[1], 8)).astype(np.float32)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    return PositionTable(
        "vit.position_embeddings", "learned", values, "Place, row by row", "Dimension", 0, (unit @ unit.T)[None],
        "Cosine similarity", grid,
    )  # fmt: skip


def relative(grid=(3, 4), n_heads=2, has_similarity=False):
    values = np.random.default_rng(1).normal(size=(n_heads, (2 * grid[0] - 1) * (2 * grid[1] - 1))).astype(np.float32)
    n = grid[0] * grid[1] if has_similarity else 0
    return PositionTable(
        "beit.bias", "relative", values, "Head", "Key minus query, row by row", 0,
        np.zeros((n_heads, n, n), np.float32), "Added to the score", grid,
    )  # fmt: skip


@pytest.fixture
def view(qtbot):
    view = PositionsView(ViewContext())
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    view.set_subject(Subject(make_image_info(), image_input()))
    view.findChild(QTabWidget, "positions_pages").setCurrentIndex(1)
    return view


def test_each_place_has_a_map_where_it_is(qapp):
    table, style = learned(), FigureStyle()
    figure = PositionGridFigure(table)
    rect = QRectF(QPointF(2, 3), figure.natural_size(style))
    boxes = figure.boxes(rect, style)
    assert len(boxes) == 12
    assert boxes[1].left() > boxes[0].right()
    assert boxes[4].top() > boxes[0].bottom()
    assert boxes[4].left() == pytest.approx(boxes[0].left(), abs=1)
    np.testing.assert_array_equal(figure.map_of(5), table.similarity[0, 5].reshape(3, 4))


def test_of_many_places_evenly_spaced_ones_are_shown(qapp):
    figure = PositionGridFigure(learned((40, 20)))
    assert len(figure.places) == 14 * 7
    assert max(14, 7) <= MOST_TILES
    assert figure.places[:3] == (0, 3, 6)
    assert figure.places[7] == 60


def test_biases_have_a_map_for_each_head_with_no_distance_in_the_middle(qapp):
    table = relative()
    figure = PositionGridFigure(table, head=1)
    assert figure.shape == (5, 7)
    np.testing.assert_array_equal(figure.map_of(1), table.values[1].reshape(5, 7))
    middle = GridSpot(1, 2 * 7 + 3)
    assert figure.describe(middle).startswith("Head 1, key 0 rows below and 0 columns right of the query:")
    assert "Head 1" in texts_of(figure)


def test_spots_are_found_where_they_are_painted(qapp):
    style = FigureStyle()
    for table in (learned(), relative()):
        figure = PositionGridFigure(table)
        rect = QRectF(QPointF(2, 3), figure.natural_size(style))
        for tile in (0, len(figure.places) - 1):
            middle = patch_rect(3, figure.shape, figure.boxes(rect, style)[tile]).center()
            assert figure.spot_at(middle, rect, style) == GridSpot(tile, 3)


def test_the_view_shows_grids_for_places_and_tables_for_rows(view):
    answer(view, PositionsResult((learned(),), "A learned vector for each place."))
    assert isinstance(view.figure(), PositionGridFigure)
    note = view.findChild(QLabel, "positions_note")
    assert note.text().endswith("cosine similarity of each place to all others")  # small maps have no titles
    what = view.findChild(QComboBox, "positions_show")
    what.setCurrentIndex(what.findData("both"))
    assert isinstance(view.figure(), PositionsFigure)
    assert note.text() == "A learned vector for each place."
    answer(view, PositionsResult((make_position_table(),), "In a row."))
    assert isinstance(view.figure(), PositionsFigure)
    assert not what.model().item(what.findData("grid")).isEnabled()


def test_a_similarity_that_would_be_too_large_is_not_offered(view):
    answer(view, PositionsResult((relative(),), "Biases."))
    what = view.findChild(QComboBox, "positions_show")
    names = ("grid", "both", "similarity", "values")
    offered = [what.model().item(what.findData(name)).isEnabled() for name in names]
    assert offered == [True, False, False, True]
    assert isinstance(view.figure(), PositionGridFigure)


def test_pointing_survives_a_change_of_figure(view):
    answer(view, PositionsResult((learned(),), ""))
    canvas = view.findChild(QWidget, "positions_canvas")
    box = canvas.figure.boxes(canvas.figure_rect(), canvas.style_now)[2]
    QTest.mouseMove(canvas, patch_rect(5, (3, 4), box).center().toPoint())
    text = view.findChild(QLabel, "positions_read_out").text()
    assert text == f"Place (0, 2) and place (1, 1): {learned().similarity[0, 2, 5]}"
    what = view.findChild(QComboBox, "positions_show")
    what.setCurrentIndex(what.findData("values"))
    assert canvas.spot is None


def test_numbers_say_all(qapp):
    numbers = PositionGridFigure(relative()).numbers()
    assert numbers.rows[0][:3] == (0, -2, -3)
    assert len(numbers.rows) == 2 * 35
    assert numbers.arrays["grid"].tolist() == [3, 4]
