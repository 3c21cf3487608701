"""A drawing of one layer: the stream from below, what branches off it, and where the norms stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from inference.results.norms import NormsResult, SubLayer
from widgets.figures.lettering import resized
from widgets.look.theme import FigureStyle
from widgets.views.norms.words import arrangement, drawn_layer, formula, kind_title, norm_formula, norm_kind

_BOX, _GAP = 1.7, 0.75  # em: height of a box, and between boxes
_WIDTH = 8.2  # em of a box
_PLUS = 0.55  # em: radius of the sum
_INKS = {"attention": 0, "cross": 4, "mlp": 1, "other": 3}


class DiagramBox(NamedTuple):
    """A box: what it says, where, and its colour; None for a norm."""

    text: str
    rect: QRectF
    ink: int | None


@dataclass(frozen=True)
class LayerDiagram:
    """One layer of a model, drawn from where its norms stand."""

    result: NormsResult

    def size(self, style: FigureStyle) -> QSizeF:
        """What it takes."""
        em = QFontMetricsF(style.font).height()
        boxes, _, _ = self.laid_out(QRectF(0, 0, 1, 0), style)
        width = max(box.rect.right() for box in boxes) + 0.5 * em
        return QSizeF(width, self._height(em) + 4.2 * em)

    def _groups(self) -> list[list[SubLayer]]:
        """Sub-layers that read the same stream together."""
        groups: list[list[SubLayer]] = []
        for step in drawn_layer(self.result):
            if step.is_parallel and groups:
                groups[-1].append(step)
            else:
                groups.append([step])
        return groups

    def _height(self, em: float) -> float:
        rows = 0.0
        for group in self._groups():
            rows += max(1 + sum(place != "on_stream" for place in step.norms) for step in group) * (_BOX + _GAP)
            rows += 2 * _PLUS + 2 * _GAP
            rows += any("on_stream" in step.norms for step in group) * (_BOX + _GAP)
        return (rows + 1.5) * em

    def laid_out(self, rect: QRectF, style: FigureStyle) -> tuple[list[DiagramBox], list[QLineF], list[QPointF]]:
        """Boxes, lines with an arrow at their end, and the middles of sums; the stream runs from the foot of `rect`."""
        em = QFontMetricsF(style.font).height()
        x, y = rect.left() + 1.2 * em, rect.bottom() - 1.2 * em
        boxes: list[DiagramBox] = []
        lines: list[QLineF] = []
        sums: list[QPointF] = []
        norm = norm_kind(self.result)
        for group in self._groups():
            tap = y
            most = max(1 + sum(place != "on_stream" for place in step.norms) for step in group)
            plus = QPointF(x, tap - (most * (_BOX + _GAP) + _GAP + _PLUS) * em)
            for column, step in enumerate(group):
                left = x + (1.6 + column * (_WIDTH + 1)) * em
                inner = [(norm, None)] * ("before" in step.norms) + [(kind_title(step.kind), _INKS[step.kind])]
                inner += [(norm, None)] * ("behind" in step.norms)
                middle = left + _WIDTH * em / 2
                lines.append(QLineF(x, tap, middle, tap))
                at = tap
                for text, ink in inner:
                    box = QRectF(left, at - (_BOX + _GAP) * em, _WIDTH * em, _BOX * em)
                    boxes.append(DiagramBox(text, box, ink))
                    lines.append(QLineF(middle, at, middle, box.bottom()))
                    at = box.top()
                lines.append(QLineF(middle, at, middle, plus.y()))
                if column == len(group) - 1 or len(group) == 1:
                    lines.append(QLineF(middle, plus.y(), x + _PLUS * em, plus.y()))
            lines.append(QLineF(x, y, x, plus.y() + _PLUS * em))
            sums.append(plus)
            y = plus.y() - _PLUS * em
            if any("on_stream" in step.norms for step in group):
                box = QRectF(x - 0.9 * em, y - (_BOX + _GAP) * em, _WIDTH * em, _BOX * em)
                boxes.append(DiagramBox(norm, box, None))
                lines.append(QLineF(x, y, x, box.bottom()))
                y = box.top()
            lines.append(QLineF(x, y, x, y - _GAP * em))
            y -= _GAP * em
        return boxes, lines, sums

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint it at the left of `rect`, its head at the top; smaller where there is no room."""
        size = self.size(style)
        scale = min(1.0, rect.height() / size.height(), rect.width() / size.width())
        em = QFontMetricsF(style.font).height()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.topLeft())
        painter.scale(scale, scale)
        self._paint_head(painter, size.width(), style)
        area = QRectF(0, 4.2 * em, size.width(), size.height() - 4.2 * em)
        boxes, lines, sums = self.laid_out(area, style)
        painter.setPen(QPen(style.theme.ink, 0.09 * em))
        for line in lines:
            painter.drawLine(line)
            # An arrow where a line comes to something, none where it only turns.
            if any(box.rect.adjusted(-1, -1, 1, 1).contains(line.p2()) for box in boxes) or _is_at_sum(line, sums, em):
                self._paint_arrow(painter, line, em, style)
        top = lines[-1]
        self._paint_arrow(painter, top, em, style)
        for middle in sums:
            painter.setBrush(style.theme.paper)
            painter.drawEllipse(middle, _PLUS * em, _PLUS * em)
            painter.drawLine(middle - QPointF(0.3 * em, 0), middle + QPointF(0.3 * em, 0))
            painter.drawLine(middle - QPointF(0, 0.3 * em), middle + QPointF(0, 0.3 * em))
        for box in boxes:
            self._paint_box(painter, box, em, style)
        painter.setPen(style.theme.faint)
        painter.setFont(style.font)
        painter.drawText(QPointF(area.left() + 1.8 * em, area.bottom() - 0.2 * em), _tr("x, from the layer below"))
        painter.restore()

    def _paint_head(self, painter: QPainter, width: float, style: FigureStyle) -> None:
        bold = resized(style.font, bold=True)
        em = QFontMetricsF(style.font).height()
        painter.setPen(style.theme.ink)
        for row, (text, font) in enumerate(
            (
                (arrangement(self.result), bold),
                (formula(self.result), style.font),
                (norm_formula(self.result), style.font),
            )
        ):
            painter.setFont(font)
            painter.drawText(QPointF(0, (row + 0.85) * 1.2 * em), text)
            painter.setPen(style.theme.faint if row else style.theme.ink)

    def _paint_box(self, painter: QPainter, box: DiagramBox, em: float, style: FigureStyle) -> None:
        theme = style.theme
        color = theme.faint if box.ink is None else theme.series[box.ink]
        painter.setPen(QPen(color, 0.12 * em))
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(box.rect, 0.35 * em, 0.35 * em)
        painter.setPen(theme.ink)
        painter.setFont(style.font)
        text = QFontMetricsF(style.font).elidedText(box.text, Qt.TextElideMode.ElideRight, box.rect.width() - 0.4 * em)
        painter.drawText(box.rect, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_arrow(self, painter: QPainter, line: QLineF, em: float, style: FigureStyle) -> None:
        unit = line.unitVector()
        along = QPointF(unit.dx(), unit.dy()) * 0.45 * em
        aside = QPointF(-unit.dy(), unit.dx()) * 0.22 * em
        tip = line.p2()
        painter.setBrush(style.theme.ink)
        painter.drawPolygon(QPolygonF([tip, tip - along + aside, tip - along - aside]))


def _is_at_sum(line: QLineF, sums: list[QPointF], em: float) -> bool:
    return any(QLineF(line.p2(), middle).length() <= (_PLUS + 0.05) * em for middle in sums)


def _tr(text: str) -> str:
    return QCoreApplication.translate("LayerDiagram", text)
