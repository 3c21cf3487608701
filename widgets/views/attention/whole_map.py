"""A whole attention pattern as a heat map with its read-out: the part that a view puts on screen for short texts."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.attention import AttentionResult
from inference.results.checkpoint import AttentionGroup
from widgets.figures.counts import weight
from widgets.kit.clean import isolated
from widgets.look.theme import FigureStyle
from widgets.passed_focus import PassesFocus
from widgets.selection import Selected
from widgets.views.attention.attention_map import AttentionMap
from widgets.views.attention.figure import AttentionFigure, MapPart
from widgets.views.attention.options import AttentionOptions


class WholeMap(PassesFocus, QWidget):
    """Data in, pixels and signals out, as a view.

    Signals
    -------
    changed(), read_changed()
        Another picture; another value under the pointer.
    cell_chosen(int, int), step_requested(int, int)
        Query and key position; layers and heads to walk.
    """

    changed = Signal()
    read_changed = Signal()
    cell_chosen = Signal(int, int)
    step_requested = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: AttentionResult | None = None
        self._group: AttentionGroup | None = None
        self._part: MapPart | None = None
        self._options = AttentionOptions()
        self._style = FigureStyle.of(self)
        self.map = AttentionMap(self)
        self.map.setObjectName("attention_map")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.map)
        self.setFocusProxy(self.map)
        self.map.cell_hovered.connect(self._on_map_cell_hovered)
        self.map.cell_clicked.connect(self._on_map_cell_clicked)
        self.map.part_changed.connect(self._on_map_part_changed)
        self.map.step_requested.connect(self.step_requested)
        self.map.cell_step_requested.connect(self._on_map_cell_step_requested)

    # Data in

    def take(self, result: AttentionResult, group: AttentionGroup, now: Selected) -> None:
        """Show another pattern; another text is shown from its beginning."""
        self._group = group
        old, self._result = self._result, result
        if old is None or _size(old) != _size(result):
            self._part = None
        self._rebuild(now)

    def follow(self, now: Selected) -> None:
        """Show what is selected, as far as its numbers are here."""
        shown = self.map.figure
        if shown is None or self._result is None or now.group not in ("", self._result.group):
            return
        self._rebuild(now)

    def set_options(self, options: AttentionOptions, now: Selected) -> None:
        """Show the pattern in another way."""
        old, self._options = self._options, options
        if options == old:
            return
        if (old.hide_special, old.merge_words) != (options.hide_special, options.merge_words):
            self._part = None  # it counts units, and these are others now
        self._rebuild(now)

    def set_style(self, style: FigureStyle) -> None:
        """Show it in other colours and letters."""
        self._style = style
        if self.map.figure is not None:
            self.map.show_figure(self.map.figure, style)

    # What is shown

    def figure(self) -> AttentionFigure | None:
        """What is on screen."""
        return self.map.figure

    @property
    def caption(self) -> str:
        """What is on screen, in one line."""
        return self.map.figure.caption if self.map.figure else ""

    def read_out(self) -> str:
        """The value under the pointer, else the selected one."""
        figure = self.map.figure
        if figure is None:
            return ""
        cell = self.map.pointed or self._selected_cell(figure)
        is_cell = cell is not None and cell[0] < len(figure.queries) and cell[1] < len(figure.keys)
        return self._reading(figure, *cell) if cell is not None and is_cell else self.tr("Point at a cell.")

    def zoom(self, factor: float) -> None:
        """Show larger or smaller cells."""
        self.map.zoom(factor)

    def fit(self) -> None:
        """Show the whole map."""
        self.map.fit()

    def _rebuild(self, now: Selected) -> None:
        result = self._result
        if result is None:
            return
        is_here = now.layer in result.layers and now.head in result.heads
        layer, head = (now.layer, now.head) if is_here else self._nearest(result, now)
        shown, kept = self.map.figure, (layer, head, self._options)
        if shown is not None and shown.result is result and (shown.layer, shown.head, shown.options) == kept:
            self._show(shown.seen(part=self._part, **self._places(now)))
        else:
            self._show(AttentionFigure(result, *kept, self._part, **self._places(now)))

    def _places(self, now: Selected) -> dict[str, int | None]:
        group = self._group
        return {"query_pos": now.query_pos(group), "key_pos": now.key_pos(group)} if group is not None else {}

    def _nearest(self, result: AttentionResult, now: Selected) -> tuple[int, int]:
        """Old numbers stay until the new ones are there: the layer that was shown, and a head that it has."""
        shown = self.map.figure
        is_shown = shown is not None and shown.result is result
        layer = shown.layer if shown is not None and is_shown else result.layers[0]
        return layer, min(result.heads, key=lambda head: abs(head - now.head))

    def _show(self, figure: AttentionFigure) -> None:
        self.map.show_figure(figure, self._style)
        self.changed.emit()

    def _reading(self, figure: AttentionFigure, row: int, column: int) -> str:
        """Such as "“cat” → “sat”  0.1234"."""
        value = float(figure.probabilities[row, column])
        number = self.tr("no value") if np.isnan(value) else weight(value)
        query, key = isolated(figure.queries.labels[row]), isolated(figure.keys.labels[column])
        parts = [f"“{query}” \N{RIGHTWARDS ARROW} “{key}”  {number}"]
        if figure.options.scale == "row":
            share = self.tr("{} of the row's maximum")
            parts.append(share.format(f"{100 * float(figure.values[row, column]):.0f} %"))
        if figure.hides_tokens:
            parts.append(self.tr("special tokens hidden"))
        positions = f"{figure.queries.starts[row]} \N{RIGHTWARDS ARROW} {figure.keys.starts[column]}"
        parts.append(self.tr("positions {}").format(positions))
        return "  \N{MIDDLE DOT}  ".join(parts)

    def _selected_cell(self, figure: AttentionFigure) -> tuple[int, int] | None:
        row, column = figure.queries.unit_of(figure.query_pos), figure.keys.unit_of(figure.key_pos)
        return None if row is None or column is None else (row, column)

    # What the user does

    def _on_map_part_changed(self, part: MapPart | None) -> None:
        self._part = part
        if self.map.figure is not None:
            self._show(self.map.figure.seen(part=part))

    def _on_map_cell_hovered(self, cell: tuple[int, int] | None) -> None:
        self.read_changed.emit()

    def _on_map_cell_clicked(self, row: int, column: int) -> None:
        figure = self.map.figure
        if figure is not None:
            self.cell_chosen.emit(int(figure.queries.starts[row]), int(figure.keys.starts[column]))

    def _on_map_cell_step_requested(self, rows: int, columns: int) -> None:
        figure = self.map.figure
        if figure is None:
            return
        cell = self._selected_cell(figure)
        if cell is None:
            row, column = figure.shown.rows.start, figure.shown.columns.start
        else:
            row = min(max(cell[0] + rows, 0), len(figure.queries) - 1)
            column = min(max(cell[1] + columns, 0), len(figure.keys) - 1)
        self.map.reveal(row, column)
        self._on_map_cell_clicked(row, column)


def _size(result: AttentionResult) -> tuple[int, int]:
    return len(result.query_tokens), len(result.key_tokens)
