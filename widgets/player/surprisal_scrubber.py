"""A scrubber with lanes of tokens, as high and as bright as they surprised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets.figures.lettering import resized
from widgets.kit.plain import plain_tip
from widgets.look.letters import SMALL
from widgets.look.surprisal_colors import TOKEN_TOP, SurprisalScale, heated
from widgets.look.theme import FigureStyle

_LANE, _GAP = 1.9, 0.3  # em
_PAGE = 10  # lanes are this many pages long
_SCALE = SurprisalScale(TOKEN_TOP)


@dataclass(frozen=True, eq=False)
class Lane:
    """Some steps in a row.

    Attributes
    ----------
    first
        Its first step; the lanes of a scrubber follow each other without gaps.
    surprisal
        float [step]: bits.
    n_given
        So many of them were given, not sampled.
    """

    name: str
    first: int
    surprisal: np.ndarray = field(repr=False)
    n_given: int = 0

    @property
    def n_steps(self) -> int:
        return len(self.surprisal)


def _no_word(_step: int) -> str:
    return ""


class SurprisalScrubber(QWidget):
    """All steps in lanes beneath each other; a line marks the one that is shown.

    Drag to scrub. Keys: left and right for the next step, Page Up and Down for more, Home and End, up and down to
    change the lane.

    Signals
    -------
    step_chosen(int)
    """

    step_chosen = Signal(int)

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: tuple[Lane, ...] = ()
        self._word: Callable[[int], str] = _no_word
        self._style = FigureStyle.of(self)
        self._step = 0
        self._dragged: Lane | None = None  # that is being dragged in
        self._image: QImage | None = None
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    # What it shows

    def show_lanes(self, lanes: Sequence[Lane], style: FigureStyle, word: Callable[[int], str] = _no_word) -> None:
        """Show steps; `word` says what one of them is."""
        if len(lanes) != len(self._lanes):
            self.updateGeometry()
        self._lanes, self._style, self._word = tuple(lanes), style, word
        self._image = None
        self.update()

    def show_step(self, step: int) -> None:
        """Mark a step."""
        if step != self._step:
            self._step = step
            self.update()
        if self._n_steps and self.hasFocus():
            self.setAccessibleDescription(self._word(min(step, self._n_steps - 1)))

    def place_of(self, step: int) -> QPointF:
        """The middle of a step's bar."""
        lane = self._lane_of(step)
        rect = self._rect(lane)
        return QPointF(rect.left() + (step - lane.first + 0.5) * rect.width() / max(lane.n_steps, 1), rect.center().y())

    def sizeHint(self) -> QSize:
        em, n = self.fontMetrics().height(), max(len(self._lanes), 1)
        return QSize(30 * em, round((n * (_LANE + _GAP) + _GAP) * em))

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * self.fontMetrics().height(), self.sizeHint().height())

    # Where things are

    @property
    def _n_steps(self) -> int:
        return sum(lane.n_steps for lane in self._lanes)

    def _lane_of(self, step: int) -> Lane:
        """The one that holds a step; the last one for those behind."""
        return next((lane for lane in self._lanes if step < lane.first + lane.n_steps), self._lanes[-1])

    def _rect(self, lane: Lane) -> QRectF:
        em, small = QFontMetricsF(self.font()).height(), QFontMetricsF(self._small())
        names = max(small.horizontalAdvance(one.name) for one in self._lanes) + 0.6 * em
        top = _GAP * em + self._lanes.index(lane) * (_LANE + _GAP) * em
        return QRectF(names + 0.5 * em, top, max(self.width() - names - em, 1.0), _LANE * em)

    def _small(self) -> QFont:
        return resized(self.font(), SMALL)

    def _step_at(self, point: QPointF, lane: Lane | None) -> int | None:
        if lane is None or not lane.n_steps:
            return None
        rect = self._rect(lane)
        place = int((point.x() - rect.left()) / rect.width() * lane.n_steps)
        return lane.first + min(max(place, 0), lane.n_steps - 1)

    def _lane_at(self, point: QPointF) -> Lane | None:
        above = [lane for lane in self._lanes if lane is self._lanes[0] or self._rect(lane).top() <= point.y()]
        return above[-1] if above else None

    # The image

    def _shown(self) -> QImage:
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._image is None or self._image.size() != size:
            self._image = QImage(size, QImage.Format.Format_RGB32)
            self._image.setDevicePixelRatio(ratio)
            self._image.fill(self._style.theme.panel)
            with QPainter(self._image) as painter:
                for lane in self._lanes:
                    self._paint_lane(painter, lane)
        return self._image

    def _paint_lane(self, painter: QPainter, lane: Lane) -> None:
        theme, rect = self._style.theme, self._rect(lane)
        em = QFontMetricsF(self.font()).height()
        painter.setFont(self._small())
        painter.setPen(theme.ink)
        names = QRectF(0.5 * em, rect.top(), rect.left() - 0.5 * em, rect.height())
        painter.drawText(names, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, lane.name)
        painter.fillRect(rect, theme.paper)
        n = lane.n_steps
        if not n:
            return
        places = _SCALE.places(lane.surprisal)
        colors = heated(places, self._style.theme)
        if lane.n_given:
            given = QRectF(rect.left(), rect.top(), lane.n_given / n * rect.width(), rect.height())
            painter.fillRect(given, theme.line)
        width = rect.width() / n
        gap = min(0.15 * width, 1.0)
        painter.setPen(Qt.PenStyle.NoPen)
        for place, (height, color) in enumerate(zip(places.tolist(), colors.tolist(), strict=True)):
            high = 1.5 + height * (rect.height() - 2)
            bar = QRectF(rect.left() + place * width, rect.bottom() - high, max(width - gap, 0.7), high)
            painter.fillRect(bar, QColor(*color))

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.drawImage(0, 0, self._shown())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            theme = self._style.theme
            if self._n_steps:
                step = min(self._step, self._n_steps - 1)
                at, lane = self.place_of(step), self._rect(self._lane_of(step))
                painter.setPen(QPen(theme.warning, 2))
                painter.drawLine(QPointF(at.x(), lane.top() - 2), QPointF(at.x(), lane.bottom() + 2))
                painter.setBrush(theme.warning)
                painter.setPen(Qt.PenStyle.NoPen)
                x, y = at.x(), lane.top()
                painter.drawPolygon(QPolygonF([QPointF(x - 5, y - 4), QPointF(x + 5, y - 4), QPointF(x, y + 4)]))
            if self.hasFocus():
                painter.setPen(QPen(theme.accent, 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    # What the user does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = self._lane_at(event.position())
            self._choose(self._step_at(event.position(), self._dragged))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        lane = self._dragged or self._lane_at(event.position())
        step = self._step_at(event.position(), lane)
        if self._dragged is not None:
            self._choose(step)
        elif step is not None and lane is not None and self._rect(lane).contains(event.position()):
            text = self.tr("{}: {:.2f} bits").format(self._word(step), float(lane.surprisal[step - lane.first]))
            QToolTip.showText(event.globalPosition().toPoint(), plain_tip(text), self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        n = self._n_steps
        if not n or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        page = max(n // _PAGE, 1)
        moves = {
            Qt.Key.Key_Left: self._step - 1,
            Qt.Key.Key_Right: self._step + 1,
            Qt.Key.Key_PageUp: self._step - page,
            Qt.Key.Key_PageDown: self._step + page,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: n - 1,
            Qt.Key.Key_Up: self._in_lane(-1),
            Qt.Key.Key_Down: self._in_lane(1),
        }
        wanted = moves.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
        else:
            self._choose(min(max(wanted, 0), n - 1))

    def _in_lane(self, down: int) -> int:
        """The step at about the same place of the lane beneath or above, or of its own where there is none."""
        filled = [lane for lane in self._lanes if lane.n_steps]
        own = self._lane_of(min(self._step, self._n_steps - 1))
        share = (min(self._step, self._n_steps - 1) - own.first) / max(own.n_steps - 1, 1)
        other = filled[min(max(filled.index(own) + down, 0), len(filled) - 1)]
        return other.first + round(share * (other.n_steps - 1))

    def _choose(self, step: int | None) -> None:
        if step is not None:
            self.step_chosen.emit(step)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._style = FigureStyle.of(self, self._style.color_map)
            self._image = None
            self.updateGeometry()
            self.update()
