"""All layers and heads at a glance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from inference.results.heads import HeadsRequest, HeadsResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.control_bar import ControlBar
from widgets.kit.group_choice import GroupChoice
from widgets.kit.line_label import LineLabel
from widgets.look.theme import FigureStyle
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.heads.figure import MEASURES, HeadsFigure, describe, head_title, measure_title
from widgets.views.heads.head_grid import HeadGrid


class HeadsView(View):
    """Every head of a group as a thumbnail of its attention, sorted and marked by simple measures.

    A click selects a head in all views; a double click or Enter opens it in the Attention view.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: HeadsResult | None = None
        controls = ControlBar(self)
        measures = [(measure_title(name), name) for name in MEASURES]
        self._group = GroupChoice(controls, "heads_group", context.selection)
        self._order = controls.add_choice(
            "heads_order", self.tr("Order"), [(self.tr("By layer and head"), None), *measures]
        )
        self._mark = controls.add_choice("heads_mark", self.tr("Mark"), [(self.tr("Nothing"), None), *measures])
        self._grid = HeadGrid()
        self._grid.setObjectName("heads_grid")
        self._scroll = _Scroll(self._grid, self)
        self._read_out = LineLabel(self.tr("Selected head"), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(controls)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self._read_out)

        self._order.currentIndexChanged.connect(self._on_control_changed)
        self._mark.currentIndexChanged.connect(self._on_control_changed)
        self._grid.head_chosen.connect(self._on_grid_head_chosen)
        self._grid.head_opened.connect(self._on_head_opened)
        self.setFocusProxy(self._grid)

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
        if isinstance(result, HeadsResult):
            self._result = result
            for combo in (self._order, self._mark):
                _grey_out(combo, result)
            self._rebuild()

    def figure(self) -> HeadsFigure | None:
        figure = self._grid.figure
        return replace(figure, selected=self._grid.selected) if figure else None

    def _on_head_opened(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)
        self.context.open_view("attention")

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.group != old.group:
            self.refresh()
        self._select()

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        figure = HeadsFigure(self._result, self._mark.currentData(), self._order.currentData())
        self._grid.setAccessibleDescription(figure.caption)
        self._scroll.show_figure(figure, self.style_now())
        self._select()
        self.figure_changed.emit()

    def _select(self) -> None:
        """Frame the selected head and write its measures."""
        result, figure, now = self._result, self._grid.figure, self.selection.now
        if result is None or figure is None:
            return
        place = (now.layer, now.head)
        is_here = now.group in ("", result.group) and figure.exists.shape > place
        is_here = is_here and now.head < figure.exists.shape[1] and bool(figure.exists[place])
        self._grid.select(place if is_here else None)
        if not is_here:
            self._read_out.show_text("")
            return
        lines = (describe(result, name, place) for name in MEASURES if name in result.measures)
        self._read_out.show_text("  \N{MIDDLE DOT}  ".join([head_title(place), *filter(None, lines)]))
        box = self._grid.box_of(place)
        if box is not None:
            margin = int(box.height() / 4)
            center = box.center().toPoint()
            self._scroll.ensureVisible(center.x(), center.y(), int(box.width() / 2) + margin, 3 * margin)

    # What the user does

    def _on_control_changed(self) -> None:
        self._rebuild()

    def _on_grid_head_chosen(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)

    def restyle(self) -> None:
        if self._grid.figure is not None:
            self._scroll.show_figure(self._grid.figure, self.style_now())


class _Scroll(QScrollArea):
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


def _grey_out(combo: QComboBox, result: HeadsResult) -> None:
    """Measures that have no meaning for this model or text cannot be chosen."""
    model = combo.model()
    assert isinstance(model, QStandardItemModel)
    for index in range(combo.count()):
        values = result.measures.get(combo.itemData(index))
        is_known = combo.itemData(index) is None or (values is not None and not np.isnan(values).all())
        model.item(index).setEnabled(is_known)
        if not is_known and index == combo.currentIndex():
            combo.setCurrentIndex(0)
