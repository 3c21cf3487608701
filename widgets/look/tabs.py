"""Tabs whose letters are whole."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStyle, QTabBar, QTabWidget, QWidget


class TabBar(QTabBar):
    """Its tabs are higher by what Qt moves the names of those behind.

    Else it cuts that off of them: p and g lost their ends.
    """

    def tabSizeHint(self, index: int) -> QSize:
        shift = self.style().pixelMetric(QStyle.PixelMetric.PM_TabBarTabShiftVertical, None, self)
        return super().tabSizeHint(index) + QSize(0, shift)


class Tabs(QTabWidget):
    """Pages, one behind the other, with such tabs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabBar(TabBar(self))
