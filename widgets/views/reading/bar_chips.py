"""Words that wrap like text, and at each a bar: a part of figures, and what the pointer meets on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.figures import chips
from widgets.figures.heat_panel import MINUS
from widgets.figures.lettering import resized
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle

_BAR, _SIGNED_BAR = 3.4, 2.2  # em, of the longest bar; where there are some above and some below
_TALLEST = 20.0  # em, where there is room
_LEAST_WIDTH = 2.2  # em of a token, so that its number has room


@dataclass(frozen=True)
class BarChips:
    """Some words and a number for each.

    Attributes
    ----------
    values
        What the bars say; NaN: there is none.
    longest
        Of which number the bar has its full length.
    is_signed
        Whether numbers less than 0 have bars, too, which hang below the words, and all have a sign.
    extra
        By how many em the longest bar is longer than it must be.
    """

    chips: tuple[chips.Chip, ...]
    values: tuple[float, ...]
    longest: float
    has_numbers: bool = True
    is_signed: bool = False
    extra: float = 0.0

    def spread(self, rect: QRectF, style: FigureStyle) -> BarChips:
        """The same with bars that take the height that is there, within reason."""
        em = QFontMetricsF(style.font).height()
        n_lines = len({box.top() for box in self.boxes(rect.width(), style)})
        room = (rect.height() - self.height(rect.width(), style)) / (n_lines * em)
        return replace(self, extra=min(max(room, 0.0), _TALLEST - _BAR))

    def boxes(self, width: float, style: FigureStyle) -> list[QRectF]:
        """Of the words, each with room for its bar above, in lines from (0, 0)."""
        metrics = QFontMetricsF(style.font)
        em, height = metrics.height(), chips.chip_height(metrics)
        above = (self._longest_bar + 1.6) * em
        line = above + height + self._below * em
        x, y = 0.0, above
        boxes: list[QRectF] = []
        for chip in self.chips:
            wide = min(max(metrics.horizontalAdvance(chip.text) + 0.7 * em, _LEAST_WIDTH * em), max(width, em))
            x += 0 if x == 0 else 0.1 * em if not chip.starts_word else 0.4 * em
            if x + wide > width and x > 0:
                x, y = 0.0, y + line
            boxes.append(QRectF(x, y, wide, height))
            x += wide
        return boxes

    def height(self, width: float, style: FigureStyle) -> float:
        """Height that is needed at a width."""
        return self.boxes(width, style)[-1].bottom() + (0.3 + self._below) * QFontMetricsF(style.font).height()

    @property
    def _longest_bar(self) -> float:
        return (_SIGNED_BAR if self.is_signed else _BAR) + self.extra

    @property
    def _below(self) -> float:
        """Room for bars that hang down and their numbers, in em."""
        return self._longest_bar + 1.3 if self.is_signed and any(value < 0 for value in self.values) else 0.0

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle, selected: int | None = None) -> None:
        """Paint into the top of `rect`; the selected word is framed."""
        em = QFontMetricsF(style.font).height()
        small = resized(style.font, SMALL)
        boxes = self.boxes(rect.width(), style)
        chips.paint_chips(painter, self.chips, boxes, rect.topLeft(), style)
        painter.save()
        for position, (box, value) in enumerate(zip(boxes, self.values, strict=True)):
            if not math.isfinite(value):
                continue
            bar = self._bar(box, value, em).translated(rect.topLeft())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._color(value, style))
            painter.drawRect(bar)
            if self.has_numbers:
                painter.setPen(style.theme.ink)
                painter.setFont(small)
                top = bar.bottom() + 0.1 * em if value < 0 else bar.top() - 1.1 * em
                text = f"{value:+.1f}".replace("-", MINUS) if self.is_signed else f"{value:.1f}"
                painter.drawText(QRectF(bar.center().x() - 2 * em, top, 4 * em, em), Qt.AlignmentFlag.AlignCenter, text)
            if position == selected:
                self._frame(painter, box.translated(rect.topLeft()), style, Qt.PenStyle.SolidLine)
        painter.restore()

    def _color(self, value: float, style: FigureStyle) -> QColor:
        return style.theme.series[0 if not self.is_signed else 1 if value > 0 else 2]

    def _bar(self, box: QRectF, value: float, em: float) -> QRectF:
        """Standing on a word, or hanging from it."""
        share = abs(value) / self.longest if self.longest and math.isfinite(value) else 0.0
        height = self._longest_bar * em * share
        top = box.bottom() + 0.2 * em if value < 0 else box.top() - 0.2 * em - height
        return QRectF(box.left() + 0.15 * box.width(), top, 0.7 * box.width(), height)

    def _frame(self, painter: QPainter, box: QRectF, style: FigureStyle, line: Qt.PenStyle) -> None:
        painter.setPen(QPen(style.theme.accent, 2, line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 4, 4)

    def at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> int | None:
        """The word under a point, or whose bar is."""
        em = QFontMetricsF(style.font).height()
        for position, box in enumerate(self.boxes(rect.width(), style)):
            whole = box.adjusted(0, -(self._longest_bar + 1.3) * em, 0, self._below * em)
            if whole.translated(rect.topLeft()).contains(point):
                return position
        return None

    def paint_pointed(self, painter: QPainter, rect: QRectF, style: FigureStyle, position: int) -> None:
        """Frame the word that is pointed at."""
        box = self.boxes(rect.width(), style)[position].translated(rect.topLeft())
        self._frame(painter, box, style, Qt.PenStyle.DashLine)

    def step(self, position: int, right: int, down: int, width: float, style: FigureStyle) -> int:
        """The word beside, or the nearest one of the line above or below."""
        boxes = self.boxes(width, style)
        position = min(max(position + right, 0), len(boxes) - 1)
        if down:
            here = boxes[position]
            lines = sorted({box.top() for box in boxes})
            line = lines[min(max(lines.index(here.top()) + down, 0), len(lines) - 1)]
            on_line = [i for i, box in enumerate(boxes) if box.top() == line]
            position = min(on_line, key=lambda i: abs(boxes[i].center().x() - here.center().x()))
        return position
