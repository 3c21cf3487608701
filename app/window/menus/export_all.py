"""The pictures, or the numbers, of all views, or of all heads of a layer, into one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.export.exporting import Exporting
from app.export.formats import FORMATS, OF_FIGURES
from widgets.kit.plain import PlainLabel, plain_progress
from widgets.view import View


class FolderDialog(QDialog):
    """Into which folder, and as what; `about` says what will be saved, and `title` names it."""

    def __init__(self, folder: Path, title: str, about: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("export_all_dialog")
        self.setWindowTitle(title)
        self._folder = QLineEdit(str(folder), self)
        self._folder.setObjectName("export_all_folder")
        self._folder.setAccessibleName(self.tr("Folder"))
        self._folder.setMinimumWidth(self.fontMetrics().averageCharWidth() * 48)
        self._format = QComboBox(self)
        self._format.setObjectName("export_all_format")
        self._format.setAccessibleName(self.tr("Format"))
        for kind in OF_FIGURES:
            self._format.addItem(FORMATS[kind].about, kind)
        browse = QPushButton(self.tr("&Browse…"), self)
        browse.setObjectName("export_all_browse")
        browse.clicked.connect(self._on_browse_clicked)
        self._why = PlainLabel(self)
        self._why.setObjectName("export_all_why")
        self._why.setForegroundRole(self.palette().ColorRole.BrightText)
        self._why.setWordWrap(True)
        self._why.hide()
        kept = self.tr("The width and the letters are those that were exported last. No file is replaced.")
        says = PlainLabel(f"{about} {kept}", self)
        says.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self._folder, 1)
        row.addWidget(browse)
        label = PlainLabel(self.tr("Fo&lder"), self)
        label.setBuddy(self._folder)
        layout = QFormLayout(self)
        layout.addRow(says)
        layout.addRow(label, row)
        layout.addRow(self.tr("&Format"), self._format)
        layout.addRow(self._why)
        layout.addRow(buttons)

    def folder(self) -> Path:
        """Where to; made if it is not there."""
        return Path(self._folder.text()).expanduser()

    def kind(self) -> str:
        """Of `OF_FIGURES`."""
        return self._format.currentData()

    def accept(self) -> None:
        """Only into a folder that is there, or can be made."""
        try:
            self.folder().mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", "") or str(error)
            self._why.setText(self.tr("{} cannot be made: {}.").format(self._folder.text(), reason.lower()))
            self._why.show()
            return
        super().accept()

    @Slot()
    def _on_browse_clicked(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, self.windowTitle(), self._folder.text()):
            self._folder.setText(folder)


class ExportStop(NamedTuple):
    """One of several figures: what it is called, and what shows it and gives its view, if there is one."""

    title: str
    show: Callable[[], View | None]


class ExportAll(QObject):
    """Shows one figure after the other, and saves each as soon as it is what was asked for.

    Signals
    -------
    done(str, bool)
        What was saved and what was left aside, and whether anything was.
    """

    done = Signal(str, bool)

    def __init__(self, exporting: Exporting, title: str, many: str, dialog_parent: QWidget) -> None:
        """`title` stands above its progress; `many` says what there are several of, such as views."""
        super().__init__(dialog_parent)
        self._exporting, self._dialog_parent, self._many = exporting, dialog_parent, many
        self._left: list[ExportStop] = []  # those that have yet to come
        self._aside: list[str] = []
        self._smaller: list[str] = []  # those whose letters are not as large as they were asked for
        self._n_saved = self._n = 0
        self._folder, self._kind = Path(), ""
        self._view: View | None = None
        # Behind what is told of a view: it asks, and paints, before it is judged.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._on_later_timeout)
        self._progress = plain_progress(dialog_parent)
        self._progress.setObjectName("export_all_progress")
        self._progress.setWindowTitle(title)
        self._progress.setWindowModality(Qt.WindowModality.WindowModal)
        self._progress.setMinimumDuration(0)
        self._progress.setAutoClose(False)
        self._progress.setAutoReset(False)
        self._progress.close()
        self._progress.reset()

    def begin(self, stops: Sequence[ExportStop], folder: Path, kind: str, go_back: Callable[[], object]) -> None:
        """Save these into a folder that is there, and show what was shown before; returns at once."""
        self._left, self._n, self._go_back = list(stops), len(stops), go_back
        self._folder, self._kind = folder, kind
        self._progress.setRange(0, self._n)
        self._progress.setValue(0)
        self._progress.show()
        self._progress.canceled.connect(self._on_progress_canceled)
        self._show_next()

    def _show_next(self) -> None:
        if not self._left:
            self._end(is_cancelled=False)
            return
        stop = self._left[0]
        self._progress.setLabelText(self.tr("{} …").format(stop.title))
        self._progress.setValue(self._n - len(self._left))
        self._view = stop.show()
        if self._view is not None:
            self._view.standing_changed.connect(self._later.start)
        self._later.start()

    @Slot()
    def _on_later_timeout(self) -> None:
        view = self._view
        if not self._left or (view is not None and view.is_waiting):
            return
        self._let_go()
        title = self._left.pop(0).title
        why, why_smaller = self._exporting.save_into(view, self._folder, self._kind)
        if why:
            self._aside.append(f"{title} ({why.rstrip('.')})")
        else:
            self._n_saved += 1
            self._smaller += [title] if why_smaller else []
        self._show_next()

    def _let_go(self) -> None:
        if self._view is not None:
            self._view.standing_changed.disconnect(self._later.start)
            self._view = None

    @Slot()
    def _on_progress_canceled(self) -> None:
        self._let_go()
        self._later.stop()
        self._end(is_cancelled=True)

    def _end(self, *, is_cancelled: bool) -> None:
        self._progress.canceled.disconnect(self._on_progress_canceled)  # closing counts as that
        self._progress.close()
        self._progress.deleteLater()
        n_left, self._left = len(self._left), []
        self._go_back()
        figures = self.tr("{} of {} {} saved in {}.").format(self._n_saved, self._n, self._many, self._folder)
        sentences = [self.tr("Cancelled.") if is_cancelled else "", figures]
        if self._aside:
            sentences.append(self.tr("Left aside: {}.").format("; ".join(self._aside)))
        if self._smaller:
            # How many first: of a line that is cut off that is still to be seen.
            smaller = self.tr("Letters are smaller than asked for in {}, for want of room: {}; a larger width helps.")
            sentences.append(smaller.format(len(self._smaller), ", ".join(self._smaller)))
        if n_left:
            sentences.append(self.tr("{} had not been looked at yet.").format(n_left))
        self.done.emit(" ".join(filter(None, sentences)), bool(self._n_saved))
        self.deleteLater()
