"""What stands left and right of the views, and steps aside in a narrow window."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QGuiApplication, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QLayout,
    QMainWindow,
    QStyle,
    QStyleOptionDockWidget,
    QStylePainter,
    QWidget,
)

# Widths in letters: of the panels, what the views have at least before a panel steps aside, and of the smallest window.
LEFT, RIGHT, VIEWS, LEAST = 24, 34, 85, 60
LEAST_LINES = 20


class SidePanels(QObject):
    """Two panels. The right one goes first, then the left one; both come back as soon as there is room.

    What the user shows or hides stays so until the width of the window or of the letters changes.
    """

    def __init__(self, window: QMainWindow, left: QDockWidget, right: QDockWidget) -> None:
        super().__init__(window)
        self._window = window
        self.left, self.right = left, right
        self._actions: dict[QDockWidget, QAction] = {}
        self._wanted = {left: True, right: True}
        self._is_fitting = self._is_put_away = False
        self._fitted = (0, 0)
        # In letters, from before these had another size or the panels were put away, until the user gives them others.
        self._widths: dict[QDockWidget, float] = {}
        self._are_owed = False  # they do not have them again yet
        # The smallest window is smaller than all panels together: they step aside on the way there.
        layout = window.layout()
        assert layout is not None
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        em = window.fontMetrics().averageCharWidth()
        window.resizeDocks([left, right], [LEFT * em, RIGHT * em], Qt.Orientation.Horizontal)
        window.installEventFilter(self)
        for dock in (left, right):
            dock.visibilityChanged.connect(self._on_dock_visibility_changed)
            dock.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the window; and of the panels, where the mouse draws their edge, and which need more room or less."""
        if isinstance(watched, QDockWidget):
            if event.type() == QEvent.Type.Resize and QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
                self._widths.pop(watched, None)
            if event.type() == QEvent.Type.LayoutRequest and self._are_owed:  # it may need less room by now
                QTimer.singleShot(0, self._restore_widths)
            return False
        if event.type() == QEvent.Type.FontChange and not self._is_put_away and self._fitted != self._size():
            self._keep_widths()
        if event.type() in (QEvent.Type.Show, QEvent.Type.Resize, QEvent.Type.FontChange):
            self.fit()
            if self._are_owed and not self._is_put_away:
                QTimer.singleShot(0, self._restore_widths)  # when Qt has laid out the window
        return False

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Those of the menus, by name: they say which panel is there."""
        self._actions = {self.left: actions["panels.show_left"], self.right: actions["panels.show_right"]}

    def show_left(self, is_on: bool) -> None:
        """The user shows or hides the left one."""
        self.show_panel(self.left, is_on)

    def show_right(self, is_on: bool) -> None:
        """The user shows or hides the right one."""
        self.show_panel(self.right, is_on)

    def show_panel(self, dock: QDockWidget, is_on: bool) -> None:
        """The user shows or hides a panel."""
        self._wanted[dock] = is_on
        dock.setVisible(is_on)

    def fit(self, *, is_wide: bool = False) -> None:
        """Show what there is room for; `is_wide` shows all that is wanted, as a wider window would."""
        width, em = self._size()
        if ((width, em) == self._fitted and not is_wide) or self._is_put_away:
            return
        if not self._window.isVisible() and not is_wide:
            return  # until then no width is one that anybody sees
        self._fitted = width, em
        self._window.setMinimumSize(LEAST * em, LEAST_LINES * self._window.fontMetrics().height())
        left, right = (dock.minimumSizeHint().width() for dock in (self.left, self.right))
        has_left = is_wide or width >= VIEWS * em + max(LEFT * em, left)
        has_right = is_wide or width >= VIEWS * em + max(LEFT * em, left) + max(RIGHT * em, right)
        self._is_fitting = True
        self.left.setVisible(self._wanted[self.left] and has_left)
        self.right.setVisible(self._wanted[self.right] and has_right)
        self._is_fitting = False
        self._tell_actions()

    def _tell_actions(self) -> None:
        for dock, action in self._actions.items():
            action.setChecked(not dock.isHidden())

    def _size(self) -> tuple[int, int]:
        """Widths of the window and of a letter, in pixels."""
        return self._window.width(), self._window.fontMetrics().averageCharWidth()

    def _keep_widths(self) -> None:
        """Remember how wide they are, but for those whose width is known: what Qt gave them since is not theirs."""
        if em := self._fitted[1]:
            for dock in self._wanted:
                if dock.isVisible() and not dock.isFloating():
                    self._widths.setdefault(dock, dock.width() / em)
        self._are_owed = bool(self._widths)

    def take_over(self) -> None:
        """What is shown now, such as after another session was restored, is what is wanted."""
        self._wanted = {dock: not dock.isHidden() for dock in self._wanted}

    def put_away(self, is_away: bool) -> None:
        """Hide both, whatever the width, or let them come back."""
        self._is_fitting = True
        self._is_put_away = is_away
        if is_away:
            self._keep_widths()
            for dock in self._wanted:
                dock.hide()
        self._is_fitting = False
        self._fitted = (0, 0)
        self.fit()

    @Slot()
    def _restore_widths(self) -> None:
        """While letters were larger, panels needed more room; they do not give it back by themselves."""
        if not self._is_put_away:
            em = self._size()[1]
            widths = {dock: round(width * em) for dock, width in self._widths.items() if dock.isVisible()}
            self._window.resizeDocks(list(widths), list(widths.values()), Qt.Orientation.Horizontal)
            # One that comes back still needs what it needed with the letters from before it stepped aside.
            self._are_owed = any(
                not dock.isVisible() or dock.minimumSizeHint().width() > widths[dock] for dock in self._widths
            )

    @Slot()
    def _on_dock_visibility_changed(self) -> None:
        dock = self.sender()
        # A window that is hidden or minimised hides no panel: only what is hidden by itself was closed by the user.
        if isinstance(dock, QDockWidget) and not self._is_fitting and not self._is_put_away:
            self._wanted[dock] = not dock.isHidden()
        self._tell_actions()


def panel_dock(title: str, widget: QWidget, side: Qt.DockWidgetArea, window: QMainWindow) -> QDockWidget:
    """A panel at a side of the window."""
    dock = _Dock(title, window)
    dock.setObjectName(f"dock_{side.name}")
    dock.setWidget(widget)
    window.addDockWidget(side, dock)
    return dock


class _Dock(QDockWidget):
    """Its title grows with all letters: Qt takes those that the system had at the start."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.isFloating():  # then the system shows it
            super().paintEvent(event)
            return
        option = QStyleOptionDockWidget()
        self.initStyleOption(option)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_DockWidgetTitle, option)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and (layout := self.layout()) is not None:
            layout.invalidate()  # the title has another height
