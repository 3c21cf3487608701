"""Plots on screen: panned, zoomed, pointed at and switched by mouse and by keyboard."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFont, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.widgets.plot_figures import BARS, EVERYTHING, LOG, SCATTER
from tests.widgets.pointer import move_over
from widgets.kit.veil import Veil
from widgets.look.theme import DARK, FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import Axis, Curve, Plot, PlotSpot, Shown
from widgets.plots.figure import PlotFigure

FIGURE = PlotFigure((LOG, SCATTER), "two plots")
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def canvas(qtbot):
    canvas = PlotCanvas("plots", "Two plots")
    qtbot.addWidget(canvas)
    canvas.resize(900, 360)
    canvas.show_figure(FIGURE, FigureStyle())
    canvas.show()
    return canvas


@pytest.fixture
def read(canvas):
    texts = []
    canvas.read_out_changed.connect(texts.append)
    return texts


def looked_at(view):
    """Return what the axes show: x from, x to, y from, y to."""
    frame = view.frame
    return np.array([*frame.x, *frame.y])


def scroll(view, at, steps):
    place = QPointF(at)
    event = QWheelEvent(
        place, view.viewport().mapToGlobal(place), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def drag(view, start, end):
    port, button = view.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(port, button, pos=start)
    for share in (0.3, 0.6, 1.0):
        # Not so often that pyqtgraph leaves one out.
        view.scene()._lastMoveEventTime = 0
        move_over(view, start + (end - start) * share, button)
    QTest.mouseRelease(port, button, pos=end)


def at(view, series, point):
    return view.frame.point(series, point).toPoint()


def test_each_plot_has_a_view_where_a_file_has_it(canvas):
    placed = FIGURE.placed(canvas.figure_rect(), canvas.style_now)
    assert [view.geometry() for view in canvas.views] == [place.rect.toAlignedRect() for place in placed]
    for view in canvas.views:
        assert view._box.geometry() == view.frame.inner


# Looking closer


def test_the_wheel_zooms_about_the_pointer(canvas, qtbot):
    view = canvas.views[1]
    place = at(view, 0, 2)
    before = looked_at(view)
    with qtbot.waitSignal(canvas.shown_changed):
        scroll(view, place, 2)
    after = looked_at(view)
    assert after[1] - after[0] < 0.7 * (before[1] - before[0])
    assert after[3] - after[2] < 0.7 * (before[3] - before[2])
    assert (at(view, 0, 2) - place).manhattanLength() <= 8  # it stays under the pointer, but for the axis' own width
    scroll(view, place, -1)
    assert looked_at(view)[1] - looked_at(view)[0] > after[1] - after[0]


def test_dragging_pans(canvas):
    view, spot = canvas.views[1], (0, 1)
    before, start = looked_at(view), at(view, *spot)
    drag(view, QPoint(200, 150), QPoint(260, 130))
    moved = at(view, *spot) - start
    assert moved.x() == pytest.approx(60, abs=25)  # the first piece only begins it
    assert moved.y() == pytest.approx(-20, abs=10)
    after = looked_at(view)
    assert after[1] - after[0] == pytest.approx(before[1] - before[0])


@pytest.mark.parametrize(
    ("key", "index", "sign"),
    [(Qt.Key.Key_Right, 0, 1), (Qt.Key.Key_Left, 0, -1), (Qt.Key.Key_Up, 2, 1), (Qt.Key.Key_Down, 2, -1)],
)
def test_arrow_keys_pan(canvas, key, index, sign):
    view = canvas.views[1]
    before = looked_at(view)
    QTest.keyClick(view, key)
    moved = looked_at(view) - before
    assert moved[index] * sign > 0
    assert moved[index] == pytest.approx(moved[index + 1])
    assert moved[2 - index] == moved[3 - index] == 0


@pytest.mark.parametrize("back", [Qt.Key.Key_0, Qt.Key.Key_Home, None])
def test_keys_zoom_and_show_all_again(canvas, back):
    view = canvas.views[0]
    whole = looked_at(view)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    closer = looked_at(view)
    assert closer[0] > whole[0]
    assert closer[1] < whole[1]
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert looked_at(view)[0] < closer[0]
    assert canvas.shown.zoom(0) is not None
    assert canvas.shown.zoom(1) is None
    if back is None:
        QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    else:
        QTest.keyClick(view, back)
    np.testing.assert_allclose(looked_at(view), whole)
    assert canvas.shown == Shown()


def test_nobody_gets_lost(canvas):
    view = canvas.views[1]
    whole = looked_at(view)
    for _ in range(60):
        QTest.keyClick(view, Qt.Key.Key_Right)
    assert looked_at(view)[1] <= whole[1] + (whole[1] - whole[0]) * 1.01
    for _ in range(60):
        QTest.keyClick(view, Qt.Key.Key_Minus)
    assert looked_at(view)[1] - looked_at(view)[0] <= 3.1 * (whole[1] - whole[0])


def test_a_file_shows_the_part_that_is_looked_at(canvas):
    QTest.keyClick(canvas.views[1], Qt.Key.Key_Plus)
    figure = canvas.figure_now()
    frame = figure.laid_out(canvas.figure_rect(), canvas.style_now)[1]
    np.testing.assert_allclose([*frame.x, *frame.y], looked_at(canvas.views[1]))
    assert frame.inner.width() == pytest.approx(canvas.views[1].frame.inner.width(), abs=2)
    assert [tick.text for tick in frame.x_ticks] == [tick.text for tick in canvas.views[1].frame.x_ticks]


def test_a_figure_that_grows_shows_one_plot_at_a_turn_and_then_is_whole(canvas, qtbot):
    grown = tuple(Plot(plot.series[:1], plot.x, plot.y, "grown") for plot in FIGURE.plots)
    canvas.grow(PlotFigure(grown, "two plots, grown"), FigureStyle())
    assert [view.frame.plot for view in canvas.views] == [LOG, SCATTER]
    assert canvas.figure.plots == grown  # what a file would hold
    qtbot.waitUntil(lambda: canvas.views[0].frame.plot == grown[0])
    assert canvas.views[1].frame.plot == SCATTER
    qtbot.waitUntil(lambda: canvas.views[1].frame.plot == grown[1])
    canvas.grow(FIGURE, FigureStyle())
    canvas.resize(800, 360)  # all are laid out anew
    assert [view.frame.plot for view in canvas.views] == [LOG, SCATTER]


def test_a_figure_of_other_plots_does_not_grow(canvas):
    canvas.grow(PlotFigure((LOG, BARS, SCATTER), "three plots"), FigureStyle())
    assert [view.frame.plot for view in canvas.views] == [LOG, BARS, SCATTER]


def test_what_is_zoomed_stays_so_with_new_numbers_but_not_on_other_axes(canvas):
    view = canvas.views[1]
    QTest.keyClick(view, Qt.Key.Key_Plus)
    before = looked_at(view)
    canvas.show_figure(PlotFigure((LOG, Plot(SCATTER.series[:1], SCATTER.x, SCATTER.y)), "fewer"), FigureStyle(DARK))
    np.testing.assert_allclose(looked_at(view), before)
    canvas.show_figure(PlotFigure((LOG, BARS), "others"), FigureStyle())
    assert canvas.shown.zoom(1) is None


# Pointing


def test_pointing_tells_the_nearest_point(canvas, read):
    view = canvas.views[1]
    move_over(view, at(view, 0, 2) + QPoint(3, -2))
    assert canvas.spot == PlotSpot(1, 0, 2)
    assert read[-1] == FIGURE.describe(PlotSpot(1, 0, 2)) == "one c: across 3, up 5"
    move_over(view, QPoint(2, 2))
    assert canvas.spot is None
    assert read[-1] == ""


def test_a_point_that_is_pointed_at_is_ringed_on_screen(canvas):
    view = canvas.views[1]
    before = canvas.grab().toImage()
    move_over(view, at(view, 0, 2))
    assert canvas.grab().toImage().copy(view.geometry()) != before.copy(view.geometry())


def test_shift_and_arrows_walk_over_the_points_and_enter_chooses(canvas, qtbot, read):
    view = canvas.views[0]
    QTest.keyClick(view, Qt.Key.Key_Right, SHIFT)
    assert canvas.spot == PlotSpot(1, 0, 1)  # called out
    canvas._point_at(PlotSpot(0, 0, 0))
    QTest.keyClick(view, Qt.Key.Key_Right, SHIFT)
    assert canvas.spot == PlotSpot(0, 0, 1)
    assert read[-1].startswith("full: tokens 256")
    with qtbot.waitSignal(canvas.spot_chosen) as chosen:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen.args == [PlotSpot(0, 0, 1)]


def test_a_click_chooses_a_double_click_opens_a_drag_does_neither(canvas, qtbot):
    view, chosen = canvas.views[1], []
    canvas.spot_chosen.connect(chosen.append)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at(view, 1, 1))
    assert chosen == [PlotSpot(1, 1, 1)]
    with qtbot.waitSignal(canvas.spot_opened) as opened:
        QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at(view, 1, 1))
    assert opened.args == [PlotSpot(1, 1, 1)]
    chosen.clear()
    drag(view, at(view, 1, 1), at(view, 1, 1) + QPoint(40, 0))
    assert chosen == []


# The legend


def entry_of(canvas, name):
    return next(entry for entry in canvas.legend.entries() if entry.series.name == name)


def test_a_click_in_the_legend_switches_a_series(canvas, qtbot):
    place = entry_of(canvas, "one").box.center().toPoint()
    with qtbot.waitSignal(canvas.shown_changed):
        QTest.mouseClick(canvas.legend, Qt.MouseButton.LeftButton, pos=place)
    view = canvas.views[1]
    assert [item.isVisible() for name, item in view._items if name == "one"] == [False]
    move_over(view, at(view, 0, 2))
    assert canvas.spot is None or canvas.spot.series != 0
    assert canvas.figure_now().shown.hidden == {"one"}
    QTest.mouseClick(canvas.legend, Qt.MouseButton.LeftButton, pos=place)
    assert all(item.isVisible() for _, item in view._items)


def test_the_legend_is_walked_by_keys_and_says_where_it_is(canvas):
    legend = canvas.legend
    QTest.keyClick(legend, Qt.Key.Key_Right)
    assert legend.accessibleDescription() == "window, shown"
    QTest.keyClick(legend, Qt.Key.Key_Space)
    assert legend.hidden == {"window"}
    assert legend.accessibleDescription() == "window, hidden"
    canvas.show_figure(PlotFigure((SCATTER,), "one plot"), FigureStyle())
    assert legend.hidden == frozenset()  # there is no such series now


def test_a_veil_lies_over_plots_that_come_later(canvas):
    veil = Veil(canvas)
    veil.dim("of another text")
    canvas.show_figure(EVERYTHING, FigureStyle())
    assert len(canvas.views) == 3
    assert all(canvas.childAt(view.geometry().center()) is veil for view in canvas.views)


def test_one_series_needs_no_legend(qtbot):
    canvas = PlotCanvas("plots", "One curve")
    qtbot.addWidget(canvas)
    canvas.show_figure(PlotFigure((Plot(LOG.series[:1], LOG.x, LOG.y),), "one"), FigureStyle())
    canvas.show()
    assert not canvas.legend.isVisible()


# Looks


def test_other_colours_and_letters_are_taken_over(canvas):
    bright = canvas.grab().toImage().pixelColor(3, 3).lightness()
    before = canvas.views[0].frame.inner
    canvas.restyle(FigureStyle(DARK, QFont("DejaVu Sans", 16)))
    assert canvas.grab().toImage().pixelColor(3, 3).lightness() < bright / 2
    assert canvas.views[0].frame.inner.left() > before.left()
    image = canvas.views[0].grab().toImage()
    place = at(canvas.views[0], 0, 2)
    assert image.pixelColor(place) == DARK.series[0]


def test_lines_are_smooth(canvas):
    view = canvas.views[0]
    a, b = view.frame.point(0, 1), view.frame.point(0, 2)
    image = view.grab().toImage()
    middle = round((a.x() + b.x()) / 2)
    columns = range(middle, middle + 5)  # in one alone the line may lie on whole pixels
    column = {image.pixelColor(x, y).name() for x in columns for y in range(int(b.y()), int(a.y()))}
    assert len(column) > 4  # edges are blended


def test_tab_reaches_legend_and_plots_and_they_have_names(canvas):
    assert canvas.focusProxy() is canvas.views[0]
    for widget in (canvas.legend, *canvas.views):
        assert widget.accessibleName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert [view.objectName() for view in canvas.views] == ["plots_0", "plots_1"]


def test_a_plot_is_framed_once_the_user_goes_there_not_when_its_window_opens(canvas, qtbot):
    canvas.activateWindow()
    qtbot.waitUntil(canvas.isActiveWindow)
    view = canvas.views[0]
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    before = view.viewport().grab().toImage()
    canvas.legend.setFocus()
    assert view.viewport().grab().toImage() == before  # no frame went
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.viewport().grab().toImage() != before


def test_many_points_are_quick(qtbot):
    """A frame of 2 curves of 10,000 points is painted and pointed at well within what a user notices."""
    x = np.linspace(0, 1, 10_000)
    figure = PlotFigure((Plot((Curve("a", x, np.sin(40 * x)), Curve("b", x, np.cos(40 * x), 1)), Axis(), Axis()),), "")
    canvas = PlotCanvas("plots", "Long curves")
    qtbot.addWidget(canvas)
    canvas.resize(900, 360)
    canvas.show_figure(figure, FigureStyle())
    canvas.show()
    (view,) = canvas.views
    found = {view._spot_at(QPointF(x, 150)) for x in range(100, 800, 10)}
    assert len(found) > 5


# Life


def imported_after(code):
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


SHOWN = """
from PySide6.QtWidgets import QApplication
app = QApplication([])
from tests.widgets.plot_figures import EVERYTHING
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
canvas = PlotCanvas("plots", "Plots")
canvas.show_figure(EVERYTHING, FigureStyle())
"""


def test_pyqtgraph_is_imported_when_a_plot_is_first_shown():
    assert "pyqtgraph" not in imported_after(SHOWN)
    assert "pyqtgraph" in imported_after(f"{SHOWN}canvas.show()")


def test_a_file_needs_no_pyqtgraph(tmp_path):
    assert "pyqtgraph" not in imported_after(
        f"{SHOWN}from app.export import export\nexport.save(EVERYTHING, {str(tmp_path / 'a.svg')!r})"
    )


def test_is_collected_after_closing(assert_collected):
    def make():
        canvas = PlotCanvas("plots", "Plots")
        canvas.show_figure(EVERYTHING, FigureStyle())
        canvas.show()
        scroll(canvas.views[0], QPoint(100, 100), 1)
        return canvas

    assert_collected(make)
