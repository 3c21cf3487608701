"""Lines as pixels look like the painted lines: as dense, in the same places, in the same colours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from tests.factories import make_attention_result, make_tokens
from widgets.look.theme import DARK, LIGHT, FigureStyle
from widgets.views.arcs.drawn_lines import DrawnLines
from widgets.views.arcs.figure import ArcsFigure
from widgets.views.arcs.lines import Focus
from widgets.views.arcs.options import ArcsOptions
from widgets.views.arcs.scatter import strips

PAGE = QRectF(0, 0, 500, 300)
ALL = (0.0, 10_000.0)


def figure_of(n_tokens: int = 20, n_heads: int = 12, **options: object) -> ArcsFigure:
    """Heads of which two share their colour with others, and are dashed."""
    tokens = make_tokens(" ".join(f"w{i}" for i in range(n_tokens)))
    return ArcsFigure(make_attention_result(tokens=tokens, n_heads=n_heads), ArcsOptions(0.0), **options)


def pixels(image: QImage) -> np.ndarray:
    """[row, column, blue, green, red and alpha] from 0 to 255, premultiplied."""
    image = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width()].astype(float)


def _empty(width: int, height: int, ratio: float = 1.0) -> QImage:
    """So many pixels of a window, on a screen that has `ratio` times as many."""
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    return image


def both(
    figure: ArcsFigure, style: FigureStyle, scale: float = 1.0, ratio: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """As pixels, and as Qt paints them."""
    layout = figure.layout(style, PAGE)
    drawn = DrawnLines(figure, layout, style, figure.drawn(layout), scale, ratio, ALL, [])
    while not drawn.is_complete:
        drawn.draw(ALL, 1.0)
    width, height = layout.right - layout.left, figure.drawn(layout)[1]
    mine, painted = (_empty(math.ceil(width * scale), math.ceil(height * scale), ratio) for _ in range(2))
    with QPainter(mine) as painter:
        drawn.paint(painter, QPointF(0, 0))
    with QPainter(painted) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        painter.translate(-layout.left, 0)
        for pen, lines in reversed(list(figure.strokes(layout).batches(style.theme))):
            painter.setPen(pen)
            painter.drawLines(lines)
    return pixels(mine), pixels(painted)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("focus", [None, Focus("query", 3)], ids=["all", "one token"])
def test_they_look_like_painted_lines(qapp, theme, ratio, focus):
    """At a pixel one colour differs by 4 % in the mean, the opacity of the whole by 7 %.

    Qt's lines are the fainter: thin steep ones miss up to a fifth of the ink that their width and opacity mean.
    """
    mine, painted = both(figure_of(focus=focus), FigureStyle(theme), ratio=ratio)
    inked = painted[..., 3] + mine[..., 3] > 0
    assert np.abs(mine - painted)[inked].mean() < 0.04 * 255
    assert mine[..., 3].sum() == pytest.approx(painted[..., 3].sum(), rel=0.07)


def test_a_lone_line_is_where_it_is_painted_and_as_wide(qapp):
    result = make_attention_result(tokens=make_tokens("a b c d e f g h"), n_heads=1)
    pattern = np.zeros_like(result.pattern)
    pattern[0, 0, 1, 6] = 0.2
    object.__setattr__(result, "pattern", pattern)
    mine, painted = both(ArcsFigure(result, ArcsOptions(0.0)), FigureStyle(LIGHT), 3.0)
    rows = np.arange(len(mine))
    for column in range(40, mine.shape[1] - 40, 25):
        one, other = mine[:, column, 3], painted[:, column, 3]
        assert (rows @ one) / one.sum() == pytest.approx((rows @ other) / other.sum(), abs=0.15)  # pixels
        assert one.sum() == pytest.approx(other.sum(), rel=0.05)


def test_parts_of_a_picture_join_without_a_seam(qapp):
    figure, style = figure_of(), FigureStyle(LIGHT)
    layout = figure.layout(style, PAGE)
    strokes, width = figure.strokes(layout), int(layout.right - layout.left)

    def rows(top: int, bottom: int) -> np.ndarray:
        found = strips(strokes, LIGHT, (layout.left, float(top)), 1.0, (width, bottom - top))
        strip = np.concatenate([strip for _, strip in found], axis=1)
        return np.ascontiguousarray(strip).view(np.uint8).reshape(*strip.shape, 4).astype(float)

    parts = np.concatenate([rows(0, 90), rows(90, 91), rows(91, 300)])
    assert np.abs(parts - rows(0, 300)).max() <= 1


def test_what_is_on_screen_is_drawn_first(qapp):
    figure, style = figure_of(60), FigureStyle(LIGHT)
    layout = figure.layout(style, PAGE)
    seen = (250.0, 400.0)
    drawn = DrawnLines(figure, layout, style, figure.drawn(layout), 1.0, 1.0, seen, [])
    while not drawn.is_complete_in(seen):
        drawn.draw(seen, 0)
    assert not drawn.is_complete
    image = _empty(500, 800)
    with QPainter(image) as painter:
        drawn.paint(painter, QPointF(0, 0))
    inked = pixels(image)[..., 3].any(axis=1)
    assert inked[250:400].all()
    assert not inked[:240].any()


def test_no_lines_are_no_pixels(qapp):
    figure, style = figure_of(heads=()), FigureStyle(LIGHT)
    mine, painted = both(figure, style)
    assert not mine.any()
    assert not painted.any()


def test_lines_drawn_on_an_old_picture_show_nothing_of_it(qapp):
    style, spare = FigureStyle(LIGHT), []

    def drawn_of(pos: int, pictures: list[QImage]) -> DrawnLines:
        figure = figure_of(focus=Focus("query", pos))
        layout = figure.layout(style, PAGE)
        drawn = DrawnLines(figure, layout, style, figure.drawn(layout), 1.0, 1.0, ALL, pictures)
        while not drawn.is_complete:
            drawn.draw(ALL, 1.0)
        return drawn

    def shown(drawn: DrawnLines) -> np.ndarray:
        image = _empty(500, 400)
        with QPainter(image) as painter:
            drawn.paint(painter, QPointF(0, 0))
        return pixels(image)

    old = drawn_of(2, spare)
    first = shown(old)
    old.give_up()
    assert len(spare) == 1
    assert not shown(old).any()
    assert (shown(drawn_of(9, spare)) == shown(drawn_of(9, []))).all()
    assert not spare
    assert (first != shown(drawn_of(9, []))).any()
