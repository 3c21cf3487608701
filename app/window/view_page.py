"""A view with its header, in the window or in one of its own; or the sentence why it is off."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.kit.labels import LineLabel, make_selectable
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.look.icons import line_icon
from widgets.view import View
from widgets.view_entry import ViewEntry


@runtime_checkable
class OpensFiles(Protocol):
    """A view that can look at a file."""

    def open_file(self, path: str) -> None: ...


class ViewPlace(Enum):
    """Where a view is shown."""

    TABS = "tabs"
    BESIDE = "beside"
    WINDOW = "window"


class ViewPage(QWidget):
    """What the view is good for, what can be done with it (`header`), and below it the view.

    A view that needs more room than there is can be scrolled: no view says how small a window may be.

    Signals
    -------
    help_requested(str), copy_requested(str), export_requested(str), beside_requested(str), window_requested(str)
        Name of the view; the last two want it there, or back among the tabs.
    drag_requested(str)
        The picture is being dragged out of the window, by the button Copy.
    """

    help_requested = Signal(str)
    copy_requested = Signal(str)
    drag_requested = Signal(str)
    export_requested = Signal(str)
    beside_requested = Signal(str)
    window_requested = Signal(str)

    def __init__(self, entry: ViewEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry = entry
        self.name = entry.name
        self.setObjectName(f"{entry.name}_page")
        self.view: View | None = None
        self._why = PlainLabel(self)
        self._why.setObjectName(f"{entry.name}_why")
        self._why.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._why.setWordWrap(True)
        self._why.setMargin(24)
        make_selectable(self._why)
        self._scroll = _RoomForView(self)
        self._content = QStackedWidget(self)
        self._content.addWidget(self._why)
        self._content.addWidget(self._scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.header = _Header(self)
        self._fill_header()
        layout.addWidget(self.header)
        layout.addWidget(self._content, 1)
        self.set_place(ViewPlace.TABS)

    def _fill_header(self) -> None:
        self.header.about.show_text(self.entry.about)
        self._help = self._button("help", "?", self.tr("What is this? What the view shows, and how it is read (F1)"))
        self._help.setAccessibleName(self.tr("What is this? {}").format(self.entry.title))
        tip = self.tr("Copy the picture (Ctrl+Shift+C), or drag it from here into another program or a folder")
        self._copy = self._button("copy", self.tr("Copy"), tip)
        self._export = self._button("export", self.tr("Export…"), self.tr("Save the picture or its numbers (Ctrl+E)"))
        self._beside = self._button("beside", "", "")
        self._window = self._button("window", "", "")
        for button, slot in (
            (self._help, self._on_help_clicked),
            (self._copy, self._on_copy_clicked),
            (self._export, self._on_export_clicked),
            (self._beside, self._on_beside_clicked),
            (self._window, self._on_window_clicked),
        ):
            button.clicked.connect(slot)
            self.header.add_button(button, has_words=button is not self._help)

    def _button(self, name: str, text: str, tip: str) -> QToolButton:
        button = _DragButton(self) if name == "copy" else QToolButton(self)
        if isinstance(button, _DragButton):
            button.dragged.connect(self._on_copy_dragged)
        button.setObjectName(f"{self.name}_{name}")
        button.setAutoRaise(True)
        self._label(button, text, tip, name)
        return button

    def _label(self, button: QToolButton, text: str, tip: str, icon: str) -> None:
        button.setText(text)
        button.setIcon(line_icon(icon))
        button.setToolTip(plain_tip(tip))
        button.setAccessibleName(f"{text} {self.entry.title}")

    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key goes in it: first to what can be done with the view, then into the view.

        Qt's own chain is not asked for: PySide makes what `nextInFocusChain` gives a Python child of whom it asks, so
        that a menu bar may end with a view that was beside it in the chain.
        """
        buttons = (self._help, self._copy, self._export, self._beside, self._window)
        is_stop = Qt.FocusPolicy.TabFocus
        inside = (
            widget
            for widget in self.findChildren(QWidget)
            if widget.focusPolicy() & is_stop and widget not in buttons and widget.window() is self.window()
        )
        return (*buttons, *inside)

    def set_place(self, place: ViewPlace) -> None:
        """Say what the buttons do where the page is now."""
        back = self.tr("Back among the tabs")
        if place is ViewPlace.BESIDE:
            self._label(self._beside, self.tr("Put back"), back, "put-back")
        else:
            self._label(self._beside, self.tr("Beside"), self.tr("Show it beside the other views"), "beside")
        if place is ViewPlace.WINDOW:
            self._label(self._window, self.tr("Put back"), self.tr("{} (Ctrl+Shift+T)").format(back), "put-back")
        else:
            tip = self.tr("Show it in a window of its own (Ctrl+Shift+T)")
            self._label(self._window, self.tr("Tear off"), tip, "tear-off")
        self._beside.setVisible(place is not ViewPlace.WINDOW)

    def set_view(self, view: View) -> None:
        """Show a view that was built just now."""
        self.view = view
        self._scroll.setWidget(view)

    def show_why(self, why: str) -> None:
        """Show a sentence instead of the view; without one, the view."""
        self._why.setText(why)
        self._content.setCurrentWidget(self._why if why or self.view is None else self._scroll)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(12 * em, 8 * em)

    @Slot()
    def _on_help_clicked(self) -> None:
        self.help_requested.emit(self.name)

    @Slot()
    def _on_copy_clicked(self) -> None:
        self.copy_requested.emit(self.name)

    @Slot()
    def _on_copy_dragged(self) -> None:
        self.drag_requested.emit(self.name)

    @Slot()
    def _on_export_clicked(self) -> None:
        self.export_requested.emit(self.name)

    @Slot()
    def _on_beside_clicked(self) -> None:
        self.beside_requested.emit(self.name)

    @Slot()
    def _on_window_clicked(self) -> None:
        self.window_requested.emit(self.name)


