"""Views in windows of their own, beside the main one or on another screen."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QMargins, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QIcon, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.window.actions import CLOSE_KEY, LastKeys
from app.window.drops import Drops
from app.window.placement import fitted, free_place
from app.window.view_page import ViewPage
from resources import ROOT
from widgets.look.focus_ring import FocusRings


class ViewWindow(QWidget):
    """Has a title and a frame, and is moved, resized and minimised like any other; closing it puts the view back.

    It has no parent: window managers keep a window's children on top of it, and minimise them together.

    Signals
    -------
    activated(str), closed(str)
        Name of the view.
    """

    activated = Signal(str)
    closed = Signal(str)

    def __init__(self, page: ViewPage) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.page = page
        self.setObjectName(f"{page.name}_window")
        self.setWindowIcon(QIcon(str(ROOT / "icons" / "headlight.svg")))
        self.setAutoFillBackground(True)
        # Those that come back with a session leave the main window in front; `bring_to_front` says so itself.
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(page)
        page.show()
        FocusRings(self)
        QShortcut(CLOSE_KEY, self, self.close)
        self.show_checkpoint("")

    def show_checkpoint(self, name: str) -> None:
        """Name what is looked at in the title."""
        self.setWindowTitle(" – ".join(filter(None, (self.page.entry.title, name))))

    def place(self) -> str:
        """Where it stands and how large it is, as text."""
        return self.saveGeometry().toBase64().toStdString()

    def restore_place(self, place: str) -> bool:
        """Stand where an earlier one stood, as far as there is a screen; whether that could be read."""
        return self.restoreGeometry(QByteArray.fromBase64(place.encode(errors="replace")))

    def release(self) -> None:
        """Let go of the page; the window goes, without a word."""
        self.blockSignals(True)
        self.page.setParent(None)
        self.close()
        self.deleteLater()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.activated.emit(self.page.name)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit(self.page.name)


class ViewWindows(QObject):
    """All windows of views, where they stood last, and what they share with the main one.

    Attributes
    ----------
    by_name
        Windows that are open now.

    Signals
    -------
    activated(str), closed(str)
        Name of the view.
    """

    activated = Signal(str)
    closed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.by_name: dict[str, ViewWindow] = {}
        self._places: dict[str, str] = {}
        self._frame = QMargins()  # that the desktop puts round a window
        self._shared: tuple[LastKeys, Drops] | None = None

    def set_actions(self, last_keys: LastKeys, drops: Drops) -> None:
        """Commands whose shortcuts work in these windows, too, and what takes the files that are dropped there."""
        self._shared = last_keys, drops
        for window in self.by_name.values():
            self._share(window, *self._shared)

    def _share(self, window: ViewWindow, last_keys: LastKeys, drops: Drops) -> None:
        window.addActions(last_keys.actions)
        for part in (last_keys, drops):
            part.watch(window)

    def open(self, page: ViewPage, size: QSize, main: QWidget) -> None:
        """Give a page a window where its last one stood; the first time where it hides little of the main one."""
        window = ViewWindow(page)
        if self._shared is not None:
            self._share(window, *self._shared)
        window.activated.connect(self.activated)
        window.closed.connect(self.closed)
        if handle := main.windowHandle():
            self._frame = handle.frameMargins()
        if not window.restore_place(self._places.get(page.name, "")):
            screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
            window.setGeometry(free_place(size, self._frame, main.frameGeometry(), screens))
        self.by_name[page.name] = window

    def move(self, name: str, where: QPoint) -> None:
        """Put a window to a point, or as near to it as the whole of it is on that screen."""
        window = self.by_name[name]
        screen = QGuiApplication.screenAt(where) or QGuiApplication.primaryScreen()
        window.setGeometry(fitted(QRect(where, window.size()), self._frame, screen.availableGeometry()))

    def release(self, name: str) -> None:
        """Close a window; its page goes elsewhere, and the next window of this view will stand where it stood."""
        window = self.by_name.pop(name)
        self._places[name] = window.place()
        window.release()

    def bring_to_front(self, name: str) -> None:
        """Show a window, also one that was minimised."""
        window = self.by_name[name]
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.activateWindow()

    def places(self) -> dict[str, str]:
        """Where they stand, and where those stood that are closed, by view."""
        return self._places | {name: window.place() for name, window in self.by_name.items()}

    def set_places(self, places: dict[str, str]) -> None:
        """Where they stood in another session."""
        self._places = dict(places)
