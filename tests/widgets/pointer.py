"""A pointer that is nobody else's: windows of other tests may lie under the real one."""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication


def move_over(view, to, buttons=Qt.MouseButton.NoButton):
    """Move over the viewport of a plot's view, with buttons held or not."""
    place, none = QPointF(to), Qt.MouseButton.NoButton
    there = view.viewport().mapToGlobal(place)
    event = QMouseEvent(QEvent.Type.MouseMove, place, there, none, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view.viewport(), event)
