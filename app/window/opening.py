"""Opening checkpoints: by name, from a folder, from the list, or since a view asks for what needs one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from app.export.exporting import Exporting
from app.link.controller import Controller
from app.window.subject_flow import SubjectFlow
from app.window.view_area import ViewArea
from inference.results.checkpoint import AttentionGroup, CheckpointInfo, folder_name, in_own_precision, split_precision
from inference.results.counts import noun
from inference.results.events import Failure
from resources import bundled_checkpoints
from widgets.context import ViewContext, ViewExample
from widgets.panels.gallery import Gallery
from widgets.panels.input_panel import InputPanel
from widgets.selection import Selection
from widgets.subject import Subject


class Opening(QObject):
    """Asks for a checkpoint, and keeps the list of those at hand. After a failure the one that was open still is.

    Signals
    -------
    opened(CheckpointInfo)
        It is open now.
    begun(str)
        One is on its way: its name.
    browse_elsewhere(str)
        The user wants to choose a folder on the machine that computes, beginning with this one.
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
    browse_elsewhere = Signal(str)
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
        self._pinned: tuple[str, ...] = ()
        self._wanted = ""
        self._is_cut_off = False  # by the user, or because the engine died: what was wanted can still be had
        if controller.elsewhere is not None:
            gallery.take_as_elsewhere()
        gallery.open_requested.connect(self.open)
        gallery.browse_requested.connect(self.browse)
        controller.opened.connect(self._on_controller_opened)
        controller.open_cancelled.connect(self._on_controller_open_cancelled)
        controller.open_failed.connect(self._on_controller_open_failed)

    def set_recent(self, recent: tuple[str, ...]) -> None:
        """Checkpoints that were open before, the latest first."""
        self._recent = recent
        self._show_list()

    def set_pinned(self, pinned: tuple[str, ...]) -> None:
        """Checkpoints that the user keeps at hand, in the order in which they were chosen."""
        self._pinned = pinned
        self._show_list()

    @Slot(str)
    def open(self, checkpoint: str) -> None:
        """Open a bundled checkpoint by name, or a folder."""
        if checkpoint:
            self.said.emit("", False, "open")  # why others could not be opened is no matter now
            self._ask_for(checkpoint)

    def open_dropped(self, path: str) -> None:
        """Open a folder of this machine, where that computes."""
        if (elsewhere := self._controller.elsewhere) is None:
            self.open(path)
            return
        sentence = self.tr("{} lies on this machine, and this window computes on {}: copy it there first.")
        self.said.emit(sentence.format(Path(path).name, elsewhere.name), True, "drop")

    def _ask_for(self, checkpoint: str) -> None:
        self._wanted = checkpoint if self._controller.elsewhere else self._on_this_machine(checkpoint)
        self._is_cut_off = False
        self.hint_changed.emit(self._sentence(self._wanted))
        self.said.emit(self._sentence(self._wanted), False, self._about)
        self.begun.emit(folder_name(self._wanted))
        self._controller.open(self._wanted)

    @staticmethod
    def _on_this_machine(checkpoint: str) -> str:
        """A checkpoint by its name, the whole of its path, or its id."""
        place, is_own_precision = split_precision(checkpoint)
        try:
            folder = place if place in bundled_checkpoints() else str(Path(place).expanduser().resolve())
            if folder != place and not Path(folder).exists() and place.count("/") <= 1 and place[0] not in "./~":
                folder = place  # an id, which may be in the hub's cache
            return in_own_precision(folder, is_own=is_own_precision)
        except (OSError, RuntimeError, ValueError):  # a user that does not exist, a name that no file can have
            return checkpoint

    def _sentence(self, checkpoint: str) -> str:
        return self.tr("Opening {}…").format(folder_name(checkpoint))

    def announce(self, checkpoint: str) -> None:
        """Say what `open_first` will open once the window is on screen."""
        if first := checkpoint or next(iter(bundled_checkpoints()), ""):
            self.hint_changed.emit(self._sentence(first))

    def open_first(self, checkpoint: str) -> None:
        """Open what was wanted at the start, or the first one that comes with the program."""
        self.open(checkpoint or next(iter(bundled_checkpoints()), ""))

    def open_again(self) -> None:
        """Ask once more for what is not open although it was wanted; what was refused, only where nothing else is.

        The files of a folder may be others by now: it may have been trained on, or its tokenizer put right.
        """
        info = self._controller.checkpoint
        if self._is_cut_off or info is None:
            self.open(self._wanted)
        elif info.is_tokenizer_lost or Path(split_precision(info.checkpoint)[0]).is_dir():
            self.open(info.checkpoint)

    @property
    def _about(self) -> str:
        return f"open {self._wanted}"

    @Slot()
    def browse(self) -> None:
        """Let the user choose a folder."""
        if self._controller.elsewhere is not None:
            self.browse_elsewhere.emit(str(PurePosixPath(self._recent[0]).parent) if self._recent else "")
            return
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
        info = self._controller.checkpoint
        # First, as the end of a long sentence has no room: the failure is none of what is shown.
        stays = self.tr("{} stays open.").format(info.name) if info else ""
        self.said.emit(f"{stays} {failure.message}".lstrip(), True, self._about)
        if info is None:
            first = next(iter(bundled_checkpoints()), "")
            self.hint_changed.emit(failure.message)
            if first and first != self._wanted:
                self._ask_for(first)

    @Slot()
    def _show_list(self) -> None:
        info = self._controller.checkpoint
        now = split_precision(info.checkpoint)[0] if info else ""
        trained = () if self._controller.elsewhere else trained_in(self._context.runs_folder)
        self._gallery.set_checkpoints(bundled_checkpoints(), self._recent, now, trained, self._pinned)
        known = (*bundled_checkpoints(), *self._pinned, *self._recent, *trained)
        self._context.set_checkpoints(tuple(dict.fromkeys(known)))


