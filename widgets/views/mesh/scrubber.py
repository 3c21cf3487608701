"""The scrubber: two lanes of tokens, as high and as bright as they surprised."""

from __future__ import annotations

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
from widgets.look.theme import FigureStyle
from widgets.views.mesh.coloring import TOKEN_TOP, BitScale
from widgets.views.mesh.growth import Growth, Part
from widgets.views.mesh.surprisal_colors import heated

_PARTS: tuple[Part, Part] = ("vertices", "faces")
_LANE = 1.9  # em
_PAGE = 10  # lanes are this many pages long
_SCALE = BitScale(TOKEN_TOP)


class Lanes(QWidget):
    """All coordinate tokens above, all face tokens below; a line marks the one that is shown.

    Drag to scrub. Keys: left and right for the next token, Page Up and Down for more, Home and End, up and down to
    change the lane.

    Signals
    -------
    step_chosen(int)
    """

    step_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._growth: Growth | None = None
        self._style = FigureStyle.of(self)
        self._step = 0
        self._is_dragging = False
        self._lane: Part | None = None  # that is being dragged in
        self._image: QImage | None = None
        self.setObjectName("mesh_lanes")
        self.setAccessibleName(self.tr("All tokens"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    # What it shows

    def show_growth(self, growth: Growth | None, style: FigureStyle) -> None:
        """Show the tokens of a mesh."""
        self._growth, self._style = growth, style
        self._image = None
        self.update()

    def show_step(self, step: int) -> None:
        """Mark a token."""
        if step != self._step:
            self._step = step
            self.update()
        if self._growth is not None and self._growth.n_steps and self.hasFocus():
            self.setAccessibleDescription(self._growth.word(min(step, self._growth.n_steps - 1)))

    def place_of(self, step: int) -> QPointF:
        """The middle of a token's bar."""
        assert self._growth is not None
        part, place = self._growth.part_of(step)
        lane = self._lane_rect(part)
        n = max(self._n(part), 1)
        return QPointF(lane.left() + (place + 0.5) * lane.width() / n, lane.center().y())

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(30 * em, round((2 * _LANE + 0.9) * em))

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * self.fontMetrics().height(), self.sizeHint().height())

    # Where things are

    def _n(self, part: Part) -> int:
        growth = self._growth
        return 0 if growth is None else growth.n_coordinates if part == "vertices" else growth.n_pointers

    def _lane_rect(self, part: Part) -> QRectF:
        em = QFontMetricsF(self.font()).height()
        names = max(QFontMetricsF(self._small()).horizontalAdvance(name) for name in self._names()) + 0.6 * em
        top = 0.3 * em + (0 if part == "vertices" else (_LANE + 0.3) * em)
        return QRectF(names + 0.5 * em, top, max(self.width() - names - em, 1.0), _LANE * em)

    def _names(self) -> tuple[str, str]:
        return (
            self.tr("{} coordinate tokens").format(self._n("vertices")),
            self.tr("{} face tokens").format(self._n("faces")),
        )

    def _small(self) -> QFont:
        return resized(self.font(), 0.85)

    def _step_at(self, point: QPointF, part: Part) -> int | None:
        n = self._n(part)
        if self._growth is None or not n:
            return None
        lane = self._lane_rect(part)
        place = int((point.x() - lane.left()) / lane.width() * n)
        return self._growth.step_of(part, min(max(place, 0), n - 1))

    def _part_at(self, point: QPointF) -> Part:
        return "vertices" if point.y() < self._lane_rect("faces").top() else "faces"

    # The picture

    def _shown(self) -> QImage:
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._image is None or self._image.size() != size:
            self._image = QImage(size, QImage.Format.Format_RGB32)
            self._image.setDevicePixelRatio(ratio)
            self._image.fill(self._style.theme.panel)
            painter = QPainter(self._image)
            for part, name in zip(_PARTS, self._names(), strict=True):
                self._paint_lane(painter, part, name)
            painter.end()
        return self._image

    def _paint_lane(self, painter: QPainter, part: Part, name: str) -> None:
        theme, lane = self._style.theme, self._lane_rect(part)
        em = QFontMetricsF(self.font()).height()
        painter.setFont(self._small())
        painter.setPen(theme.ink)
        names = QRectF(0.5 * em, lane.top(), lane.left() - 0.5 * em, lane.height())
        painter.drawText(names, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.fillRect(lane, theme.paper)
        n = self._n(part)
        if self._growth is None or not n:
            return
        tokens = self._growth.tokens_of(part)
        places = _SCALE.places(tokens.bits)
        colors = heated(places, self._style.theme)
        if tokens.n_given:
            given = QRectF(lane.left(), lane.top(), tokens.n_given / n * lane.width(), lane.height())
            painter.fillRect(given, theme.line)
        width = lane.width() / n
        gap = min(0.15 * width, 1.0)
        painter.setPen(Qt.PenStyle.NoPen)
        for place, (height, color) in enumerate(zip(places.tolist(), colors.tolist(), strict=True)):
            high = 1.5 + height * (lane.height() - 2)
            bar = QRectF(lane.left() + place * width, lane.bottom() - high, max(width - gap, 0.7), high)
            painter.fillRect(bar, QColor(*color))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(0, 0, self._shown())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._style.theme
        if self._growth is not None and self._growth.n_steps:
            step = min(self._step, self._growth.n_steps - 1)
            at, lane = self.place_of(step), self._lane_rect(self._growth.part_of(step)[0])
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
        painter.end()

    # What the user does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._lane = self._part_at(event.position())
            self._choose(self._step_at(event.position(), self._lane))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        part = self._lane or self._part_at(event.position())
        step = self._step_at(event.position(), part)
        if self._lane is not None:
            self._choose(step)
        elif step is not None and self._growth is not None and self._lane_rect(part).contains(event.position()):
            text = self.tr("{}: {:.2f} bit").format(self._growth.word(step), self._growth.bits(step))
            QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._lane = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        growth = self._growth
        if growth is None or not growth.n_steps or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        page = max(growth.n_steps // _PAGE, 1)
        part, place = growth.part_of(min(self._step, growth.n_steps - 1))
        share = place / max(self._n(part) - 1, 1)
        other: Part = "vertices" if event.key() == Qt.Key.Key_Up or not growth.n_pointers else "faces"
        moves = {
            Qt.Key.Key_Left: self._step - 1,
            Qt.Key.Key_Right: self._step + 1,
            Qt.Key.Key_PageUp: self._step - page,
            Qt.Key.Key_PageDown: self._step + page,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: growth.n_steps - 1,
            Qt.Key.Key_Up: growth.step_of(other, round(share * (self._n(other) - 1))),
            Qt.Key.Key_Down: growth.step_of(other, round(share * (self._n(other) - 1))),
        }
        wanted = moves.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
        else:
            self._choose(min(max(wanted, 0), growth.n_steps - 1))

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
