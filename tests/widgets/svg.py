"""Figures as SVG, as a view's user gets them."""

import xml.etree.ElementTree as ET

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator

from widgets.look.theme import FigureStyle


def texts_of(figure, rect=None, style=None):
    """The texts of a figure's SVG, in `rect` or of its natural size; fails where that is not well-formed."""
    style = style or FigureStyle()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    painter = QPainter(generator)
    figure.paint(painter, rect or QRectF(QPointF(), figure.natural_size(style)), style)
    painter.end()
    root = ET.fromstring(bytes(buffer.data().data()))
    return ["".join(text.itertext()).strip() for text in root.iter("{http://www.w3.org/2000/svg}text")]
