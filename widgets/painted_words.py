"""What words of the glossary mean that are painted, and so are no label's: told where the pointer rests on one."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPaintDevice, QPaintEngine, QPaintEngineState, QPainter, QPolygonF, QTextItem
from PySide6.QtWidgets import QWidget

from widgets.glossary.lookup import explained
from widgets.kit.figure_canvas import FigureCanvas


class PaintedWords(NamedTuple):
    """A line of text, and where it stands: four corners in pixels of the widget, turned as the line is."""

    text: str
    corners: QPolygonF


def painted_words(widget: QWidget) -> list[PaintedWords]:
    """All that is painted on a widget now, by listening to it while it is painted once more."""
    device = _Hearing(widget)
    if isinstance(widget, FigureCanvas):  # its picture is kept as pixels
        if widget.figure is not None and not widget.figure_rect().isEmpty():
            with QPainter(device) as painter:
                widget.paint_figure(painter, widget.figure)
    else:
        QWidget.render(widget, device, QPoint(), renderFlags=QWidget.RenderFlag(0))  # some kinds have another `render`
    return device.engine.heard


def meaning_at(widget: QWidget, point: QPointF, own_text: str) -> tuple[str, QRect]:
    """What the words painted there mean, a line each, and where they stand; empty where there are none of ours.

    Words of the user's own text are not.
    """
    for words in reversed(painted_words(widget)):  # what was painted last lies on top
        if words.corners.containsPoint(point, Qt.FillRule.OddEvenFill):
            own = {word.lower() for word in re.findall(r"\w+", own_text)}
            is_own = own.issuperset(re.findall(r"\w+", words.text.lower()))
            return "" if is_own else explained(words.text), words.corners.boundingRect().toAlignedRect()
    return "", QRect()


class _Hearing(QPaintDevice):
    """As large as a widget, with its letters; keeps what is written, and nothing else."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.engine = _Engine()
        self._widget = widget

    def paintEngine(self) -> QPaintEngine:  # noqa: N802
        return self.engine

    def metric(self, metric: QPaintDevice.PaintDeviceMetric) -> int:
        kinds = QPaintDevice.PaintDeviceMetric
        own = {
            kinds.PdmDevicePixelRatioScaled: int(QPaintDevice.devicePixelRatioFScale()),
            kinds.PdmWidth: self._widget.width(),
            kinds.PdmHeight: self._widget.height(),
            kinds.PdmDpiX: self._widget.logicalDpiX(),
            kinds.PdmDpiY: self._widget.logicalDpiY(),
        }
        return own.get(metric, 1)


class _Engine(QPaintEngine):
    def __init__(self) -> None:
        super().__init__(QPaintEngine.PaintEngineFeature.AllFeatures)
        self.heard: list[PaintedWords] = []

    def begin(self, _device: QPaintDevice) -> bool:
        return True

    def end(self) -> bool:
        return True

    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.Type.User

    def updateState(self, _state: QPaintEngineState) -> None:
        """Where it stands is asked of the painter."""

    def drawTextItem(self, point: QPointF | Any, item: QTextItem) -> None:
        box = QRectF(point.x(), point.y() - item.ascent(), item.width(), item.ascent() + item.descent())
        self.heard.append(PaintedWords(item.text(), self.painter().combinedTransform().map(QPolygonF(box))))

    def _nothing(self, *_drawn: Any, **_named: Any) -> None:
        """Only letters are of interest; lines, rectangles and ellipses arrive here as paths and polygons."""

    drawPixmap = drawImage = drawPath = drawPolygon = _nothing
