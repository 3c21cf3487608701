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
    """Pages, one behind the other, with such tabs. They are no higher than what the page in front needs: another one
    that needs more would push the end of this one out of sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabBar(TabBar(self))
        self.currentChanged.connect(self._on_current_changed)

    def minimumSizeHint(self) -> QSize:
        page, hint = self.currentWidget(), super().minimumSizeHint()
        if page is None:
            return hint
        return QSize(hint.width(), self._line() + page.minimumSizeHint().expandedTo(page.minimumSize()).height())

    def heightForWidth(self, width: int) -> int:
        page = self.currentWidget()
        layout = page.layout() if page is not None else None
        if layout is None or not layout.hasHeightForWidth():
            return self.minimumSizeHint().height()
        return self._line() + layout.minimumHeightForWidth(width)

    def _line(self) -> int:
        """Height of the tabs, and of what stands beside them."""
        corner = self.cornerWidget()
        return max(self.tabBar().sizeHint().height(), corner.sizeHint().height() if corner is not None else 0)

    def _on_current_changed(self, _page: int) -> None:
        self.updateGeometry()
