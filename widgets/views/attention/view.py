"""One head as a heat map: who attends to whom; point for exact values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.events import Failure
from inference.results.maps import MapResult, RowsRequest, TilesRequest
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.availability import offer, set_available
from widgets.kit.figure import Figure
from widgets.kit.group_choice import GroupChoice
from widgets.kit.head_steps import layer_and_head, step
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.text_length import WHOLE, most_tokens
from widgets.maps.deep_zoom import DeepZoom
from widgets.maps.feed import Source
from widgets.maps.tile_cache import PooledHead
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.attention.options import AttentionOptions
from widgets.views.attention.whole_map import WholeMap

_RARE = ("reduce", "hide_special", "merge_words", "low", "high")


class AttentionView(View):
    """The selected head's attention, from each token (rows) to each token (columns), or all heads of its layer in one.

    A click selects query and key; the wheel zooms, dragging moves, arrow keys walk through heads and layers. Long texts
    are looked at like a map of the world: an overview first, sharp where one looks.
    """

    details = frozenset({TilesRequest, RowsRequest})

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._lengths: dict[str, int] = {}  # of the longer axis, by group, as far as known
        self._whole, self._deep = WholeMap(self), DeepZoom(self)
        self._maps = QStackedWidget(self)
        self._maps.addWidget(self._whole)
        self._maps.addWidget(self._deep)
        self._page = self.add_page(Page("attention", self._maps, self.tr("What is shown"), self.tr("Value")))
        self._page.show_empty(self.tr("Asking the model …"))
        controls = self._page.controls
        self._group = GroupChoice(controls, "attention_group", context.selection)
        self._options = self.add_options(OptionControls(controls, "attention", AttentionOptions, rare=_RARE))
        self._scale_was = self._options.value().scale
        self._is_scale_chosen = False  # until it is, it follows the length of the text
        zoom_out, zoom_in, fit, self._search, self._go_to = controls.add_buttons(
            ("attention_zoom_out", "\N{MINUS SIGN}", self.tr("Zoom out (-, or the wheel)")),
            ("attention_zoom_in", "+", self.tr("Zoom in (+, or the wheel)")),
            ("attention_fit", self.tr("Fit"), self.tr("Show the whole map (Z)")),
            ("attention_search", self.tr("Search"), self.tr("Search the tokens (Ctrl+F)")),
            ("attention_go_to", self.tr("Go to"), self.tr("Go to a token (Ctrl+G)")),
        )

        self._options.changed.connect(self._on_options_changed)
        zoom_out.clicked.connect(self._on_zoom_out_clicked)
        zoom_in.clicked.connect(self._on_zoom_in_clicked)
        fit.clicked.connect(self._on_fit_clicked)
        for shown in (self._whole, self._deep):
            shown.changed.connect(self._on_map_changed)
            shown.read_changed.connect(self._read)
            shown.cell_chosen.connect(self._on_map_cell_chosen)
            shown.step_requested.connect(self._on_map_step_requested)
        self.standing_changed.connect(self._read)
        self._deep.requests_changed.connect(self.follow)
        self._deep.canvas.brushed.connect(self.want_again)
        self._deep.noticed.connect(self.noticed)
        self._search.clicked.connect(self._deep.bar.open_search)
        self._go_to.clicked.connect(self._deep.bar.open_go_to)
        self._shortcuts = [
            self._shortcut("Ctrl+F", self._deep.bar.open_search),
            self._shortcut("Ctrl+G", self._deep.bar.open_go_to),
            self._shortcut("F3", self._on_next_pressed),
            self._shortcut("Shift+F3", self._on_previous_pressed),
        ]
        self._show_map(is_long=False)

    def _shortcut(self, keys: str, action: object) -> QShortcut:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(action)
        return shortcut

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        old = self.subject
        if old != subject:
            self._deep.forget()
        if old is None or subject is None or old.input.unmasked() != subject.input.unmasked() or (
            old.checkpoint != subject.checkpoint
        ):  # fmt: skip
            self._lengths.clear()  # which masks do not change
        self._group.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        checkpoint = self.subject.checkpoint.checkpoint
        group, layer, head = layer_and_head(self.subject.checkpoint, self.selection)
        if self._lengths.get(group, most_tokens(self.subject.input)) <= WHOLE:
            # All heads of the layer: another head needs no other numbers.
            return (AttentionRequest(checkpoint, self.subject.input, group, layers=(layer,)),)
        source = Source(checkpoint, self.subject.input)
        self._deep.show_head(source, PooledHead(group, layer, head, self._options.value().reduce))
        return self._deep.requests()

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, AttentionResult | MapResult):
            length = max(len(result.query_tokens), len(result.key_tokens))
            self._lengths[result.group] = length
            if isinstance(result, MapResult) and length <= WHOLE:  # the text was shorter than it looked
                self.keep_picture()
                self.refresh()
                return
            if isinstance(result, MapResult) != (self._map is self._deep):
                self._show_map(is_long=isinstance(result, MapResult))
            self._page.show_canvas()
        if isinstance(result, AttentionResult):
            assert self.group is not None
            self._whole.take(result, self.group, self.selection.now)
        else:
            self._deep.take(request, result)

    def show_failure(self, request: Request, failure: Failure) -> None:
        self._deep.give_up()
        super().show_failure(request, failure)

    def figure(self) -> Figure | None:
        return self._map.figure()

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self._deep.select(self.query_pos, self.key_pos)
        self.refresh()
        self._whole.follow(now)

    def options_state(self) -> dict[str, Any]:
        state = super().options_state()
        if not self._is_scale_chosen and "attention" in state:  # else the next short text would be scaled by row
            state["attention"].pop("scale", None)
        return {name: values for name, values in state.items() if values}

    # The picture

    @property
    def _map(self) -> WholeMap | DeepZoom:
        return self._deep if self._maps.currentWidget() is self._deep else self._whole

    def _show_map(self, *, is_long: bool) -> None:
        """Show one of the two maps, and which controls it has."""
        if not self._is_scale_chosen:
            # The more tokens share a row, the less each has: raw numbers of a long text are all dark.
            self._scale_was = "row" if is_long else "raw"
            self._options.set_value(replace(self._options.value(), scale=self._scale_was), quietly=True)
            if not is_long:
                self._whole.set_options(self._options.value(), self.selection.now)
        self._maps.setCurrentWidget(self._deep if is_long else self._whole)
        self._page.setFocusProxy(self._deep.canvas if is_long else self._whole.map)
        long_only = self.tr("For more than {} keys: fewer show every cell.").format(WHOLE)
        short_only = self.tr("For up to {} keys: of more only what is seen is computed.")
        for field in ("aggregate", "hide_special", "merge_words", "low", "high"):
            set_available(self._options.control(field), not is_long, short_only.format(WHOLE))
        for control in (self._options.control("reduce"), self._search, self._go_to):
            set_available(control, is_long, long_only)
        for shortcut in self._shortcuts:
            shortcut.setEnabled(is_long)
        self.restyle()

    def restyle(self) -> None:
        options = self._options.value()
        is_mean = self._map is self._deep and options.reduce == "mean"
        why_not = self.tr("Rows are divided by their maximum, not by a mean.")
        offer(self._options.combo("scale"), "row", not is_mean, why_not)
        self._whole.set_style(self.style_now())
        self._deep.set_look(self.style_now(), "raw" if is_mean and options.scale == "row" else options.scale)

    def _on_map_changed(self) -> None:
        self._page.caption.show_text(self._map.caption)
        self._read()
        self.figure_changed.emit()

    def _read(self) -> None:
        """Write the value under the pointer, else the selected one; none beside an old map."""
        self._write("" if self.is_dimmed else self._map.read_out())

    def clear_numbers(self) -> None:
        self._write("")

    def _write(self, text: str) -> None:
        self._page.read_out.show_text(text)
        shown = self._deep.canvas if self._map is self._deep else self._whole.map
        shown.setAccessibleDescription(text)

    def provisional_note(self) -> str:
        return ""  # the map says it itself

    # What the user does

    def _on_options_changed(self) -> None:
        options = self._options.value()
        self._is_scale_chosen = self._is_scale_chosen or options.scale != self._scale_was
        self._scale_was = options.scale
        self._whole.set_options(options, self.selection.now)
        self.restyle()
        self.refresh()

    def _on_zoom_out_clicked(self) -> None:
        self._map.zoom(1 / 1.5)

    def _on_zoom_in_clicked(self) -> None:
        self._map.zoom(1.5)

    def _on_fit_clicked(self) -> None:
        self._map.fit()

    def _on_next_pressed(self) -> None:
        self._deep.step_match(1)

    def _on_previous_pressed(self) -> None:
        self._deep.step_match(-1)

    def _on_map_cell_chosen(self, query_pos: int, key_pos: int) -> None:
        self.choose(query_pos=query_pos, key_pos=key_pos)

    def _on_map_step_requested(self, layers: int, heads: int) -> None:
        if self.subject is not None:
            step(self.subject.checkpoint, self.selection, layers, heads)
