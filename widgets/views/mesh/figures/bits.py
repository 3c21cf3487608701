"""What a mesh costs in bits per vertex: for the model, and for yardsticks that know nothing of furniture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.figures.figure import Numbers
from widgets.figures.lettering import resized
from widgets.look.theme import FigureStyle
from widgets.views.mesh.figures.bar_rows import ROW, BarRow, paint_rows, rows_height
from widgets.views.mesh.growth import Growth


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshBits", text)


@dataclass(frozen=True)
class MeshBits:
    """Bits per vertex: coordinates and faces.

    Attributes
    ----------
    model
        Of the model at temperature 1 and without masks.
    allowed, uniform
        If every token that can lead to a mesh, or every token at all, were as likely as the others (the two
        baselines of Nash et al. 2020, table 1).
    compressed
        Of a general-purpose compressor, both together; None where it is not known.
    """

    model: tuple[float, float]
    allowed: tuple[float, float]
    uniform: tuple[float, float]
    compressed: float | None = None

    @staticmethod
    def of(growth: Growth, compressed_bits: int | None = None) -> MeshBits:
        """Of one mesh; it has vertices."""
        n = growth.n_vertices
        allowed, uniform = [], []
        for tokens in (growth.sample.vertices, growth.sample.faces):
            n_allowed = np.maximum((~tokens.is_forbidden).sum(1), 1)
            allowed.append(float(np.log2(n_allowed).sum()) / n)
            uniform.append(len(tokens.tokens) * float(np.log2(max(tokens.probabilities.shape[1], 1))) / n)
        compressed = None if compressed_bits is None else compressed_bits / n
        return MeshBits(growth.bits_per_vertex(), (allowed[0], allowed[1]), (uniform[0], uniform[1]), compressed)

    @property
    def caption(self) -> str:
        return _tr("bits per vertex: {:.2f} for coordinates, {:.2f} for faces").format(*self.model)

    def _entries(self) -> list[tuple[str, tuple[float, ...]]]:
        entries: list[tuple[str, tuple[float, ...]]] = [
            (_tr("this model"), self.model),
            (_tr("all allowed tokens alike"), self.allowed),
            (_tr("all tokens alike"), self.uniform),
        ]
        if self.compressed is not None:
            entries.insert(1, (_tr("LZMA"), (0.0, 0.0, self.compressed)))
        return entries

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(26 * em, (3.2 + 4 * ROW) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        em = QFontMetricsF(style.font).height()
        painter.setFont(resized(style.font, bold=True))
        painter.setPen(style.theme.ink)
        painter.drawText(QPointF(rect.left(), rect.top() + em), _tr("Bits per vertex"))
        entries = self._entries()
        top = max(sum(values) for _, values in entries) or 1.0
        rows = tuple(
            BarRow(name, tuple(value / top for value in values), f"{sum(values):.2f}", is_strong=number == 0)
            for number, (name, values) in enumerate(entries)
        )
        area = rect.adjusted(0, 1.5 * em, 0, 0)
        paint_rows(painter, rows, area, style)
        self._paint_key(painter, area.top() + rows_height(len(rows), style) + 0.4 * em, rect, style)
        painter.restore()

    def _paint_key(self, painter: QPainter, top: float, rect: QRectF, style: FigureStyle) -> None:
        small = resized(style.font, 0.85)
        metrics = QFontMetricsF(small)
        em, left = metrics.height(), rect.left()
        painter.setFont(small)
        names = [_tr("coordinates"), _tr("faces"), *([_tr("both")] if self.compressed is not None else [])]
        for number, name in enumerate(names):
            painter.fillRect(QRectF(left, top + 0.15 * em, 0.8 * em, 0.8 * em), style.theme.series[number])
            width = metrics.horizontalAdvance(name)
            painter.setPen(style.theme.ink)
            painter.drawText(QRectF(left + em, top, width + 2, 1.1 * em), Qt.AlignmentFlag.AlignVCenter, name)
            left += width + 2.2 * em

    def numbers(self) -> Numbers:
        """A row each."""
        rows: list[tuple[str | int | float, ...]] = [(name, sum(values)) for name, values in self._entries()]
        return Numbers({"model": np.array(self.model)}, ("yardstick", "bits_per_vertex"), rows)
