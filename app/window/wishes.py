"""What views ask of the window: another view, another input, a checkpoint with both."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.export.exporting import Exporting
from app.link.controller import Controller
from app.window.opening import Opening
from app.window.subject_flow import SubjectFlow
from app.window.view_area import ViewArea
from inference.results.checkpoint import CheckpointInfo
from widgets.context import Example, ViewContext
from widgets.panels.input_panel import InputPanel
from widgets.selection import Selection
from widgets.subject import Subject


class Wishes(QObject):
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
        self._exporting = exporting
        self._selection: Selection = context.selection
        self._example: Example | None = None  # that waits for its checkpoint or its input
        self._coming: Example | None = None
        self._is_opening = False
        self._open_before = ""
        context.view_requested.connect(area.show_view)
        context.input_requested.connect(input_panel.set_input)
        context.save_requested.connect(self._on_context_save_requested)
        context.swap_requested.connect(input_panel.text.swap)
        context.browse_requested.connect(opening.browse)
        context.example_requested.connect(self.show_example)
        opening.begun.connect(self._on_opening_begun)
        opening.opened.connect(self._on_opening_opened)
        controller.open_cancelled.connect(self._on_controller_open_ended)
        controller.open_failed.connect(self._on_controller_open_ended)
        flow.subject_changed.connect(self._on_flow_subject_changed)

    @Slot(object)
    def show_example(self, example: Example) -> None:
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
        self._draw(example)

    def _look_at(self, example: Example) -> None:
        """Its input and what is selected; masks come last, as another text has none."""
        if example.selected is not None:
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

    def _draw(self, example: Example) -> None:
        view = self._area.views.get(example.view)
        if view is not None:
            view.set_options_state({name: dict(values) for name, values in example.options.items()})

    @Slot(object)
    def _on_context_save_requested(self, _mesh: object) -> None:
        """Ask where to, and save a mesh, its growth or its tokens."""
        self._exporting.export(self._area.views.get("mesh"), first="obj")

    @Slot()
    def _on_opening_begun(self) -> None:
        self._is_opening, self._example = True, self._coming
        self._area.lead_to(self._example.view if self._example is not None else None)

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
        """Only now there is a view, if it is the first time; and only now the input is there that it shows."""
        example = self._example
        if example is not None and example.checkpoint == subject.checkpoint.checkpoint and not self._is_opening:
            self._example = None
            self._draw(example)
