"""The frames of a film that the model is shown, side by side, and before them the one that the slider is at."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from inference.results.film_strip import FilmStripResult
from widgets.figures.image_geometry import letterbox, patch_rect
from widgets.figures.image_parts import paint_border, paint_image
from widgets.look.theme import FigureStyle

_HIGH = 4.2  # em: an image and the number of its frame
_NUMBER = 1.2
_IN_LINE = 5  # frames, where they stand in a column and are not so many that this makes many lines
_PREVIEW = 0.6  # of the column's width, high
_HIDDEN = QColor(20, 20, 24, 215)


class FilmFrames(QWidget):
    """Click a frame, or go there by the arrow keys, to choose which one is replaced by another.

    Signals
    -------
    place_chosen(int)
        Which of the frames that the model is shown.
    """

    place_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: FilmStripResult | None = None
        self._place, self._at = 0, 0
        self._is_narrow = False
        self.setObjectName("film_frames")
        self.setAccessibleName(self.tr("The frames that the model is shown"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def place(self) -> int:
        """Which of the frames is chosen."""
        return self._place

    def show_result(self, result: FilmStripResult) -> None:
        """Show another film, or other frames of it."""
        self._result = result
        self._place = min(self._place, len(result.frames) - 1)
        if self._is_narrow:  # as many lines as there are frames
            self.updateGeometry()
        self._tell()

    def show_frame(self, frame: int) -> None:
        """The slider is at another frame of the film."""
        self._at = frame
        self.update()

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column: the slider's frame above, the others below it in lines."""
        self._is_narrow = is_narrow
        # Fixed is what it would like to have, which is of no width.
        down = QSizePolicy.Policy.Preferred if is_narrow else QSizePolicy.Policy.Fixed
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, down)
        policy.setHeightForWidth(is_narrow)
        self.setSizePolicy(policy)

    def box_of(self, place: int) -> QRectF:
        """Where one of the frames is that the model is shown."""
        assert self._result is not None
        return self._boxes(self._result)[place]

    def _choose(self, place: int) -> None:
        if self._result is not None:
            self._place = min(max(place, 0), len(self._result.frames) - 1)
            self._tell()
            self.place_chosen.emit(self._place)

    def _tell(self) -> None:
        if self._result is not None:
            numbers = self._result.frames
            text = self.tr("Place {} of {}: frame {} of the film")
            self.setAccessibleDescription(text.format(self._place + 1, len(numbers), numbers[self._place]))
        self.update()

    # Where things are

    def _em(self) -> float:
        return QFontMetricsF(self.font()).height()

    def _preview_box(self) -> QRectF:
        em = self._em()
        if self._is_narrow:
            return QRectF(1, 1, self.width() - 2, _PREVIEW * self.width())
        return QRectF(1, 1, 1.4 * _HIGH * em, (_HIGH - _NUMBER) * em)

    def _boxes(self, result: FilmStripResult) -> list[QRectF]:
        em, n = self._em(), len(result.seen)
        height, width = result.seen.shape[1:3]
        if self._is_narrow:
            n_columns, step, line = self._lines(result, self.width())
            size = QSizeF(step - 0.25 * em, line - _NUMBER * em)
            top = self._preview_box().bottom() + 0.5 * em
            places = (divmod(i, n_columns) for i in range(n))
            return [letterbox(height, width, QRectF(QPointF(1 + x * step, top + y * line), size)) for y, x in places]
        left = self._preview_box().right() + em
        room = (self.width() - left - 2) / n
        wide = min((_HIGH - _NUMBER) * em * width / height, max(room - 0.25 * em, 2.0))
        step = min(wide + 0.25 * em, room)
        return [letterbox(height, width, QRectF(left + i * step, 1, wide, (_HIGH - _NUMBER) * em)) for i in range(n)]

    def _lines(self, result: FilmStripResult, width: int) -> tuple[int, float, float]:
        """In a column of a width: how many frames a line has, how wide the place of one is, and how high a line."""
        n = len(result.seen)
        most = max(_IN_LINE, math.ceil(math.sqrt(1.5 * n)))
        n_columns = math.ceil(n / math.ceil(n / most))
        step = (width - 2) / n_columns
        high, wide = result.seen.shape[1:3]
        return n_columns, step, (step - 0.25 * self._em()) * high / wide + _NUMBER * self._em()

    def hasHeightForWidth(self) -> bool:
        return self._is_narrow

    def heightForWidth(self, width: int) -> int:
        lines = 0.0
        if self._result is not None:
            n_columns, _, line = self._lines(self._result, width)
            lines = math.ceil(len(self._result.seen) / n_columns) * line
        return math.ceil(_PREVIEW * width + 0.5 * self._em() + lines) + 2

    def numbered(self) -> frozenset[int]:
        """Places whose numbers are written: all, or every second, third ... for want of room, and the chosen one."""
        if self._result is None:
            return frozenset()
        metrics, frames, boxes = QFontMetricsF(self.font()), self._result.frames, self._boxes(self._result)
        wide = max(metrics.horizontalAdvance(str(frame)) for frame in frames) + 0.15 * self._em()
        step = boxes[1].center().x() - boxes[0].center().x() if len(boxes) > 1 else wide
        every = math.ceil(wide / max(step, 1e-6))
        near = {place for place in range(len(frames)) if 0 < abs(place - self._place) < every}
        return frozenset(range(0, len(frames), every)) - near | {self._place}

    def sizeHint(self) -> QSize:
        return QSize(int(40 * self._em()), int(_HIGH * self._em()) + 2)

    def minimumSizeHint(self) -> QSize:
        if self._is_narrow:
            return QSize()
        return QSize(int(16 * self._em()), int(_HIGH * self._em()) + 2)

    # What the user does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._result is None or event.button() != Qt.MouseButton.LeftButton:
            return
        for place, box in enumerate(self._boxes(self._result)):
            if box.contains(event.position()):
                self._choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if Qt.Key(event.key()) in moves:
            self._choose(self._place + moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    # The image

    def paintEvent(self, event: QPaintEvent) -> None:
        result = self._result
        if result is None:
            return
        style, em = FigureStyle.of(self), self._em()
        with QPainter(self) as painter:
            painter.setPen(style.theme.ink)
            preview = result.previews[min(self._at // result.preview_step, len(result.previews) - 1)]
            box = letterbox(preview.shape[0], preview.shape[1], self._preview_box())
            paint_image(painter, preview, box)
            paint_border(painter, box, style)
            grid = result.is_hidden.shape[0], result.is_hidden.shape[1]
            numbered = self.numbered()
            for place, box in enumerate(self._boxes(result)):
                paint_image(painter, result.seen[place], box)
                for patch in np.flatnonzero(result.is_hidden).tolist():
                    painter.fillRect(patch_rect(patch, grid, box), _HIDDEN)
                paint_border(painter, box, style, is_selected=place == self._place)
                if place in numbered:
                    painter.setPen(style.theme.accent if place == self._place else style.theme.faint)
                    line = QRectF(box.center().x() - 2 * em, box.bottom(), 4 * em, _NUMBER * em)
                    painter.drawText(line, Qt.AlignmentFlag.AlignCenter, str(result.frames[place]))
            if self.hasFocus():
                painter.setPen(QPen(style.theme.accent, 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.updateGeometry()
            self.update()
