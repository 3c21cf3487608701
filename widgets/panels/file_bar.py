"""What a bar above the views is whose files are read before they are looked at: of sounds, and of regions."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.inputs import Input, RegionsInput, SoundInput
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.labels import CaptionLabel
from widgets.kit.veil import Veil
from widgets.subject import Subject
from widgets.view import View

T = TypeVar("T", RegionsInput, SoundInput)


class FileBar(View, Generic[T]):
    """A file takes the place of what is looked at once the engine has read it; else a sentence says why not, and
    nothing is taken away.

    Signals
    -------
    input_changed(object)
        Another one is looked at.
    """

    input_changed = Signal(object)

    def __init__(self, context: ViewContext, name: str, given: T, title: str, parent: QWidget | None) -> None:
        """`title` is that of the message."""
        super().__init__(context, parent)
        self.setObjectName(f"{name}_bar")
        self._input: T = given
        self._wanted: T | None = None  # of a file that is being read
        self._message = CaptionLabel(title, self)
        self._message.setObjectName(f"{name}_message")
        self._message.setForegroundRole(QPalette.ColorRole.BrightText)
        self._message.hide()

    def _request(self, wanted: T) -> Request:
        """Whether this can be read."""
        raise NotImplementedError

    def _show_input(self) -> None:
        """Say what is looked at."""
        raise NotImplementedError

    # What the window does

    def set_checkpoint(self, info: CheckpointInfo) -> None:
        """What another one wanted to read is not awaited any more."""
        self.set_input(self._input)
        self.set_subject(Subject(info, Input()))

    def input(self) -> T:
        """What is looked at."""
        return self._input

    def set_input(self, input: T) -> None:
        """Look at another one; `input_changed` is not emitted."""
        self._input, self._wanted = input, None
        self._show_message("")
        self._show_input()

    # As a view

    def requests(self) -> tuple[Request, ...]:
        return () if self._wanted is None else (self._request(self._wanted),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if self._wanted is not None:
            self._change(self._wanted)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._wanted = None
        self._show_message(failure.message)

    def take_cancellation(self, request: Request) -> None:
        super().take_cancellation(request)
        self._wanted = None
        self._show_message(self.tr("Cancelled."))

    def _veils(self) -> list[Veil]:
        return []  # it shows what is chosen, not what comes of it

    def figure(self) -> None:
        return None

    # What the user does

    def _want(self, input: T) -> None:
        """Look at a file, if it can be read; also at one that could not be, and is another by now."""
        self._wanted = input
        self._show_message(self.tr("Reading {} …").format(Path(input.path).name))
        self.refresh(again=True)

    def _change(self, input: T) -> None:
        self.set_input(input)
        self.input_changed.emit(input)

    def _show_message(self, text: str) -> None:
        self._message.show_text(text)
        self._message.setVisible(bool(text))
