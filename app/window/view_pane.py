"""Tabs, and the page of the one that is chosen."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.window.view_page import ViewPage
from widgets.kit.plain import PlainLabel, plain_tip


class Tab(NamedTuple):
    """A view's tab: its name, its title, what it says on hover, and whether the view can show something."""

    name: str
    title: str
    tip: str
    is_on: bool


class ViewPane(QWidget):
    """A row of tabs over one page. Pages are handed in when their tab is chosen first.

    Signals
    -------
    chosen(str)
        Another tab is in front; empty where none is left.
    clicked(str)
        The user clicked a tab, also the one that is in front.
    dragged_out(str, QPoint)
        The user dragged a tab off the row, to that point of the screen.
    """

    chosen = Signal(str)
    clicked = Signal(str)
    dragged_out = Signal(str, QPoint)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._tabs: tuple[Tab, ...] = ()
        self._bar = _DraggedTabBar(self)
        self._bar.setObjectName(f"{name}_tabs")
        self._bar.setAccessibleName(self.tr("Views"))
        self._pages = QStackedWidget(self)
        self._empty = PlainLabel(self.tr("The views are in windows of their own. Close one, and it comes back."), self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._pages.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self._pages, 1)
        self._bar.currentChanged.connect(self._on_bar_current_changed)
        self._bar.tabBarClicked.connect(self._on_bar_clicked)
        self._bar.dragged_out.connect(self._on_bar_dragged_out)

    @property
    def names(self) -> tuple[str, ...]:
        """Views that have a tab here."""
        return tuple(tab.name for tab in self._tabs)

    @property
    def current(self) -> str:
        """The view in front; empty where there is none."""
        index = self._bar.currentIndex()
        return self._tabs[index].name if 0 <= index < len(self._tabs) else ""

    def set_tabs(self, tabs: tuple[Tab, ...]) -> None:
        """Show these tabs, in this order; the one in front stays in front if it is among them."""
        before, old_names = self.current, self.names
        names = tuple(tab.name for tab in tabs)
        self._tabs = tabs
        with QSignalBlocker(self._bar):
            if names != old_names:
                while self._bar.count():
                    self._bar.removeTab(0)
                for tab in tabs:
                    self._bar.addTab(tab.title)
                self._bar.setCurrentIndex(_index_after(old_names, before, names))
                self._bar.updateGeometry()  # a row that was empty had no height
            self._dress()
        if self.current != before:
            self.chosen.emit(self.current)
        if not tabs:
            self._pages.setCurrentWidget(self._empty)

    def set_current(self, name: str) -> None:
        """Bring a tab to the front."""
        if name in self.names:
            self._bar.setCurrentIndex(self.names.index(name))

    def show_page(self, page: ViewPage) -> None:
        """Show the page of the tab in front."""
        if self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
        self._pages.setCurrentWidget(page)

    def take_page(self, page: ViewPage) -> None:
        """Let go of a page that will be shown elsewhere."""
        if self._pages.indexOf(page) >= 0:
            self._pages.removeWidget(page)

    def _dress(self) -> None:
        palette = self.palette()
        for index, tab in enumerate(self._tabs):
            role = palette.ColorRole.WindowText if tab.is_on else palette.ColorRole.PlaceholderText
            self._bar.setTabTextColor(index, palette.color(role))
            self._bar.setTabToolTip(index, plain_tip(tab.tip))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    @Slot(int)
    def _on_bar_current_changed(self, _index: int) -> None:
        self.chosen.emit(self.current)

    @Slot(int)
    def _on_bar_clicked(self, index: int) -> None:
        if 0 <= index < len(self._tabs):
            self.clicked.emit(self._tabs[index].name)

    @Slot(int, QPoint)
    def _on_bar_dragged_out(self, index: int, where: QPoint) -> None:
        if 0 <= index < len(self._tabs):
            self.dragged_out.emit(self._tabs[index].name, where)


def _index_after(old_names: tuple[str, ...], current: str, names: tuple[str, ...]) -> int:
    """The same tab, or where it went its neighbour: the next one that is left, else the one before."""
    if not names:
        return -1
    if current not in old_names:
        return 0
    place = old_names.index(current)
    left = (*old_names[place:], *reversed(old_names[:place]))
    return next((names.index(name) for name in left if name in names), 0)


class _DraggedTabBar(QTabBar):
    """Scrolls where there are more tabs than room; a tab can be dragged off it."""

    dragged_out = Signal(int, QPoint)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setExpanding(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setUsesScrollButtons(True)
        self.setDocumentMode(True)
        self.setDrawBase(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._dragged = -1
        self._pressed_at = QPoint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        is_left = event.button() == Qt.MouseButton.LeftButton
        self._pressed_at = event.position().toPoint()
        self._dragged = self.tabAt(self._pressed_at) if is_left else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._dragged >= 0 and self._is_off(event):
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        dragged, self._dragged = self._dragged, -1
        self.unsetCursor()
        if dragged >= 0 and self._is_off(event):
            self.dragged_out.emit(dragged, event.globalPosition().toPoint())

    def _is_off(self, event: QMouseEvent) -> bool:
        point, margin = event.position().toPoint(), self.height()
        is_moved = (point - self._pressed_at).manhattanLength() > margin
        return is_moved and not self.rect().adjusted(-margin, -margin, margin, margin).contains(point)
