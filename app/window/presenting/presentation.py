"""Presentation mode: full screen, with nothing but the input and the views."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QMargins, QObject, QRect, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QScreen
from PySide6.QtWidgets import QMainWindow, QWidget

from app.window.placement import fitted
from widgets.look.screens import screen_of


class Presentation(QObject):
    """Hides what is no view, and leaves the window as it was before: maximised, full screen, or neither; and where.

    Parameters
    ----------
    hidden
        What is hidden as long as it lasts, if it was visible.
    put_away
        Called with whether it is on: panels that come and go by themselves.

    Signals
    -------
    changed(bool)
        It was entered, or left.
    """

    changed = Signal(bool)

    def __init__(self, window: QMainWindow, hidden: Sequence[QWidget], put_away: Callable[[bool], None]) -> None:
        super().__init__(window)
        self._window, self._hideable, self._put_away = window, hidden, put_away
        self._actions: Mapping[str, QAction] = {}
        self._hidden: list[QWidget] = []
        self._state = Qt.WindowState.WindowNoState
        self._home: tuple[QScreen, QRect] | None = None  # where the window was, if it went to another screen
        self.is_on = False
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        for comes_or_goes in (application.screenAdded, application.screenRemoved):
            comes_or_goes.connect(self._judge)

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Those of the menus, by name: their shortcuts go on working without a menu."""
        self._actions = actions
        self._judge()

    def set_on(self, is_on: bool) -> None:
        """Enter or leave it."""
        if is_on == self.is_on:
            return
        self.is_on = is_on
        if is_on:
            self._hidden = [widget for widget in self._hideable if widget.isVisible()]
            self._state = self._window.windowState() & ~Qt.WindowState.WindowMinimized
        for widget in self._hidden:
            widget.setVisible(not is_on)
        # Actions of a hidden menu bar keep their shortcuts only if the window owns them too.
        for action in self._actions.values():
            (self._window.addAction if is_on else self._window.removeAction)(action)
        if is_on:
            self._window.setWindowState(Qt.WindowState.WindowFullScreen)
        else:
            self._go_home()
        self._put_away(is_on)
        self.changed.emit(is_on)

    def go_to_other_screen(self) -> None:
        """Go on with it on the next screen, such as a projector; enter it there where it is not on."""
        screens, here = QGuiApplication.screens(), screen_of(self._window)
        if len(screens) < 2:
            return
        there = screens[(screens.index(here) + 1) % len(screens)]
        if self._home is None:
            self._home = here, self._window.normalGeometry()
        if not self.is_on:
            self.set_on(True)
        self._move(there, there.geometry())
        self._window.setWindowState(Qt.WindowState.WindowFullScreen)

    def _go_home(self) -> None:
        if self._home is not None:  # a maximised window is so on the screen that it is on
            (screen, place), screens = self._home, QGuiApplication.screens()
            if screen not in screens:  # it was unplugged meanwhile
                screen = screens[0]
                place = fitted(place, QMargins(), screen.availableGeometry())
            self._move(screen, place)
            self._home = None
        self._window.setWindowState(self._state)

    def _move(self, screen: QScreen, place: QRect) -> None:
        self._window.setWindowState(Qt.WindowState.WindowNoState)  # one that is full screen stays where it is
        self._window.setScreen(screen)
        self._window.setGeometry(place)

    @Slot()
    def _judge(self) -> None:
        """The other screen can be gone to where there is one."""
        if (action := self._actions.get("presentation.go_to_other_screen")) is not None:
            action.setEnabled(len(QGuiApplication.screens()) > 1)
            action.setToolTip("" if action.isEnabled() else self.tr("This machine has one screen."))
