"""What stands above the views when the checkpoint reads sounds: a WAV file, or tones that are made up."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import SOUND_ENDINGS, SoundInput
from widgets.kit.plain import PlainLabel


class SoundBar(QWidget):
    """The sound in a line, and buttons for another one.

    Signals
    -------
    input_changed(SoundInput)
        Another sound is looked at.
    """

    input_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._input = SoundInput()
        self._line = PlainLabel(self)
        self._line.setAccessibleName(self.tr("Sound"))
        self._open = QPushButton(self.tr("Open sound …"), self)
        self._open.clicked.connect(self._ask_for_file)
        self._other = QPushButton(self.tr("Other tones"), self)
        self._other.clicked.connect(self._make_other)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._open)
        layout.addWidget(self._other)
        self.set_input(self._input)

    def set_checkpoint(self, info: CheckpointInfo) -> None:
        """Every model takes any sound."""

    def set_input(self, input: SoundInput) -> None:
        """Say what is looked at."""
        self._input = input
        name = Path(input.path).name if input.path else self.tr("four tones, number {}").format(input.seed)
        self._line.setText(self.tr("Sound: {}").format(name))

    def input(self) -> SoundInput:
        """The sound that is looked at."""
        return self._input

    def open_file(self, path: str) -> None:
        """Look at a WAV file."""
        self._change(SoundInput(path))

    @Slot()
    def _ask_for_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Open a sound"),
            "",
            self.tr("WAV files ({})").format(" ".join(f"*{ending}" for ending in SOUND_ENDINGS)),
        )
        if path:
            self.open_file(path)

    @Slot()
    def _make_other(self) -> None:
        self._change(SoundInput(seed=0 if self._input.path else self._input.seed + 1))

    def _change(self, input: SoundInput) -> None:
        self.set_input(input)
        self.input_changed.emit(input)
