"""Folders of another machine, to open a checkpoint in one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.hub.sizes import size_text
from inference.results.counts import count_of, noun
from inference.results.hub import FolderEntry, FolderRequest, FolderResult
from widgets.kit.clean import shown
from widgets.kit.plain import PlainLabel, explain_controls, plain_tip

_ENTRY = Qt.ItemDataRole.UserRole


class FoldersDialog(QDialog):
    """One folder at a time: what is a checkpoint in it is opened, other folders are gone into.

    Signals
    -------
    folder_requested(FolderRequest)
        The user wants to know what a folder holds.
    open_requested(str)
        A folder.
    """

    folder_requested = Signal(object)
    open_requested = Signal(str)

    def __init__(self, machine: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("folders_dialog")
        self.setWindowTitle(self.tr("Open a checkpoint on {}").format(machine))
        self._machine = machine
        self._shown: FolderResult | None = None
        self._asked: FolderRequest | None = None
        self._path = QLineEdit(self)
        self._path.setObjectName("folders_path")
        self._path.setAccessibleName(self.tr("Folder on {}").format(machine))
        self._path.setToolTip(self.tr("Enter shows what this folder holds"))
        self._up = self._button("folders_up", self.tr("&Up"))
        self._tree = QTreeWidget(self)
        self._tree.setObjectName("folders_tree")
        self._tree.setAccessibleName(self.tr("Folders and checkpoints"))
        self._tree.setHeaderLabels([self.tr("Name"), self.tr("Kind"), self.tr("Size")])
        self._tree.setRootIsDecorated(False)
        header = self._tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._said = PlainLabel(self)
        self._said.setObjectName("folders_said")
        self._said.setWordWrap(True)
        self._open = self._button("folders_open", self.tr("&Open"))
        self._lay_out()
        em = self.fontMetrics().height()
        self.resize(min(44 * em, parent.width()), min(32 * em, parent.height()))
        self._path.returnPressed.connect(self._on_path_entered)
        self._up.clicked.connect(self._on_up_clicked)
        self._open.clicked.connect(self._on_open_clicked)
        self._tree.itemActivated.connect(self._on_open_clicked)
        self._tree.currentItemChanged.connect(self._judge)
        self._judge()
        explain_controls(self)

    def _button(self, name: str, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        return button

    def _lay_out(self) -> None:
        label = PlainLabel(self.tr("&Folder"), self)
        label.setBuddy(self._path)
        top, bottom = QHBoxLayout(), QHBoxLayout()
        for widget in (label, self._path, self._up):
            top.addWidget(widget)
        bottom.addWidget(self._said, 1)
        bottom.addWidget(self._open)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self._tree, 1)
        layout.addLayout(bottom)

    def go_to(self, folder: str) -> None:
        """Ask what a folder holds; empty is the user's own."""
        self._asked = FolderRequest(folder)
        self._tree.setEnabled(False)  # what it lists is of another folder
        self._say(self.tr("Asking {} …").format(self._machine))
        self.folder_requested.emit(self._asked)

    def show_folder(self, request: FolderRequest, found: FolderResult) -> None:
        """What a folder holds; nothing if another one was asked for meanwhile."""
        if request != self._asked:
            return
        self._asked, self._shown = None, found
        self._tree.setEnabled(True)
        self._path.setText(shown(found.folder))
        self._tree.clear()
        for entry in found.entries:
            size = size_text(entry.n_bytes) if entry.is_checkpoint else ""
            item = QTreeWidgetItem(self._tree, [shown(entry.name), shown(entry.kind), size])
            item.setData(0, _ENTRY, entry)
            item.setToolTip(0, plain_tip(entry.place))
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            font = item.font(0)
            font.setBold(entry.is_checkpoint)
            item.setFont(0, font)
        n = sum(entry.is_checkpoint for entry in found.entries)
        n_others = len(found.entries) - n
        told = self.tr("{}, {} other {}.").format(count_of(n, "checkpoints"), n_others, noun(n_others, "folders"))
        left = self.tr(" {:,} more are not listed: type the path of one.").format(found.n_left_out)
        self._say(f"{told}{left if found.n_left_out else ''}")
        self._judge()
        self._tree.setFocus()

    def show_failure(self, request: FolderRequest, sentence: str) -> None:
        """Why it is not known."""
        if request == self._asked:
            self._asked = None
            self._tree.setEnabled(True)
            still = self.tr(" The list is still that of {}.").format(self._shown.folder) if self._shown else ""
            self._say(f"{sentence}{still}", is_warning=True)

    def _say(self, sentence: str, *, is_warning: bool = False) -> None:
        role = self.palette().ColorRole.BrightText if is_warning else self.palette().ColorRole.WindowText
        self._said.setForegroundRole(role)
        self._said.setText(shown(sentence))

    def _chosen(self) -> FolderEntry | None:
        item = self._tree.currentItem()
        return item.data(0, _ENTRY) if item else None

    @Slot()
    def _judge(self) -> None:
        chosen, parent = self._chosen(), self._shown.parent if self._shown else ""
        self._open.setEnabled(chosen is not None)
        self._open.setToolTip("" if chosen else self.tr("Choose a checkpoint or a folder first."))
        self._open.setText(self.tr("&Open") if chosen is None or chosen.is_checkpoint else self.tr("&Go into"))
        self._up.setEnabled(bool(parent))
        self._up.setToolTip(plain_tip(parent or self.tr("This folder is in no other.")))

    @Slot()
    def _on_path_entered(self) -> None:
        self.go_to(self._path.text().strip())

    @Slot()
    def _on_up_clicked(self) -> None:
        if self._shown is not None and self._shown.parent:
            self.go_to(self._shown.parent)

    @Slot()
    def _on_open_clicked(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        if chosen.is_checkpoint:
            self.open_requested.emit(chosen.place)
            self.close()
        else:
            self.go_to(chosen.place)
