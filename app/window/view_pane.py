"""Tabs, and the page of the one that is chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.window.view_page import ViewPage
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.look.tabs import TabBar


class Tab(NamedTuple):
    """A view's tab: its name, its title, what it says on hover, and whether the view can show something.

    `changes_input`: as in `ViewEntry`.
    """

    name: str
    title: str
    tip: str
    is_on: bool
    changes_input: bool = False


class ViewPane(QWidget):
    """A row of tabs over one page. Pages are handed in when their tab is chosen first.

    Tabs that have no room, and those of views that are off, wait in a menu at the end of the row.

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
        self._fitted: object = None  # what decided which tabs are shown now
        self._bar = _DraggedTabBar(self)
        self._bar.setObjectName(f"{name}_tabs")
        self._bar.setAccessibleName(self.tr("Views"))
        self._more = QToolButton(self)
        self._more.setObjectName(f"{name}_more")
        self._more.setText(self.tr("More"))
        self._more.setAccessibleName(self.tr("More views"))
        self._more.setToolTip(self.tr("Views whose tabs have no room, or that are off for this checkpoint"))
        self._more.setAutoRaise(True)
        self._more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self._more)
        self._menu.setToolTipsVisible(True)
        self._more.setMenu(self._menu)
        self._pages = QStackedWidget(self)
        self._empty = PlainLabel(self.tr("The views are in windows of their own. Close one, and it comes back."), self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._pages.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._bar, 1)
        row.addWidget(self._more)
        layout.addLayout(row)
        layout.addWidget(self._pages, 1)
        self._bar.currentChanged.connect(self._on_bar_current_changed)
        self._bar.tabBarClicked.connect(self._on_bar_clicked)
        self._bar.dragged_out.connect(self._on_bar_dragged_out)
        self._menu.triggered.connect(self._on_menu_triggered)

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
                self._fitted = None  # tabs are put in as shown
                while self._bar.count():
                    self._bar.removeTab(0)
                for tab in tabs:
                    self._bar.addTab(tab.title)
                self._bar.setCurrentIndex(_index_after(old_names, before, tabs))
                self._bar.updateGeometry()  # a row that was empty had no height
            self._dress()
            self._fit()
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
        self.order_focus(page)

    def order_focus(self, page: ViewPage) -> None:
        """Let Tab go from the tabs into a page: what is built or put back later comes last in Qt's order."""
        for before, stop in pairwise((self._bar, self._more, *page.stops())):
            QWidget.setTabOrder(before, stop)

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

    def _fit(self) -> None:
        """Show the tabs that have room, of views that are on; the one in front always. The others go into the menu."""
        front, room, widths = self._bar.currentIndex(), self.width(), self._bar.widths()
        if (fitted := (self._tabs, front, room, widths)) == self._fitted:
            return
        self._fitted = fitted
        is_any_on = any(tab.is_on for tab in self._tabs)
        shown = [index for index, tab in enumerate(self._tabs) if tab.is_on or not is_any_on]
        if len(shown) < len(self._tabs) or sum(widths[index] for index in shown) > room:
            room -= self._more.sizeHint().width()
            n = len(shown)
            while n and sum(widths[index] for index in {*shown[:n], front} if index >= 0) > room:
                n -= 1
            shown = shown[:n]
        hidden = [tab for index, tab in enumerate(self._tabs) if index not in {*shown, front}]
        self._bar.show_only({*shown, front})
        self._menu.clear()
        for tab in sorted(hidden, key=lambda tab: not tab.is_on):  # those that are off come last
            action = self._menu.addAction(tab.title.replace("&", "&&"))
            action.setData(tab.name)
            action.setToolTip(plain_tip(tab.tip))
            action.setEnabled(tab.is_on or not is_any_on)
        self._more.setVisible(bool(hidden))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()
        elif event.type() == QEvent.Type.FontChange:
            self._fit()

    @Slot(QAction)
    def _on_menu_triggered(self, action: QAction) -> None:
        self.clicked.emit(action.data())

    @Slot(int)
    def _on_bar_current_changed(self, _index: int) -> None:
        self._fit()
        self.chosen.emit(self.current)

    @Slot(int)
    def _on_bar_clicked(self, index: int) -> None:
        if 0 <= index < len(self._tabs):
            self.clicked.emit(self._tabs[index].name)

    @Slot(int, QPoint)
    def _on_bar_dragged_out(self, index: int, where: QPoint) -> None:
        if 0 <= index < len(self._tabs):
            self.dragged_out.emit(self._tabs[index].name, where)


def _index_after(old_names: tuple[str, ...], current: str, tabs: Sequence[Tab]) -> int:
    """The same tab, or where it went its neighbour: the next one that is left and on, else the one before.

    Rather one farther away than one whose view changes the input: nobody asked for that.
    """
    names = [tab.name for tab in tabs]
    if not names:
        return -1
    if current not in old_names:
        return 0
    if current in names:
        return names.index(current)
    place = old_names.index(current)
    left = [name for name in (*old_names[place:], *reversed(old_names[:place])) if name in names]
    by_name = {tab.name: tab for tab in tabs}
    best = min(left, key=lambda name: (not by_name[name].is_on, by_name[name].changes_input), default=names[0])
    return names.index(best)


class _DraggedTabBar(TabBar):
    """A tab can be dragged off it. The arrow keys go through all tabs, also those that are not shown."""

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

    def widths(self) -> tuple[int, ...]:
        """How wide the tabs are, each, whether they are shown or not."""
        return tuple(self.tabSizeHint(index).width() for index in range(self.count()))

    def show_only(self, indices: Collection[int]) -> None:
        """Show these tabs, and no others."""
        for is_shown in (True, False):  # in this order the one in front stays there
            for index in range(self.count()):
                if (index in indices) == is_shown and self.isTabVisible(index) != is_shown:
                    self.setTabVisible(index, is_shown)
        front, first = self.currentIndex(), min(indices, default=-1)
        if first >= 0 and self.tabRect(first).left() < 0:  # scrolled away while there was less room, or more tabs
            with QSignalBlocker(self):
                self.setCurrentIndex(first)
                self.setCurrentIndex(front)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()), 0)
        if not step or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif 0 <= self.currentIndex() + step < self.count():
            self.setCurrentIndex(self.currentIndex() + step)

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
