"""The branches of a text, each indented beneath the one that it goes off: a part of the figure."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from widgets.figures.lettering import resized
from widgets.look.theme import FigureStyle

_ROW = 1.6  # em
_INDENT = 1.6  # em
_HEAD = 1.6  # em
_MOST_LETTERS = 1_000  # that are laid out to see how many have room: more than any line has room for


def _tr(text: str) -> str:
    return QCoreApplication.translate("BranchList", text)


@dataclass(frozen=True)
class BranchLine:
    """One branch.

    Attributes
    ----------
    number
        By which the view knows it.
    name, text
        The token by which it differs, and what comes with it.
    depth
        Branches between it and the first one.
    bits
        Surprisal of what it wrote; NaN for none.
    """

    number: int
    name: str
    text: str
    depth: int
    bits: float
    is_now: bool


@dataclass(frozen=True)
class BranchList:
    """Rows that a click goes to."""

    lines: tuple[BranchLine, ...]

    def height(self, em: float) -> float:
        """Of all rows."""
        return (_HEAD + _ROW * len(self.lines) + 0.3) * em if len(self.lines) > 1 else 0.0

    def row(self, at: int, area: QRectF, em: float) -> QRectF:
        """Where a branch is."""
        left = area.left() + _INDENT * self.lines[at].depth * em
        return QRectF(left, area.top() + (_HEAD + _ROW * at) * em, area.right() - left, _ROW * em)

    def paint(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        """Paint into the top of `area`."""
        if len(self.lines) < 2:
            return
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        painter.save()
        painter.setFont(style.font)
        painter.setPen(theme.faint)
        title = _tr("Branches, each named by the token in which it differs")
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(QPointF(area.left(), area.top() + metrics.ascent()), shown)
        for at, line in enumerate(self.lines):
            row = self.row(at, area, em)
            if line.depth:
                painter.setPen(QPen(theme.line, 1.2))
                corner = QPointF(row.left() - 0.9 * em, row.center().y())
                painter.drawLine(QPointF(corner.x(), row.top() - 0.25 * em), corner)
                painter.drawLine(corner, QPointF(row.left() - 0.2 * em, corner.y()))
            painter.setFont(resized(style.font, bold=line.is_now))
            letters = QFontMetricsF(painter.font())
            painter.setPen(theme.accent if line.is_now else theme.ink)
            bits = _tr("{:.1f} bits").format(line.bits) if line.bits == line.bits else ""
            number = letters.horizontalAdvance(bits)
            text = letters.elidedText(
                f"{line.name}  {line.text[:_MOST_LETTERS]}", Qt.TextElideMode.ElideRight, row.width() - number - em
            )
            baseline = row.center().y() + 0.36 * metrics.ascent()
            painter.drawText(QPointF(row.left(), baseline), text)
            painter.drawText(QPointF(row.right() - number, baseline), bits)
        painter.restore()
