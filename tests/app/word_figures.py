"""Figures that draw words, for exports; a process of its own imports them without the tests."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle


class Words:
    """A figure that draws words under each other beside a small heat map."""

    def __init__(self, words: tuple[str, ...] = ("the", "cat"), size: QSizeF | None = None) -> None:
        self.words = words
        self.size = size

    @property
    def caption(self) -> str:
        return "layer 0, head 1: " + " ".join(self.words[:2])

    def natural_size(self, style: FigureStyle) -> QSizeF:
        metrics = QFontMetricsF(style.font)
        return self.size or QSizeF(
            max(metrics.horizontalAdvance(clean(word)) for word in self.words) + 60,
            len(self.words) * metrics.lineSpacing() + 40,
        )

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        painter.setFont(style.font)
        painter.setPen(style.theme.ink)
        for index, word in enumerate(self.words):
            painter.drawText(QPointF(rect.left(), rect.top() + metrics.ascent() + index * metrics.lineSpacing()), word)
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, "two\nlines")
        image = QImage(2, 2, QImage.Format.Format_RGB32)
        image.fill(QColor("#204060"))
        painter.drawImage(QRectF(rect.right() - 30, rect.bottom() - 30, 30, 30), image)

    def numbers(self) -> Numbers:
        values = np.array([[0.1, np.nan], [1e-10, 1.0]], np.float32)
        return Numbers(
            {"pattern": values, "tokens": np.array(self.words, object)},
            ("word", "share", "count"),
            [(word, values[0, 0], -3) for word in self.words],
        )


class ManyFonts(Words):
    """Words in four fonts."""

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for index, family in enumerate(("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "Courier")):
            font = style.font
            font.setFamily(family)
            font.setBold(not font.bold())
            painter.setFont(font)
            painter.drawText(QPointF(rect.left(), rect.top() + 12 * index + 12), family)
