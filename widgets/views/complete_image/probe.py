"""How well a linear classifier does on the features of each layer: a curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from inference.results.probe import ProbeResult
from widgets.figures.figure import Numbers
from widgets.figures.lettering import resized
from widgets.look.theme import FigureStyle


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProbeFigure", text)


@dataclass(frozen=True)
class ProbeFigure:
    """Held-out accuracy by layer; lines for chance and for the pixels themselves."""

    result: ProbeResult

    @property
    def caption(self) -> str:
        text = _tr("Accuracy of a linear classifier on the features of each layer ({} pictures to learn, {} to test)")
        best = self.best
        text = text.format(self.result.n_train, self.result.n_test)
        if best is None:
            return text
        where = self.result.layers[best]
        return _tr("{}; best: {} with {:.1f} %").format(text, where, 100 * float(self.result.accuracy[best]))

    @property
    def best(self) -> int | None:
        """The layer with the highest accuracy so far."""
        accuracy = self.result.accuracy
        return int(np.nanargmax(accuracy)) if np.isfinite(accuracy).any() else None

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(min(60, 14 + 4 * len(self.result.layers)) * em, 24 * em)

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the curve is: accuracy 0 at the bottom, 1 at the top."""
        em = QFontMetricsF(style.font).height()
        width = min(rect.width() - 12 * em, 5.5 * em * len(self.result.layers))
        return QRectF(rect.left() + 5 * em, rect.top() + 1.5 * em, width, rect.height() - 6 * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        plot = self.plot(rect, style)
        self._paint_axes(painter, plot, style)
        color_pixels, color_chance = style.theme.series[1], style.theme.faint
        self._paint_level(painter, plot, self.result.pixels, _tr("pixels"), color_pixels, style)
        self._paint_level(painter, plot, self.result.chance, _tr("chance"), color_chance, style)
        self._paint_curve(painter, plot, style)
        painter.restore()

    def _paint_axes(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        for tenth in range(0, 11, 2):
            y = plot.bottom() - tenth / 10 * plot.height()
            painter.setPen(QPen(style.theme.line, 1))
            painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
            painter.setPen(style.theme.ink)
            box = QRectF(plot.left() - 4 * em, y - em / 2, 3.6 * em, em)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{10 * tenth} %")
        names = self.result.layers
        spacing = plot.width() / len(names)
        short = [name.rpartition(" ")[2] if i else name for i, name in enumerate(names)]
        widest = max(map(metrics.horizontalAdvance, short[1:]), default=em) + 0.5 * em
        step = max(1, int(np.ceil(widest / spacing)))
        for i, name in enumerate(short):
            if i == 0 or i % step == 0:
                width = max(spacing, metrics.horizontalAdvance(name) + em)
                box = QRectF(self._x(i, plot) - width / 2, plot.bottom() + 0.4 * em, width, 1.2 * em)
                # The first name is long: it stands a line lower than the numbers.
                painter.drawText(box.translated(0, 0 if i else 1.3 * em), Qt.AlignmentFlag.AlignCenter, name)
        painter.setPen(style.theme.faint)
        below = QRectF(plot.left(), plot.bottom() + 2.8 * em, plot.width(), 1.3 * em)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, _tr("Layer whose features are read"))

    def _paint_level(
        self, painter: QPainter, plot: QRectF, value: float, name: str, color: QColor, style: FigureStyle
    ) -> None:
        if not np.isfinite(value):  # not measured yet
            return
        em = QFontMetricsF(style.font).height()
        y = plot.bottom() - value * plot.height()
        painter.setPen(QPen(color, 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
        painter.setPen(color)
        box = QRectF(plot.right() + 0.5 * em, y - 0.6 * em, 7 * em, 1.2 * em)
        text = f"{name} {100 * value:.1f} %"
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_curve(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        points = [
            QPointF(self._x(i, plot), plot.bottom() - float(value) * plot.height())
            for i, value in enumerate(self.result.accuracy)
            if np.isfinite(value)
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.theme.accent, 2.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(style.theme.accent)
        painter.setPen(Qt.PenStyle.NoPen)
        for point in points:
            painter.drawEllipse(point, 0.28 * em, 0.28 * em)
        best = self.best
        if best is not None:
            value = float(self.result.accuracy[best])
            point = QPointF(self._x(best, plot), plot.bottom() - value * plot.height())
            painter.setFont(resized(style.font, bold=True))
            painter.setPen(style.theme.ink)
            box = QRectF(point.x() - 4 * em, point.y() - 1.8 * em, 8 * em, 1.4 * em)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{100 * value:.1f} %")

    def _x(self, layer: int, plot: QRectF) -> float:
        return plot.left() + (layer + 0.5) * plot.width() / len(self.result.layers)

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "layers": np.array(result.layers, np.str_),
            "accuracy": result.accuracy,
            "chance": np.array(result.chance),
            "pixels": np.array(result.pixels),
            "n_train": np.array(result.n_train),
            "n_test": np.array(result.n_test),
        }
        rows: list[tuple[str | int | float, ...]] = [
            *zip(result.layers, result.accuracy.tolist(), strict=True),
            ("chance", result.chance),
            ("pixels", result.pixels),
        ]
        return Numbers(arrays, ("features", "accuracy"), rows)
