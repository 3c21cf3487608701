"""Theme and letters of the whole program, changed live; and presentation mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal, Slot
from PySide6.QtGui import QAction, QFont, QGuiApplication, QPalette, QScreen, QWheelEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from widgets.look.screens import screen_of
from widgets.look.theme import DARK, LIGHT, Theme

SMALLEST, LARGEST = 0.7, 3.0
_NOTCH = 120  # eighths of a degree of a usual wheel
LARGER = 1.6  # letters of a presentation
FUSION_DARKENS = 127  # percent: what Qt's Fusion divides the brightness of the window by for the edge of a check box


class Appearance:
    """Remembers the system's own font, so that scaling never adds up."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._points = max(application.font().pointSizeF(), 9.0)
        self._palette: QPalette | None = None  # that was set here: it takes the boxes' own along
        application.setStyle("Fusion")

    def apply(self, theme: str, font_scale: float) -> None:
        """`theme` is `system`, `light` or `dark`; `font_scale` multiplies the system's size."""
        palette = theme_named(theme, self._application).palette()
        if palette != self._palette:
            self._palette = palette
            self._application.setPalette(palette)
            # Items of a list have check boxes too; the groove of a slider has such an edge.
            for kind in ("QCheckBox", "QListWidget", "QSlider"):
                self._application.setPalette(_palette_of_boxes(palette), kind)  # type: ignore[arg-type] - text, whatever the stub says
        font = QFont(self._application.font())
        font.setPointSizeF(self._points * min(max(font_scale, SMALLEST), LARGEST))
        if font != self._application.font():
            self._application.setFont(font)


def theme_named(name: str, application: QApplication) -> Theme:
    """The theme of a setting."""
    is_dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark if name == "system" else name == "dark"
    return DARK if is_dark else LIGHT


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
            self._move(*self._home)
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


class CtrlWheel(QObject):
    """The wheel with Ctrl changes the size of letters, wherever the pointer is in a window: nothing there scrolls."""

    def __init__(self, scale: Callable[[int], object], window: QMainWindow) -> None:
        """`scale` is told a step up (1) or down (-1)."""
        super().__init__(window)
        self._scale, self._window = scale, window
        self._turned = 0  # eighths of a degree that are not a step yet: touch pads tell small ones
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the window, until it has a handle; then of that, which gets the wheel before any widget."""
        if event.type() == QEvent.Type.Show and watched is self._window:
            self._window.removeEventFilter(self)
            self._window.windowHandle().installEventFilter(self)
        if event.type() != QEvent.Type.Wheel or not isinstance(event, QWheelEvent):
            return False
        if event.modifiers() != Qt.KeyboardModifier.ControlModifier:
            return False
        self._turned += event.angleDelta().y()
        steps = int(self._turned / _NOTCH)
        self._turned -= steps * _NOTCH
        for _ in range(abs(steps)):
            self._scale(1 if steps > 0 else -1)
        return True


def _palette_of_boxes(palette: QPalette) -> QPalette:
    """Check boxes that can be seen on dark panels too: Fusion draws their edge a good deal darker than the window."""
    palette = QPalette(palette)
    edge = palette.color(QPalette.ColorRole.PlaceholderText)
    palette.setColor(QPalette.ColorRole.Window, edge.lighter(FUSION_DARKENS))
    return palette
