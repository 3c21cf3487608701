"""What a mesh model expected of one token: 256 values as bars, or the vertices that its pointer may take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.kit.figure import Numbers
from widgets.look.letters import LARGE, SMALL
from widgets.look.theme import FigureStyle
from widgets.views.mesh.growth import FIRST_VERTEX, NEW_FACE, STOP, Growth, MeshPart, word_of

_N_VALUES = 256
_MOST_ROWS = 12
_LEAST = 5e-5  # of probability: rarer vertices have no row
_NAMES = 3.6  # em, for the name of a vertex


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshExpected", text)


@dataclass(frozen=True, eq=False)
class MeshExpected:
    """The distribution over the next token, and the one that was taken.

    Attributes
    ----------
    title
        Which vertex or face, and which of its tokens.
    probabilities
        float [choice], at temperature 1 and without masks; choice is the token.
    is_forbidden
        bool [choice]: cannot lead to a mesh.
    is_given
        Whether the token was given, not sampled.
    """

    title: str
    part: MeshPart
    place: int
    token: int
    bits: float
    probabilities: np.ndarray = field(repr=False)
    is_forbidden: np.ndarray = field(repr=False)
    is_given: bool = False

    @staticmethod
    def of(growth: Growth, step: int) -> MeshExpected:
        """Of one step of a mesh."""
        part, place = growth.part_of(step)
        tokens = growth.tokens_of(part)
        token = int(tokens.tokens[place])
        if part == "vertices":
            vertex, axis = divmod(place, 3)
            title = _tr("Vertex {}: {}").format(vertex, "zyx"[axis])
        else:
            face = int(growth.pointer_faces[place])
            corner = place - int(np.flatnonzero(growth.pointer_faces == face)[0])
            title = _tr("Face {}: token {}").format(face, corner + 1)
        return MeshExpected(
            title,
            part,
            place,
            token,
            float(tokens.bits[place]),
            tokens.probabilities[place].astype(np.float64),
            tokens.is_forbidden[place],
            place < tokens.n_given,
        )

    # Words

    @property
    def caption(self) -> str:
        return f"{self.title}; {self.taken}"

    @property
    def taken(self) -> str:
        """The token that was taken, its probability and its surprisal."""
        how = _tr("given") if self.is_given else _tr("taken")
        return f"{how}: {self.word(self.token)}, {percent(self._probability(self.token))}, {self.bits:.2f} bits"

    @property
    def forbidden(self) -> str:
        """How much of the probability lies on what cannot lead to a mesh."""
        if not self.is_forbidden.any():
            return _tr("nothing is forbidden")
        return _tr("hatched: forbidden, {} in all").format(percent(float(self.probabilities[self.is_forbidden].sum())))

    def word(self, token: int) -> str:
        return word_of(self.part, self.place, token)

    def read_out(self, token: int) -> str:
        """A choice and its probability."""
        text = f"{self.word(token)}: {percent(self._probability(token))}"
        return _tr("{} (forbidden)").format(text) if self.is_forbidden[token] else text

    def _probability(self, token: int) -> float:
        return float(self.probabilities[token]) if token < len(self.probabilities) else 0.0

    # The image

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(24 * em, 15 * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        em = QFontMetricsF(style.font).height()
        for text, at, font, color in (
            (self.title, 0.0, resized(style.font, LARGE, bold=True), style.theme.ink),
            (self.taken, 1.35, style.font, style.theme.warning),
            (self.forbidden, rect.height() / em - 1.1, resized(style.font, SMALL), style.theme.faint),
        ):
            line = QRectF(rect.left(), rect.top() + at * em, rect.width(), 1.25 * em)
            painter.setFont(font)
            painter.setPen(color)
            short = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, short)
        painter.setFont(style.font)
        for token, chip in self._chips(rect, style):
            self._paint_chip(painter, chip, token, style)
        if self.part == "vertices":
            self._paint_values(painter, self._plot(rect, style), style)
        else:
            for token, row in self._rows(rect, style):
                self._paint_row(painter, row, token, style)
        painter.restore()

    def _chips(self, rect: QRectF, style: FigureStyle) -> list[tuple[int, QRectF]]:
        """The tokens that are no value or vertex, and where their chips are."""
        metrics = QFontMetricsF(style.font)
        em, left = metrics.height(), rect.left()
        tokens = (STOP,) if self.part == "vertices" else (NEW_FACE, STOP)
        chips = []
        for token in tokens:
            text = f"{self.word(token)}  {percent(self._probability(token))}"
            width = metrics.horizontalAdvance(text) + em
            chips.append((token, QRectF(left, rect.top() + 2.85 * em, width, 1.45 * em)))
            left += width + 0.5 * em
        return chips

    def _paint_chip(self, painter: QPainter, chip: QRectF, token: int, style: FigureStyle) -> None:
        theme, em = style.theme, QFontMetricsF(style.font).height()
        fill = QColor(theme.accent)
        fill.setAlphaF(0.08 + 0.5 * float(np.sqrt(self._probability(token))))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(chip, 0.3 * em, 0.3 * em)
        if self.is_forbidden[token]:
            hatch(painter, chip.adjusted(2, 2, -2, -2), theme.line, 0.45 * em)
        is_taken = token == self.token
        painter.setPen(QPen(theme.warning if is_taken else theme.line, 2 if is_taken else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(chip, 0.3 * em, 0.3 * em)
        painter.setPen(theme.ink)
        text = f"{self.word(token)}  {percent(self._probability(token))}"
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    # Coordinates

    def _plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        em = QFontMetricsF(style.font).height()
        return QRectF(rect.left(), rect.top() + 5.3 * em, rect.width(), max(rect.height() - 8.1 * em, 2 * em))

    @property
    def _top(self) -> float:
        return max(float(self.probabilities[1:].max()), 1e-9)

    def _paint_values(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        theme, em = style.theme, QFontMetricsF(style.font).height()
        width = plot.width() / _N_VALUES
        for first, end in runs(self.is_forbidden[1:].tolist()):
            area = QRectF(plot.left() + first * width, plot.top(), (end - first) * width, plot.height())
            hatch(painter, area, theme.line, 0.5 * em)
        painter.setPen(QPen(theme.faint, 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setPen(Qt.PenStyle.NoPen)
        for value in np.flatnonzero(self.probabilities[1:] > self._top / 400).tolist():
            painter.setBrush(theme.warning if value + 1 == self.token else theme.accent)
            painter.drawRect(self._bar(plot, value))
        if self.token != STOP:
            self._paint_mark(painter, self._bar(plot, self.token - 1), style)
        small = resized(style.font, SMALL)
        painter.setFont(small)
        painter.setPen(theme.faint)
        for value in (0, 64, 128, 192, 255):
            x = plot.left() + (value + 0.5) * width
            painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, plot.bottom() + 0.2 * em))
            text = str(value)
            wide = QFontMetricsF(small).horizontalAdvance(text)
            left = min(max(x - wide / 2, plot.left()), plot.right() - wide)
            painter.drawText(QPointF(left, plot.bottom() + 1.1 * em), text)
        top = _tr("highest bar: {}").format(percent(self._top))
        likeliest = int(self.probabilities[1:].argmax())
        is_left = likeliest < _N_VALUES // 2
        side = Qt.AlignmentFlag.AlignRight if is_left else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(plot.left(), plot.top() - 0.3 * em, plot.width(), em), side, top)

    def _bar(self, plot: QRectF, value: int) -> QRectF:
        width = plot.width() / _N_VALUES
        height = float(self.probabilities[value + 1]) / self._top * (plot.height() - 0.8 * self._mark)
        wide = max(width, 1.6)  # thin bars vanish on a projector
        x = plot.left() + (value + 0.5) * width - wide / 2
        return QRectF(x, plot.bottom() - height, wide, height)

    _mark = 10.0  # points: the triangle over the bar that was taken

    def _paint_mark(self, painter: QPainter, bar: QRectF, style: FigureStyle) -> None:
        x, y, half = bar.center().x(), bar.top() - 1.5, 0.5 * self._mark
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.theme.warning)
        painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x - half, y - half), QPointF(x + half, y - half)]))

    # Pointers

    @cached_property
    def ranked(self) -> list[int]:
        """Vertex tokens, the likeliest first; the one that was taken is among them."""
        order = np.argsort(-self.probabilities[FIRST_VERTEX:], kind="stable")[:_MOST_ROWS] + FIRST_VERTEX
        tokens = [token for token in order.tolist() if self.probabilities[token] >= _LEAST]
        if self.token >= FIRST_VERTEX and self.token not in tokens:
            tokens = [*tokens[: _MOST_ROWS - 1], self.token]
        return tokens

    def _rows(self, rect: QRectF, style: FigureStyle) -> Iterator[tuple[int, QRectF]]:
        em = QFontMetricsF(style.font).height()
        top, height = rect.top() + 4.9 * em, 1.3 * em
        n = max(int((rect.bottom() - 1.4 * em - top) / height), 1)
        tokens = self.ranked[:n]
        if self.token >= FIRST_VERTEX and self.token not in tokens and tokens:
            tokens[-1] = self.token
        for number, token in enumerate(tokens):
            yield token, QRectF(rect.left(), top + number * height, rect.width(), height)

    def _paint_row(self, painter: QPainter, row: QRectF, token: int, style: FigureStyle) -> None:
        theme, em = style.theme, QFontMetricsF(style.font).height()
        is_taken = token == self.token
        left, right = row.left() + _NAMES * em, row.right() - 4.2 * em
        track = QRectF(left, row.top() + 0.2 * em, max(right - left, em), 0.9 * em)
        if self.is_forbidden[token]:
            hatch(painter, track, theme.line, 0.45 * em)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.warning if is_taken else theme.accent)
        bar = QRectF(track)
        bar.setWidth(max(self._probability(token) * track.width(), 1.0))
        painter.drawRect(bar)
        painter.setPen(theme.warning if is_taken else theme.ink)
        middle = Qt.AlignmentFlag.AlignVCenter
        name = QRectF(row.left(), row.top(), _NAMES * em, row.height())
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | middle, ("▸ " if is_taken else "   ") + self.word(token))
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | middle, percent(self._probability(token)))

    # Under the pointer: spots are tokens

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> int | None:
        """The token under a point."""
        for token, chip in self._chips(rect, style):
            if chip.contains(point):
                return token
        if self.part == "vertices":
            plot = self._plot(rect, style)
            if plot.contains(point):
                return min(int((point.x() - plot.left()) / plot.width() * _N_VALUES), _N_VALUES - 1) + 1
            return None
        return next((token for token, row in self._rows(rect, style) if row.contains(point)), None)

    def has_spot(self, spot: int, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a choice; a vertex only where its row is."""
        return spot < FIRST_VERTEX or self.part == "vertices" or any(spot == t for t, _ in self._rows(rect, style))

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: int) -> None:
        """Frame what is pointed at, with its number where there is no other."""
        theme = style.theme
        painter.setPen(QPen(theme.ink, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for token, area in (*self._chips(rect, style), *(self._rows(rect, style) if self.part == "faces" else ())):
            if token == spot:
                painter.drawRect(area)
                return
        plot = self._plot(rect, style)
        x = self._bar(plot, spot - 1).center().x()
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        metrics = QFontMetricsF(style.font)
        text = self.read_out(spot)
        box = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height() + 2)
        box.moveCenter(QPointF(x, plot.top() + metrics.height()))
        box.moveLeft(min(max(box.left(), plot.left()), plot.right() - box.width()))
        painter.setBrush(theme.paper)
        painter.drawRect(box)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def step(self, spot: int | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> int | None:
        """The choice beside: by value, or by rank."""
        if self.part == "vertices":
            if spot is None:
                return self.token or 1
            return min(max(spot + (right or -down), 0), _N_VALUES)
        tokens = [token for token, _ in (*self._chips(rect, style), *self._rows(rect, style))]
        place = tokens.index(spot) + (down or right) if spot in tokens else 0
        return tokens[min(max(place, 0), len(tokens) - 1)]

    def numbers(self) -> Numbers:
        """Every choice with its probability."""
        rows: list[tuple[str | int | float, ...]] = [
            (token, self.word(token), float(p), int(self.is_forbidden[token]))
            for token, p in enumerate(self.probabilities)
        ]
        arrays = {"probabilities": self.probabilities, "is_forbidden": self.is_forbidden}
        return Numbers(arrays, ("token", "meaning", "probability", "is_forbidden"), rows)


# Hatching, as lines: pattern brushes do not come through to SVG


def hatch(painter: QPainter, rect: QRectF, color: QColor, spacing: float) -> None:
    """Fill a rectangle with lines that rise to the right; those of neighbours meet."""
    if rect.isEmpty() or spacing <= 0:
        return
    painter.setPen(QPen(color, max(spacing / 7, 0.5)))
    lines = []
    # The lines are x + y = a multiple of the spacing, whatever the rectangle.
    total = (rect.left() + rect.top()) // spacing * spacing + spacing
    while total < rect.right() + rect.bottom():
        x0 = max(rect.left(), total - rect.bottom())
        x1 = min(rect.right(), total - rect.top())
        if x1 > x0:
            lines.append(QLineF(x0, total - x0, x1, total - x1))
        total += spacing
    painter.drawLines(lines)


def runs(flags: list[bool]) -> list[tuple[int, int]]:
    """First and end of each row of trues."""
    found: list[tuple[int, int]] = []
    start = None
    for place, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = place
        elif not flag and start is not None:
            found.append((start, place))
            start = None
    return found
