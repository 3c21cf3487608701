"""On which screen a widget is."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget


def screen_of(widget: QWidget) -> QScreen:
    """The screen that the middle of a widget's window is on; the first one where that is on none.

    `QWidget.screen` is not asked: PySide takes what that gives for a part of the widget, and deletes it with a dialog.
    """
    middle = widget.window().frameGeometry().center()
    return QGuiApplication.screenAt(middle) or QGuiApplication.primaryScreen()
