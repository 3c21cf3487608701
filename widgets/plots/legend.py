"""The legend of a figure's plots: painted into files, and on screen a switch for each series."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from widgets.figures.lettering import resized
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.plots.data import Bars, Curve, Level, Plot, Points, Series, color_of
from widgets.plots.painting import curve_pen, level_pen, points_pen

_ROW = 1.4  # em
_CLOSER = 0.97  # of the room, step by step


@dataclass(frozen=True, eq=False)
class LegendEntry:
    """A series in the legend, and where it stands there."""

    series: Series
    box: QRectF
    text: str


def named_series(plots: Iterable[Plot]) -> list[Series]:
    """One series of each name, in order; fewer than two need no legend."""
    named: dict[str, Series] = {}
    for plot in plots:
        for series in plot.series:
            named.setdefault(series.name, series)
    named.pop("", None)
    return list(named.values()) if len(named) > 1 else []


def entries(series: Iterable[Series], title: str, rect: QRectF, style: FigureStyle) -> list[LegendEntry]:
    """Side by side after the title, in as few lines as can be, of about one length: none stands alone."""
    metrics = QFontMetricsF(resized(style.font, SMALL))
    em = metrics.height()
    left, top = rect.left() + (metrics.horizontalAdvance(title) + em if title else 0.0), rect.top()
    most = max(rect.width() - 2.2 * em, em)
    texts = [(one, metrics.elidedText(one.name, Qt.TextElideMode.ElideRight, most)) for one in series]
    widths = [_swatch_width(one, em) + 0.7 * em + metrics.horizontalAdvance(text) for one, text in texts]
    gap = 0.7 * em
    right = rect.left() + _even_room(widths, left - rect.left(), gap, rect.width())
    placed = []
    for (one, text), width in zip(texts, widths, strict=True):
        if left + width > right and left > rect.left():
            left, top = rect.left(), top + _ROW * em
        placed.append(LegendEntry(one, QRectF(left, top, width, _ROW * em), text))
        left += width + gap
    return placed


def _n_lines(widths: Iterable[float], indent: float, gap: float, room: float) -> int:
    """How many lines of such a length entries need."""
    n, left = 1, indent
    for width in widths:
        if left + width > room and left:
            n, left = n + 1, 0.0
        left += width + gap
    return n


def _even_room(widths: Collection[float], indent: float, gap: float, room: float) -> float:
    """How long lines are at least, so that there are no more of them than with all the room."""
    n, least = _n_lines(widths, indent, gap, room), max(widths, default=0.0)
    if n == 1:
        return room
    while (closer := _CLOSER * room) > least and _n_lines(widths, indent, gap, closer) == n:
        room = closer
    return room


def legend_height(series: Iterable[Series], title: str, width: float, style: FigureStyle) -> float:
    """What a legend takes, with a gap beneath; nothing if there is none."""
    placed = entries(series, title, QRectF(0, 0, width, 0), style)
    em = QFontMetricsF(resized(style.font, SMALL)).height()
    return placed[-1].box.bottom() + 0.3 * em if placed else 0.0


def paint_legend(
    painter: QPainter,
    placed: Iterable[LegendEntry],
    title: str,
    rect: QRectF,
    style: FigureStyle,
    hidden: Collection[str] = (),
) -> None:
    """Paint entries; those that are switched off are pale."""
    small = resized(style.font, SMALL)
    metrics = QFontMetricsF(small)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(small)
    baseline = (0.5 * _ROW + 0.36) * metrics.height()
    if title:
        painter.setPen(style.theme.faint)
        painter.drawText(QPointF(rect.left(), rect.top() + baseline), title)
    for entry in placed:
        painter.setOpacity(0.4 if entry.series.name in hidden else 1.0)
        width = _swatch_width(entry.series, metrics.height())
        _paint_swatch(painter, entry, width, metrics.height(), style)
        font = resized(small)
        font.setStrikeOut(entry.series.name in hidden)
        painter.setFont(font)
        painter.setPen(style.theme.ink)
        painter.drawText(
            QPointF(entry.box.left() + width + 0.4 * metrics.height(), entry.box.top() + baseline), entry.text
        )
    painter.restore()


def _swatch_width(series: Series, em: float) -> float:
    return (0.8 if isinstance(series, Points | Bars) else 1.8) * em


def _paint_swatch(painter: QPainter, entry: LegendEntry, width: float, em: float, style: FigureStyle) -> None:
    series, middle = entry.series, QPointF(entry.box.left() + width / 2, entry.box.center().y())
    color = color_of(series.ink, style)
    if isinstance(series, Curve | Level):
        painter.setPen(curve_pen(series, color) if isinstance(series, Curve) else level_pen(series, style))
        painter.drawLine(QLineF(entry.box.left(), middle.y(), entry.box.left() + width, middle.y()))
    painter.setBrush(color)
    if isinstance(series, Bars):
        painter.fillRect(QRectF(middle.x() - 0.4 * em, middle.y() - 0.4 * em, 0.8 * em, 0.8 * em), color)
    elif isinstance(series, Points) or (isinstance(series, Curve) and series.has_dots):
        painter.setPen(points_pen(series, style) if isinstance(series, Points) else QPen(style.theme.paper, 1))
        painter.drawEllipse(middle, 0.33 * em, 0.33 * em)


class Legend(QWidget):
    """Switches series on and off: by a click, or with the arrow keys and the space bar.

    Signals
    -------
    hidden_changed()
    """

    hidden_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hidden: frozenset[str] = frozenset()
        self._series: list[Series] = []
        self._title = ""
        self._style = FigureStyle.of(self)
        self._at = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Legend: switches series on and off"))
        self.setToolTip(self.tr("Click to show or hide; arrow keys and space bar do the same."))

    def show_series(self, series: list[Series], title: str, style: FigureStyle) -> None:
        """Other series; what was switched off stays so, if it is still there."""
        self._series, self._title, self._style = series, title, style
        self.hidden &= {one.name for one in series}
        self._at = min(self._at, max(len(series) - 1, 0))
        self._tell()

    def entries(self) -> list[LegendEntry]:
        """Where its entries are."""
        return entries(self._series, self._title, QRectF(self.rect()), self._style)

    def switch(self, name: str) -> None:
        """Hide what is shown, and the other way round."""
        self.hidden ^= {name}
        self._tell()
        self.hidden_changed.emit()

    def _tell(self) -> None:
        if self._series:
            name = self._series[self._at].name
            state = self.tr("{}, hidden") if name in self.hidden else self.tr("{}, shown")
            self.setAccessibleDescription(state.format(name))
        self.update()

    def _entry_at(self, point: QPointF) -> int | None:
        return next((i for i, entry in enumerate(self.entries()) if entry.box.contains(point)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._entry_at(event.position())
        if at is not None and event.button() == Qt.MouseButton.LeftButton:
            self._at = at
            self.switch(self._series[at].name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
        key = Qt.Key(event.key())
        if key in steps and self._series:
            self._at = min(max(self._at + steps[key], 0), len(self._series) - 1)
            self._tell()
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._series:
            self.switch(self._series[self._at].name)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            placed = self.entries()
            paint_legend(painter, placed, self._title, QRectF(self.rect()), self._style, self.hidden)
            if self.hasFocus() and placed:
                painter.setPen(QPen(self._style.theme.accent, 1))
                painter.drawRect(placed[self._at].box.adjusted(-2, 1, 1, -1))
