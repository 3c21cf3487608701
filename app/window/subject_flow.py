"""From the open checkpoint, the input and the masked tokens to what all views look at."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot

from app.link.controller import Controller
from app.window.session import Restored
from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import Input
from inference.results.tokenize import TokenizeResult
from widgets.kit.head_steps import step
from widgets.panels.input_panel import InputPanel
from widgets.selection import Selected, Selection
from widgets.subject import Subject


class SubjectFlow(QObject):
    """Every change is split into tokens first: only what the checkpoint can read becomes the subject.

    What is selected is kept within what there is to select.

    Signals
    -------
    tokens_changed(Tokens | None, str)
        Tokens of the input; without them a sentence that says why, or nothing where nothing was typed.
    subject_changed(Subject)
        Checkpoint and input that views look at now.
    refused(CheckpointInfo, str)
        The input cannot be looked at, and why.
    """

    tokens_changed = Signal(object, str)
    subject_changed = Signal(object)
    refused = Signal(object, str)

    def __init__(
        self, controller: Controller, selection: Selection, input_panel: InputPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._selection, self._input_panel = controller, selection, input_panel
        self._input = Input()
        self._are_masks_restored = False  # and not yet seen to fit
        controller.tokenized.connect(self._on_controller_tokenized)
        input_panel.input_changed.connect(self._on_input_panel_input_changed)
        selection.masked_changed.connect(self._on_selection_masked_changed)
        selection.changed.connect(self._on_selection_changed)

    def begin(self, info: CheckpointInfo, restored: Restored | None = None) -> None:
        """Look at the same input with a checkpoint that was opened just now, or at what was looked at before."""
        if restored is not None:
            now = restored.selected
            self._selection.update(**{one.name: getattr(now, one.name) for one in fields(now)})
        self.step(0, 0)
        self._input_panel.set_checkpoint(info)
        self._ask(self._input_panel.input(), keep_masks=False)
        if restored is not None and restored.input.kinds:
            self._input_panel.set_input(restored.input)
        if restored is not None and restored.masked:
            self._are_masks_restored = True
            self._selection.set_masked(restored.masked)

    def ask_again(self) -> None:
        """Split the input into tokens anew."""
        self._ask(self._input_panel.input(), keep_masks=True)

    def toggle_selected_mask(self) -> str:
        """Mask the selected token, or show it again; else a sentence that says why not."""
        info, query = self._controller.checkpoint, self._selection.now.query
        if info is None or not info.mask_token:
            return self.tr("This checkpoint has no mask token.")
        if query is None or query.axis != token_axis(info):
            return self.tr("Click a token first; it is masked then.")
        self._selection.toggle_mask(query.index)
        return ""

    def step(self, layers: int, heads: int) -> None:
        """Select a layer and a head that lie so many steps away."""
        if (info := self._controller.checkpoint) and info.groups:
            step(info, self._selection, layers, heads)

    def _ask(self, input: Input, *, keep_masks: bool) -> None:
        if not keep_masks:
            with QSignalBlocker(self._selection):
                self._selection.set_masked(())
        if self._controller.checkpoint is None:
            return
        if input.text is not None:
            if not input.text.text.strip() and input.text.token_ids is None:
                self.tokens_changed.emit(None, "")
                return
            input = replace(input, text=replace(input.text, masked=self._selection.masked))
        self._input = input
        self._controller.tokenize(input)

    @Slot(object)
    def _on_input_panel_input_changed(self, input: Input) -> None:
        self._ask(input, keep_masks=False)

    @Slot(tuple)
    def _on_selection_masked_changed(self, _positions: tuple[int, ...]) -> None:
        self._ask(self._input_panel.input(), keep_masks=True)

    @Slot(object, str)
    def _on_controller_tokenized(self, result: TokenizeResult | None, message: str) -> None:
        info, tokens = self._controller.checkpoint, result.tokens if result else None
        assert info
        is_restored, self._are_masks_restored = self._are_masks_restored, False
        if tokens is None and is_restored:
            self._ask(self._input_panel.input(), keep_masks=False)  # they are of another text
            return
        self.tokens_changed.emit(tokens, message)
        if result is None or tokens is None:
            self.refused.emit(info, message)
            return
        n, axis, now = len(tokens), token_axis(info), self._selection.now
        if not all(place is None or place.axis != axis or place.index < n for place in (now.query, now.key)):
            self._selection.update(query=None, key=None)
        self.subject_changed.emit(Subject(info, self._input, result.notes))

    @Slot(object, object)
    def _on_selection_changed(self, now: Selected, old: Selected) -> None:
        # Another group, or a layer with fewer heads: what is selected must exist.
        if now.group != old.group or now.layer != old.layer:
            self.step(0, 0)


def token_axis(info: CheckpointInfo) -> str:
    """Name of the sequence that the token row shows."""
    return info.groups[0].query_axis if info.groups else "text"
