"""One head as a heat map: who looks at whom, with exact values."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.events import Failure
from inference.results.maps import MapResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.figure import Figure
from widgets.kit.availability import offer, set_available
from widgets.kit.control_bar import ControlBar
from widgets.kit.group_choice import GroupChoice
from widgets.kit.line_label import LineLabel
from widgets.kit.text_length import WHOLE, most_tokens
from widgets.maps.feed import Source
from widgets.maps.panel import DeepZoom
from widgets.maps.tile_cache import Head
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.attention.whole_map import Options, WholeMap


class AttentionView(View):
    """The selected head's attention, from each token (rows) to each token (columns), or all heads of its layer in one.

    A click selects query and key; the wheel zooms, dragging moves, arrow keys walk through heads and layers. Long texts
    are looked at like a map of the world: an overview first, sharp where one looks.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._lengths: dict[str, int] = {}  # of the longer axis, by group, as far as known
        self._is_scale_chosen = False
        controls = ControlBar(self)
        self._group = GroupChoice(controls, "attention_group", context.selection)
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
        self._reduce = controls.add_choice(
            "attention_reduce",
            self.tr("Several cells"),
            ((self.tr("Maximum"), "max"), (self.tr("Mean"), "mean")),
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
        zoom_out, zoom_in, fit, self._search, self._go_to = controls.add_buttons(
            ("attention_zoom_out", "\N{MINUS SIGN}", self.tr("Zoom out (-, or the wheel)")),
            ("attention_zoom_in", "+", self.tr("Zoom in (+, or the wheel)")),
            ("attention_fit", self.tr("Fit"), self.tr("Show the whole map (Z)")),
            ("attention_search", self.tr("Search"), self.tr("Search the tokens (Ctrl+F)")),
            ("attention_go_to", self.tr("Go to"), self.tr("Go to a token (Ctrl+G)")),
        )
        self._caption = LineLabel(self.tr("What is shown"), self)
        self._read_out = LineLabel(self.tr("Value"), self)
        self._whole, self._deep = WholeMap(self), DeepZoom(self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._whole)
        self._pages.addWidget(self._deep)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(controls)
        layout.addWidget(self._caption)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._read_out)

        for choice in (self._aggregate, self._reduce):
            choice.currentIndexChanged.connect(self._on_control_changed)
        self._normalisation.currentIndexChanged.connect(self._on_normalisation_changed)
        for check in (self._hide_special, self._merge_words):
            check.toggled.connect(self._on_control_changed)
        zoom_out.clicked.connect(self._on_zoom_out_clicked)
        zoom_in.clicked.connect(self._on_zoom_in_clicked)
        fit.clicked.connect(self._on_fit_clicked)
        for page in (self._whole, self._deep):
            page.changed.connect(self._on_page_changed)
            page.cell_chosen.connect(self._on_page_cell_chosen)
            page.step_requested.connect(self._on_page_step_requested)
        self._whole.read_changed.connect(self._read)
        self._deep.read_changed.connect(self._read)
        self._deep.requests_changed.connect(self.refresh)
        self._deep.noticed.connect(self.noticed)
        self._search.clicked.connect(self._deep.bar.open_search)
        self._go_to.clicked.connect(self._deep.bar.open_go_to)
        self._shortcuts = [
            self._shortcut("Ctrl+F", self._deep.bar.open_search),
            self._shortcut("Ctrl+G", self._deep.bar.open_go_to),
            self._shortcut("F3", self._on_next_pressed),
            self._shortcut("Shift+F3", self._on_previous_pressed),
        ]
        self._show_page(is_long=False)

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
        checkpoint, now = self.subject.checkpoint, self.selection.now
        group = checkpoint.group(now.group)
        layer = min(now.layer, group.n_layers - 1)
        length = self._lengths.get(group.name, most_tokens(self.subject.input))
        if length <= WHOLE:
            # All heads of the layer: another head needs no other numbers.
            return (AttentionRequest(checkpoint.checkpoint, self.subject.input, group.name, layers=(layer,)),)
        head = min(now.head, group.n_heads[layer] - 1)
        source = Source(checkpoint.checkpoint, self.subject.input)
        self._deep.show_head(source, Head(group.name, layer, head, self._reduce.currentData()))
        return self._deep.requests()

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, AttentionResult):
            self._lengths[result.group] = max(len(result.query_tokens), len(result.key_tokens))
            self._show_page(is_long=False)
            assert self.group is not None
            self._whole.take(result, self.group, self.selection.now)
            return
        if isinstance(result, MapResult) and self._deep.feed.waits_for(result):
            length = max(len(result.query_tokens), len(result.key_tokens))
            self._lengths[result.group] = length
            if length <= WHOLE:  # the text was shorter than it looked
                self.refresh()
                return
            self._show_page(is_long=True)
        self._deep.take(result)

    def show_failure(self, request: Request, failure: Failure) -> None:
        self._deep.give_up()
        self.refresh()  # what failed is no longer asked for, and so may be asked again
        super().show_failure(request, failure)

    def figure(self) -> Figure | None:
        return self._page.figure()

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self._deep.select(self.query_pos, self.key_pos)
        self.refresh()
        self._whole.follow(now)

    # The picture

    @property
    def _page(self) -> WholeMap | DeepZoom:
        return self._deep if self._pages.currentWidget() is self._deep else self._whole

    def _show_page(self, *, is_long: bool) -> None:
        """Show one of the two maps, and which controls it has."""
        if not self._is_scale_chosen:
            # The more tokens share a row, the less each has: raw numbers of a long text are all dark.
            with QSignalBlocker(self._normalisation):
                self._normalisation.setCurrentIndex(self._normalisation.findData("row" if is_long else "raw"))
        self._pages.setCurrentWidget(self._deep if is_long else self._whole)
        self.setFocusProxy(self._deep.canvas if is_long else self._whole.map)
        long_only = self.tr("For texts of more than {} tokens: shorter ones show every cell.").format(WHOLE)
        short_only = self.tr("For texts of up to {} tokens: of longer ones only what is seen is computed.").format(
            WHOLE
        )
        for control in (self._aggregate, self._hide_special, self._merge_words):
            set_available(control, not is_long, short_only.format(WHOLE))
        for control in (self._reduce, self._search, self._go_to):
            set_available(control, is_long, long_only)
        for shortcut in self._shortcuts:
            shortcut.setEnabled(is_long)
        self.restyle()

    def restyle(self) -> None:
        is_mean = self._page is self._deep and self._reduce.currentData() == "mean"
        offer(self._normalisation, "row", not is_mean, self.tr("Rows are divided by their maximum, not by a mean."))
        scale = self._normalisation.currentData()
        self._whole.set_style(self.style_now())
        self._deep.set_look(self.style_now(), "raw" if is_mean and scale == "row" else scale)

    def _on_page_changed(self) -> None:
        if self.sender() is self._page:
            self._caption.show_text(self._page.caption)
            self._read()
            self.figure_changed.emit()

    def _read(self) -> None:
        """Write the value under the pointer, else the selected one."""
        text = self._page.read_out()
        self._read_out.show_text(text)
        shown = self._deep.canvas if self._page is self._deep else self._whole.map
        shown.setAccessibleDescription(text)

    # What the user does

    def _on_control_changed(self) -> None:
        options = Options(
            self._aggregate.currentData(),
            self._normalisation.currentData(),
            self._hide_special.isChecked(),
            self._merge_words.isChecked(),
        )
        self._whole.set_options(options, self.selection.now)
        self.restyle()
        self.refresh()

    def _on_normalisation_changed(self) -> None:
        self._is_scale_chosen = True
        self._on_control_changed()

    def _on_zoom_out_clicked(self) -> None:
        self._page.zoom(1 / 1.5)

    def _on_zoom_in_clicked(self) -> None:
        self._page.zoom(1.5)

    def _on_fit_clicked(self) -> None:
        self._page.fit()

    def _on_next_pressed(self) -> None:
        self._deep.step_match(1)

    def _on_previous_pressed(self) -> None:
        self._deep.step_match(-1)

    def _on_page_cell_chosen(self, query_pos: int, key_pos: int) -> None:
        self.choose(query_pos=query_pos, key_pos=key_pos)

    def _on_page_step_requested(self, layers: int, heads: int) -> None:
        if self.subject is None:
            return
        now = self.selection.now
        group = self.subject.checkpoint.group(now.group)
        layer = min(max(now.layer + layers, 0), group.n_layers - 1)
        head = min(max(now.head + heads, 0), group.n_heads[layer] - 1)
        self.selection.update(layer=layer, head=head)
