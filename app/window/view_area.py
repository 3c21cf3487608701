"""The middle of the window: the views as tabs, beside each other, or in windows of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QSplitter, QVBoxLayout, QWidget

from app.window.actions import LastKeys
from app.window.drops import Drops
from app.window.offered_views import OfferedViews
from app.window.placement import ViewLayout
from app.window.view_page import OpensFiles, ViewPage, ViewPlace
from app.window.view_pane import Tab, ViewPane
from app.window.view_window import ViewWindow, ViewWindows
from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import Input
from widgets.registry import VIEWS
from widgets.subject import Subject
from widgets.view import View
from widgets.view_entry import ViewEntry


class ViewArea(QWidget):
    """A tab for every view that the open checkpoint has; a view is built when it is first shown.

    They are not Qt's docks: these give a torn-off view no frame, and raise another view's tab while one is torn off.

    Signals
    -------
    view_created(View)
    export_requested(str), copy_requested(str), drag_requested(str), help_requested(str)
        Name of the view.
    offered_changed(dict, tuple)
        Why views are off with a checkpoint, by name, and names of those that have a tab.
    """

    view_created = Signal(object)
    export_requested = Signal(str)
    copy_requested = Signal(str)
    help_requested = Signal(str)
    drag_requested = Signal(str)
    offered_changed = Signal(dict, tuple)

    def __init__(
        self, create: Callable[[ViewEntry], View], entries: Sequence[ViewEntry] = VIEWS, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("views")
        self._create = create
        self._entries = {entry.name: entry for entry in entries}
        self._subject: Subject | None = None
        self._refused: Subject | None = None  # a checkpoint of which no input could be looked at yet
        self._hint = self.tr("No checkpoint is open. Choose one on the left.")
        self._current = next(entry.name for entry in entries if not entry.is_home)
        self._next: str | None = None
        self._next_of = self._why_held = ""
        self._offered = OfferedViews(entries)
        self._places = dict.fromkeys(self._entries, ViewPlace.TABS)
        self._files: dict[str, tuple[CheckpointInfo, str]] = {}  # that views will open, and of which checkpoint
        self._is_restored = self._is_arranging = False
        self._told: tuple[dict[str, str], tuple[str, ...]] = {}, ()
        self.views: dict[str, View] = {}
        self._pages: dict[str, ViewPage] = {}
        self._windows = ViewWindows(self)
        self._windows.activated.connect(self._on_windows_activated)
        self._windows.closed.connect(self._on_windows_closed)
        self._tabs, self._beside = ViewPane("views_main", self), ViewPane("views_beside", self)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._splitter)
        for pane in (self._tabs, self._beside):
            self._splitter.addWidget(pane)
            pane.chosen.connect(self._on_pane_chosen)
            pane.clicked.connect(self.show_view)
            pane.dragged_out.connect(self._on_pane_dragged_out)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_application_focus_changed)
        self._arrange()

    # Which views there are

    @property
    def current(self) -> str:
        """The view that was shown or used last."""
        return self._current

    def has_tab(self, name: str) -> bool:
        """Whether a view is among the tabs."""
        return name in (*self._tabs.names, *self._beside.names)

    def show_view(self, name: str, *, is_asked: bool = True) -> None:
        """Bring a view to the front, wherever it is; not asked for, it leaves the keyboard to who is typing."""
        self._current = name
        if self._places[name] is ViewPlace.WINDOW:
            if name in self.windows and name in self._offered.names:
                self._windows.bring_to_front(name)
        else:
            self._pane(name).set_current(name)
        self._build_if_shown(name)
        self._give_keyboard(name, is_asked=is_asked)

    def _give_keyboard(self, name: str, *, is_asked: bool) -> None:
        """So that arrow keys walk through heads at once."""
        if name in self.views and (is_asked or not isinstance(QApplication.focusWidget(), QLineEdit)):
            self.views[name].setFocus()

    def lead_to(self, name: str | None, checkpoint: str = "") -> None:
        """Show a view with the next thing that is looked at; empty: any but home. None: whichever is in front.

        Parameters
        ----------
        checkpoint
            Of which that thing is: what is still told of another one meanwhile leads nowhere. Empty: of any.
        """
        self._next, self._next_of = name, checkpoint

    def open_file(self, name: str, path: str, checkpoint: CheckpointInfo) -> None:
        """Let a view open a file as soon as it looks at a checkpoint, which may just have been opened."""
        self._files[name] = (checkpoint, path)
        self._open_files()

    def _open_files(self) -> None:
        """Show views that have a file to open, and hand it over; one that is not built yet gets it then."""
        now = self._subject.checkpoint if self._subject else None
        for name, (checkpoint, path) in tuple(self._files.items()):
            if checkpoint != now:
                continue
            self.show_view(name)
            view = self.views.get(name)
            # Showing it may have built it, and so handed the file over.
            if isinstance(view, OpensFiles) and self._files.pop(name, None):
                view.open_file(path)

    # What they look at

    def set_hint(self, text: str) -> None:
        """What stands in the views as long as there is nothing to look at."""
        self._hint, self._refused = text, None
        if self._subject is None:
            self.set_subject(None)

    def refuse(self, checkpoint: CheckpointInfo, why: str) -> None:
        """The input that is there now cannot be looked at: what the views show is of another one."""
        if self._subject is not None and self._subject.checkpoint != checkpoint:
            self._subject = None
        self._hint = why
        if self._subject is None:
            self._refused = Subject(checkpoint, Input())
            self._offer_those_of(checkpoint)
            self.set_subject(None)
        self.hold(why)

    def hold(self, why: str) -> None:
        """What the views show is of another input than there is now, and why. Empty: it is of that one."""
        self._why_held = why
        for view in self.views.values():
            view.refuse(why)

    def set_subject(self, subject: Subject | None) -> None:
        """Look at something else; views that the checkpoint cannot serve say why."""
        self._subject, self._why_held = subject, ""
        if subject is not None:
            self._refused = None
            self._offer_those_of(subject.checkpoint)
        self._arrange()
        self._build_shown()
        for name, view in tuple(self.views.items()):
            view.set_subject(None if self.why_off(name) else self._subject_of(name))
        if subject is not None:
            self._files = {name: one for name, one in self._files.items() if one[0] == subject.checkpoint}
            self._open_files()

    def _offer_those_of(self, checkpoint: CheckpointInfo) -> None:
        """Put away the tabs of what is about other models, and show the view used last with this kind."""
        wanted = self._offered.follow(checkpoint, self._current, is_restored=self._is_restored)
        if self._next is not None and self._next_of in ("", checkpoint.checkpoint):
            is_there = self._next in self._offered.names
            wanted = self._next if is_there else self._offered.away_from_home(wanted or self._current)
            self._next = None
        if wanted:
            self._arrange()
            self.show_view(wanted, is_asked=False)
        told = {name: self._why_missing(name, checkpoint) for name in self._entries}, self._offered.names
        if told != self._told:
            self._told = told
            self.offered_changed.emit(*told)

    def _subject_of(self, name: str) -> Subject | None:
        """What a view looks at: while the first input is refused, those that need none look at the checkpoint."""
        return self._subject or (None if self._entries[name].reads_input else self._refused)

    def why_off(self, name: str) -> str:
        """A sentence that stands where a view would be; empty where the view is."""
        subject = self._subject_of(name)
        return self._hint if subject is None else self._why_missing(name, subject.checkpoint)

    def _why_missing(self, name: str, checkpoint: CheckpointInfo) -> str:
        entry = self._entries[name]
        why = entry.why_missing(checkpoint)
        return self.tr("{} is off for {}: {}.").format(entry.title, checkpoint.name, why) if why else ""

    # Where they are

    def toggle_window(self, name: str) -> None:
        """Give a view a window of its own, or put it back."""
        self._move(name, ViewPlace.TABS if self._places[name] is ViewPlace.WINDOW else ViewPlace.WINDOW)

    def toggle_beside(self, name: str) -> None:
        """Show a view beside the other ones, or put it back."""
        if self._places[name] is ViewPlace.BESIDE:
            self._move(name, ViewPlace.TABS)
        elif self._tabs.names != (name,):  # with nothing beside it, it would be where it is
            self._move(name, ViewPlace.BESIDE)

    def set_window_actions(self, last_keys: LastKeys, drops: Drops) -> None:
        """Commands whose shortcuts work in torn-off windows, too, and what takes the files that are dropped there."""
        self._windows.set_actions(last_keys, drops)

    def close_windows(self) -> None:
        """The main window closes: so do those of the views. What `layout_now` says stays as it was."""
        for name in tuple(self.windows):
            self._windows.release(name)
            self._pages[name].setParent(self)

    def layout_now(self) -> ViewLayout:
        """Where all views are."""
        return ViewLayout(
            self._current,
            tuple(name for name, place in self._places.items() if place is ViewPlace.BESIDE),
            tuple(name for name, place in self._places.items() if place is ViewPlace.WINDOW),
            self._windows.places(),
            tuple(self._splitter.sizes()) if self._beside.names else (),
        )

    def restore_layout(self, layout: ViewLayout) -> None:
        """Put all views where they were; those that do not exist any more are passed over."""
        self._windows.set_places({name: place for name, place in layout.places.items() if name in self._entries})
        for names, place in ((layout.beside, ViewPlace.BESIDE), (layout.torn_off, ViewPlace.WINDOW)):
            self._places.update((name, place) for name in names if name in self._entries)
        if layout.current in self._entries:
            self._current, self._is_restored = layout.current, True
        self._arrange()
        if layout.widths:
            self._splitter.setSizes(list(layout.widths))
        if self._places[self._current] is not ViewPlace.WINDOW:
            self._pane(self._current).set_current(self._current)

    def _move(self, name: str, place: ViewPlace) -> None:
        had_beside = bool(self._beside.names)
        self._places[name] = place
        self._arrange()
        if self._beside.names and not had_beside:
            self._splitter.setSizes([self.width() // 2, self.width() // 2])
        self._build_shown()
        if left := self.views.get(self._tabs.current):
            left.setFocus()  # in the main window, once the user comes back to it
        self.show_view(name)

    def _pane(self, name: str) -> ViewPane:
        return self._beside if self._places[name] is ViewPlace.BESIDE else self._tabs

    def header_of(self, name: str) -> QWidget | None:
        """The line above a view, with its buttons; None where it was not shown yet."""
        return self._pages[name].header if name in self._pages else None

    def _arrange(self) -> None:
        """Make tabs and windows what `_places` says."""
        self._is_arranging = True
        current = self._current
        for name in tuple(self.windows):
            if self._places[name] is not ViewPlace.WINDOW:
                self._windows.release(name)
        for pane, place in ((self._tabs, ViewPlace.TABS), (self._beside, ViewPlace.BESIDE)):
            names = [name for name in self._entries if name in self._offered.names and self._places[name] is place]
            for name, page in self._pages.items():
                if name not in names:
                    pane.take_page(page)
            pane.set_tabs(tuple(self._tab(name) for name in names))
        self._beside.setVisible(bool(self._beside.names))
        for pane in (self._tabs, self._beside):
            self._show_page(pane)
        for name, place in self._places.items():
            if place is ViewPlace.WINDOW and self._subject is not None:
                self._show_or_hide_window(name)
        for name, page in self._pages.items():
            page.set_place(self._places[name])
            page.show_why(self.why_off(name))
        self._current = current
        self._is_arranging = False

    def _tab(self, name: str) -> Tab:
        entry, why = self._entries[name], self.why_off(name)
        return Tab(name, entry.title, why or entry.about, not why, entry.changes_input)

    def _show_page(self, pane: ViewPane) -> None:
        if pane.current:
            pane.show_page(self._page(pane.current))

    def _page(self, name: str) -> ViewPage:
        if name not in self._pages:
            page = ViewPage(self._entries[name], self)
            page.help_requested.connect(self.help_requested)
            page.copy_requested.connect(self.copy_requested)
            page.drag_requested.connect(self.drag_requested)
            page.export_requested.connect(self.export_requested)
            page.beside_requested.connect(self.toggle_beside)
            page.window_requested.connect(self.toggle_window)
            page.show_why(self.why_off(name))
            self._pages[name] = page
        return self._pages[name]

    def _build_shown(self) -> None:
        for name in self._entries:
            self._build_if_shown(name)

    def _build_if_shown(self, name: str) -> None:
        if name in self.views or self.why_off(name) or not self._is_shown(name):
            return
        view = self._create(self._entries[name])
        self.views[name] = view
        page = self._page(name)
        page.set_view(view)
        if self._places[name] is not ViewPlace.WINDOW:
            self._pane(name).order_focus(page)
        self.view_created.emit(view)
        page.show_why("")
        view.set_subject(self._subject_of(name))
        view.refuse(self._why_held)
        if name in self._files:
            self._open_files()

    def _is_shown(self, name: str) -> bool:
        if self._places[name] is ViewPlace.WINDOW:
            return name in self.windows and self.windows[name].isVisible()
        return self.isVisible() and self._pane(name).current == name

    # Windows of their own

    @property
    def windows(self) -> dict[str, ViewWindow]:
        """Windows of the views that were torn off, by name."""
        return self._windows.by_name

    def _show_or_hide_window(self, name: str) -> None:
        is_wanted = name in self._offered.names and self.isVisible()
        if is_wanted and name not in self.windows:
            page = self._page(name)
            self._windows.open(page, page.size() if page.isVisible() else self._tabs.size(), self.window())
        if (window := self.windows.get(name)) is not None and self._subject is not None:
            window.show_checkpoint(self._subject.checkpoint.name)
            if not window.isMinimized():
                window.setVisible(is_wanted)

    @Slot(str)
    def _on_windows_activated(self, name: str) -> None:
        self._current = name

    @Slot(str)
    def _on_windows_closed(self, name: str) -> None:
        self._move(name, ViewPlace.TABS)

    # What the user does

    @Slot(str)
    def _on_pane_chosen(self, name: str) -> None:
        pane = self.sender()
        if self._is_arranging or not name or not isinstance(pane, ViewPane):
            return
        self._current = name
        self._show_page(pane)
        self._build_if_shown(name)
        self._give_keyboard(name, is_asked=False)

    @Slot(str, QPoint)
    def _on_pane_dragged_out(self, name: str, where: QPoint) -> None:
        """Dropped on the views it goes beside the others, anywhere else it gets a window."""
        if self.rect().contains(self.mapFromGlobal(where)):
            self.toggle_beside(name)
        else:
            self._move(name, ViewPlace.WINDOW)
            self._windows.move(name, where)

    @Slot(QWidget, QWidget)
    def _on_application_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is None or self._is_arranging:
            return
        for name, page in self._pages.items():
            if page.isAncestorOf(new):
                self._current = name

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arrange()
        self._build_shown()
