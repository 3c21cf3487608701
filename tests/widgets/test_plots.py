"""Plots as data: axes, ticks, what the pointer meets, and files that show what the screen shows."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from app.export import export, render
from app.export.page.sheet import GAP, Sheet
from tests.lettering import contrast, cut, watched
from tests.widgets.plot_figures import CURVES, EVERYTHING, LOG, SCATTER
from tests.widgets.svg import texts_of
from widgets.figures.lettering import resized
from widgets.look import color_maps
from widgets.look.theme import DARK, LIGHT, FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import Axis, Bars, Callout, Curve, Plot, PlotSpot, Points, Shown, Zoom, color_of
from widgets.plots.figure import PlotFigure, next_spot, side_by_side
from widgets.plots.frame import SMALL, Frame, extents
from widgets.plots.legend import entries
from widgets.plots.painting import clipped_line, paint
from widgets.plots.point_names import callout_box, placed_names
from widgets.plots.ticks import (
    Extent,
    bytes_text,
    count_text,
    extent_of,
    length_text,
    percent_text,
    seconds_text,
    ticks,
)

STYLE = FigureStyle()
RECT = QRectF(0, 0, 400, 300)
SMOOTH = {"mode": Qt.TransformationMode.SmoothTransformation}
pytestmark = pytest.mark.usefixtures("qapp")


def room(text):
    return 8.0 * len(text) + 10


def of_values(axis, low, high, length=400):
    extent = extent_of(axis, axis.units(np.array([low, high])))
    return extent, ticks(axis, extent, length, room)


# Axes


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        (count_text, 1e12, "10¹²"),
        (count_text, 2e6, "2·10⁶"),
        (count_text, 1e-3, "10⁻³"),
        (bytes_text, 1e4, "10 kB"),
        (bytes_text, 68_719_476_736, "68.7 GB"),
        (seconds_text, 1e-4, "100 µs"),
        (seconds_text, 0.0123, "12.3 ms"),
        (seconds_text, 1, "1 s"),
        (length_text, 128, "128"),
        (length_text, 131_072, "128k"),
        (percent_text, 0.125, "12.5 %"),
    ],
)
def test_numbers_are_written_short(text, value, shown):
    assert text(value) == shown


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 0.03), (3.1, 4.9), (2.0, 900.0), (7.0, 7.0), (0.0, 0.0), (-3.0, -3.0), (-0.4, 12.0)]
)
def test_an_axis_holds_all_and_its_ticks_are_round(low, high):
    extent, found = of_values(Axis(), low, high)
    assert extent.low <= low <= high <= extent.high
    assert 2 <= len(found) <= 10
    steps = np.diff([tick.at for tick in found])
    np.testing.assert_allclose(steps, steps[0])
    assert len({tick.text for tick in found}) == len(found)


@pytest.mark.parametrize(("low", "high"), [(0.0683, 0.0714), (0.0, 0.0019), (96.0, 98.0)])
def test_a_low_plot_still_tells_how_large_its_numbers_are(low, high):
    extent = Extent(low, high)
    found = ticks(Axis(), extent, 140, lambda _: 25.5)
    assert len(found) >= 2
    assert all(np.diff([tick.at for tick in found]) / (high - low) * 140 >= 25.5)


def test_numbers_that_crowd_far_above_zero_do_not_begin_there():
    assert of_values(Axis(), 96.0, 98.0)[0].low > 90
    assert of_values(Axis(), 1.0, 98.0)[0].low == pytest.approx(0, abs=3)


def test_decades_and_powers_of_two_have_ticks():
    _, found = of_values(Axis(is_log=True), 30, 2e4)
    assert [tick.text for tick in found] == ["10¹", "10²", "10³", "10⁴", "10⁵"]
    _, found = of_values(Axis(is_log=True), 0.5, 200)
    assert [tick.text for tick in found] == ["0.1", "1", "10", "100", "1000"]  # as on the short axis beside it
    _, found = of_values(Axis(is_log=True, base=2, text=length_text), 64, 4096)
    assert [tick.text for tick in found] == ["64", "128", "256", "512", "1k", "2k", "4k"]
    np.testing.assert_allclose([10**tick.at for tick in found], [64, 128, 256, 512, 1024, 2048, 4096])


@pytest.mark.parametrize(("low", "high"), [(1.0, 20.0), (300.0, 420.0), (5.0, 5.1)])
def test_a_part_of_a_decade_still_has_ticks(low, high):
    axis = Axis(is_log=True)
    found = ticks(axis, Extent(*np.log10([low, high])), 400, room)
    assert len(found) >= 2
    assert all(low <= 10**tick.at * 1.001 and 10**tick.at <= high * 1.001 for tick in found)


def test_ticks_never_touch():
    for axis, low, high in ((Axis(), 0, 123_456), (Axis(is_log=True), 1, 1e12), (Axis(labels=("a name",) * 40), 0, 39)):
        for length in (60, 150, 400, 900):
            extent, found = of_values(axis, low, high, length)
            places = [(tick.at - extent.low) / (extent.high - extent.low) * length for tick in found]
            gaps = np.diff(places)
            assert all(gap >= 0.9 * room(tick.text) for gap, tick in zip(gaps, found, strict=False)), (axis, length)


def test_names_stand_at_whole_numbers():
    extent, found = of_values(Axis(labels=("all", "some", "none")), 0, 2)
    assert extent == (-0.5, 2.5)
    assert found == [(0, "all"), (1, "some"), (2, "none")]


# Where things are


def test_a_power_is_a_straight_line_on_logarithmic_axes():
    frame = Frame.of(LOG, RECT, STYLE)
    a, b, c = (frame.point(0, i) for i in (0, 1, 2))
    assert b.x() - a.x() == pytest.approx(c.x() - b.x())
    assert b.y() - a.y() == pytest.approx(c.y() - b.y())
    assert a.y() > b.y()
    assert frame.inner.contains(a)
    assert frame.inner.contains(c)


def test_what_is_not_positive_has_no_place_on_a_logarithmic_axis():
    x = np.array([1.0, 10, 100])
    plot = Plot((Curve("a", x, np.array([0.0, 5, np.nan])),), Axis(is_log=True), Axis(is_log=True))
    frame = Frame.of(plot, RECT, STYLE)
    assert [frame.has(0, point, ()) for point in range(4)] == [False, True, False, False]
    assert not frame.has(1, 0, ())


def test_the_nearest_point_is_found_unless_it_is_far_or_hidden():
    frame = Frame.of(SCATTER, RECT, STYLE)
    at = frame.point(1, 2)
    assert frame.nearest(at + QPointF(2, -3), (), STYLE) == (1, 2)
    assert frame.nearest(at + QPointF(2, -3), {"two"}, STYLE) != (1, 2)
    assert frame.nearest(QPointF(1, 1), (), STYLE) is None


def test_what_lies_outside_the_zoom_is_not_met():
    frame = Frame.of(SCATTER, RECT, STYLE, Zoom((0.0, 2.5), (0.0, 30.0)))
    assert frame.has(0, 1, ())
    assert not frame.has(0, 3, ())
    assert all(frame.plot.places(series)[0][point] <= 2.51 for series, point in frame.shown(()))


def test_bars_are_met_anywhere_inside():
    frame = Frame.of(EVERYTHING.charts[2], RECT, STYLE)
    bar = frame.bars(frame.plot.series[1])[0]
    assert frame.nearest(bar.center(), (), STYLE) == (1, 0)
    assert bar.left() == pytest.approx(frame.bars(frame.plot.series[0])[0].right())


def test_steps_walk_along_curves_between_them_and_into_the_next_plot():
    frames = PlotFigure((LOG, SCATTER), "").laid_out(QRectF(0, 0, 900, 300), STYLE)

    def step(spot, right=0, down=0):
        return next_spot(frames, Shown(), spot, right, down)

    assert step(None) == PlotSpot(1, 0, 1)  # what is called out comes first
    assert step(PlotSpot(0, 0, 0), right=1) == PlotSpot(0, 0, 1)
    assert step(PlotSpot(0, 0, 3), right=1) == PlotSpot(0, 1, 0)
    assert step(PlotSpot(0, 1, 0), right=-1) == PlotSpot(0, 0, 3)
    assert step(PlotSpot(0, 0, 2), down=1) == PlotSpot(0, 1, 2)
    assert step(PlotSpot(0, 1, 3), right=1).plot == 1
    assert step(PlotSpot(0, 0, 0), right=-1) == PlotSpot(0, 0, 0)
    right = step(PlotSpot(1, 0, 1), right=1)
    x, _ = SCATTER.places(right.series)
    assert x[right.point] > SCATTER.places(0)[0][1]


def test_plots_take_the_better_shape():
    wide, tall = (side_by_side(3, rect, STYLE) for rect in (QRectF(0, 0, 900, 300), QRectF(0, 0, 300, 900)))
    assert len({rect.top() for rect in wide}) == 1
    assert len({rect.left() for rect in tall}) == 1


def test_a_line_is_clipped_where_it_crosses_the_edge():
    x, y = np.array([-5.0, 5, 15, np.nan, 5, 5]), np.array([5.0, 5, 5, 5, -5, 20])
    lines = clipped_line(x, y, QRectF(0, 0, 10, 10))
    assert [[(p.x(), p.y()) for p in line] for line in lines] == [[(0, 5), (5, 5), (10, 5)], [(5, 0), (5, 10)]]
    assert clipped_line(np.array([0.0, 10]), np.array([20.0, 20]), QRectF(0, 0, 10, 10)) == []


# Files


def test_colours_are_the_themes():
    assert color_of(1, FigureStyle(DARK)) == DARK.series[1]
    assert color_of(11, STYLE) == LIGHT.series[1]
    assert color_of("faint", STYLE) == LIGHT.faint
    assert color_of(1.0, STYLE) != color_of(1.0, FigureStyle(color_map="magma"))


def image_of_svg(content, size):
    renderer = QSvgRenderer(content)
    assert renderer.isValid()
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    return image


def is_like(image, color, at, reach=2):
    """Whether a colour is found close to a place; edges are blended."""
    for x in range(round(at.x()) - reach, round(at.x()) + reach + 1):
        for y in range(round(at.y()) - reach, round(at.y()) + reach + 1):
            found = image.pixelColor(x, y)
            if sum(abs(a - b) for a, b in zip(found.getRgb(), color.getRgb(), strict=True)) < 90:
                return True
    return False


def lightness(image):
    """Return int [row, column]."""
    rows = [[image.pixelColor(x, y).lightness() for x in range(image.width())] for y in range(image.height())]
    return np.array(rows)


class OnScreen:
    """A figure on screen, and the same in an SVG of the same size."""

    def __init__(self, qtbot, figure, size=(900, 360)):
        self.canvas = PlotCanvas("plots", "Plots")
        qtbot.addWidget(self.canvas)
        self.canvas.resize(*size)
        self.canvas.show_figure(figure, STYLE)
        self.canvas.show()
        self.canvas.legend.clearFocus()
        self.screen = self.canvas.grab().toImage()
        margin = self.canvas.figure_rect().left()
        sized = _Sized(figure, self.canvas.figure_rect().size())
        sheet = Sheet(sized, STYLE)  # in letters of the screen's size
        whole = image_of_svg(render.svg(sheet), sheet.size())
        offset = GAP - margin  # the sheet has a margin of its own
        self.file = whole.copy(round(offset), round(offset), *size)


class _Sized:
    """The figure at the size of the screen."""

    def __init__(self, figure, size):
        self.figure, self.size, self.caption = figure, size, figure.caption

    def natural_size(self, style):
        return self.size

    def paint(self, painter, rect, style):
        self.figure.paint(painter, rect, style)


@pytest.mark.parametrize("figure", [PlotFigure((LOG, SCATTER), "two"), EVERYTHING], ids=["two", "everything"])
def test_the_svg_shows_what_the_screen_shows(qtbot, figure):
    both = OnScreen(qtbot, figure)
    for view in both.canvas.views:
        frame, corner = view.frame, QPointF(view.pos())
        for number, series in enumerate(frame.plot.series):
            color = color_of(series.ink, STYLE)
            places = np.flatnonzero(np.isfinite(frame.plot.places(number)[0])).tolist()
            for image in (both.screen, both.file):
                found = [is_like(image, color, frame.point(number, point) + corner) for point in places]
                # A point or its name may lie upon a curve.
                assert np.mean(found or [True]) > (0.9 if isinstance(series, Curve) and len(places) > 9 else 0.99)
    for view in both.canvas.views:
        # As a whole: nothing but edges differs, which pyqtgraph draws on whole pixels here and there.
        inner = view.frame.inner.translated(view.pos()).toRect()
        screen, file = (
            lightness(image.copy(inner).scaled(inner.size() / 2, **SMOOTH)) for image in (both.screen, both.file)
        )
        far = np.abs(screen - file)
        assert far.mean() < 6
        assert (far > 90).mean() < 0.005


def test_nothing_of_a_zoomed_plot_leaves_its_axes(qtbot):
    figure = PlotFigure((CURVES,), "waves", Shown((Zoom((2.0, 4.0), (-0.5, 0.5)),)))
    (frame,) = figure.laid_out(QRectF(QPointF(GAP, GAP), figure.natural_size(STYLE)), STYLE)
    root = ET.fromstring(render.svg(Sheet(figure, STYLE)))
    inner, n = frame.inner.adjusted(-0.1, -0.1, 0.1, 0.1), 0
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        points = [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]
        if len(points) > 2:  # a curve
            n += 1
            assert all(inner.contains(QPointF(*point)) for point in points)
    assert n


def test_text_is_text_and_what_is_switched_off_is_left_out():
    texts = texts_of(EVERYTHING)
    for text in (
        "Cells",
        "counted",
        "full",
        "window",
        "chance",
        "tokens",
        "10⁴",
        "1k",
        "this model",
        "4.00",
        "best",
        "time",
    ):
        assert text in texts, text
    hidden = PlotFigure(EVERYTHING.charts, "", Shown(hidden=frozenset({"window", "faces"})))
    assert "window" not in texts_of(hidden)
    assert "4.00" not in texts_of(hidden)
    assert hidden.numbers().rows == EVERYTHING.numbers().rows


@pytest.mark.parametrize("ending", export.ENDINGS)
def test_each_format_has_the_same_bytes_twice(tmp_path, ending):
    for name in ("a", "b"):
        export.save(EVERYTHING, tmp_path / f"{name}{ending}", caption="Everything")
    content = (tmp_path / f"a{ending}").read_bytes()
    assert content == (tmp_path / f"b{ending}").read_bytes()
    assert len(content) > 300


def test_text_stays_text_in_pdf(tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    export.save(EVERYTHING, tmp_path / "a.pdf")
    text = subprocess.check_output(["pdftotext", "-layout", "a.pdf", "-"], cwd=tmp_path, text=True)
    assert {"Cells", "window", "tokens", "best"} <= set(text.split())


def test_a_pdf_has_curves_as_lines_and_embeds_its_fonts(tmp_path):
    export.save(EVERYTHING, tmp_path / "a.pdf")
    content = (tmp_path / "a.pdf").read_bytes()
    assert re.search(rb"/FontFile2? \d+ 0 R", content)
    assert b"/Subtype /Image" not in content
    streams = [zlib.decompress(found) for found in re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", content, re.DOTALL)]
    drawn = b"".join(stream for stream in streams if b" Tf" in stream)
    assert len(re.findall(rb"T[jJ]\b", drawn)) >= len(texts_of(EVERYTHING))


def test_the_numbers_are_all_of_the_data():
    numbers = EVERYTHING.numbers()
    np.testing.assert_array_equal(numbers.arrays["0_0_y"], LOG.series[0].y)
    np.testing.assert_array_equal(numbers.arrays["1_0_low"], CURVES.series[0].low)
    assert ("Cells", "full", 256.0, 65536.0, "", "") in numbers.rows


def test_no_room_is_no_fault():
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    EVERYTHING.paint(painter, QRectF(0, 0, 20, 10), STYLE)
    painter.end()
    assert EVERYTHING.laid_out(QRectF(0, 0, 20, 10), STYLE)[0].is_too_small


def test_a_plot_without_numbers_says_why():
    plot = Plot((), Axis("x"), Axis("y", is_log=True), empty="Press Measure.")
    assert "Press Measure." in texts_of(PlotFigure((plot,), ""))
    assert extents(plot)


def test_a_point_is_told_in_words():
    assert EVERYTHING.describe(PlotSpot(0, 1, 2)) == "window: tokens 1k, operations 8.19·10³"
    labelled = PlotFigure((SCATTER,), "")
    assert labelled.describe(PlotSpot(0, 0, 1)).startswith("one b: ")


def test_names_are_written_beside_points_where_nothing_is_covered():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 10, (2, 60))
    names = tuple(f"word {n}" for n in range(60))
    points = Points("words", x, y, 2, labels=names, has_names=True)
    guide = Curve("", np.array([0.0, 10]), np.array([0.0, 10]), "faint", is_guide=True)
    style, metrics = FigureStyle(), QFontMetricsF(FigureStyle().font)
    plot = Plot((points, guide), Axis(), Axis(), callouts=(Callout(0, 7, "the seventh"),))
    frame = Frame.of(plot, QRectF(0, 0, 500, 400), style)
    placed = placed_names(frame, (), metrics, metrics)
    assert 10 < len(placed) < 60
    assert {name.ink for name in placed} == {"ink"}
    size = [(metrics.horizontalAdvance(name.text), metrics.ascent()) for name in placed]
    boxes = [QRectF(n.at.x(), n.at.y() - 0.86 * h, w, h) for n, (w, h) in zip(placed, size, strict=True)]
    called = callout_box(frame, frame.point(0, 7), "the seventh", metrics)
    for number, box in enumerate(boxes):
        assert not box.intersects(called)
        assert frame.inner.contains(box)
        apart = 0.4 * metrics.ascent()  # else "twenty" and "nine" are read as one
        assert not any(box.adjusted(-apart, 0, apart, 0).intersects(other) for other in boxes[:number])
        half = 0.25 * points.size * metrics.height()  # of a dot's radius
        around = box.adjusted(-half, -half, half, half)
        assert not any(around.contains(frame.point(0, point)) for point in range(60))
        for share in np.linspace(0, 1, 200):
            start, end = frame.point(1, 0), frame.point(1, 1)
            assert not box.adjusted(3, 3, -3, -3).contains(start + share * (end - start))
    assert placed_names(frame, ("words",), metrics, metrics) == []
    closer = Frame.of(frame.plot, frame.rect, style, Zoom((0, 5), (0, 5)))
    n_inside = int(((x < 5) & (y < 5)).sum())
    assert len(placed_names(closer, (), metrics, metrics)) / n_inside > len(placed) / 60


def test_the_last_number_of_an_axis_has_room_beside_the_plot():
    for width in range(180, 420, 7):
        rect = QRectF(0, 0, width, 200)
        done = Axis("done", low=0.0, high=1.0, text=percent_text)
        frame = Frame.of(Plot((), done, Axis("loss")), rect, STYLE)
        last = frame.x_ticks[-1]
        end = float(frame.x.pixels(np.array(last.at), frame.inner.left(), frame.inner.right()))
        metrics = QFontMetricsF(resized(STYLE.font, SMALL))
        assert end + metrics.horizontalAdvance(last.text) / 2 <= rect.right() + 1e-6


def test_every_bar_of_a_list_has_its_name_where_rows_are_as_high_as_letters():
    names = tuple("abcdefghij")
    bars = Bars("", np.arange(10.0), np.zeros(10), np.linspace(0.1, 1, 10), "accent", are_lying=True)
    em = QFontMetricsF(resized(STYLE.font, SMALL)).height()
    frame = Frame.of(Plot((bars,), Axis(), Axis(labels=names)), QRectF(0, 0, 300, 10 * 1.2 * em + 2.3 * em), STYLE)
    assert frame.inner.height() < 12.5 * em
    assert [tick.text for tick in frame.y_ticks] == list(names)


@pytest.mark.parametrize(("part", "is_whole"), [(1.3, True), (0.9, True), (0.5, False)])
def test_the_title_of_a_low_upright_axis_becomes_smaller_before_it_is_shortened_and_is_not_cut(part, is_whole):
    title = "component 2: 14.5 % of the variance"
    plot = Plot((Curve("", np.arange(3.0), np.arange(3.0), 0),), Axis("across"), Axis(title))
    metrics = QFontMetricsF(resized(STYLE.font, SMALL))
    height = part * metrics.horizontalAdvance(title) + 2.65 * metrics.height()  # and ticks with their title below
    frame = Frame.of(plot, QRectF(0, 0, 300, height), STYLE)
    image = QImage(300, round(height), QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched() as words:
        paint(painter, frame, STYLE)
    assert not cut(words)
    assert (title in [word.text for word in words]) == is_whole


def test_a_name_that_is_called_out_covers_no_other_point_where_there_is_room(qapp):
    x, y = np.array([5.0, 5.6, 4.4, 4.4, 0, 10]), np.array([5.0, 5.5, 5.5, 4.5, 0, 10])
    plot = Plot((Points("heads", x, y, 2),), Axis(), Axis(), callouts=(Callout(0, 0, "Layer 0, head 0"),))
    style, metrics = FigureStyle(), QFontMetricsF(FigureStyle().font)
    frame = Frame.of(plot, QRectF(0, 0, 700, 400), style)
    box = callout_box(frame, frame.point(0, 0), "Layer 0, head 0", metrics)
    assert box.left() > frame.point(0, 0).x()  # below on the right, as there is one in each of the other three corners
    assert box.top() > frame.point(0, 0).y()
    assert not any(box.contains(frame.point(0, other)) for other in range(1, 6))


@pytest.mark.parametrize("seed", range(6))
def test_a_name_that_is_called_out_amid_a_crowd_stands_where_no_dot_is_touched(qapp, seed):
    random = np.random.default_rng(seed)
    x, y = random.normal(5, 0.6, 40), random.normal(5, 0.8, 40)
    points = Points("heads", np.append(x, [0, 10]), np.append(y, [0, 10]), 2)
    style, metrics = FigureStyle(), QFontMetricsF(FigureStyle().font)
    frame = Frame.of(Plot((points,), Axis(), Axis()), QRectF(0, 0, 600, 300), style)
    radius = points.size * metrics.height() / 2
    for point in range(40):
        box = callout_box(frame, frame.point(0, point), "Layer 0, head 0", metrics).adjusted(
            -radius, -radius, radius, radius
        )
        assert frame.inner.contains(box.adjusted(radius, radius, -radius, -radius))
        assert not any(box.contains(frame.point(0, other)) for other in range(42))


def test_colours_of_the_map_that_dots_have_stand_out_from_the_paper(qapp):
    for theme in (LIGHT, DARK):
        for name in color_maps.NAMES:
            style = FigureStyle(theme, color_map=name)
            assert min(contrast(color_of(share, style), theme.paper) for share in (0.0, 0.5, 1.0)) >= 1.75, (
                theme.name,
                name,
            )


def test_lines_of_a_legend_are_about_as_long(qapp):
    series = [Curve(f"A curve {n}", np.zeros(1), np.zeros(1), n) for n in range(6)]
    wide = entries(series, "", QRectF(0, 0, 2000, 0), FigureStyle())
    room = wide[4].box.right() + 1  # of which the last one would stand alone
    tops = [entry.box.top() for entry in entries(series, "", QRectF(0, 0, room, 0), FigureStyle())]
    assert [tops.count(top) for top in dict.fromkeys(tops)] == [3, 3]
    assert len({entry.box.top() for entry in wide}) == 1
