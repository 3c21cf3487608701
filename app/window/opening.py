"""Opening checkpoints: by name, from a folder, from the list; and what happens when one cannot be opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from app.link.controller import Controller
from inference.results.checkpoint import CheckpointInfo, in_own_precision, split_precision
from inference.results.events import Failure
from resources import bundled_checkpoints
from widgets.context import ViewContext
from widgets.panels.gallery import Gallery


class Opening(QObject):
    """Asks for a checkpoint, and keeps the list of those at hand. After a failure the one that was open still is.

    Signals
    -------
    opened(CheckpointInfo)
        It is open now.
    begun(str)
        One is on its way: its name.
    hint_changed(str)
        What views say as long as they have nothing to show.
    described(str)
        What is open now.
    said(str, bool, str)
        One sentence for the user, whether it is a warning, and what it is about; without one, what was said about that
        does not hold any more.
    """

    opened = Signal(object)
    begun = Signal(str)
    hint_changed = Signal(str)
    described = Signal(str)
    said = Signal(str, bool, str)

    def __init__(self, controller: Controller, gallery: Gallery, context: ViewContext, dialog_parent: QWidget) -> None:
        super().__init__(dialog_parent)
        self._controller, self._gallery, self._context = controller, gallery, context
        self._dialog_parent = dialog_parent
        context.checkpoint_requested.connect(self.open)
        context.runs_changed.connect(self._show_list)
        self._recent: tuple[str, ...] = ()
        self._wanted = ""
        self._is_cut_off = False  # by the user, or because the engine died: what was wanted can still be had
        gallery.open_requested.connect(self.open)
        gallery.browse_requested.connect(self.browse)
        controller.opened.connect(self._on_controller_opened)
        controller.open_cancelled.connect(self._on_controller_open_cancelled)
        controller.open_failed.connect(self._on_controller_open_failed)

    def set_recent(self, recent: tuple[str, ...]) -> None:
        """Checkpoints that were open before, the latest first."""
        self._recent = recent
        self._show_list()

    @Slot(str)
    def open(self, checkpoint: str) -> None:
        """Open a bundled checkpoint by name, or a folder."""
        if checkpoint:
            self.said.emit("", False, "open")  # why others could not be opened is no matter now
            self._ask_for(checkpoint)

    def _ask_for(self, checkpoint: str) -> None:
        place, is_own_precision = split_precision(checkpoint)
        try:
            folder = place if place in bundled_checkpoints() else str(Path(place).expanduser().resolve())
            self._wanted = in_own_precision(folder, is_own=is_own_precision)
        except (OSError, RuntimeError, ValueError):  # a user that does not exist, a name that no file can have
            self._wanted = checkpoint
        self._is_cut_off = False
        self.hint_changed.emit(self._sentence(self._wanted))
        self.said.emit(self._sentence(self._wanted), False, self._about)
        self.begun.emit(Path(self._wanted).name)
        self._controller.open(self._wanted)

    def _sentence(self, checkpoint: str) -> str:
        return self.tr("Opening {}…").format(Path(split_precision(checkpoint)[0]).name)

    def announce(self, checkpoint: str) -> None:
        """Say what `open_first` will open once the window is on screen."""
        if first := checkpoint or next(iter(bundled_checkpoints()), ""):
            self.hint_changed.emit(self._sentence(first))

    def open_first(self, checkpoint: str) -> None:
        """Open what was wanted at the start, or the first one that comes with the program."""
        self.open(checkpoint or next(iter(bundled_checkpoints()), ""))

    def open_again(self) -> None:
        """Ask once more for what is not open although it was wanted; what was refused, only where nothing else is.

        A tokenizer that could not be read may have been put right since.
        """
        info = self._controller.checkpoint
        if self._is_cut_off or info is None:
            self.open(self._wanted)
        elif info.is_tokenizer_lost:
            self.open(info.checkpoint)

    @property
    def _about(self) -> str:
        return f"open {self._wanted}"

    @Slot()
    def browse(self) -> None:
        """Let the user choose a folder."""
        start = str(Path(self._recent[0]).parent) if self._recent else str(Path.home())
        folder = QFileDialog.getExistingDirectory(self._dialog_parent, self.tr("Open a checkpoint"), start)
        if folder:
            self.open(folder)

    @Slot(object)
    def _on_controller_opened(self, info: CheckpointInfo) -> None:
        self._is_cut_off = False
        self.described.emit(_summary(info))
        for sentences, is_warning, about in (
            (info.cautions, True, "notes"),
            (info.explained, False, "notes explained"),
        ):
            told = " ".join(sentences)
            self.said.emit(f"{info.name}: {told}" if told else "", is_warning, about)
        self.opened.emit(info)

    @Slot()
    def _on_controller_open_cancelled(self) -> None:
        self._is_cut_off = True
        self._show_list()

    @Slot(object)
    def _on_controller_open_failed(self, failure: Failure) -> None:
        self._show_list()
        if failure.kind == "engine":  # told by the controller already: it names the key that asks once more
            self._is_cut_off = True
            self.hint_changed.emit(failure.message)
            return
        self.said.emit(failure.message, True, self._about)
        if self._controller.checkpoint is None:
            first = next(iter(bundled_checkpoints()), "")
            self.hint_changed.emit(failure.message)
            if first and first != self._wanted:
                self._ask_for(first)

    @Slot()
    def _show_list(self) -> None:
        info = self._controller.checkpoint
        now = split_precision(info.checkpoint)[0] if info else ""
        trained = trained_in(self._context.runs_folder)
        self._gallery.set_checkpoints(bundled_checkpoints(), self._recent, now, trained)
        self._context.set_checkpoints((*bundled_checkpoints(), *self._recent, *trained))


def trained_in(folder: str) -> tuple[str, ...]:
    """Folders of the checkpoints that were trained here, by their names."""
    try:
        return (
            tuple(sorted(str(file.parent.resolve()) for file in Path(folder).glob("*/config.json"))) if folder else ()
        )
    except OSError:
        return ()


def _summary(info: CheckpointInfo) -> str:
    n = info.n_parameters
    size = f"{n / 1e6:.1f} M parameters" if n >= 1e5 else f"{n:,} parameters" if n else ""
    groups = ", ".join(f"{g.title}: {g.about_layers} of {max(g.n_heads)} heads" for g in info.groups if g.layers)
    precision = f"{info.stored_in} in the file, run as {info.runs_in}" if info.stored_in and info.runs_in else ""
    return f"{info.name}: {'; '.join(filter(None, (info.architecture, size, groups, precision)))}."
