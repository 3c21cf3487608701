"""What will be written, seen before it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QBrush, QFontDatabase, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.export import render
from app.export.page.lengths import MM_AN_INCH, POINTS_AN_INCH
from app.export.page.sheet import Sheet
from inference.results.counts import count_of
from widgets.kit.figure import Numbers
from widgets.kit.plain import PlainLabel
from widgets.look.screens import screen_of

_PATIENCE = 80  # ms after the last change
_N_ROWS, _N_COLUMNS = 12, 5


class Preview(QWidget):
    """A small picture of the page with its size and its letters; of numbers the first ones."""

    def __init__(
        self, sheet: Callable[[], Sheet | None], numbers: Callable[[], Numbers], parent: QWidget | None = None
    ) -> None:
        """`sheet` gives what is drawn with what is chosen now, None for a file of numbers."""
        super().__init__(parent)
        self.setObjectName("export_preview")
        self._make_sheet, self._make_numbers = sheet, numbers
        em = self.fontMetrics().height()
        width = min(24 * em, screen_of(self.parentWidget() or self).availableGeometry().width() // 3)
        room = QSize(width, width * 5 // 6)
        self._paper = _Paper(room, self)
        self._table = PlainLabel(self)
        self._table.setObjectName("export_preview_numbers")
        self._table.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._table.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._said = PlainLabel(self)
        self._said.setObjectName("export_preview_size")
        self._said.setWordWrap(True)
        self._said.setFixedWidth(width)
        self._said.setMinimumHeight(3 * em)
        self._said.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedWidget(self)
        self._stack.setFixedSize(room)
        self._stack.addWidget(self._paper)
        self._stack.addWidget(self._table)
        layout.addWidget(self._stack)
        layout.addWidget(self._said)
        layout.addStretch(1)
        self._later = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._later.timeout.connect(self.show_now)

    def show_later(self) -> None:
        """Something else is chosen."""
        self._later.start()

    @Slot()
    def show_now(self) -> None:
        """Draw it anew."""
        sheet = self._make_sheet()
        self._stack.setCurrentWidget(self._table if sheet is None else self._paper)
        if sheet is None:
            self._show_numbers(self._make_numbers())
            return
        size = sheet.size()
        room = self._paper.size()
        ratio = self.devicePixelRatioF()
        scale = min(room.width() / size.width(), room.height() / size.height())
        self._paper.show_image(render.image(sheet, max(1, round(size.width() * scale * ratio))))

    def say(self, sentence: str) -> None:
        """What is written beneath it."""
        self._said.setText(sentence)

    def _show_numbers(self, numbers: Numbers) -> None:
        rows = [numbers.header[:_N_COLUMNS], *(row[:_N_COLUMNS] for row in numbers.rows[:_N_ROWS])]
        lines = ["  ".join(_cell(value).ljust(8) for value in row) for row in rows]
        if len(numbers.rows) > _N_ROWS:
            lines.append("…")
        self._table.setText("\n".join(lines))


class _Paper(QWidget):
    """A picture in the middle of some room, on squares where it can be seen through."""

    def __init__(self, size: QSize, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(size)
        self._image = QImage()

    def show_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = self.rect()
            place.setSize(size)
            place.moveCenter(self.rect().center())
            if self._image.hasAlphaChannel():
                painter.fillRect(place, Qt.GlobalColor.white)
                painter.fillRect(place, QBrush(Qt.GlobalColor.lightGray, Qt.BrushStyle.Dense5Pattern))
            painter.drawImage(place, self._image)
            painter.setPen(self.palette().color(self.palette().ColorRole.Mid))
            painter.drawRect(place.adjusted(0, 0, -1, -1))


def told_size(sheet: Sheet, width_points: float, letters: float) -> str:
    """Such as `85.0 × 68.4 mm, letters of 8 pt`; and what will not fit."""
    size = sheet.size()
    scale = width_points / size.width()
    mm = scale * MM_AN_INCH / POINTS_AN_INCH
    said = f"{size.width() * mm:.1f} × {size.height() * mm:.1f} mm, letters of {sheet.shrink * letters:.3g} pt"
    return f"{said}: {sheet.room_needed}." if sheet.room_needed else f"{said}."


def told_numbers(numbers: Numbers, kind: str) -> str:
    """How many there are."""
    if kind == "npz":
        arrays = (f"{name} {'×'.join(map(str, np.shape(array))) or '1'}" for name, array in numbers.arrays.items())
        return f"Arrays: {', '.join(arrays)}."
    return f"{count_of(len(numbers.rows), 'rows')} of {count_of(len(numbers.header), 'columns')}."


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:12]
