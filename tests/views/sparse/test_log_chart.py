"""Charts on logarithmic axes."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from widgets.look.theme import FigureStyle
from widgets.views.sparse.figures.log_chart import (
    ChartFigure,
    Curve,
    LogChart,
    Spot,
    bytes_text,
    count_text,
    length_text,
    seconds_text,
)

RECT = QRectF(0, 0, 500, 300)
pytestmark = pytest.mark.usefixtures("qapp")


def chart(*rows):
    x = np.array([64.0, 256.0, 1024.0])
    curves = tuple(Curve(f"curve {i}", QColor("black"), x, np.array(row, float)) for i, row in enumerate(rows))
    return LogChart("Title", "theory", "n", count_text, curves, (64, 1024))


class Charts(ChartFigure):
    def __init__(self, *charts):
        self._charts = charts

    def charts(self, rect, style):
        width = rect.width() / len(self._charts)
        return [
            (each, QRectF(rect.left() + i * width, rect.top(), width, rect.height()))
            for i, each in enumerate(self._charts)
        ]


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        (count_text, 1e12, "10¹²"),
        (bytes_text, 1e4, "10 kB"),
        (bytes_text, 68_719_476_736, "68.7 GB"),
        (seconds_text, 1e-4, "100 µs"),
        (seconds_text, 0.0123, "12.3 ms"),
        (seconds_text, 1, "1 s"),
        (length_text, 128, "128"),
        (length_text, 131_072, "128k"),
    ],
)
def test_numbers_are_written_short(text, value, shown):
    assert text(value) == shown


def test_a_power_is_a_straight_line():
    each = chart([1, 16, 256])
    plot = each.plot(RECT, FigureStyle())
    points = [each.point(each.curves[0], i, plot) for i in range(3)]
    assert points[1].x() - points[0].x() == pytest.approx(points[2].x() - points[1].x())
    assert points[1].y() - points[0].y() == pytest.approx(points[2].y() - points[1].y())
    assert points[0].x() == pytest.approx(plot.left())
    assert points[2].x() == pytest.approx(plot.right())
    assert points[0].y() == pytest.approx(plot.bottom())


def test_the_nearest_point_is_found_unless_it_is_far():
    figure = Charts(chart([1, 10, 100], [100, 100, np.nan]))
    style = FigureStyle()
    each = figure.charts(RECT, style)[0][0]
    plot = each.plot(RECT, style)
    at = each.point(each.curves[0], 1, plot)
    assert figure.spot_at(at + QPointF(3, -4), RECT, style) == Spot(0, 0, 1)
    assert figure.spot_at(plot.bottomRight(), RECT, style) is None


def test_points_without_a_number_are_none():
    figure = Charts(chart([1, 10, np.nan], [0, 5, 6]))
    has = [figure.has_spot(Spot(0, c, p), RECT, FigureStyle()) for c in range(2) for p in range(3)]
    assert has == [True, True, False, False, True, True]
    assert not figure.has_spot(Spot(0, 2, 0), RECT, FigureStyle())
    assert not figure.has_spot(Spot(1, 0, 0), RECT, FigureStyle())


def test_arrow_keys_walk_along_curves_and_between_them():
    figure = Charts(chart([1, 10, np.nan], [4, 5, 6]), chart([7, 8, 9]))

    def step(spot, right=0, down=0):
        return figure.step(spot, right, down, RECT, FigureStyle())

    assert step(None) == Spot(0, 0, 0)
    assert step(Spot(0, 0, 0), right=1) == Spot(0, 0, 1)
    assert step(Spot(0, 0, 1), right=1) == Spot(0, 1, 0)
    assert step(Spot(0, 1, 2), right=1) == Spot(1, 0, 0)
    assert step(Spot(1, 0, 2), right=1) == Spot(1, 0, 2)
    assert step(Spot(0, 1, 2), down=-1) == Spot(0, 0, 1)
    assert step(Spot(0, 1, 2), down=1) == Spot(1, 0, 2)
    assert Charts(chart()).step(None, 1, 0, RECT, FigureStyle()) is None
