"""What every head does, in numbers."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QSplitter, QWidget

from inference.results.measures import MEASURES, MeasuresRequest, MeasuresResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.head_measures import HeadIndex, dashes_text, measure_name, places_of, sample_text, with_unit
from widgets.figures.head_sentence import head_sentence
from widgets.kit.group_choice import GroupChoice
from widgets.kit.labels import LineLabel
from widgets.kit.layouts import fill_column
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import explain_items
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import PlotSpot
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.measures.command import MeasuresOptions
from widgets.views.measures.figure import MeasuresFigure
from widgets.views.measures.head_scatter import HeadScatter
from widgets.views.measures.head_table import HeadTable

_LEAST = 12  # heights of letters of the plot
_FEW = 0.7  # of the height: rows that take less leave a void beneath them


class MeasuresView(View):
    """Measures of every head as a sortable table, and any two of them against each other.

    A row or a click on a point selects a head in all views; Enter in the table or a double click opens it in the
    Attention view.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: MeasuresResult | None = None
        self._sort, self._is_falling = "layer", False
        self._is_moved = False  # the border of table and plot, by the user
        self._table = HeadTable(self)
        self._table.setObjectName("measures_table")
        self._canvas = PlotCanvas("measures_scatter", self.tr("Two measures of all heads"), self)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setObjectName("measures_split")
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._table)
        self._split.addWidget(self._canvas)
        both = QWidget()  # what lies over a splitter would become one of its parts
        fill_column(both, self._split, self._split)
        self._page = self.add_page(
            Page("measures", both, self.tr("What is shown"), self.tr("Selected head"), has_long_read_out=True)
        )
        self._page.setFocusProxy(self._table)
        self._group = GroupChoice(self._page.controls, "measures_group", context.selection)
        self._options = self.add_options(OptionControls(self._page.controls, "measures", MeasuresOptions))
        self._sample = LineLabel(self.tr("How exact the numbers are"), self)
        self._sample.setObjectName("measures_sample")
        self._page.add_above(self._sample)
        self._sample.hide()
        self._page.show_empty(self.tr("Measuring the heads …"))

        self._options.changed.connect(self._on_options_changed)
        self._table.order_chosen.connect(self._on_table_order_chosen)
        self._table.head_chosen.connect(self._on_head_chosen)
        self._table.head_opened.connect(self._on_head_opened)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.spot_opened.connect(self._on_canvas_spot_opened)
        self._canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        self._canvas.shown_changed.connect(self.figure_changed)
        self._split.splitterMoved.connect(self._on_split_moved)
        self._split.installEventFilter(self)

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
        assert isinstance(result, MeasuresResult)
        self._result = result
        self._name_measures(result)
        self._page.show_canvas()
        self._rebuild()

    def figure(self) -> MeasuresFigure | None:
        scatter = self._canvas.figure_now()
        return MeasuresFigure(scatter, self._options.value().sort, self._is_falling) if scatter else None

    def provisional_note(self) -> str:
        return ""  # the line above the table says it

    def clear_numbers(self) -> None:
        super().clear_numbers()
        self._sample.hide()

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
            self._result, self._options.value().sort, is_falling=self._is_falling, selected=self._selected()
        )
        self._share_room()
        self._select()

    def _name_measures(self, result: MeasuresResult) -> None:
        """An image has patches where a text has tokens."""
        for field in ("sort", "across", "up"):
            combo = self._options.combo(field)
            for measure in MEASURES:
                combo.setItemText(combo.findData(measure.name), measure_name(measure.name, result.axes[0]))
            explain_items(combo)

    def _select(self) -> None:
        """Mark the selected head, and write its numbers."""
        selected, scatter = self._selected(), self._scatter()
        if self._result is None or scatter is None:
            return
        self._table.select(selected)
        self._canvas.show_figure(scatter, self.style_now())
        self._on_canvas_read_out_changed("")
        said = filter(None, (scatter.caption, dashes_text(self._result)))
        self._page.caption.show_text("  \N{MIDDLE DOT}  ".join(said))
        self.figure_changed.emit()

    def _selected_text(self) -> str:
        selected = self._selected()
        if not self.is_provisional and self.why_not_current:
            return ""  # numbers of something else
        if selected is None or self._result is None:
            return self.tr("No head is selected: click one to see its numbers.")
        # Its row has all numbers: here stands what makes the point, in one line.
        shown = dict.fromkeys((self._options.value().across, self._options.value().up))
        values, axis = self._result.measures, self._result.axes[0]
        numbers = [with_unit(name, float(values[name][selected]), axis) for name in shown]
        sentence = head_sentence(self._result, selected, shown).removesuffix(".")
        return "  \N{MIDDLE DOT}  ".join(filter(None, (selected.title, sentence, *numbers)))

    def _scatter(self) -> HeadScatter | None:
        if self._result is None:
            return None
        options = self._options.value()
        return HeadScatter(self._result, options.across, options.up, self._selected())

    def _selected(self) -> HeadIndex | None:
        """The selected head, if it is one of these."""
        now, result = self.selection.now, self._result
        place = HeadIndex(now.layer, now.head)
        is_here = result is not None and now.group in ("", result.group) and place in places_of(result)
        return place if is_here else None

    # What the user does

    def _on_options_changed(self) -> None:
        options = self._options.value()
        if options.sort != self._sort:
            self._sort, self._is_falling = options.sort, options.is_falling
        self._rebuild()

    def _on_table_order_chosen(self, order: str, is_falling: bool) -> None:
        self._sort, self._is_falling = order, is_falling
        self._options.set_value(replace(self._options.value(), sort=order), quietly=True)
        self._rebuild()

    def _on_head_chosen(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)

    def _on_head_opened(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)
        self.context.open_view("attention")

    def _on_canvas_spot_chosen(self, spot: PlotSpot) -> None:
        place = self._place_of(spot)
        self.selection.update(layer=place.layer, head=place.head)

    def _on_canvas_spot_opened(self, spot: PlotSpot) -> None:
        self._on_head_opened(*self._place_of(spot))

    def _place_of(self, spot: PlotSpot) -> HeadIndex:
        scatter = self._canvas.figure
        assert isinstance(scatter, HeadScatter)
        return scatter.place_of(spot)

    def _on_canvas_read_out_changed(self, text: str) -> None:
        """What is pointed at, or else the selected head; no numbers beside an old picture."""
        self._page.read_out.show_text("" if self.is_dimmed else text or self._selected_text())

    # The looks

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A line more above them takes room from table and plot, too, and not from the view."""
        if watched is self._split and event.type() == QEvent.Type.Resize:
            self._share_room()
        return super().eventFilter(watched, event)

    def _share_room(self) -> None:
        """A table of many rows beside the plot, one of few above it, no higher than they are; or as the user has it."""
        self._canvas.setMinimumHeight(_LEAST * self.fontMetrics().height())  # in less its points lie upon each other
        columns, rows, height = self._table.columns_width(), self._table.rows_height(), self._split.height()
        # A part of a table says less than a small plot.
        is_wide = self.width() > max(1.7 * self.height(), 1.6 * columns) and rows > _FEW * height
        wanted = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        if self._is_moved and wanted == self._split.orientation():
            return
        self._is_moved = False
        self._split.setOrientation(wanted)
        whole = (self.width() if is_wide else height) - self._split.handleWidth()
        of_table = max(self.width() // 2, columns) if is_wide else min(rows, whole // 2)
        self._split.setSizes([of_table, whole - of_table])

    def _on_split_moved(self) -> None:
        self._is_moved = True

    def restyle(self) -> None:
        self._rebuild()
