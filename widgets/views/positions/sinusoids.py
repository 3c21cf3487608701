"""The sinusoidal position encoding of 2017, as heat map and as curves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.figures.figure import Numbers
from widgets.figures.heat_panel import MINUS, ColorScale, HeatPanel, short
from widgets.figures.panel_figure import PanelFigure
from widgets.look import raster
from widgets.look.theme import FigureStyle
from widgets.views.positions import encoding as sinusoids

_CURVE_SAMPLES = 1024
_MANY_WAVES = 40
_PIECE = 32  # points that are stroked at once on screen: a long curve as a whole takes ten times longer


def _tr(text: str) -> str:
    return QCoreApplication.translate("SinusoidsFigure", text)


@dataclass(frozen=True)
class SinusoidsFigure(PanelFigure):
    """Positions run to the right in the heat map and in the curves beneath, on one scale.

    Attributes
    ----------
    d_model
        Number of dimensions, even.
    length
        Number of positions.
    pair
        The pair of dimensions 2i and 2i + 1 that is framed and drawn as curves.
    """

    d_model: int = 128
    length: int = 64
    pair: int = 0

    @property
    def table(self) -> np.ndarray:
        """float32 [position, dimension]."""
        return sinusoids.encoding(self.d_model, self.length)

    @property
    def caption(self) -> str:
        text = _tr(
            "Sinusoidal position encoding, {} dimensions, {} positions; pair i = {} has a wavelength of {} positions"
            " (Vaswani et al. 2017, section 3.5)"
        )
        return text.format(self.d_model, self.length, self.pair, self._wavelength())

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(50 * em, 32 * em)

    def numbers(self) -> Numbers:
        header = ("position", *(f"dimension {dimension}" for dimension in range(self.d_model)))
        rows: list[tuple[str | int | float, ...]] = [
            (position, *values) for position, values in enumerate(self.table.tolist())
        ]
        return Numbers({"table": self.table}, header, rows)

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        return [(self._panel, QRectF(rect.left(), rect.top(), rect.width(), 0.66 * rect.height()))]

    def describe(self, dimension: int, position: int) -> str:
        """How the number of a cell comes about."""
        function = "sin" if dimension % 2 == 0 else "cos"
        angle = sinusoids.angle(self.d_model, position, dimension)
        value = self.table[position, dimension]
        text = f"PE({position}, {dimension}) = {function}({position} / 10000^({dimension // 2 * 2}/{self.d_model}))"
        return f"{text} = {function}({angle:.6g}) = {value:.6f}".replace("-", MINUS)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        panel, area = self.panels(rect, style)[0]
        panel.paint(painter, area, style)
        plot = panel.plot(area, style)
        em = QFontMetricsF(style.font).height()
        top = area.bottom() + 2.4 * em
        curves = QRectF(plot.left(), top, plot.width(), max(rect.bottom() - top - 0.6 * em, em))
        painter.save()
        painter.setFont(style.font)
        self._paint_legend(painter, QPointF(plot.left(), area.bottom() + 0.4 * em), rect.right(), style)
        self._paint_curves(painter, curves, style)
        painter.restore()

    @cached_property
    def _panel(self) -> HeatPanel:
        return HeatPanel(
            self.table.T,
            ColorScale(-1.0, 1.0, is_signed=True),
            "PE(pos, 2i) = sin(pos / 10000^(2i/d_model)),  PE(pos, 2i+1) = cos(…)",
            _tr("Dimension"),
            _tr("Position"),
            band=(2 * self.pair, 2 * self.pair + 1),
        )

    def _wavelength(self) -> str:
        return f"{sinusoids.wavelength(self.d_model, self.pair):,.1f}"

    def _pens(self, style: FigureStyle) -> tuple[QPen, QPen]:
        """Sine and cosine, told apart by strength too; both as fine as can be where waves stand close."""
        sine, cosine = style.theme.series[0], style.theme.series[1]
        is_dense = self.length / sinusoids.wavelength(self.d_model, self.pair) > _MANY_WAVES
        return (QPen(sine, 1), QPen(cosine, 1)) if is_dense else (QPen(sine, 2.6), QPen(cosine, 1.4))

    def _paint_legend(self, painter: QPainter, corner: QPointF, right: float, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em, divisor = metrics.height(), 1 / sinusoids.rates(self.d_model)[self.pair]
        baseline = corner.y() + metrics.ascent()
        x = corner.x()
        waves = [f"{function}(pos / {short(divisor, 5)})" for function in ("sin", "cos")]
        names = [f"PE(pos, {2 * self.pair + odd}) = {wave}" for odd, wave in enumerate(waves)]
        wavelength = _tr("wavelength {} positions").format(self._wavelength())
        needed = sum(metrics.horizontalAdvance(text) for text in (*names, wavelength)) + 6.8 * em
        for pen, text in zip(self._pens(style), names if x + needed <= right else waves, strict=True):
            painter.setPen(pen)
            painter.drawLine(QPointF(x, baseline - 0.35 * em), QPointF(x + 1.6 * em, baseline - 0.35 * em))
            painter.setPen(style.theme.ink)
            painter.drawText(QPointF(x + 2 * em, baseline), text)
            x += 3.4 * em + metrics.horizontalAdvance(text)
        wavelength = metrics.elidedText(wavelength, Qt.TextElideMode.ElideRight, max(right - x, 0))
        painter.drawText(QPointF(x, baseline), wavelength)

    def _paint_curves(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em, column = metrics.height(), area.width() / self.length

        def y_of(values: np.ndarray | float) -> np.ndarray | float:
            return area.center().y() - values * 0.47 * area.height()

        for value, text in ((1.0, "1"), (0.0, "0"), (-1.0, f"{MINUS}1")):
            y = float(y_of(value))
            painter.setPen(QPen(style.theme.line, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(style.theme.ink)
            x = area.left() - 0.35 * em - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(x, y + 0.36 * metrics.ascent()), text)

        step = max(1 / 16, self.length / _CURVE_SAMPLES)
        positions = np.arange(0, self.length - 1 + step / 2, step)
        angles = positions * sinusoids.rates(self.d_model)[self.pair]
        for pen, function, dimension in zip(self._pens(style), (np.sin, np.cos), (0, 1), strict=True):
            painter.setPen(pen)
            curve = _points(area.left() + (positions + 0.5) * column, y_of(function(angles)))
            piece = len(curve) if raster.is_vector(painter) else _PIECE
            for start in range(0, len(curve) - 1, piece - 1):
                painter.drawPolyline(curve[start : start + piece])
            if column >= 0.5 * em:
                self._paint_dots(painter, area.left(), column, y_of(self.table[:, 2 * self.pair + dimension]), pen)

    def _paint_dots(
        self, painter: QPainter, left: float, column: float, heights: np.ndarray | float, pen: QPen
    ) -> None:
        """The positions themselves: the curve between them is only meant."""
        dots = QPen(QColor(pen.color()), 2.4 * pen.widthF() + 1.5)
        dots.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(dots)
        painter.drawPoints(_points(left + (np.arange(self.length) + 0.5) * column, heights))


def _points(x: np.ndarray, y: np.ndarray | float) -> list[QPointF]:
    return [QPointF(*point) for point in np.column_stack([x, y]).tolist()]
