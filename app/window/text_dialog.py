"""A text of any length: typed, pasted, or out of a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.commands.text_files import MOST_BYTES, TextFileError, read_text
from widgets.figures.counts import number_of
from widgets.kit.plain import PlainLabel, resize_on_screen


class TextDialog(QDialog):
    """The whole text to change, a file to take it from, and how long it is."""

    def __init__(self, text: str, folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("text_dialog")
        self.setWindowTitle(self.tr("Text"))
        self.folder = folder
        self._edit = QPlainTextEdit(text, self)
        self._edit.setObjectName("text_edit")
        self._edit.setAccessibleName(self.tr("Text"))
        self._edit.setPlaceholderText(self.tr("Type or paste a text of any length"))
        self._edit.setTabChangesFocus(True)
        self._edit.selectAll()  # what is pasted replaces it
        self._said = PlainLabel(self)
        self._said.setObjectName("text_said")
        self._said.setWordWrap(True)
        browse = QPushButton(self.tr("Open &file…"), self)
        browse.setObjectName("text_browse")
        browse.setAutoDefault(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        self._ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._ok.setText(self.tr("&Look at it"))
        row = QHBoxLayout()
        row.addWidget(browse)
        row.addWidget(self._said, 1)
        row.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(self._edit, 1)
        layout.addLayout(row)
        em = self.fontMetrics().height()
        resize_on_screen(self, 52 * em, 30 * em)
        browse.clicked.connect(self._on_browse_clicked)
        self._edit.textChanged.connect(self._count)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._count()

    def text(self) -> str:
        """What stands there now."""
        return self._edit.toPlainText()

    def open_file(self, path: Path) -> None:
        """Put a file's text in, or say why not; what stood there stays then."""
        self.folder = path.parent
        try:
            self._edit.setPlainText(read_text(path))
        except TextFileError as error:
            self._say(str(error), is_warning=True)

    def _count(self) -> None:
        text = self.text()
        n_bytes = len(text.encode(errors="replace"))
        is_too_long = n_bytes > MOST_BYTES
        if is_too_long:
            self._say(self.tr("At most {} MB are looked at.").format(MOST_BYTES // 2**20), is_warning=True)
        else:
            size = f"{number_of(len(text.split()), 'words')}, {number_of(len(text), 'characters')}"
            self._say(size, is_warning=False)
        self._ok.setEnabled(bool(text.strip()) and not is_too_long)

    def _say(self, text: str, *, is_warning: bool) -> None:
        self._said.setForegroundRole(
            QPalette.ColorRole.BrightText if is_warning else QPalette.ColorRole.PlaceholderText
        )
        self._said.setText(text)

    @Slot()
    def _on_browse_clicked(self) -> None:
        title, kinds = self.tr("Open a text"), self.tr("Texts (*.txt *.md *.rst *.text);;All files (*)")
        path, _ = QFileDialog.getOpenFileName(self, title, str(self.folder), kinds)
        if path:
            self.open_file(Path(path))
