"""The middle of the window: the views as tabs that can be torn off."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QToolButton,
    QWidget,
)

from inference.results.checkpoint import CheckpointInfo
from widgets.look.looks import Looks
from widgets.registry import VIEWS, ViewEntry
from widgets.view import Subject, View


class _Header(QWidget):
    """Title bar of a dock: what the view is good for, and what can be done with it. Drag it to tear the view off."""

    def __init__(self, entry: ViewEntry, area: ViewArea, dock: QDockWidget) -> None:
        super().__init__(dock)
        about = QLabel(entry.about, self)
        about.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 4, 2)
        layout.addWidget(about, 1)
        for text, tip, signal in (
            (self.tr("Copy"), self.tr("Copy the picture (Ctrl+Shift+C)"), area.copy_requested),
            (self.tr("Export…"), self.tr("Save the picture or its numbers (Ctrl+E)"), area.export_requested),
        ):
            button = QToolButton(self)
            button.setText(text)
            button.setToolTip(tip)
            button.setAutoRaise(True)
            button.setObjectName(f"{entry.name}_{'copy' if signal is area.copy_requested else 'export'}")
            button.setAccessibleName(f"{text} {entry.title}")
            button.setProperty("view", entry.name)
            button.clicked.connect(area.on_header_button_clicked)
            layout.addWidget(button)
        tear = QToolButton(self)
        tear.setText(self.tr("Tear off"))
        tear.setAutoRaise(True)
        tear.setToolTip(self.tr("A window of its own, or back again (Ctrl+Shift+T)"))
        tear.setAccessibleName(self.tr("Tear off {}").format(entry.title))
        tear.clicked.connect(area.on_tear_button_clicked)
        tear.setProperty("view", entry.name)
        layout.addWidget(tear)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())


class ViewArea(QMainWindow):
    """A dock for every entry of `VIEWS`; a view is built when it is first shown.

    Signals
    -------
    view_created(View)
    export_requested(str), copy_requested(str)
        Name of the view.
    offered_changed(dict, tuple)
        Why the others have no tab, by name, and names of the views that have one.
    """

    view_created = Signal(object)
    export_requested = Signal(str)
    copy_requested = Signal(str)
    offered_changed = Signal(dict, tuple)

    def __init__(self, create: Callable[[ViewEntry], View], looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setObjectName("views")
        self.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._create = create
        self._waiting_files: dict[str, str] = {}
        self._subject: Subject | None = None
        self._hint = self.tr("No checkpoint is open. Choose one on the left.")
        self._current = VIEWS[0].name
        self._kind = ""  # what the views that have a tab are about
        self._offered: tuple[str, ...] = ()
        self._last_of_kind: dict[str, str] = {}
        self.docks: dict[str, QDockWidget] = {}
        self.views: dict[str, View] = {}
        for entry in VIEWS:
            self._add_dock(entry)
            # The first checkpoint reads text; tabs that come and go would be in the way until it is there.
            self.docks[entry.name].setVisible(_kinds(entry) <= {"text"})
        self.docks[VIEWS[0].name].raise_()
        self._looks = looks
        looks.changed.connect(self._on_looks_changed)
        self._on_looks_changed()

    def _add_dock(self, entry: ViewEntry) -> None:
        dock = QDockWidget(entry.title, self)
        dock.setObjectName(f"dock_{entry.name}")
        dock.setTitleBarWidget(_Header(entry, self, dock))
        pages = QStackedWidget(dock)
        why = QLabel(pages)
        why.setObjectName(f"{entry.name}_why")
        why.setAlignment(Qt.AlignmentFlag.AlignCenter)
        why.setWordWrap(True)
        why.setMargin(24)
        pages.addWidget(why)
        dock.setWidget(pages)
        first = next(iter(self.docks.values()), None)
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
        if first is not None:
            self.tabifyDockWidget(first, dock)
        dock.visibilityChanged.connect(self._on_dock_visibility_changed)
        self.docks[entry.name] = dock

    @property
    def current(self) -> str:
        """The view that was shown or used last."""
        return self._current

    def show_view(self, name: str) -> None:
        """Bring a view to the front."""
        dock = self.docks[name]
        dock.show()
        dock.raise_()
        self._current = name
        self._build_if_shown(name)
        if name in self.views:
            self.views[name].setFocus()

    def open_file(self, name: str, path: str) -> None:
        """Let a view open a file: at once, or as soon as it is there."""
        self._waiting_files[name] = path
        self.show_view(name)
        view = self.views.get(name)
        if view is not None and name in self._waiting_files:
            view.open_file(self._waiting_files.pop(name))  # type: ignore[attr-defined]

    def set_hint(self, text: str) -> None:
        """What stands in the views as long as there is nothing to look at."""
        self._hint = text
        if self._subject is None:
            self.set_subject(None)

    def forget_other(self, checkpoint: CheckpointInfo, why: str) -> None:
        """There is nothing to show for a checkpoint: do not go on showing another one."""
        if self._subject is not None and self._subject.checkpoint != checkpoint:
            self._subject = None
        self.set_hint(why)

    def set_subject(self, subject: Subject | None) -> None:
        """Look at something else; views that the checkpoint cannot serve say why."""
        self._subject = subject
        if subject is not None:
            self._show_those_of(subject.checkpoint)
        for entry in VIEWS:
            self._build_if_shown(entry.name)
            self._show_page(entry)
            view = self.views.get(entry.name)
            if view is not None:
                view.set_subject(None if self._why_off(entry) else subject)
        self._grey_tabs()

    def _show_those_of(self, checkpoint: CheckpointInfo) -> None:
        """Put away the tabs of what is about other models, and come back to the view used last with this kind."""
        kind = checkpoint.reads[0]
        offered = tuple(entry.name for entry in VIEWS if _is_offered(entry, checkpoint))
        if (kind, offered) == (self._kind, self._offered):
            return
        special = [entry.name for entry in VIEWS if entry.name in offered and kind in _kinds(entry)]
        wanted = self._current
        if kind != self._kind:
            # At the first text a window is as the last session left it.
            first = self._current if kind == "text" and not self._kind else VIEWS[0].name
            self._last_of_kind[self._kind] = self._current
            wanted = self._last_of_kind.get(kind, first if kind == "text" else "")
        if wanted not in offered:
            wanted = (special or offered)[0]
        self._kind, self._offered = kind, offered
        for name, dock in self.docks.items():
            dock.setVisible(name in offered)
        self.show_view(wanted)
        self.offered_changed.emit({entry.name: self._why_off(entry) for entry in VIEWS}, offered)

    def _why_off(self, entry: ViewEntry) -> str:
        if self._subject is None:
            return self._hint
        why = self._subject.checkpoint.why_missing(entry.needs)
        name = self._subject.checkpoint.name
        return self.tr("{} is off for {}: {}.").format(entry.title, name, why) if why else ""

    def _show_page(self, entry: ViewEntry) -> None:
        pages = self.docks[entry.name].widget()
        assert isinstance(pages, QStackedWidget)
        why = self._why_off(entry)
        label = pages.widget(0)
        assert isinstance(label, QLabel)
        label.setText(why)
        pages.setCurrentIndex(0 if why or entry.name not in self.views else 1)

    def _build_if_shown(self, name: str) -> None:
        entry = next(entry for entry in VIEWS if entry.name == name)
        dock = self.docks[name]
        if name in self.views or self._why_off(entry) or self._subject is None or not _is_shown(dock):
            return
        view = self._create(entry)
        self.views[name] = view
        pages = dock.widget()
        assert isinstance(pages, QStackedWidget)
        pages.addWidget(view)
        self.view_created.emit(view)
        self._show_page(entry)
        view.set_subject(self._subject)
        if file := self._waiting_files.pop(name, ""):
            view.open_file(file)  # type: ignore[attr-defined]

    def _grey_tabs(self) -> None:
        """Tab bars are Qt's own: colour the tabs of views that are off, and say why on hover."""
        by_title = {entry.title: entry for entry in VIEWS}
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setExpanding(False)
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)
            bar.setDocumentMode(True)
            for index in range(bar.count()):
                entry = by_title.get(bar.tabText(index))
                if entry is not None:
                    why = self._why_off(entry)
                    role = self.palette().ColorRole.PlaceholderText if why else self.palette().ColorRole.WindowText
                    bar.setTabTextColor(index, self.palette().color(role))
                    bar.setTabToolTip(index, why or entry.about)

    def _on_dock_visibility_changed(self, is_visible: bool) -> None:
        dock = self.sender()
        if is_visible and isinstance(dock, QDockWidget):
            self._current = dock.objectName().removeprefix("dock_")
            self._build_if_shown(self._current)
            self._grey_tabs()
            if view := self.views.get(self._current):
                view.setFocus()  # so that arrow keys walk through heads at once

    def on_header_button_clicked(self) -> None:
        button = self.sender()
        assert button is not None
        name = button.property("view")
        is_copy = button.objectName().endswith("_copy")
        (self.copy_requested if is_copy else self.export_requested).emit(name)

    def on_tear_button_clicked(self) -> None:
        button = self.sender()
        assert button is not None
        dock = self.docks[button.property("view")]
        dock.setFloating(not dock.isFloating())

    @Slot()
    def _on_looks_changed(self) -> None:
        self.window().setProperty("color_map", self._looks.color_map)
        for view in self.views.values():
            QCoreApplication.postEvent(view, QEvent(QEvent.Type.PaletteChange))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._grey_tabs()


def _is_shown(dock: QDockWidget) -> bool:
    return dock.isVisible() and not dock.visibleRegion().isEmpty()


def _kinds(entry: ViewEntry) -> set[str]:
    """Kinds of models that a view is about; empty for any."""
    return {need.reads for need in entry.needs if need.reads}


def _is_offered(entry: ViewEntry, checkpoint: CheckpointInfo) -> bool:
    """Whether a view has a tab. What only some models of pictures or meshes can do has none with the others."""
    if checkpoint.is_of_another_kind(entry.needs):
        return False
    return not (_kinds(entry) - {"text"} and checkpoint.why_missing(entry.needs))
