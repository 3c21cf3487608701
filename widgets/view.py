"""The base of every view: asks when it must, shows what comes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.inputs import Input, TextInput
from widgets.figures.figure import Figure
from widgets.look.theme import FigureStyle
from widgets.selection import Selected, Selection


@dataclass(frozen=True, slots=True)
class Subject:
    """What a window looks at: an open checkpoint and an input (masks included)."""

    checkpoint: CheckpointInfo
    input: Input

    @property
    def text(self) -> TextInput:
        """The input of a checkpoint that reads text: views about words are shown for no others."""
        assert self.input.text is not None
        return self.input.text


class View(QWidget):
    """Shows one kind of result. Data in, pixels and signals out: no thread, no model.

    A subclass answers `requests()` and `show_result()`. It calls `refresh()` when one of its controls changes what it
    wants to know. Hidden views ask nothing until they are shown.

    Signals
    -------
    request_changed(Request)
        What this view wants to know now. One request of each type at a time: a later one replaces the earlier.
    figure_changed()
        What `figure()` would give is another picture now.
    noticed(str)
        One sentence for the status bar.
    """

    request_changed = Signal(object)
    figure_changed = Signal()
    noticed = Signal(str)

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selection = selection
        self._subject: Subject | None = None
        self._asked: tuple[object, ...] = ()
        self._is_stale = False
        selection.changed.connect(self._on_selection_changed)

    @property
    def subject(self) -> Subject | None:
        return self._subject

    def set_subject(self, subject: Subject | None) -> None:
        """Look at something else; asks at once if visible."""
        self._subject = subject
        self.refresh()

    def refresh(self, *, again: bool = False) -> None:
        """Ask for what is needed now, if it is not what was asked last; `again` asks in any case."""
        if again:
            self._asked = ()
        if not self.isVisible():
            self._is_stale = True
            return
        self._is_stale = False
        wanted = self.requests() if self._subject else ()
        new = [request for request in wanted if request not in self._asked]
        self._asked = wanted
        for request in new:
            self.request_changed.emit(request)

    # What a subclass answers

    def requests(self) -> tuple[object, ...]:
        """What it needs to know of its subject, at most one request of each type. `self.subject` is set."""
        raise NotImplementedError

    def show_result(self, result: object) -> None:
        """Show a result (or partial result) of one of its requests."""
        raise NotImplementedError

    def show_failure(self, failure: Failure) -> None:
        """A request failed: the old picture stays, a sentence says why."""
        self.noticed.emit(failure.message)

    def figure(self) -> Figure | None:
        """What is shown, for export; None where nothing is shown yet."""
        raise NotImplementedError

    def selection_changed(self, now: Selected, old: Selected) -> None:
        """Follow the shared selection: repaint, and `refresh()` if other numbers are needed."""

    # Helpers

    def style_now(self) -> FigureStyle:
        """Colours, font and colour map of what is on screen."""
        color_map = self.window().property("color_map") or "cividis"
        return replace(FigureStyle.of(self), color_map=str(color_map))

    def _on_selection_changed(self, now: Selected, old: Selected) -> None:
        self.selection_changed(now, old)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.update()
