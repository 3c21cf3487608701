"""From the open checkpoint, the input and the masked tokens to what all views look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from PySide6.QtCore import QObject, QSignalBlocker, QTimer, Signal, Slot

from app.link.controller import Controller
from app.window.session import Restored
from app.window.view_area import ViewArea
from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.inputs import TOO_LONG, Input, TextInput
from inference.results.request import Capability
from inference.results.tokens import Tokens
from widgets.kit.head_steps import step
from widgets.panels.details import DetailsPanel
from widgets.panels.input_panel import InputPanel
from widgets.panels.status_line import StatusLine
from widgets.panels.text_bar import TextBar
from widgets.selection import Position, Selected, Selection
from widgets.subject import Subject

if TYPE_CHECKING:
    from inference.results.image import ImageResult
    from inference.results.tokenize import TokenizeResult

# Checkpoints that go on without a text: of themselves, or with what is said of a generated film.
_READ_NOTHING = frozenset({Capability.GENERATION, Capability.ORDER})
_OF_IMAGE = frozenset({"patches", "pixels"})  # sequences that lie in an image as `ImageResult` says
PATIENCE = 120  # ms in which the tokens of an input are awaited before what is shown is dimmed: mostly 10 are enough


# How a sequence lies: patches in an image, words and what stands beside them, or a film, by the names of its patches.
_Layout: TypeAlias = "ImageResult | Tokens | tuple[str, ...]"


class _Masks(NamedTuple):
    """Where a text is masked, and the words that come of that with the tokenizer for which it was masked."""

    text: TextInput | None = None
    positions: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


class SubjectFlow(QObject):
    """Every change is split into tokens first: only what the checkpoint can read becomes the subject.

    What is selected is kept within what there is to select.

    Attributes
    ----------
    is_fitting
        Whether what is selected and masked is being changed by itself, as something else was chosen.

    Signals
    -------
    tokens_changed(Tokens | None, str)
        Tokens of the input; without them a sentence that says why, or nothing where nothing was typed.
    subject_changed(Subject)
        Checkpoint and input that views look at now.
    refused(CheckpointInfo, str)
        The input cannot be looked at, and why.
    awaited(str)
        What views show is of another input than the one there is now, of which they will be told later, or not at all:
        a sentence says which. Empty: it is of that one after all.
    """

    tokens_changed = Signal(object, str)
    subject_changed = Signal(object)
    refused = Signal(object, str)
    awaited = Signal(str)

    def __init__(
        self, controller: Controller, selection: Selection, input_panel: InputPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller, self._selection, self._input_panel = controller, selection, input_panel
        self.is_fitting = False
        self._input = Input()
        self._are_masks_restored = False  # and not yet seen to fit
        self._masks = _Masks()
        self._laid: dict[str, _Layout] = {}  # by the sequence, how that lay in which places are selected
        self._opening = ""  # name of a checkpoint that is on its way
        self._why_held = ""  # what `awaited` said last of the input
        self._why_refused = ""  # what `refused` said last, as long as it holds
        self._patience = QTimer(self, interval=PATIENCE, singleShot=True)
        self._patience.timeout.connect(self._on_patience_timeout)
        controller.tokenized.connect(self._on_controller_tokenized)
        controller.tokenize_cancelled.connect(self._on_controller_tokenize_cancelled)
        controller.open_cancelled.connect(self._on_controller_open_ended)
        controller.open_failed.connect(self._on_controller_open_failed)
        input_panel.input_changed.connect(self._on_input_panel_input_changed)
        input_panel.image_seen.connect(self._on_input_panel_image_seen)
        selection.masked_changed.connect(self._on_selection_masked_changed)
        selection.changed.connect(self._on_selection_changed)

    def begin(self, info: CheckpointInfo, restored: Restored | None = None) -> None:
        """Look at the same input with a checkpoint that was opened just now, or at what was looked at before."""
        with self._fitting():
            self._begin(info, restored)

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        was_fitting, self.is_fitting = self.is_fitting, True
        try:
            yield
        finally:
            self.is_fitting = was_fitting

    def _begin(self, info: CheckpointInfo, restored: Restored | None) -> None:
        if restored is not None:
            self.forget_places()
            now = restored.selected
            self._selection.update(**{one.name: getattr(now, one.name) for one in fields(now)})
        self.step(0, 0)
        self._opening = self._why_refused = ""
        self._hold(self.tr("Reading the input …"))
        self._input_panel.set_checkpoint(info)
        given, typed = restored.input if restored is not None else Input(), self._input_panel.input().text
        is_other = given.text is not None and (typed is None or typed.text != given.text.text)
        if is_other and not given.texts:
            given = replace(given, text=None)  # another text stands there by now
        self._bring_masks_back(info, self._input_panel.input())
        self._ask(self._input_panel.input(), keep_masks=True)
        if given != Input():
            self._input_panel.set_input(given)
        if restored is not None and restored.masked:
            self._are_masks_restored, self._masks = True, _Masks()
            self._selection.set_masked(restored.masked)

    def await_checkpoint(self, name: str) -> None:
        """Another checkpoint is on its way; if none comes, what is shown is of the one that stays open."""
        self._opening = name
        self._tell_awaited()

    def ask_again(self) -> None:
        """Split the input into tokens anew."""
        self._ask(self._input_panel.input(), keep_masks=True)

    def forget_places(self) -> None:
        """What is selected from now on is of an input that is still to come, and does not move with that."""
        self._laid = {}

    def toggle_selected_mask(self) -> str:
        """Mask the selected token, or show it again; else a sentence that says why not."""
        info, query = self._controller.checkpoint, self._selection.now.query
        if info is None or not info.mask_token:
            return self.tr("This checkpoint has no mask token.")
        if query is None or query.axis != token_axis(info):
            return self.tr("Click a token first; it is masked then.")
        self._selection.toggle_mask(query.index)
        return ""

    def step(self, layers: int, heads: int) -> bool:
        """Select a layer and a head that lie so many steps away, or at the edge; whether there are any."""
        info = self._controller.checkpoint
        if info is None or not info.attending:
            return False
        step(info, self._selection, layers, heads)
        return True

    def _bring_masks_back(self, info: CheckpointInfo, input: Input) -> None:
        """Masks stay with their text, whatever is looked at meanwhile, where this checkpoint can mask."""
        is_theirs = bool(info.mask_token) and input.text is not None and input.text == self._masks.text
        with QSignalBlocker(self._selection):
            self._selection.set_masked(self._masks.positions if is_theirs else ())
        self._are_masks_restored = bool(self._selection.masked)

    def _fits(self, tokens: Tokens) -> bool:
        """Whether masks that were brought back lie on the words that they were put on: tokenizers differ."""
        return not self._masks.words or self._masks.words == tokens.words

    def _ask(self, input: Input, *, keep_masks: bool) -> None:
        if not keep_masks:
            with QSignalBlocker(self._selection):
                self._selection.set_masked(())
        if self._controller.checkpoint is None:
            return
        if input.text is not None:
            is_empty = not input.text.text.strip() and input.text.token_ids is None
            if is_empty and not _READ_NOTHING & set(self._controller.checkpoint.capabilities):
                self.tokens_changed.emit(None, "")
                is_list = "text" in self._controller.checkpoint.compares
                self._refuse(
                    self.tr("Add a text to look at it.") if is_list else self.tr("Type a sentence to look at it.")
                )
                return
            input = replace(input, text=replace(input.text, masked=self._selection.masked))
        self._input = input
        self._patience.start()
        self._controller.tokenize(input.chosen)

    # Until it is known whether the input can be looked at

    def _hold(self, why: str) -> None:
        self._why_held = why
        self._patience.stop()
        self._tell_awaited()

    def _tell_awaited(self) -> None:
        opening = self.tr("Opening {} …").format(self._opening) if self._opening else ""
        self.awaited.emit(opening or self._why_held)

    @Slot()
    def _on_patience_timeout(self) -> None:
        self._hold(self.tr("Reading the input …"))

    def _refuse(self, why: str) -> None:
        """There are no tokens of this input; what is shown may be of a checkpoint that is not open any more."""
        self._why_refused = why
        if (info := self._controller.checkpoint) is not None:
            self.refused.emit(info, why)
        self._hold(why)

    @Slot()
    def _on_controller_tokenize_cancelled(self) -> None:
        self._refuse(self.tr("Cancelled; F5 asks again."))

    @Slot()
    def _on_controller_open_ended(self) -> None:
        self._opening = ""
        self._tell_awaited()

    @Slot(object)
    def _on_controller_open_failed(self, failure: Failure) -> None:
        """Views that show nothing say again why, and not that something is being opened."""
        self._opening = ""
        info = self._controller.checkpoint
        if self._why_refused and info is not None and failure.kind != "engine":  # which is told with the key that helps
            self.refused.emit(info, self._why_refused)
        self._tell_awaited()

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
        if is_restored and (tokens is None or not self._fits(tokens)):
            self._ask(self._input_panel.input(), keep_masks=False)  # they are of another text
            return
        self._patience.stop()
        self._why_held = self._why_refused = "" if tokens is not None else message
        self.tokens_changed.emit(tokens, message)
        if result is None or tokens is None:
            self.refused.emit(info, message)
            return
        self._keep_places(_laid_out(info, tokens))
        self._keep_in_image(info)
        n, axis, selected = len(tokens), token_axis(info), self._selection.now
        if not all(place is None or place.axis != axis or place.index < n for place in (selected.query, selected.key)):
            with self._fitting():
                self._selection.update(query=None, key=None)
        if self._input.text is not None and info.mask_token:
            text = replace(self._input.text, masked=())
            self._masks = _Masks(text, self._input.text.masked, tokens.words)
        now = self._input
        self.subject_changed.emit(Subject(info, now.chosen, result.notes, now.images, now.texts))
        if self._opening:
            self._tell_awaited()

    @Slot()
    def _on_input_panel_image_seen(self) -> None:
        """Mostly it is seen before there are tokens; then what is shown is still another one, or seen otherwise."""
        info = self._controller.checkpoint
        if info is not None and not self._patience.isActive() and not self._why_held:
            self._keep_in_image(info)

    def _keep_in_image(self, info: CheckpointInfo) -> None:
        """What is selected in an image stays there: in another grid its place has another number, or is not seen."""
        seen = self._input_panel.seen()
        if "image" in self._input_panel.kinds and seen is not None:  # else it is told later
            self._keep_places(dict.fromkeys(_OF_IMAGE & _axes(info), seen))

    def _keep_places(self, laid: dict[str, _Layout]) -> None:
        """What is selected in these sequences stays what it is, as they lie now, or is selected no more."""
        now = self._selection.now
        moved: dict[str, Position | None] = {}
        for name, place in (("query", now.query), ("key", now.key)):
            if place is not None and place.axis in laid and place.axis in self._laid:
                index = _followed(place.index, self._laid[place.axis], laid[place.axis])
                moved[name] = None if index is None else Position(place.axis, index)
        self._laid |= laid
        with self._fitting():
            self._selection.update(**moved)

    @Slot(object, object)
    def _on_selection_changed(self, now: Selected, old: Selected) -> None:
        # Another group, or a layer with fewer heads: what is selected must exist.
        if now.group != old.group or now.layer != old.layer:
            self.step(0, 0)


class SubjectDisplay(QObject):
    """Lets all parts of the window follow a `SubjectFlow`: nothing stands undimmed under another input than its own."""

    def __init__(
        self,
        flow: SubjectFlow,
        controller: Controller,
        *,
        area: ViewArea,
        details: DetailsPanel,
        text_bar: TextBar,
        status_line: StatusLine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._area, self._details, self._status_line = area, details, status_line
        self._text_bar, self._token_row = text_bar, text_bar.token_row
        flow.tokens_changed.connect(self._on_flow_tokens_changed)
        flow.subject_changed.connect(self._on_flow_subject_changed)
        flow.refused.connect(self._on_flow_refused)
        flow.awaited.connect(self._on_flow_awaited)

    @Slot(object, str)
    def _on_flow_tokens_changed(self, tokens: Tokens | None, message: str) -> None:
        info = self._controller.checkpoint
        chips = self._token_row.chips
        chips.set_tokens(tokens, message, can_mask=bool(info and info.mask_token))
        if tokens is None:
            self._text_bar.show_notes(())  # they are of what was read
        if info is not None:
            chips.axis = token_axis(info)
        self._token_row.veil.lift()
        self._text_bar.offer_parts(is_too_long=TOO_LONG in message)
        self._status_line.show_problem_of_input(message)

    @Slot(object)
    def _on_flow_subject_changed(self, subject: Subject) -> None:
        self._text_bar.show_notes(subject.notes_on_input)
        self._area.set_subject(subject)
        self._details.set_subject(subject)

    @Slot(object, str)
    def _on_flow_refused(self, info: CheckpointInfo, why: str) -> None:
        self._area.refuse(info, why)
        self._details.set_checkpoint(info)
        self._details.refuse(why)

    @Slot(str)
    def _on_flow_awaited(self, why: str) -> None:
        self._area.hold(why)
        self._details.refuse(why)
        if why and self._token_row.chips.has_tokens:
            self._token_row.veil.dim(why)
        else:
            self._token_row.veil.lift()


def token_axis(info: CheckpointInfo) -> str:
    """Name of the sequence that the token row shows."""
    axes = [group.query_axis for group in info.groups]
    if "text" in info.reads:  # which is split, also where the first group is of the image beside it
        axes = [axis for axis in axes if axis not in _OF_IMAGE] or axes
    return axes[0] if axes else "text"


def _axes(info: CheckpointInfo) -> set[str]:
    return {axis for group in info.groups for axis in group.places}


def _laid_out(info: CheckpointInfo, tokens: Tokens) -> dict[str, _Layout]:
    """How the sequences lie in which words have places beside them that are no words, and those of a film."""
    laid: dict[str, _Layout] = {}
    if "clip" in info.reads:
        laid |= dict.fromkeys(_axes(info) - {"text"}, tokens.beside)
    if "text" in info.reads and (axis := token_axis(info)) not in _OF_IMAGE:
        laid[axis] = tokens
    return laid


def _followed(place: int, before: _Layout, now: _Layout) -> int | None:
    """Where a place is by now; None where it is none."""
    if isinstance(now, tuple):
        return place if now == before else None
    return now.place_of(place, before) if type(now) is type(before) else None  # type: ignore[arg-type]