class ContextActions(QObject):
    """Does what views ask for by way of their `ViewContext`.

    An example that needs another checkpoint is shown once that is open; what else is opened meanwhile comes instead.
    """

    def __init__(
        self,
        context: ViewContext,
        controller: Controller,
        opening: Opening,
        exporting: Exporting,
        input_panel: InputPanel,
        flow: SubjectFlow,
        area: ViewArea,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._opening, self._input_panel, self._area = controller, opening, input_panel, area
        self._exporting, self._flow = exporting, flow
        self._selection: Selection = context.selection
        self._example: ViewExample | None = None  # that waits for its checkpoint or its input
        self._coming: ViewExample | None = None
        self._is_drawn = self._is_looking = False
        self._is_opening = False
        self._open_before = ""
        context.view_requested.connect(area.show_view)
        context.input_requested.connect(input_panel.set_wished)
        context.save_requested.connect(self._on_context_save_requested)
        context.swap_requested.connect(input_panel.text.swap)
        context.example_requested.connect(self.show_example)
        opening.begun.connect(self._on_opening_begun)
        opening.opened.connect(self._on_opening_opened)
        controller.open_cancelled.connect(self._on_controller_open_ended)
        controller.open_failed.connect(self._on_controller_open_ended)
        flow.subject_changed.connect(self._on_flow_subject_changed)
        input_panel.input_changed.connect(self._on_input_changed)
        context.selection.masked_changed.connect(self._on_input_changed)

    @Slot(object)
    def show_example(self, example: ViewExample) -> None:
        """Look at what an example names; its checkpoint is opened unless it is open."""
        now = self._controller.checkpoint
        if now is None or self._is_opening or now.checkpoint != example.checkpoint:
            self._coming = example
            self._opening.open(example.checkpoint)  # tells of it by `begun`, and may be done at once
            self._coming = None
            return
        self._example = example
        self._look_at(example)
        self._area.show_view(example.view)
        self._draw(example)  # it may wait long for its input, as long as there is no engine
        self._is_drawn = True

    def _look_at(self, example: ViewExample) -> None:
        """Its input and what is selected; masks come last, as another text has none."""
        self._is_looking = True
        if example.selected is not None:
            self._flow.forget_places()
            self._selection.update(
                group=example.selected.group,
                layer=example.selected.layer,
                head=example.selected.head,
                query=example.selected.query,
                key=example.selected.key,
            )
        self._input_panel.set_input(example.input.unmasked())
        if example.input.text is not None:
            self._selection.set_masked(example.input.text.masked)
        self._is_looking = False

    def _draw(self, example: ViewExample) -> None:
        view = self._area.views.get(example.view)
        if view is not None:
            view.set_options_state({name: dict(values) for name, values in example.options.items()})

    @Slot(object)
    def _on_context_save_requested(self, _mesh: object) -> None:
        """Ask where to, and save a mesh, its growth or its tokens."""
        self._exporting.export(self._area.views.get("mesh"), first="obj")

    @Slot()
    def _on_opening_begun(self) -> None:
        self._is_opening, self._example, self._is_drawn = True, self._coming, False
        if self._example is None:
            self._area.lead_to(None)
        else:
            self._area.lead_to(self._example.view, self._example.checkpoint)

    @Slot()
    def _on_controller_open_ended(self) -> None:
        self._is_opening, self._example = False, None
        self._area.lead_to(None)

    @Slot(object)
    def _on_opening_opened(self, info: CheckpointInfo) -> None:
        before, self._open_before = self._open_before, info.checkpoint
        self._is_opening = False
        if self._example is not None and self._example.checkpoint == info.checkpoint:
            self._look_at(self._example)
        elif before and before != info.checkpoint:
            self._area.lead_to("")

    @Slot(object)
    def _on_flow_subject_changed(self, subject: Subject) -> None:
        """Only now there is a view, if it is the first time.

        The example is done with when its input is looked at. Until then its checkpoint may be told of twice, as it is
        remembered and then by the engine, and with each the masks begin anew.
        """
        example = self._example
        if example is None or example.checkpoint != subject.checkpoint.checkpoint or self._is_opening:
            return
        if not self._is_drawn:
            self._is_drawn = True
            self._draw(example)
        if all(getattr(subject.input, kind) == getattr(example.input, kind) for kind in example.input.kinds):
            self._example = None

    @Slot()
    def _on_input_changed(self) -> None:
        """The user wants to look at something else by now."""
        if not self._is_looking and not self._is_opening:
            self._example = None


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
    groups = _about([group for group in info.groups if group.layers])
    precision = f"{info.stored_in} in the file, run as {info.runs_in}" if info.stored_in and info.runs_in else ""
    return f"{info.name}: {'; '.join(filter(None, (info.model, size, groups, precision)))}."


def _about(groups: Sequence[AttentionGroup]) -> str:
    """Their layers and heads; said once where the heads are as many in all, as one line has to hold it."""
    heads = [f"{max(group.n_heads)} {noun(max(group.n_heads), 'heads')}" for group in groups]
    if len(groups) > 1 and len(set(heads)) == 1 and all(len(group.layers) == group.n_layers for group in groups):
        return f"layers of {heads[0]}: " + ", ".join(f"{group.title} {group.n_layers}" for group in groups)
    return ", ".join(f"{group.title}: {group.about_layers} of {n}" for group, n in zip(groups, heads, strict=True))
