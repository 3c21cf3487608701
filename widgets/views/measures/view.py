"""What every head does, in numbers."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from inference.results.events import Failure
from inference.results.measures import MEASURES, MeasuresRequest, MeasuresResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.head_measures import Place, places_of, sample_text, with_unit
from widgets.kit.column import fill_column
from widgets.kit.control_bar import ControlBar
from widgets.kit.empty_label import EmptyLabel
from widgets.kit.group_choice import GroupChoice
from widgets.kit.line_label import LineLabel
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.measures.figure import COLUMNS, MeasuresFigure, column_title
from widgets.views.measures.head_scatter import HeadScatter
from widgets.views.measures.head_table import HeadTable


class MeasuresView(View):
    """Measures of every head as a sortable table, and any two of them against each other.

    A row or a click on a point selects a head in all views; Enter in the table or a double click opens it in the
    Attention view.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: MeasuresResult | None = None
        self._is_falling = False
        controls = ControlBar(self)
        self._group = GroupChoice(controls, "measures_group", context.selection)
        orders = [(self.tr("Layer") if name == "layer" else column_title(name), name) for name in COLUMNS]
        self._order = controls.add_choice("measures_order", self.tr("Sort by"), orders)
        measures = [(measure.title, measure.name) for measure in MEASURES]
        self._x = controls.add_choice("measures_x", self.tr("Across"), measures)
        self._y = controls.add_choice("measures_y", self.tr("Up"), measures)
        self._y.setCurrentIndex(self._y.findData("distance"))
        self._sample = LineLabel(self.tr("How exact the numbers are"), self)
        self._sample.setObjectName("measures_sample")
        self._table = HeadTable(self)
        self._table.setObjectName("measures_table")
        self._canvas = _Scatter("measures_scatter", self.tr("Two measures of all heads"), self)
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setObjectName("measures_split")
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._table)
        self._split.addWidget(self._canvas)
        self._empty = EmptyLabel("measures_empty")
        self._empty.setText(self.tr("Measuring the heads …"))
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._split)
        self._read_out = LineLabel(self.tr("Selected head"), self)
        self._read_out.setObjectName("measures_read_out")
        fill_column(self, self._pages, controls, self._sample, self._pages, self._read_out)
        self._sample.hide()
        self.setFocusProxy(self._table)

        self._order.currentIndexChanged.connect(self._on_order_changed)
        self._x.currentIndexChanged.connect(self._on_axis_changed)
        self._y.currentIndexChanged.connect(self._on_axis_changed)
        self._table.order_chosen.connect(self._on_table_order_chosen)
        self._table.head_chosen.connect(self._on_head_chosen)
        self._table.head_opened.connect(self._on_head_opened)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.spot_opened.connect(self._on_head_opened)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        self._group.offer(subject.checkpoint if subject else None)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        checkpoint = self.subject.checkpoint
        group = checkpoint.group(self.selection.now.group).name
        return (MeasuresRequest(checkpoint.checkpoint, self.subject.input, group),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, MeasuresResult):
            self._result = result
            self._pages.setCurrentWidget(self._split)
            self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._empty.setText(failure.message)

    def figure(self) -> MeasuresFigure | None:
        scatter = self._scatter()
        return MeasuresFigure(scatter, self._order.currentData(), self._is_falling) if scatter else None

    def _on_head_opened(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)
        self.context.open_view("attention")

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.group != old.group:
            self.refresh()
        if (now.group, now.layer, now.head) != (old.group, old.layer, old.head):
            self._select()

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        text = sample_text(self._result)
        self._sample.show_text(self.tr("{} – exact numbers follow").format(text[:1].upper() + text[1:]) if text else "")
        self._sample.setVisible(bool(text))
        self._table.show_result(
            self._result, self._order.currentData(), is_falling=self._is_falling, selected=self._selected()
        )
        self._select()

    def _select(self) -> None:
        """Mark the selected head, and write its numbers."""
        selected, scatter = self._selected(), self._scatter()
        if self._result is None or scatter is None:
            return
        self._table.select(selected)
        self._canvas.show_figure(scatter, self.style_now())
        parts = [] if selected is None else [selected.title]
        if selected is not None:
            values = self._result.measures
            parts += [with_unit(measure.name, float(values[measure.name][selected])) for measure in MEASURES]
        self._read_out.show_text("  \N{MIDDLE DOT}  ".join(parts) or self.tr("Choose a head."))
        self.figure_changed.emit()

    def _scatter(self) -> HeadScatter | None:
        if self._result is None:
            return None
        return HeadScatter(self._result, self._x.currentData(), self._y.currentData(), self._selected())

    def _selected(self) -> Place | None:
        """The selected head, if it is one of these."""
        now, result = self.selection.now, self._result
        place = Place(now.layer, now.head)
        is_here = result is not None and now.group in ("", result.group) and place in places_of(result)
        return place if is_here else None

    # What the user does

    def _on_order_changed(self) -> None:
        self._is_falling = self._order.currentData() not in ("layer", "head")
        self._rebuild()

    def _on_table_order_chosen(self, order: str, is_falling: bool) -> None:
        self._is_falling = is_falling
        with QSignalBlocker(self._order):
            self._order.setCurrentIndex(self._order.findData(order))
        self._rebuild()

    def _on_axis_changed(self) -> None:
        self._select()

    def _on_head_chosen(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)

    def _on_canvas_spot_chosen(self, place: Place) -> None:
        self.selection.update(layer=place.layer, head=place.head)

    # The looks

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() > 1.7 * self.height()
        wanted = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        if wanted != self._split.orientation() or self._split.sizes() == [0, 0]:
            self._split.setOrientation(wanted)
            self._split.setSizes([10_000, 10_000])  # halves

    def restyle(self) -> None:
        self._rebuild()


class _Scatter(PointedCanvas):
    """Points; a double click opens one.

    Signals
    -------
    spot_opened(int, int)
        Layer and head.
    """

    spot_opened = Signal(int, int)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if spot is not None and event.button() == Qt.MouseButton.LeftButton:
            self.spot_opened.emit(*spot)
