"""The measures of all heads as a table to sort and walk through."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from inference.results.measures import MeasuresResult
from widgets.figures.head_measures import DASH, HeadIndex, measure_about, number_text, ordered, unit_of, why_none
from widgets.figures.head_sentence import head_sentence
from widgets.kit.plain import plain_tip, tip_with_terms
from widgets.look.theme import FigureStyle
from widgets.views.measures.figure import COLUMNS, HEADING_LINES, header_lines, paint_bar, share_of

Index = QModelIndex | QPersistentModelIndex
_SHARE = Qt.ItemDataRole.UserRole
_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_HEADING = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
_EASY, _TIGHT = 1.0, 0.3  # em, beside the letters of a heading: less where a column would be out of sight


class _Rows(QAbstractTableModel):
    """A row for each head."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._result: MeasuresResult | None = None
        self.places: list[HeadIndex] = []

    @property
    def axis(self) -> str:
        """Name of the sequence that the queries lie in."""
        return self._result.axes[0] if self._result else "text"

    def show(self, result: MeasuresResult, order: str, *, is_falling: bool) -> None:
        self.beginResetModel()
        self._result, self.places = result, ordered(result, order, is_falling=is_falling)
        self.endResetModel()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.places)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._result is None or not index.isValid():
            return None
        name, place = COLUMNS[index.column()], self.places[index.row()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _NUMBER
        if name in ("layer", "head"):
            return str(getattr(place, name)) if role == Qt.ItemDataRole.DisplayRole else None
        value = float(self._result.measures[name][place])
        if role == Qt.ItemDataRole.DisplayRole:
            return number_text(name, value)
        if role == _SHARE:
            return share_of(self._result, name, place)
        if role == Qt.ItemDataRole.ToolTipRole:
            if math.isnan(value):
                return why_none(self._result, name)
            unit = unit_of(name, self.axis)
            exact = f"{value:.6g} {unit}" if unit else f"{100 * value:.6g} %"
            return plain_tip(f"{exact}\n{head_sentence(self._result, place)}", is_long=True)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        name = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return "\n".join(header_lines(name, self.axis))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _HEADING
        if role == Qt.ItemDataRole.ToolTipRole:
            about = self.tr("Click to sort.") if name in ("layer", "head") else measure_about(name, self.axis)
            return tip_with_terms(plain_tip(about), " ".join(header_lines(name, self.axis)))
        if role == Qt.ItemDataRole.InitialSortOrderRole:
            is_place = name in ("layer", "head")
            return Qt.SortOrder.AscendingOrder if is_place else Qt.SortOrder.DescendingOrder
        return None


class _Bars(QStyledItemDelegate):
    """Numbers with a faint bar behind them."""

    def __init__(self, table: QWidget) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        share = index.data(_SHARE)
        if share:
            is_selected = option.state & QStyle.StateFlag.State_Selected  # type: ignore[attr-defined]
            # Over the number, in its own colour where the ground is the colour of bars already.
            color = self._table.palette().highlightedText().color() if is_selected else None
            color = color or FigureStyle.of(self._table).theme.accent
            paint_bar(painter, option.rect.toRectF(), share, color)  # type: ignore[attr-defined]


class HeadTable(QTableView):
    """Sortable; the row that is walked to selects its head, Enter or a double click opens it.

    Signals
    -------
    head_chosen(int, int), head_opened(int, int)
        Layer and head.
    order_chosen(str, bool)
        A heading was clicked: the column, and whether the highest come first.
    """

    head_chosen = Signal(int, int)
    head_opened = Signal(int, int)
    order_chosen = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Rows(self)
        self._numbers: list[list[str]] = [[] for _ in COLUMNS]  # what stands in the columns
        self.setModel(self._rows)
        self.setItemDelegate(_Bars(self))
        self.setAccessibleName(self.tr("Measures of all heads"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setHighlightSections(False)
        header.sortIndicatorChanged.connect(self._on_header_sort_indicator_changed)
        self.selectionModel().currentRowChanged.connect(self._on_current_row_changed)
        self.doubleClicked.connect(self._on_double_clicked)

    @property
    def places(self) -> tuple[HeadIndex, ...]:
        """The heads from top to bottom."""
        return tuple(self._rows.places)

    def show_result(self, result: MeasuresResult, order: str, *, is_falling: bool, selected: HeadIndex | None) -> None:
        """Show other numbers, or the same in another order."""
        header = self.horizontalHeader()
        with QSignalBlocker(header), QSignalBlocker(self.selectionModel()):
            self._rows.show(result, order, is_falling=is_falling)
            falling, rising = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
            header.setSortIndicator(COLUMNS.index(order), falling if is_falling else rising)
        places = range(len(self._rows.places))
        self._numbers = [[self._rows.index(row, column).data() for row in places] for column in range(len(COLUMNS))]
        self.select(selected)
        self.fit()

    def select(self, place: HeadIndex | None) -> None:
        """Mark the head that is selected everywhere."""
        with QSignalBlocker(self):
            if place is None or place not in self._rows.places:
                self.clearSelection()
                return
            index = self._rows.index(self._rows.places.index(place), max(self.currentIndex().column(), 0))
            if index != self.currentIndex() or not self.selectionModel().isSelected(index):
                self.setCurrentIndex(index)
            self.scrollTo(index)

    def fit(self) -> None:
        """Columns and rows as large as their letters; what room is left goes to all measures alike.

        Where there is too little, columns stand closer before the last one is out of sight.

        A column of dashes is not there: why, stands above the table.
        """
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self._row_height())
        header = self.horizontalHeader()
        header.setMinimumHeight(self._heading_height())
        widths, room = self._least_widths(), self.viewport().width()
        if sum(widths) > room:
            widths = self._least_widths(_TIGHT)
            widths[header.sortIndicatorSection()] += self._mark_width()
        n_measures = sum(map(bool, widths)) - 2
        spare = max(room - sum(widths), 0.0) / max(n_measures, 1)
        for column, width in enumerate(widths):
            header.setSectionHidden(column, not width)
            if width:
                header.resizeSection(column, int(width + (spare if column > 1 else 0)))

    def columns_width(self) -> int:
        """Pixels that all columns need, with the frame and a bar to scroll the rows."""
        return sum(self._least_widths()) + 2 * self.frameWidth() + self.verticalScrollBar().sizeHint().width()

    def rows_height(self) -> int:
        """Pixels that all rows need, with their headings and the frame."""
        return self._heading_height() + len(self._rows.places) * self._row_height() + 2 * self.frameWidth()

    def _heading_height(self) -> int:
        return round((HEADING_LINES + 0.9) * QFontMetricsF(self.font()).height())

    def _mark_width(self) -> int:
        """Of the arrow in the heading that is sorted by, which pushes its letters aside."""
        parts = (QStyle.PixelMetric.PM_HeaderMarkSize, QStyle.PixelMetric.PM_HeaderMargin)
        return sum(self.style().pixelMetric(part, None, self) for part in parts)

    def _row_height(self) -> int:
        return round(1.5 * QFontMetricsF(self.font()).height())

    def _least_widths(self, beside: float = _EASY) -> list[int]:
        """Of each column; 0 where it has no numbers."""
        metrics = QFontMetricsF(self.font())
        em = metrics.height()
        titles = [header_lines(name, self._rows.axis) for name in COLUMNS]
        widths = [max(map(metrics.horizontalAdvance, lines)) + beside * em for lines in titles]
        margin = 2 * (self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, self) + 1)
        numbers = (max(map(metrics.horizontalAdvance, column), default=0) + margin for column in self._numbers)
        needed = map(math.ceil, map(max, widths, numbers))
        return [0 if set(column) == {DASH} else width for column, width in zip(self._numbers, needed, strict=True)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def _on_header_sort_indicator_changed(self, column: int, order: Qt.SortOrder) -> None:
        self.order_chosen.emit(COLUMNS[column], order == Qt.SortOrder.DescendingOrder)

    def _on_current_row_changed(self, current: QModelIndex, _old: QModelIndex) -> None:
        if current.isValid():
            self.head_chosen.emit(*self._rows.places[current.row()])

    def _on_double_clicked(self, index: QModelIndex) -> None:
        self.head_opened.emit(*self._rows.places[index.row()])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.head_opened.emit(*self._rows.places[self.currentIndex().row()])
        else:
            super().keyPressEvent(event)
