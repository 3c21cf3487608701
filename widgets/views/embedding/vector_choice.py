"""Whose vectors are looked at: the bundled ones, the checkpoint's, or those of files that could be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QFileDialog

from inference.results.embedding import VectorSource
from widgets.kit.clean import clean
from widgets.kit.control_bar import ControlBar
from widgets.kit.labels import LineLabel

_MOST_FILES = 8  # that a session keeps


class VectorChoice(QObject):
    """A list that holds only what opened; a file that does not leaves it, and everything else, as it was.

    Signals
    -------
    changed()
        Other vectors are looked at, or a file is to be opened.

    Attributes
    ----------
    source
        Whose vectors are looked at.
    opening
        A file that is to be opened first; empty: none.
    is_first
        Whether that is a file of the last session, before which nothing is to be shown.
    said
        A line for why a file was not opened.
    """

    changed = Signal()

    def __init__(self, bar: ControlBar) -> None:
        super().__init__(bar)
        self.source, self.opening, self.is_first = VectorSource(), "", False
        self._list = bar.add_choice(
            "embedding_source",
            _tr("Vectors"),
            (
                (_tr("Bundled English words"), VectorSource()),
                (_tr("Token embeddings of the checkpoint"), VectorSource("tokens")),
            ),
        )
        self._bar = bar
        self._open = bar.add_button(
            "embedding_open",
            _tr("Open vectors …"),
            _tr("Open word vectors: Headlight's, word2vec's, gensim's, GloVe's or fastText's, also packed with gzip"),
        )
        self.said = LineLabel(_tr("Which vectors could not be opened"))
        self.said.setObjectName("embedding_said")
        self.said.hide()
        self._list.currentIndexChanged.connect(self._on_list_current_index_changed)
        self._open.clicked.connect(self._on_open_clicked)

    def title_of(self, source: VectorSource, checkpoint: str) -> str:
        """Of whom a picture is, in words."""
        if source.kind == "file":
            return clean(Path(source.path).name)
        return _tr("the bundled English words") if source.kind == "bundled" else checkpoint

    def open(self, path: str) -> None:
        """Look at a file, if it opens."""
        self.opening = path
        self._say(_tr("Opening {} …").format(clean(Path(path).name)))
        self.changed.emit()

    def take_opened(self) -> None:
        """It opened: it is looked at from now on."""
        self.source, self.opening, self.is_first = VectorSource("file", self.opening), "", False
        self._say("")
        with QSignalBlocker(self._list):
            if self._place(self.source) < 0:
                self._list.addItem(clean(Path(self.source.path).name), self.source)
            self._list.setCurrentIndex(self._place(self.source))

    def give_up(self, why: str) -> None:
        """It did not open: say why, and go on with what was looked at before."""
        failed = self._place(VectorSource("file", self.opening))
        self.opening, self.is_first = "", False
        self._say(why)
        with QSignalBlocker(self._list):
            if failed >= 0:
                self._list.removeItem(failed)
            if self._place(self.source) < 0:
                self.source = VectorSource()
            self._list.setCurrentIndex(self._place(self.source))

    # A session

    def state(self) -> dict[str, Any]:
        """What is chosen and opened, if anything is."""
        files = [self._list.itemData(i).path for i in range(self._list.count()) if self._list.itemData(i).path]
        if self.source == VectorSource() and not files:
            return {}
        return {"kind": self.source.kind, "path": self.source.path, "files": files[-_MOST_FILES:]}

    def set_state(self, stored: object) -> None:
        """Take what a session kept; files that are gone are told of in one sentence, and left out."""
        if not isinstance(stored, dict):
            return
        listed = stored.get("files")
        files = [path for path in listed if isinstance(path, str) and path] if isinstance(listed, list) else []
        files = list(dict.fromkeys(files))[-_MOST_FILES:]
        there = [path for path in files if _is_file(path)]
        with QSignalBlocker(self._list):
            for path in there:
                self._list.addItem(clean(Path(path).name), VectorSource("file", path))
            if stored.get("kind") == "tokens":
                self.source = VectorSource("tokens")
            self._list.setCurrentIndex(self._place(self.source))
        if stored.get("kind") == "file" and (path := stored.get("path")) in there:
            self.is_first = True
            self.open(str(path))
        if gone := [clean(Path(path).name) for path in files if path not in there]:
            self._say(_tr("Word vectors of the last session are not there any more: {}.").format(", ".join(gone)))

    # Inside

    def _place(self, source: VectorSource) -> int:
        return next((i for i in range(self._list.count()) if self._list.itemData(i) == source), -1)

    def _say(self, text: str) -> None:
        self.said.show_text(text)
        self.said.setVisible(bool(text))

    # What the user does

    def _on_list_current_index_changed(self, _place: int) -> None:
        chosen: VectorSource = self._list.currentData()
        if chosen.kind == "file":
            self.open(chosen.path)
            return
        self.source, self.opening, self.is_first = chosen, "", False
        self._say("")
        self.changed.emit()

    def _on_open_clicked(self) -> None:
        kinds = _tr("Word vectors (*.npz *.txt *.vec *.bin *.gz *.kv *.model *.wordvectors);;All files (*)")
        if path := QFileDialog.getOpenFileName(self._bar, _tr("Open word vectors"), "", kinds)[0]:
            self.open(path)


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _tr(text: str) -> str:
    return QCoreApplication.translate("VectorChoice", text)
