"""Attention rolled out over the layers."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from inference.results.request import Request
from inference.results.rollout import RolloutRequest, RolloutResult
from widgets.context import ViewContext
from widgets.figures.token_axis import quoted
from widgets.kit.availability import offer
from widgets.kit.group_choice import GroupChoice
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.kit.text_length import WHOLE, most_tokens
from widgets.maps.numerals import short
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.rollout.figure import MapKind, RolloutCell, RolloutFigure
from widgets.views.rollout.layer import RolloutLayer
from widgets.views.rollout.options import RolloutOptions


class RolloutView(View):
    """How much of each token is in what stands at a query's place above a layer, beside the mean attention.

    A click chooses the query whose bars are shown (or the layer, where one query is shown in all of them).
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: RolloutResult | None = None
        self._is_forced = False  # whether one query is shown because there are too many
        self._length: tuple[object, int] | None = None  # of which input and group, and how many tokens
        self._canvas = PointedCanvas("rollout_canvas", self.tr("Attention rollout"))
        self._page = self.add_page(
            Page("rollout", self._canvas, self.tr("What is shown"), self.tr("Value"), has_long_read_out=True)
        )
        controls = self._page.controls
        self._group = GroupChoice(controls, "rollout_group", context.selection)
        self._layer = RolloutLayer(controls, "rollout_layer", context.selection)
        self._options = self.add_options(
            OptionControls(controls, "rollout", RolloutOptions, rare=("maps", "scale", "hide_own"))
        )
        self._show_page()

        self._layer.begun.connect(self._rebuild)
        self._options.changed.connect(self._rebuild)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        for control in (self._group, self._layer):
            control.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)
        self._show_page()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        checkpoint, now = self.subject.checkpoint, self.selection.now
        group = checkpoint.group(now.group)
        chosen = None if self.query_pos is None else (self.query_pos,)
        queries = () if self._n_tokens() <= WHOLE else chosen
        return (RolloutRequest(checkpoint.checkpoint, self.subject.input, group.name, queries),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, RolloutResult)
        self._result = result
        self._length = (self._about(), len(result.key_tokens))
        self._rebuild()
        self.refresh()  # a text may be shorter than it looked

    def figure(self) -> RolloutFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, RolloutFigure) and self._is_shown() else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        self._rebuild()

    # The picture

    def _about(self) -> object:
        assert self.subject is not None
        group = self.subject.checkpoint.group(self.selection.now.group).name
        return self.subject.checkpoint.checkpoint, self.subject.input.unmasked(), group

    def _n_tokens(self) -> int:
        """How many there are, or can be where that is not known yet."""
        assert self.subject is not None
        if self._length is not None and self._length[0] == self._about():
            return self._length[1]
        return most_tokens(self.subject.input)

    def _rebuild(self) -> None:
        result = self._result
        if result is None:
            return
        has_all = len(result.queries) == len(result.query_tokens)
        self._offer_map(is_offered=has_all)
        query = self.query_pos if self.query_pos in result.queries else result.default_query
        wanted = self.selection.now.layer if self._layer.is_chosen else result.layers[-1]
        layer = min(result.layers, key=lambda each: abs(each - wanted))
        figure = RolloutFigure(result, layer, query, self._options.value())
        self._canvas.show_figure(figure, self.style_now())
        first = "" if self._layer.is_chosen else self.tr("; the last layer, as none is chosen")
        self._page.caption.show_text(figure.caption + first)
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _offer_map(self, *, is_offered: bool) -> None:
        """A map of all queries, where all of them are known; else one of them is shown, until they are again."""
        offer(self._options.combo("show"), "map", is_offered, self.tr("For up to {} keys.").format(WHOLE))
        if is_offered != self._is_forced:
            return
        options = self._options.value()
        show = options.show
        if is_offered or show == "map":
            show = "map" if is_offered else "query"
            self._is_forced = not is_offered
        # Among many keys nothing else would be seen beside a query's own.
        self._options.set_value(replace(options, show=show, hide_own=not is_offered), quietly=True)

    def _is_shown(self) -> bool:
        """Whether what is known is of the selected group."""
        if self._result is None or self.subject is None:
            return False
        return self._result.group == self.subject.checkpoint.group(self.selection.now.group).name

    def _show_page(self) -> None:
        """Never another group's picture: say why there is none of this one."""
        if self._is_shown():
            self._page.show_canvas()
        else:
            self._page.show_empty(self.tr("Rolling out the layers …"))

    # What the user does

    def _on_canvas_spot_changed(self, cell: RolloutCell | None) -> None:
        figure = self.figure()
        if figure is None:
            return
        if cell is not None:
            self._page.read_out.show_text(figure.describe(cell))
            return
        kind: MapKind = figure.kinds[0]
        tokens = figure.result.key_tokens
        keys = [f"{quoted(tokens, key)} ({key}) {short(share)}" for key, share in figure.strongest(kind)]
        text = self.tr("{} comes most from") if kind == "rollout" else self.tr("{} attends most to")
        self._page.read_out.show_text(
            "  \N{MIDDLE DOT}  ".join((f"{text.format(figure.query_name)}  {keys[0]}", *keys[1:]))
            if keys
            else self.tr("Point at a cell.")
        )

    def _on_canvas_spot_chosen(self, cell: RolloutCell) -> None:
        figure = self.figure()
        if figure is not None and figure.options.show == "map":
            self.choose(query_pos=cell.row, key_pos=cell.key)
        elif figure is not None:
            self._layer.begin()
            self.choose(layer=figure.result.layers[cell.row], key_pos=cell.key)

    def restyle(self) -> None:
        self._rebuild()
