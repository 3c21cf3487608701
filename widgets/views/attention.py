"""One head as a heat map: who looks at whom, with exact values."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results import AttentionRequest, AttentionResult
from widgets.attention_map import AttentionMap
from widgets.control_bar import ControlBar
from widgets.figures.attention import AttentionFigure, Part
from widgets.line_label import LineLabel
from widgets.selection import Selected, Selection
from widgets.view import View


class AttentionView(View):
    """The selected head's attention, from each token (rows) to each token (columns), or all heads of its layer in one.

    A click selects query and key; the wheel zooms, dragging moves, arrow keys walk through heads and layers.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(selection, parent)
        self._result: AttentionResult | None = None
        self._part: Part | None = None
        controls = ControlBar(self)
        self._aggregate = controls.add_choice(
            "attention_aggregate",
            self.tr("Show"),
            (
                (self.tr("This head"), "head"),
                (self.tr("Mean of layer"), "mean"),
                (self.tr("Maximum of layer"), "max"),
            ),
        )
        self._normalisation = controls.add_choice(
            "attention_normalisation",
            self.tr("Scale"),
            ((self.tr("Raw"), "raw"), (self.tr("Per row"), "row"), (self.tr("Logarithmic"), "log")),
        )
        self._hide_special = controls.add_check(
            "attention_hide_special",
            self.tr("Hide special tokens"),
            self.tr("Leave out [CLS], [SEP] and their like. The other numbers stay as they are."),
        )
        self._merge_words = controls.add_check(
            "attention_merge_words",
            self.tr("Merge word pieces"),
            self.tr("Whole words: the sum over the pieces of a key, the mean over the pieces of a query."),
        )
        zoom_out = controls.add_button("attention_zoom_out", "\N{MINUS SIGN}", self.tr("Zoom out (-)"))
        zoom_in = controls.add_button("attention_zoom_in", "+", self.tr("Zoom in (+)"))
        fit = controls.add_button("attention_fit", self.tr("Fit"), self.tr("Show the whole map (Z)"))
        self._caption = LineLabel(self.tr("What is shown"), self)
        self._read_out = LineLabel(self.tr("Value"), self)
        self._map = AttentionMap(self)
        self._map.setObjectName("attention_map")

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(controls)
        layout.addWidget(self._caption)
        layout.addWidget(self._map, 1)
        layout.addWidget(self._read_out)

        self._aggregate.currentIndexChanged.connect(self._on_control_changed)
        self._normalisation.currentIndexChanged.connect(self._on_control_changed)
        self._hide_special.toggled.connect(self._on_axes_changed)
        self._merge_words.toggled.connect(self._on_axes_changed)
        zoom_out.clicked.connect(self._on_zoom_out_clicked)
        zoom_in.clicked.connect(self._on_zoom_in_clicked)
        fit.clicked.connect(self._map.fit)
        self._map.cell_hovered.connect(self._on_map_cell_hovered)
        self._map.cell_clicked.connect(self._on_map_cell_clicked)
        self._map.view_changed.connect(self._on_map_view_changed)
        self._map.step_requested.connect(self._on_map_step_requested)
        self._map.cell_step_requested.connect(self._on_map_cell_step_requested)
        self.setFocusProxy(self._map)

    # Data in

    def requests(self) -> tuple[object, ...]:
        assert self.subject is not None
        checkpoint, now = self.subject.checkpoint, self.selection.now
        group = checkpoint.group(now.group)
        layer = min(now.layer, group.n_layers - 1)
        # All heads of the layer: another head needs no other numbers.
        return (AttentionRequest(checkpoint.checkpoint, self.subject.input, group.name, layers=(layer,)),)

    def show_result(self, result: object) -> None:
        if not isinstance(result, AttentionResult):
            return
        old, self._result = self._result, result
        if old is None or _size(old) != _size(result):
            self._part = None
        self._rebuild()

    def figure(self) -> AttentionFigure | None:
        return self._map.figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        shown = self._map.figure
        if shown is None or self._result is None or now.group not in ("", self._result.group):
            return
        if now.layer == shown.layer and now.head == shown.head:
            self._show(shown.seen(query_pos=now.query_pos, key_pos=now.key_pos))
        else:
            self._rebuild()

    # The picture

    def _rebuild(self) -> None:
        """Show the selected head, as far as its numbers are here."""
        result, now = self._result, self.selection.now
        if result is None:
            return
        is_here = now.layer in result.layers and now.head in result.heads
        layer, head = (now.layer, now.head) if is_here else self._nearest(result, now)
        self._show(
            AttentionFigure(
                result,
                layer,
                head,
                self._aggregate.currentData(),
                self._normalisation.currentData(),
                self._hide_special.isChecked(),
                self._merge_words.isChecked(),
                self._part,
                query_pos=now.query_pos,
                key_pos=now.key_pos,
            )
        )

    def _nearest(self, result: AttentionResult, now: Selected) -> tuple[int, int]:
        """Old numbers stay until the new ones are there: the layer that was shown, and a head that it has."""
        shown = self._map.figure
        is_shown = shown is not None and shown.result is result
        layer = shown.layer if shown is not None and is_shown else result.layers[0]
        return layer, min(result.heads, key=lambda head: abs(head - now.head))

    def _show(self, figure: AttentionFigure) -> None:
        self._map.show_figure(figure, self.style_now())
        self._caption.show_text(figure.caption)
        self._read()
        self.figure_changed.emit()

    def _read(self) -> None:
        """Write the value under the pointer, else the selected one."""
        figure = self._map.figure
        text = ""
        if figure is not None:
            cell = self._map.pointed or self._selected_cell(figure)
            is_cell = cell is not None and cell[0] < len(figure.queries) and cell[1] < len(figure.keys)
            text = self._reading(figure, *cell) if cell is not None and is_cell else self.tr("Point at a cell.")
        self._read_out.show_text(text)
        self._map.setAccessibleDescription(text)

    def _reading(self, figure: AttentionFigure, row: int, column: int) -> str:
        """Such as "cat → sat  0.1234"."""
        value = float(figure.probabilities[row, column])
        number = self.tr("no value") if np.isnan(value) else f"{value:.4f}"
        parts = [f"{figure.queries.labels[row]} \N{RIGHTWARDS ARROW} {figure.keys.labels[column]}  {number}"]
        if figure.normalisation == "row":
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

    def _on_control_changed(self) -> None:
        self._rebuild()

    def _on_axes_changed(self) -> None:
        self._part = None  # it counts units, and these are others now
        self._rebuild()

    def _on_zoom_out_clicked(self) -> None:
        self._map.zoom(1 / 1.5)

    def _on_zoom_in_clicked(self) -> None:
        self._map.zoom(1.5)

    def _on_map_view_changed(self, part: Part | None) -> None:
        self._part = part
        if self._map.figure is not None:
            self._show(self._map.figure.seen(view=part))

    def _on_map_cell_hovered(self, cell: tuple[int, int] | None) -> None:
        self._read()

    def _on_map_cell_clicked(self, row: int, column: int) -> None:
        figure = self._map.figure
        if figure is not None:
            self.selection.update(query_pos=int(figure.queries.starts[row]), key_pos=int(figure.keys.starts[column]))

    def _on_map_step_requested(self, layers: int, heads: int) -> None:
        if self.subject is None:
            return
        now = self.selection.now
        group = self.subject.checkpoint.group(now.group)
        layer = min(max(now.layer + layers, 0), group.n_layers - 1)
        head = min(max(now.head + heads, 0), group.n_heads[layer] - 1)
        self.selection.update(layer=layer, head=head)

    def _on_map_cell_step_requested(self, rows: int, columns: int) -> None:
        figure = self._map.figure
        if figure is None:
            return
        cell = self._selected_cell(figure)
        if cell is None:
            row, column = figure.shown.rows.start, figure.shown.columns.start
        else:
            row = min(max(cell[0] + rows, 0), len(figure.queries) - 1)
            column = min(max(cell[1] + columns, 0), len(figure.keys) - 1)
        self._map.reveal(row, column)
        self._on_map_cell_clicked(row, column)

    # The looks

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._restyle()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._restyle()

    def _restyle(self) -> None:
        if self._map.figure is not None:
            self._map.show_figure(self._map.figure, self.style_now())


def _size(result: AttentionResult) -> tuple[int, int]:
    return len(result.query_tokens), len(result.key_tokens)
