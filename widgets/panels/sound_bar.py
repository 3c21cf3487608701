"""What stands above the views when the checkpoint reads sounds: a WAV file, or tones that are made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from inference.results.inputs import SOUND_ENDINGS, Input, SoundInput
from inference.results.tokenize import TokenizeRequest
from widgets.context import ViewContext
from widgets.kit.plain import PlainLabel
from widgets.panels.file_bar import FileBar


class SoundBar(FileBar[SoundInput]):
    """The sound in a line, and buttons for another one.

    Parameters
    ----------
    whole
        All that is looked at now: some models read a sound beside a text.
    """

    def __init__(self, context: ViewContext, whole: Callable[[], Input], parent: QWidget | None = None) -> None:
        message = QCoreApplication.translate("SoundBar", "Message about the sound")
        super().__init__(context, "sound", SoundInput(), message, parent)
        self._whole = whole
        self._line = PlainLabel(self)
        self._line.setObjectName("sound_line")
        self._line.setAccessibleName(self.tr("Sound"))
        self._open = QPushButton(self.tr("Open sound …"), self)
        self._open.clicked.connect(self._ask_for_file)
        self._other = QPushButton(self.tr("Other tones"), self)
        self._other.clicked.connect(self._make_other)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(8, 4, 8, 4)
        rows.setSpacing(0)
        parts = QHBoxLayout()
        parts.addWidget(self._line, 1)
        parts.addWidget(self._open)
        parts.addWidget(self._other)
        rows.addLayout(parts)
        rows.addWidget(self._message)
        self._show_input()

    def _show_input(self) -> None:
        input = self._input
        name = Path(input.path).name if input.path else self.tr("four tones, number {}").format(input.seed)
        self._line.setText(self.tr("Sound: {}").format(name))

    def _request(self, wanted: SoundInput) -> TokenizeRequest:
        assert self.subject is not None
        return TokenizeRequest(self.subject.checkpoint.checkpoint, replace(self._whole().chosen, sound=wanted))

    def open_file(self, path: str) -> None:
        """Look at a WAV file, if it can be read."""
        self._want(SoundInput(path))

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
