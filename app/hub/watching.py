"""Folders that training runs write to: what is new and whole is told, and the steps are gone through with one key.

What looks into them reads weights, and is not imported before there is one to look into: no start waits for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.window.settings import is_text, read_entries, write_entries
from inference.results.checkpoint import split_precision

if TYPE_CHECKING:
    from inference.checkpoints.written import Traces, TrainingStep

FILE_NAME = "watched.json"  # beside the settings
PAUSE = 2000  # ms between two looks
MOST_FOLDERS = 20


class Watching(QObject):
    """Looks into the folders that the user names, every two seconds.

    Signals
    -------
    changed()
        Another list of folders, or of their steps.
    came(str)
        A step that was not there before is whole: its folder.
    """

    changed = Signal()
    came = Signal(str)

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        values, self.notice = read_entries(file)
        named = values.get("folders")
        folders = [one for one in named if is_text(one)] if isinstance(named, list) else []
        self.folders: tuple[str, ...] = tuple(folders[:MOST_FOLDERS])
        self._whole: dict[Path, Traces] = {}  # steps that can be opened, as they were then
        self._seen: dict[Path, Traces] = {}  # steps that may still be written
        self._is_first = True
        self._timer = QTimer(self, interval=PAUSE)
        self._timer.timeout.connect(self.look)
        if self.folders:
            self._timer.start()
            self.look()

    def watch(self, folder: str) -> str:
        """Look into a folder from now on; a sentence if that cannot be done."""
        place = str(Path(folder).expanduser().resolve())
        if not Path(place).is_dir():
            return self.tr("{} is no folder.").format(place)
        if place in self.folders:
            return self.tr("{} is watched already.").format(place)
        if len(self.folders) >= MOST_FOLDERS:
            return self.tr("{} folders are watched, and no more can be; stop watching one first.").format(MOST_FOLDERS)
        return self._keep((*self.folders, place))

    def forget(self, folder: str) -> str:
        """Look into a folder no more; a sentence if that could not be written down."""
        return self._keep(tuple(one for one in self.folders if one != folder))

    def _keep(self, folders: tuple[str, ...]) -> str:
        self.folders, self._is_first = folders, True
        self.look()
        (self._timer.start if folders else self._timer.stop)()
        self.changed.emit()
        try:
            write_entries(self._file, {"folders": list(folders)})
        except OSError as error:
            why = (error.strerror or type(error).__name__).lower()
            return self.tr("The list of watched folders could not be kept: {}.").format(why)
        return ""

    def steps(self, folder: str) -> tuple[TrainingStep, ...]:
        """Steps in a watched folder that can be opened."""
        from inference.checkpoints.written import steps_in

        return tuple(step for step in steps_in(Path(folder)) if step.folder in self._whole)

    @Slot()
    def look(self) -> None:
        """Look now. A step that is there at the first look is taken as it is, if it is whole."""
        from inference.checkpoints.written import steps_in

        before = set(self._whole)
        there = [step.folder for folder in self.folders for step in steps_in(Path(folder))]
        for folder in set(before) - set(there):
            del self._whole[folder]
        for folder in there:
            if folder not in self._whole:
                self._judge(folder)
        self._seen = {folder: now for folder, now in self._seen.items() if folder in there}
        new = [folder for folder in there if folder in self._whole and folder not in before]
        is_first, self._is_first = self._is_first, False
        if before != set(self._whole):
            self.changed.emit()
        if new and not is_first:
            self.came.emit(str(new[-1]))

    def _judge(self, folder: Path) -> None:
        from inference.checkpoints.written import is_whole, traces

        now = traces(folder)
        is_quiet = self._is_first or self._seen.get(folder) == now
        self._seen[folder] = now
        if now and is_quiet and is_whole(folder):
            self._whole[folder] = now


def neighbour(checkpoint: str, n: int) -> tuple[str, str]:
    """The step of training so many steps after an open checkpoint, before it where `n` is negative.

    Returns
    -------
    folder, why
        The folder, or empty and why there is none: half a sentence.
    """
    from inference.checkpoints.written import is_whole, step_number, steps_in

    folder = Path(split_precision(checkpoint)[0])
    if step_number(folder) is None or not folder.is_absolute():
        return (
            "",
            "the open checkpoint is no step of a training run, as its folder is not called checkpoint-500 or the like",
        )
    steps = [step.folder for step in steps_in(folder.parent) if step.folder == folder or is_whole(step.folder)]
    at = steps.index(folder) + n if folder in steps else 0
    if not 0 <= at < len(steps):
        return "", f"{folder.name} is the {'last' if n > 0 else 'first'} step in {folder.parent.name} that is whole"
    return str(steps[at]), ""
