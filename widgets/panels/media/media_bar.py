"""What a bar above the views is that reads files, or makes something up: of images, and of films."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QToolButton, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.inputs import ClipInput, ImageInput, Input
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.labels import CaptionLabel, LineLabel
from widgets.kit.number_box import NumberBox
from widgets.kit.plain import plain_tip
from widgets.kit.veil import Veil
from widgets.subject import Subject
from widgets.view import View

T = TypeVar("T", ImageInput, ClipInput)

MAX_SEED = 999_999
_LINES, _NARROW_LINES = 2, 8  # of what is told about it


class MediaBar(View, Generic[T]):
    """What all views look at. Another one replaces it once the engine has read it; else a sentence says why not, and
    the old one stays.

    Signals
    -------
    input_changed(object)
        What the user chose, once it was read.
    described(str)
        It is shown, and this is what goes with it by itself; empty for files.
    """

    input_changed = Signal(object)
    described = Signal(str)

    def __init__(
        self, context: ViewContext, name: str, given: T, seen: QWidget, titles: tuple[str, str], parent: QWidget | None
    ) -> None:
        """`seen` shows it; `titles` are those of what is told about it, and of the message."""
        super().__init__(context, parent)
        self.setObjectName(f"{name}_bar")
        self._input: T = given
        self._wanted: T = given
        self._is_back = False  # whether another one was wanted in vain
        self._described: tuple[Request | None, str] = (None, "")  # by which answer, and how
        self._folder = str(Path.home())
        self._about, self._message = CaptionLabel(titles[0], self), LineLabel(titles[1], self)
        self._about.setObjectName(f"{name}_about")
        self._message.setObjectName(f"{name}_message")
        self._message.setForegroundRole(QPalette.ColorRole.BrightText)
        self._message.hide()
        self._seed = NumberBox()
        self._seed.setRange(0, MAX_SEED)
        seen.setParent(self)
        self._veil = Veil(seen)  # over what is seen alone: controls are not of a checkpoint

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column, or above the views."""
        self._about.set_most_lines(_NARROW_LINES if is_narrow else _LINES)

    def _button(self, name: str, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(plain_tip(tip))
        button.setAccessibleName(tip)
        return button

    def _next_seed(self) -> int:
        """Of what is made up next, which may be while the last one still is; a file is left for what was before it."""
        return self._seed.value() if self._wanted.path else (self._wanted.seed + 1) % (MAX_SEED + 1)

    def _show_controls(self, input: T) -> None:
        """Show it in the controls."""
        raise NotImplementedError

    def _look(self, checkpoint: CheckpointInfo | None) -> None:
        """Look at what was there as another checkpoint sees it, and at what is still to come."""
        given, wanted = self._input, self._wanted
        whole = Input(image=given) if isinstance(given, ImageInput) else Input(clip=given)
        self._wanted = given
        self.set_subject(Subject(checkpoint, whole) if checkpoint else None)
        if checkpoint is not None and wanted != given:
            self._want(wanted)

    # What the window does

    def input(self) -> T:
        """What is looked at: the last one that could be read."""
        return self._input

    def set_input(self, input: T) -> None:
        """Look at another one; `input_changed` is not emitted."""
        self._input = self._wanted = input
        self._show_controls(input)
        self._look(self.subject.checkpoint if self.subject is not None else None)

    @property
    def description(self) -> str:
        """What goes by itself with what is looked at, where that is known and not asked for again; else empty."""
        request, text = self._described
        return text if self.subject is not None and request in self.requests() else ""

    # As a view

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._show_message(failure.message)
        self._go_back()

    def take_cancellation(self, request: Request) -> None:
        super().take_cancellation(request)
        self._show_message(self.tr("Cancelled.") if self._wanted != self._input else "")
        self._go_back()

    def clear_numbers(self) -> None:
        self._about.show_text("")

    def _veils(self) -> list[Veil]:
        return [self._veil]

    def figure(self) -> None:
        return None

    def _take(self, input: T) -> bool:
        """It was read: whether it is another one than before."""
        is_new, self._input = input != self._input, input
        self._show_controls(input)
        if not self._is_back:  # else it says why
            self._show_message("")
        self._is_back = False
        return is_new

    def _describe(self, request: Request, text: str) -> None:
        self._described = request, text
        self.described.emit(text)

    def _go_back(self) -> None:
        """What is wanted did not come: what was there is still looked at."""
        self._is_back = self._wanted != self._input
        self._wanted = self._input
        self._show_controls(self._input)
        if self._is_back:
            self.refresh()

    def _want(self, input: T) -> None:
        """Ask for another one; it becomes the input when it comes."""
        self._wanted, self._is_back = input, False
        is_read = input.path and input.path != self._input.path
        self._show_message(self.tr("Reading {} …").format(Path(input.path).name) if is_read else "")
        self.refresh()

    def _show_message(self, text: str) -> None:
        self._message.show_text(text)
        self._message.setVisible(bool(text))