class _Header(QWidget):
    """What the view is good for, and buttons; these are without words where the sentence would have no room."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.about = LineLabel(self.tr("What the view is good for"), self)
        self.about.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self._buttons: list[QToolButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 4, 0)
        self._row.setSpacing(4)
        self._row.addWidget(self.about, 1)

    def add_button(self, button: QToolButton, *, has_words: bool) -> None:
        """At the right of the others."""
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self._row.addWidget(button)
        if has_words:
            self._buttons.append(button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Letters of another size, and buttons that say something else, need more room, or less.

        While the page is behind others it may not be told that letters are as before, so it looks when it is shown.
        """
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        texts = [self.about.text(), *(button.text() for button in self._buttons if not button.isHidden())]
        # Each has some room round its letters, and a button its icon.
        needed = sum(metrics.horizontalAdvance(text) + 3 * metrics.height() for text in texts)
        style = Qt.ToolButtonStyle
        for button in self._buttons:
            button.setToolButtonStyle(
                style.ToolButtonTextBesideIcon if needed <= self.width() else style.ToolButtonIconOnly
            )


class _DragButton(QToolButton):
    """A button from which something can be dragged, too.

    Signals
    -------
    dragged()
        The mouse went some way with its button down: it is no click.
    """

    dragged = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._pressed_at = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        far = QApplication.startDragDistance()
        if self.isDown() and (event.position().toPoint() - self._pressed_at).manhattanLength() >= far:
            self.setDown(False)
            self.dragged.emit()
            return
        super().mouseMoveEvent(event)


class _RoomForView(QScrollArea):
    """As large as there is room, and never smaller than the view can be: then it scrolls.

    Qt's own resizing gives a view with controls that wrap the height it would like to have, not what it needs.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def setWidget(self, widget: QWidget) -> None:
        super().setWidget(widget)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def viewportEvent(self, event: QEvent) -> bool:
        is_handled = super().viewportEvent(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return is_handled

    def _fit(self) -> None:
        view = self.widget()
        if view is None:
            return
        room, bar = self.maximumViewportSize(), self.verticalScrollBar().sizeHint().width()
        least = _least(view, room.width())
        if least.height() > room.height():
            least = _least(view, room.width() - bar)
            room.setWidth(room.width() - bar)
        if least.width() > room.width():
            room.setHeight(room.height() - bar)
        view.resize(room.expandedTo(least))


def _least(view: QWidget, width: int) -> QSize:
    """The smallest size of a view in a room of some width."""
    least = view.minimumSizeHint().expandedTo(view.minimumSize())
    layout = view.layout()
    if layout is not None and layout.hasHeightForWidth():
        least.setHeight(max(view.minimumHeight(), layout.minimumHeightForWidth(max(width, least.width()))))
    return least
