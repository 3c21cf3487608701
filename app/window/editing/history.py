"""What was done in a window, step by step, to be undone and done again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoStack

from app.link.controller import Controller
from app.window.editing.names import name_of_step
from app.window.editing.steps import Moment, UndoStep
from app.window.opening import Opening
from app.window.session import Restored
from app.window.subject_flow import SubjectFlow
from app.window.view_area import ViewArea
from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import Input
from inference.results.tokens import Tokens
from widgets.panels.input_panel import InputPanel
from widgets.registry import VIEWS
from widgets.selection import Selected, Selection
from widgets.view import View

MOST_STEPS = 200


class History(QObject):
    """Notes what the user selects, masks, types, chooses and opens, and brings back how it was before.

    What follows from a step by itself, such as that a token is selected no more as the text is shorter, belongs to the
    step. To bring another checkpoint back takes a while: until it is open nothing else is undone.

    Signals
    -------
    changed()
        There is something else to undo or to do again.
    """

    changed = Signal()

    def __init__(
        self,
        controller: Controller,
        opening: Opening,
        flow: SubjectFlow,
        selection: Selection,
        input_panel: InputPanel,
        area: ViewArea,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._opening, self._flow = controller, opening, flow
        self._selection, self._input_panel, self._area = selection, input_panel, area
        self._stack = QUndoStack(self)
        self._stack.setUndoLimit(MOST_STEPS)
        self._now = Moment()
        self._last: UndoStep | None = None  # that what follows by itself belongs to
        self._is_bringing = False
        self._coming: Moment | None = None  # that waits for its checkpoint
        self._words: tuple[str, ...] = ()
        self._stack.indexChanged.connect(self.changed)
        selection.changed.connect(self._on_selection_changed)
        selection.masked_changed.connect(self._on_selection_masked_changed)
        input_panel.input_changed.connect(self._on_input_panel_input_changed)
        flow.tokens_changed.connect(self._on_flow_tokens_changed)
        flow.subject_changed.connect(self._on_flow_subject_changed)
        opening.opened.connect(self._on_opening_opened)
        controller.open_cancelled.connect(self._give_up_coming)
        controller.open_failed.connect(self._give_up_coming)
        area.view_created.connect(self._on_area_view_created)

    # What can be done

    @property
    def undo_name(self) -> str:
        """What would be undone, such as `mask "cat"`; empty: nothing."""
        return self._stack.undoText() if self._coming is None else ""

    @property
    def redo_name(self) -> str:
        """What would be done again; empty: nothing."""
        return self._stack.redoText() if self._coming is None else ""

    def undo(self) -> None:
        """Bring back how it was before the last step."""
        if self.undo_name:
            self._last = None
            self._stack.undo()

    def redo(self) -> None:
        """Do the step again that was undone last."""
        if self.redo_name:
            self._last = None
            self._stack.redo()

    # What is noted

    def _note(self, now: Moment, kind: str = "") -> None:
        """What is there now; as a step, unless nobody wanted it or it follows from the last one."""
        before, self._now = self._now, now
        if self._is_bringing or now == before or not before.checkpoint:
            return
        if self._flow.is_fitting:
            if self._last is not None:
                self._last.after = now
            return
        step = UndoStep(kind, before, now, self._name, self._bring)
        self._stack.push(step)
        self._last = step.merged_into or step
        self.changed.emit()  # the name of a step that took up another may be another one

    def _name(self, before: Moment, after: Moment) -> str:
        return name_of_step(before, after, self._words, self._option_titles)

    def _option_titles(self, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        view = self._area.views[name]
        titles = view.options.titles(before, after)
        title = next(entry.title for entry in VIEWS if entry.name == name)
        return self.tr("{} of {}").format(", ".join(titles) or self.tr("options"), title)

    @Slot(object, object)
    def _on_selection_changed(self, _now: Selected, _old: Selected) -> None:
        # As it is by now: a layer with fewer heads has changed the head before this is told.
        self._note(replace(self._now, selected=self._selection.now), "select")

    @Slot(tuple)
    def _on_selection_masked_changed(self, positions: tuple[int, ...]) -> None:
        self._note(replace(self._now, masked=positions))

    @Slot(object)
    def _on_input_panel_input_changed(self, input: Input) -> None:
        parts = [one.name for one in fields(Input) if getattr(input, one.name) != getattr(self._now.input, one.name)]
        self._note(replace(self._now, input=input, masked=self._selection.masked), f"input {' '.join(parts)}")

    @Slot(object, str)
    def _on_flow_tokens_changed(self, tokens: Tokens | None, _message: str) -> None:
        self._words = tokens.words if tokens is not None else ()

    @Slot(object)
    def _on_flow_subject_changed(self, _subject: object) -> None:
        """Masks that do not fit a text go without a word."""
        if self._selection.masked != self._now.masked and self._coming is None:
            self._now = replace(self._now, masked=self._selection.masked)
            if self._last is not None:
                self._last.after = self._now

    @Slot(object)
    def _on_opening_opened(self, info: CheckpointInfo) -> None:
        """Told before anything follows from it; a checkpoint is told of again by the engine."""
        if self._coming is not None and self._coming.checkpoint == info.checkpoint:
            self._now = self._coming
            return
        self._give_up_coming()
        self._note(replace(self._now, checkpoint=info.checkpoint))

    def settle(self) -> None:
        """Take what is there now for what came of the checkpoint that was opened."""
        selected, masked, input = self._selection.now, self._selection.masked, self._input_panel.input()
        self._now = replace(self._now, selected=selected, masked=masked, input=input)
        if self._last is not None:
            self._last.after = self._now

    def restored(self, info: CheckpointInfo) -> Restored | None:
        """What a checkpoint is looked at with that was opened to undo a step; None where it was opened for itself."""
        moment = self._coming
        if moment is None or moment.checkpoint != info.checkpoint:
            return None
        self._coming = None
        self.changed.emit()
        return Restored(moment.selected, moment.masked, moment.input)

    @Slot()
    def _give_up_coming(self) -> None:
        """The checkpoint that a step needs does not come: the step stays as it was."""
        if self._coming is None:
            return
        coming, self._coming = self._coming, None
        with self._bringing():
            index = self._stack.index()
            later = self._stack.command(index)
            is_undone = isinstance(later, UndoStep) and later.before is coming
            self._stack.setIndex(index + 1 if is_undone else index - 1)
        self.changed.emit()

    @Slot(object)
    def _on_area_view_created(self, view: View) -> None:
        self._now = replace(self._now, options=self._now.options | {view.objectName(): view.options_state()})
        view.options.changed.connect(self._on_view_options_changed)

    @Slot()
    def _on_view_options_changed(self) -> None:
        for name, view in self._area.views.items():
            if view.options is self.sender():
                options = self._now.options | {name: view.options_state()}
                self._note(replace(self._now, options=options), f"options {name}")

    # What is brought back

    @contextmanager
    def _bringing(self) -> Iterator[None]:
        was_bringing, self._is_bringing = self._is_bringing, True
        try:
            yield
        finally:
            self._is_bringing = was_bringing

    def _bring(self, wanted: Moment, now: Moment) -> None:
        if self._is_bringing:
            return
        with self._bringing():
            if wanted.checkpoint != now.checkpoint:
                self._coming = wanted
                self._opening.open(wanted.checkpoint)  # and the rest once it is open: see `restored`
                return
            if wanted.input != now.input:
                self._flow.forget_places()  # what was selected, was so in the input that comes
                self._bring_input(wanted.input)
            if wanted.masked != self._selection.masked:
                self._selection.set_masked(wanted.masked)
            if wanted.selected != self._selection.now:
                self._selection.update(**{one.name: getattr(wanted.selected, one.name) for one in fields(Selected)})
            for name, state in wanted.options.items():
                if name in self._area.views and state != now.options.get(name, state):
                    self._area.show_view(name)  # so that it is seen what changes
                    self._area.views[name].set_options_state(state)
            self._now = replace(wanted, options=self._now.options | wanted.options)

    def _bring_input(self, input: Input) -> None:
        text = input.text
        if text is not None and text.target_ids is not None:  # which are heeded only with the text that they are of
            self._input_panel.set_input(replace(input, text=replace(text, target_ids=None)))
        self._input_panel.set_input(input)
        self._input_panel.text.forget_edits()
