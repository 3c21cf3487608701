"""All layers and heads at a glance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from inference.results.heads import HeadsRequest, HeadsResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.head_measures import measure_name
from widgets.figures.head_sentence import head_sentence
from widgets.kit.availability import offer
from widgets.kit.group_choice import GroupChoice
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import explain_items
from widgets.look.theme import FigureStyle
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.heads.card import describe, head_title
from widgets.views.heads.figure import HeadsFigure
from widgets.views.heads.head_grid import HeadGrid
from widgets.views.heads.options import MEASURES, HeadsOptions


class HeadsView(View):
    """Every head of a group as a thumbnail of its attention, sorted and marked by simple measures.

    A click selects a head in all views; a double click or Enter opens it in the Attention view.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: HeadsResult | None = None
        self._grid = HeadGrid()
        self._grid.setObjectName("heads_grid")
        self._scroll = _GridScroll(self._grid, self)
        said = self.tr("What is shown"), self.tr("Selected head")
        self._page = self.add_page(Page("heads", self._scroll, *said, has_long_read_out=True))
        self._page.setFocusProxy(self._grid)
        self._group = GroupChoice(self._page.controls, "heads_group", context.selection)
        self._options = self.add_options(OptionControls(self._page.controls, "heads", HeadsOptions))
        self._page.show_empty(self.tr("Asking the model …"))

        self._options.changed.connect(self._rebuild)
        self.standing_changed.connect(self._read)
        self._grid.head_chosen.connect(self._on_grid_head_chosen)
        self._grid.head_opened.connect(self._on_grid_head_opened)
        self._grid.pointed_changed.connect(self._read)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        self._group.offer(subject.checkpoint if subject else None)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        checkpoint = self.subject.checkpoint
        group = checkpoint.group(self.selection.now.group).name
        return (HeadsRequest(checkpoint.checkpoint, self.subject.input, group),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, HeadsResult)
        self._result = result
        self._offer_measures(result)
        self._page.show_canvas()
        self._rebuild()

    def figure(self) -> HeadsFigure | None:
        figure = self._grid.figure
        return replace(figure, selected=self._grid.selected) if figure else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.group != old.group:
            self.refresh()
        self._select()

    def provisional_note(self) -> str:
        return ""  # the figure says it itself

    # The picture

    def _offer_measures(self, result: HeadsResult) -> None:
        """Measures that have no meaning for this model or text cannot be chosen."""
        known = {name for name, values in result.measures.items() if not np.isnan(values).all()}
        for name in MEASURES:
            for field in ("order", "mark"):
                why_not = self.tr("It has no meaning for this model and input.")
                combo = self._options.combo(field)
                combo.setItemText(combo.findData(name), measure_name(name, result.axes[0], result.marks))
                offer(combo, name, name in known, why_not)
        for field in ("order", "mark"):
            explain_items(self._options.combo(field))
        chosen, default = self._options.value(), HeadsOptions()
        self._options.set_value(
            HeadsOptions(
                chosen.order if chosen.order in known else default.order,
                chosen.mark if chosen.mark in known else default.mark,
                chosen.scale,
            ),
            quietly=True,
        )

    def _rebuild(self) -> None:
        if self._result is None:
            return
        figure = HeadsFigure(self._result, self._options.value())
        self._grid.setAccessibleDescription(figure.caption)
        self._page.caption.show_text(figure.caption)
        self._scroll.show_figure(figure, self.style_now())
        self._select()
        self.figure_changed.emit()

    def _select(self) -> None:
        """Frame the selected head."""
        result, figure, now = self._result, self._grid.figure, self.selection.now
        if result is None or figure is None:
            return
        head = (now.layer, now.head)
        n_layers, n_heads = figure.exists.shape
        is_here = now.group in ("", result.group) and now.layer < n_layers and now.head < n_heads
        is_here = is_here and bool(figure.exists[head])
        self._grid.select(head if is_here else None)
        self._read()
        box = self._grid.box_of(head) if is_here else None
        if box is not None:
            margin = int(box.height() / 4)
            center = box.center().toPoint()
            self._scroll.ensureVisible(center.x(), center.y(), int(box.width() / 2) + margin, 3 * margin)

    @Slot()
    def _read(self) -> None:
        """Write the measures of the head under the pointer, or of the selected one; none beside old heads."""
        head, result = self._grid.pointed or self._grid.selected, self._result
        if head is None or result is None or self.is_dimmed:
            self._page.read_out.show_text("")
            return
        # The card beside the pointer has all measures; here stand what heads are ordered and marked by, in one line.
        options = self._options.value()
        names = dict.fromkeys(("entropy", "distance", options.order, options.mark))
        lines = (describe(result, name, head) for name in names if name in result.measures)
        parts = (head_title(head), head_sentence(result, head, names).removesuffix("."), *lines)
        self._page.read_out.show_text("  \N{MIDDLE DOT}  ".join(filter(None, parts)))

    def restyle(self) -> None:
        if self._grid.figure is not None:
            self._scroll.show_figure(self._grid.figure, self.style_now())

    # What the user does

    def _on_grid_head_chosen(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)

    def _on_grid_head_opened(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)
        self.context.open_view("attention")


class _GridScroll(QScrollArea):
    """Gives the grid all the space there is, and scrolls where thumbnails would become too small."""

    def __init__(self, grid: HeadGrid, parent: QWidget) -> None:
        super().__init__(parent)
        self._grid = grid
        self.setWidget(grid)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_figure(self, figure: HeadsFigure, style: FigureStyle) -> None:
        self._grid.show_figure(figure, style)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        figure = self._grid.figure
        if figure is not None:
            margin = self._grid.width() - self._grid.figure_rect().width()
            least = figure.least_size(self.viewport().width() - margin, self._grid.style_now)
            self._grid.setMinimumSize(int(least.width() + margin) + 1, int(least.height() + margin) + 1)
