"""The checkpoints at hand: bundled, recently opened, or any folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from inference.results.checkpoint import folder_name
from widgets.kit.plain import PlainLabel, plain_tip

_CHECKPOINT = Qt.ItemDataRole.UserRole
_OPEN = "{}  ●"


class Gallery(QWidget):
    """A list of checkpoints and a button for any other folder. Enter or a click opens one.

    Signals
    -------
    open_requested(str)
        Name of a bundled checkpoint, or a folder.
    browse_requested()
        The user wants to choose a folder.
    """

    open_requested = Signal(str)
    browse_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_elsewhere = False
        self._bundled: tuple[str, ...] = ()
        self._recent: tuple[str, ...] = ()
        self._current = ""
        self._trained: tuple[str, ...] = ()
        self._pinned: tuple[str, ...] = ()
        self._list = QListWidget(self)
        self._list.setObjectName("gallery_list")
        self._list.setAccessibleName(self.tr("Checkpoints"))
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(self._on_list_item_chosen)
        self._list.itemActivated.connect(self._on_list_item_chosen)
        browse = QPushButton(self.tr("Open folder…"), self)  # Alt+F is of the menu
        browse.setObjectName("gallery_browse")
        browse.setToolTip(self.tr("Open a checkpoint in the Hugging Face layout (Ctrl+O)"))
        browse.clicked.connect(self.browse_requested)
        self._hint = hint = PlainLabel(self.tr("or drop a folder onto the window"), self)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setWordWrap(True)
        hint.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        layout = QVBoxLayout(self)
        layout.addWidget(self._list, 1)
        layout.addWidget(browse)
        layout.addWidget(hint)

    def take_as_elsewhere(self) -> None:
        """Folders are those of another machine: none can be dropped, and whether one is there is not known here."""
        self._is_elsewhere = True
        self._hint.hide()

    def set_checkpoints(
        self,
        bundled: tuple[str, ...],
        recent: tuple[str, ...],
        current: str,
        trained: tuple[str, ...] = (),
        pinned: tuple[str, ...] = (),
    ) -> None:
        """What is on the list, and which one is open.

        Parameters
        ----------
        trained
            Folders of the training lab.
        pinned
            What the user keeps at hand: it stands first, and not again below.
        """
        self._bundled, self._recent, self._current = bundled, recent, current
        self._trained, self._pinned = trained, pinned
        self._list.clear()
        if pinned:
            self._add_heading(self.tr("Kept at hand"))
        for path in pinned:
            self._add_any(path)
        self._add_heading(self.tr("Bundled"))
        for name in sorted(bundled):  # whichever is open at first
            if name not in pinned:
                self._add_any(name)
        # No bundled name is broken in two, whichever is open.
        widths = (self._list.fontMetrics().horizontalAdvance(_OPEN.format(name)) for name in bundled)
        self._list.setMinimumWidth(
            max(widths, default=0) + 4 * self._list.frameWidth() + self._list.fontMetrics().height()
        )
        for title, paths in ((self.tr("Trained here"), trained), (self.tr("Recent"), recent)):
            above = (*bundled, *pinned, *(trained if paths is recent else ()))
            shown = [path for path in paths if path not in above]
            if shown:
                self._add_heading(title)
            for path in shown:
                self._add_any(path)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:  # headings have letters of their own, and names their width
            self.set_checkpoints(self._bundled, self._recent, self._current, self._trained, self._pinned)

    def _add_any(self, checkpoint: str) -> None:
        if checkpoint in self._bundled:
            self._add(checkpoint, checkpoint, self.tr("comes with Headlight"))
        else:
            is_there = self._is_elsewhere or _is_folder(checkpoint)
            about = checkpoint if is_there else self.tr("not found: {}").format(checkpoint)
            self._add(checkpoint, folder_name(checkpoint), about)

    def _add_heading(self, text: str) -> None:
        item = QListWidgetItem(text.upper(), self._list)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = self.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 0.85)
        item.setFont(font)

    def _add(self, checkpoint: str, title: str, subtitle: str) -> None:
        item = QListWidgetItem(title, self._list)
        item.setData(_CHECKPOINT, checkpoint)
        item.setToolTip(plain_tip(subtitle))
        if checkpoint == self._current:
            item.setText(_OPEN.format(title))
            self._list.setCurrentItem(item)

    @Slot(QListWidgetItem)
    def _on_list_item_chosen(self, item: QListWidgetItem) -> None:
        checkpoint = item.data(_CHECKPOINT)
        if checkpoint and checkpoint != self._current:
            self.open_requested.emit(checkpoint)


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False
