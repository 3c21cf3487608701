"""The image that is looked at, as it is and as the model sees it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from inference.results.image import ImageResult
from widgets.figures.image_geometry import letterbox, part_rect
from widgets.figures.image_parts import dim_rest, paint_border, paint_image
from widgets.kit.plain import plain_tip
from widgets.look import raster
from widgets.look.theme import FigureStyle

_HIGH, _LOW = 5.2, 3.4  # em
_GAP = 8


class Thumbnails(QWidget):
    """The original with the part that is seen framed, and beside it what the model sees.

    With the truth shown, the thing of a generated scene that is under the pointer is outlined and named.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: ImageResult | None = None
        self._shows_truth = self._is_low = False
        self._pointed: QPointF | None = None
        self.setObjectName("image_thumbnails")
        self.setAccessibleName(self.tr("The image, and what the model sees of it"))

    def show_result(self, result: ImageResult) -> None:
        """Show another image."""
        self._result, self._pointed = result, None
        width, height = result.size
        self.setToolTip(plain_tip(self.tr("{} × {} pixels; framed is what the model sees").format(width, height)))
        self._describe()
        self.update()

    def set_low(self, is_low: bool) -> None:
        """Take less height, where the image is seen elsewhere too."""
        self._is_low = is_low
        self.updateGeometry()

    def set_narrow(self, is_narrow: bool) -> None:
        """Take the width of a column, and the height that goes with it."""
        across = QSizePolicy.Policy.Expanding if is_narrow else QSizePolicy.Policy.Preferred
        policy = QSizePolicy(across, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(is_narrow)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return self.sizePolicy().hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        """Of two squares side by side."""
        return (width - _GAP) // 2

    def show_truth(self, shows: bool) -> None:
        """Name what is under the pointer, or no longer."""
        self._shows_truth, self._pointed = shows, None
        self.setMouseTracking(shows)
        self._describe()
        self.update()

    def thing_at(self, point: QPointF) -> str:
        """What was painted at a point of either image; empty where nothing was, or where nobody knows."""
        place = self._share(point)
        return self._result.thing_at(*place) if self._result is not None and place is not None else ""

    def _share(self, point: QPointF) -> tuple[float, float] | None:
        """A point of either image in shares of the original."""
        if self._result is None:
            return None
        whole = QRectF(0, 0, 1, 1)
        parts = whole, part_rect(self._result.box, whole)
        for box, part in zip(self._boxes(self._result), parts, strict=True):
            if box.contains(point):
                x, y = (point.x() - box.left()) / box.width(), (point.y() - box.top()) / box.height()
                return part.left() + x * part.width(), part.top() + y * part.height()
        return None

    def _boxes(self, result: ImageResult) -> list[QRectF]:
        """Where both images are."""
        return [
            letterbox(image.shape[0], image.shape[1], area.adjusted(2, 2, -2, -2))
            for image, area in zip((result.original, result.seen), self.areas(), strict=True)
        ]

    def _describe(self) -> None:
        if self._result is None:
            return
        things = self._result.things if self._shows_truth else ()
        self.setAccessibleDescription("; ".join(filter(None, (self._result.about, *things))))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._pointed = event.position() if self._shows_truth else None
        text = self.thing_at(event.position()) if self._shows_truth else ""
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), plain_tip(text), self)
        else:
            QToolTip.hideText()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointed = None
        self.update()

    def areas(self) -> tuple[QRectF, QRectF]:
        """Where both are."""
        side = float(self.height())
        width = (self.width() - _GAP) / 2
        return QRectF(0, 0, width, side), QRectF(width + _GAP, 0, width, side)

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        height = _LOW if self._is_low else _HIGH
        return QSize(int(2.2 * height * em) + _GAP, int(height * em))

    def minimumSizeHint(self) -> QSize:
        return QSize() if self.hasHeightForWidth() else self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._result is None:
            return
        style = FigureStyle.of(self)
        with QPainter(self) as painter:
            boxes = self._boxes(self._result)
            for image, box in zip((self._result.original, self._result.seen), boxes, strict=True):
                paint_image(painter, image, box)
                if image is self._result.original:
                    self._paint_part(painter, part_rect(self._result.box, box), box, style)
                else:
                    paint_border(painter, box, style)
            if self._pointed is not None:
                self._paint_thing(painter, self._result, boxes[0], style)

    def _paint_thing(self, painter: QPainter, result: ImageResult, box: QRectF, style: FigureStyle) -> None:
        """Colour the thing under the pointer, to the pixel."""
        place = self._share(self._pointed) if self._pointed is not None else None
        if place is None or result.shown_thing is None or not result.thing_at(*place):
            return
        rows, columns = result.shown_thing.shape
        number = result.shown_thing[int(place[1] * rows), int(place[0] * columns)]
        color = np.where(result.shown_thing == number, style.theme.accent.rgb(), 0)
        painter.setOpacity(0.6)
        painter.drawImage(box, raster.image(color))
        painter.setOpacity(1)

    def _paint_part(self, painter: QPainter, part: QRectF, box: QRectF, style: FigureStyle) -> None:
        """Frame what is seen and dim the rest."""
        dim_rest(painter, part, box, style, 0.55)
        paint_border(painter, part, style, is_selected=True)
