"""The tokens in their order, a vertex or a face a line; only what is seen is painted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from widgets.figures.lettering import resized
from widgets.look import color_maps
from widgets.look.letters import SMALL
from widgets.look.surprisal_colors import N_LEVELS, TOKEN_TOP, SurprisalScale, heat
from widgets.look.theme import FigureStyle
from widgets.views.mesh.growth import Growth

_ROW = 1.45  # em
_TITLE = 4.2  # em
_CELL = 4.1  # em
_SCALE = SurprisalScale(TOKEN_TOP)


class TokenLine(NamedTuple):
    """A row: what it is of, and its steps."""

    title: str
    first: int
    end: int


class TokenList(QAbstractScrollArea):
    """The token sequence; the one that is shown is framed, those of what was clicked on in space are marked.

    A click goes to a token. Keys: left and right for the next one, up and down for the next line.

    Signals
    -------
    step_chosen(int)
    """

    step_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._growth: Growth | None = None
        self._style = FigureStyle.of(self)
        self._lines: list[TokenLine] = []
        self._levels: list[int] = []  # of heat, for each token
        self._step = 0
        self._found: range = range(0)
        self.setObjectName("mesh_tokens")
        self.setAccessibleName(self.tr("Token sequence"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().setAccessibleName(self.tr("Scroll the tokens"))

    # What it shows

    def show_growth(self, growth: Growth | None, style: FigureStyle) -> None:
        """Show the tokens of a mesh."""
        self._growth, self._style = growth, style
        self._color()
        self._lay_out()
        self.viewport().update()

    def show_step(self, step: int) -> None:
        """Frame a token, and scroll to it."""
        self._step = step
        self._reveal(step)
        self.viewport().update()

    def show_found(self, steps: range) -> None:
        """Mark the tokens of a vertex or a face."""
        self._found = steps
        if len(steps):
            self._reveal(steps[0])
        self.viewport().update()

    @property
    def lines(self) -> tuple[TokenLine, ...]:
        return tuple(self._lines)

    def cell(self, step: int) -> QRectF:
        """Where a token is painted in the viewport now."""
        row = self._row_of(step)
        return self._cell(row, step - self._lines[row].first)

    # Where things are

    def _em(self) -> float:
        return QFontMetricsF(self.font()).height()

    def _n_columns(self) -> int:
        return max(int((self.viewport().width() - _TITLE * self._em()) / (_CELL * self._em())), 1)

    def _color(self) -> None:
        self._levels = []
        if self._growth is not None:
            sample = self._growth.sample
            bits = np.concatenate([sample.vertices.bits, sample.faces.bits])
            self._levels = np.rint(_SCALE.places(bits) * (N_LEVELS - 1)).astype(int).tolist()

    def _lay_out(self) -> None:
        growth = self._growth
        self._lines = []
        if growth is not None:
            n, n_columns = growth.n_coordinates, self._n_columns()
            for first in range(0, n, 3):
                is_vertex = first // 3 < growth.n_vertices or first + 1 < n
                title = self.tr("vertex {}").format(first // 3) if is_vertex else ""
                self._add(title, first, min(first + 3, n), n_columns)
            ends = np.append(np.flatnonzero(np.diff(growth.pointer_faces)) + 1, growth.n_pointers)
            first = 0
            for face, end in enumerate(ends.tolist() if growth.n_pointers else ()):
                self._add(self.tr("face {}").format(face), n + first, n + end, n_columns)
                first = end
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        total = round(len(self._lines) * _ROW * self._em())
        bar.setRange(0, max(total - height, 0))
        bar.setPageStep(height)
        bar.setSingleStep(round(_ROW * self._em()))

    def _add(self, title: str, first: int, end: int, n_columns: int) -> None:
        for start in range(first, end, n_columns):
            self._lines.append(TokenLine(title if start == first else "", start, min(start + n_columns, end)))

    def _row_of(self, step: int) -> int:
        low, high = 0, len(self._lines) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._lines[middle].first <= step else (low, middle - 1)
        return low

    def _cell(self, row: int, column: int) -> QRectF:
        em = self._em()
        top = row * _ROW * em - self.verticalScrollBar().value()
        return QRectF((_TITLE + column * _CELL) * em, top + 1, _CELL * em - 3, _ROW * em - 2)

    def _reveal(self, step: int) -> None:
        if not self._lines:
            return
        bar, em = self.verticalScrollBar(), self._em()
        top = round(self._row_of(step) * _ROW * em)
        height, margin = self.viewport().height(), round(2 * _ROW * em)
        if top - margin < bar.value():
            bar.setValue(max(top - margin, 0))
        elif top + margin + round(_ROW * em) > bar.value() + height:
            bar.setValue(top + margin + round(_ROW * em) - height)

    def _step_at(self, point: QPoint) -> int | None:
        em = self._em()
        row = int((point.y() + self.verticalScrollBar().value()) / (_ROW * em))
        column = int((point.x() / em - _TITLE) // _CELL)
        if not 0 <= row < len(self._lines):
            return None
        line = self._lines[row]
        return line.first + max(column, 0) if line.first + max(column, 0) < line.end else None

    # The image

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            theme, em = self._style.theme, self._em()
            painter.fillRect(self.viewport().rect(), theme.paper)
            growth = self._growth
            if growth is not None:
                colors = heat(theme.name)
                painter.setFont(resized(self.font(), SMALL))
                first = int(self.verticalScrollBar().value() / (_ROW * em))
                last = int((self.verticalScrollBar().value() + self.viewport().height()) / (_ROW * em))
                for row in range(first, min(last + 1, len(self._lines))):
                    self._paint_line(painter, row, growth, colors)
            if self.hasFocus():
                painter.setPen(QPen(theme.accent, 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1))

    def _paint_line(self, painter: QPainter, row: int, growth: Growth, colors: np.ndarray) -> None:
        theme, line, em = self._style.theme, self._lines[row], self._em()
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.faint)
        title = self._cell(row, 0)
        painter.drawText(QRectF(0.4 * em, title.top(), _TITLE * em, title.height()), middle, line.title)
        for step in range(line.first, line.end):
            cell = self._cell(row, step - line.first)
            color = QColor(*colors[self._levels[step]].tolist())
            is_later = step > self._step
            if is_later:
                painter.setPen(QPen(theme.line, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(cell)
                painter.setPen(theme.faint)
            else:
                painter.fillRect(cell, color)
                painter.setPen(color_maps.ink_on(color.rgb()))
            text = growth.word(step)
            short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(cell.width()))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, short)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if step in self._found:
                painter.setPen(QPen(theme.accent, 2))
                painter.drawRect(cell)
            if step == self._step:
                painter.setPen(QPen(theme.warning, 3))
                painter.drawRect(cell)

    # What the user does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        step = self._step_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and step is not None:
            self.step_chosen.emit(step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._lines or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        row = self._row_of(self._step)
        column = self._step - self._lines[row].first

        def beside(rows: int) -> int:
            line = self._lines[min(max(row + rows, 0), len(self._lines) - 1)]
            return min(line.first + column, line.end - 1)

        page = max(int(self.viewport().height() / (_ROW * self._em())) - 1, 1)
        last = self._lines[-1].end - 1
        moves = {
            Qt.Key.Key_Left: self._step - 1,
            Qt.Key.Key_Right: self._step + 1,
            Qt.Key.Key_Up: beside(-1),
            Qt.Key.Key_Down: beside(1),
            Qt.Key.Key_PageUp: beside(-page),
            Qt.Key.Key_PageDown: beside(page),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        wanted = moves.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
        else:
            self.step_chosen.emit(min(max(wanted, 0), last))

    # The looks

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(18 * em, 16 * em)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(12 * em, 5 * em)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._style = FigureStyle.of(self, self._style.color_map)
            self._color()
            self._lay_out()
            self.viewport().update()
