"""On this machine: the hub's cache and the folders that training runs write to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.hub.about_pane import AboutPane
from app.hub.hub_page import GGUF, PICKLES
from app.hub.sizes import size_text
from app.hub.watching import Watching
from inference.results.checkpoint import CheckpointInfo
from inference.results.hub import CachedResult, CachedRevision, DeleteCachedRequest, FolderEntry, FolderResult
from widgets.kit.clean import shown
from widgets.kit.plain import PlainLabel, ask_plain, plain_tip

_ITEM = Qt.ItemDataRole.UserRole


class MachinePage(QWidget):
    """A tree of versions and of steps; what is chosen can be looked at, opened, deleted, or watched no more.

    Signals
    -------
    open_requested(str), views_requested(str), convert_requested(str)
        A folder.
    delete_requested(DeleteCachedRequest)
    list_requested()
        The list is to be made anew.
    steps_requested(str)
        What the steps in a watched folder are is to be told.
    """

    open_requested = Signal(str)
    views_requested = Signal(str)
    convert_requested = Signal(str)
    delete_requested = Signal(object)
    list_requested = Signal()
    steps_requested = Signal(str)

    def __init__(self, watching: Watching, parent: QWidget | None = None, elsewhere: str = "") -> None:
        """`elsewhere` is the name of the machine that computes, if it is another one."""
        super().__init__(parent)
        self._steps: dict[str, FolderEntry] = {}  # by their folders, what is known of them
        self.setObjectName("machine_page")
        self._watching = watching
        self._cached: CachedResult | None = None
        self._asked = self._told_of = self._about_cache = ""
        self._is_conversion = False
        self._tree = QTreeWidget(self)
        self._tree.setObjectName("machine_tree")
        self._tree.setAccessibleName(self.tr("Checkpoints on {}").format(elsewhere or self.tr("this machine")))
        self._tree.setHeaderLabels([self.tr("Name"), self.tr("Version"), self.tr("Size"), self.tr("Kind")])
        header = self._tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.about = AboutPane("machine", self.tr("Choose a checkpoint, and press “Show views”."), self)
        self.about.said.connect(self.say)
        self._said = PlainLabel(self)
        self._said.setObjectName("machine_said")
        self._said.setWordWrap(True)
        self._open = self._button("machine_open", self.tr("&Open"), self._on_open_clicked)
        self._views = self._button("machine_views", self.tr("Show &views"), self._on_views_clicked)
        self._delete = self._button("machine_delete", self.tr("&Delete…"), self._on_delete_clicked)
        self._watch = self._button("machine_watch", self.tr("&Watch a folder…"), self._on_watch_clicked)
        self._watch.setToolTip(self.tr("A folder in which a training run writes checkpoint-500, checkpoint-1000, …"))
        if elsewhere:
            self._watch.setEnabled(False)
            self._watch.setToolTip(self.tr("Folders are watched by windows that compute on this machine."))
        self._again = self._button("machine_again", self.tr("&Refresh"), self.list_requested)
        self._lay_out()
        self._tree.currentItemChanged.connect(self._on_tree_current_changed)
        self._tree.itemActivated.connect(self._on_open_clicked)
        watching.changed.connect(self._on_watching_changed)
        self._fill()

    def _button(self, name: str, text: str, slot: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(self._tree)
        split.addWidget(self.about)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        row = QHBoxLayout()
        row.addWidget(self._watch)
        row.addWidget(self._again)
        row.addStretch(1)
        for button in (self._delete, self._views, self._open):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(split, 1)
        layout.addWidget(self._said)
        layout.addLayout(row)

    # What is told

    def show_cached(self, cached: CachedResult) -> None:
        """Another list."""
        self._cached = cached
        self._fill()
        left = ""
        if cached.n_unfinished:
            left = self.tr(" {} are of downloads that were stopped and can go on.")
            left = left.format(size_text(cached.n_unfinished))
        self._about_cache = " ".join((self.tr("The hub's cache is {}.{}").format(cached.place, left), *cached.notes))
        self.say(self._about_cache)

    def show_steps(self, found: FolderResult) -> None:
        """What the steps in a watched folder are."""
        self._steps |= {entry.place: entry for entry in found.entries}
        self._fill()

    def show_info(self, folder: str, info: CheckpointInfo, card: str) -> None:
        """What was asked about."""
        if folder == self._asked:
            self.about.show_info(info, card)
            self.say(self._about_cache)

    def show_failure(self, folder: str, sentence: str) -> None:
        """Why nothing is known of what was asked about."""
        if folder == self._asked:
            self.say(sentence, is_warning=True)

    def show_card(self, folder: str, card: str) -> None:
        """The card of what was asked about, where it comes later."""
        if folder == self._asked:
            self.about.show_card(card)

    def say(self, sentence: str, *, is_warning: bool = False) -> None:
        """One sentence below the list."""
        role = self.palette().ColorRole.BrightText if is_warning else self.palette().ColorRole.WindowText
        self._said.setForegroundRole(role)
        self._said.setText(sentence)

    def ask_for_steps(self) -> None:
        """Let it be told what those steps are of which nothing is known yet."""
        for folder in self._watching.folders:
            if any(str(step.folder) not in self._steps for step in self._watching.steps(folder)):
                self.steps_requested.emit(folder)

    @Slot()
    def _on_watching_changed(self) -> None:
        self._fill()
        if self.isVisible():
            self.ask_for_steps()

    def _fill(self) -> None:
        chosen = self._chosen()
        self._tree.blockSignals(True)  # what was chosen is chosen again
        self._tree.clear()
        group = self._group(self.tr("In the hub's cache"))
        revisions = self._cached.revisions if self._cached else ()
        for one in revisions:
            when = datetime.fromtimestamp(one.changed).strftime("%Y-%m-%d")
            item = QTreeWidgetItem(group, [shown(one.repo), shown(one.version), size_text(one.n_bytes), one.kind])
            item.setData(0, _ITEM, one)
            item.setToolTip(0, plain_tip(one.why_not or self.tr("{}, came {}").format(one.folder, when)))
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if one.why_not:
                for column in range(4):
                    item.setForeground(column, self.palette().placeholderText())
        if not revisions:
            self._nothing(group, self.tr("Reading …") if self._cached is None else self.tr("nothing yet"))
        for folder in self._watching.folders:
            group = self._group(self.tr("Watched: {}").format(folder))
            group.setData(0, _ITEM, folder)
            group.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            for step in reversed(self._watching.steps(folder)):
                known = self._steps.get(str(step.folder))
                size, kind = (size_text(known.n_bytes), shown(known.kind)) if known else ("", "")
                item = QTreeWidgetItem(group, [shown(step.folder.name), f"{step.number:,}", size, kind])
                item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setData(0, _ITEM, step.folder)
                item.setToolTip(0, plain_tip(str(step.folder)))
            if not group.childCount():
                self._nothing(group, self.tr("no whole checkpoint yet"))
        self._tree.expandAll()
        self._choose(chosen)
        self._tree.blockSignals(False)
        self._on_tree_current_changed()

    def _group(self, title: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self._tree, [shown(title)])
        group.setFirstColumnSpanned(True)
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        return group

    @staticmethod
    def _nothing(group: QTreeWidgetItem, text: str) -> None:
        QTreeWidgetItem(group, [text]).setFlags(Qt.ItemFlag.NoItemFlags)

    def _chosen(self) -> CachedRevision | Path | str | None:
        item = self._tree.currentItem()
        return item.data(0, _ITEM) if item else None

    def _choose(self, wanted: object) -> None:
        for row in range(self._tree.topLevelItemCount()):
            group = self._tree.topLevelItem(row)
            for item in (group, *(group.child(i) for i in range(group.childCount()))) if group else ():
                if item is not None and wanted is not None and item.data(0, _ITEM) == wanted:
                    self._tree.setCurrentItem(item)
                    return

    def _folder(self) -> str:
        chosen = self._chosen()
        if isinstance(chosen, CachedRevision):
            return chosen.folder
        return str(chosen) if isinstance(chosen, Path) else ""

    @Slot()
    def _on_tree_current_changed(self) -> None:
        """What was told of another one is told no more."""
        if self._folder() != self._told_of:
            self._told_of, self._asked = self._folder(), ""
            self.about.forget()
            self.say(self._about_cache)
        self._judge()

    def _judge(self) -> None:
        """Which buttons make sense; each says why where it does not."""
        chosen = self._chosen()
        why_not = chosen.why_not if isinstance(chosen, CachedRevision) else ""
        why = why_not or ("" if self._folder() else self.tr("Choose a checkpoint first."))
        for button in (self._open, self._views):
            button.setEnabled(not why)
            button.setToolTip(plain_tip(why))
        self._is_conversion = isinstance(chosen, CachedRevision) and chosen.can_convert
        self._open.setText(self.tr("&Convert…") if self._is_conversion else self.tr("&Open"))
        self._open.setEnabled(not why or self._is_conversion)
        can = isinstance(chosen, CachedRevision | str)
        self._delete.setText(self.tr("Stop &watching") if isinstance(chosen, str) else self.tr("&Delete…"))
        self._delete.setEnabled(can)
        self._delete.setToolTip(
            ""
            if can
            else self.tr("Choose a version in the hub's cache, or a watched folder; no other files are deleted.")
        )
        if why_not:
            self.say(why_not, is_warning=True)

    # What the user does

    @Slot()
    def _on_open_clicked(self) -> None:
        folder = self._folder()
        if not folder or not self._open.isEnabled():
            return
        chosen = self._chosen()
        if not self._is_conversion or not isinstance(chosen, CachedRevision):
            self.open_requested.emit(folder)
            return
        question = self.tr(GGUF if chosen.file else PICKLES)
        if ask_plain(self, "convert_ask", self.tr("Convert"), question, self.tr("&Convert")):
            self.convert_requested.emit(f"{folder}/{chosen.file}" if chosen.file else folder)

    @Slot()
    def _on_views_clicked(self) -> None:
        self._asked = self._folder()
        if self._asked:
            self.about.forget()
            self.say(self.tr("Looking which views it has …"))
            self.views_requested.emit(self._asked)

    @Slot()
    def _on_delete_clicked(self) -> None:
        chosen = self._chosen()
        if isinstance(chosen, str):
            self.say(self._watching.forget(chosen))
        elif isinstance(chosen, CachedRevision):
            question = self.tr(
                "Delete {} ({}), {}, from the hub's cache? Other programs find it there no more, either."
            )
            told = question.format(chosen.repo, chosen.version, size_text(chosen.n_bytes))
            if ask_plain(self, "machine_ask", self.tr("Delete"), told, self.tr("&Delete")):
                self.delete_requested.emit(DeleteCachedRequest(chosen.repo, chosen.commit))

    @Slot()
    def _on_watch_clicked(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Watch a folder"), str(Path.home()))
        if folder and (why := self._watching.watch(folder)):
            self.say(why, is_warning=True)
