"""Frames of a film in any order, what the model says comes first, and what it reads of each sentence."""

from __future__ import annotations

import random
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from inference.results.order import OrderRequest, OrderResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.subject import Subject
from widgets.view import View
from widgets.view_options import FRAMES, kept_places, places_kept
from widgets.views.order.canvas import OrderCanvas
from widgets.views.order.figure import OrderFigure, OrderSpot
from widgets.views.order.match_figure import MatchFigure
from widgets.views.order.options import OrderOptions
from widgets.views.order.truth import put_back
from widgets.views.order.words_figure import SizedWord, WordsFigure

_OrderPicture = OrderFigure | MatchFigure | WordsFigure
# Which options there is a control for, by what is shown; the others say nothing there.
_SHOWN = {"order": ("against",), "match": ("numbers", "temperature"), "words": ("mask_seed",)}


class OrderView(View):
    """Drag a frame to another place: the model is not told, and puts it back by what the sentences say.

    A click on one of the likeliest orders shows the frames so.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: OrderResult | None = None
        self._order: tuple[int, ...] = ()  # the usual one
        self._figure: _OrderPicture | None = None
        self._canvas = OrderCanvas("order_canvas", self.tr("Frames and sentences"))
        self._scroll = FigureScroll(self._canvas)
        self._page = self.add_page(Page("order", self._scroll, self.tr("What is shown"), self.tr("What is pointed at")))
        controls = self._page.controls
        self._options = self.add_options(OptionControls(controls, "order", OrderOptions))
        self._buttons = self._put_back, self._shuffle, self._in_time = controls.add_buttons(
            ("order_put_back", self.tr("Likeliest order"), self.tr("Show the frames in the likeliest order")),
            ("order_shuffle", self.tr("Shuffle"), self.tr("Show the frames in another order, by chance")),
            ("order_in_time", self.tr("As in the film"), self.tr("Show the frames in the order of the film")),
        )
        self._page.show_empty(self.tr("Putting the frames in order …"))
        self._show_controls()

        self._options.changed.connect(self._on_options_changed)
        self._put_back.clicked.connect(self._on_put_back_clicked)
        self._shuffle.clicked.connect(self._on_shuffle_clicked)
        self._in_time.clicked.connect(self._on_in_time_clicked)
        self._canvas.frame_moved.connect(self._on_canvas_frame_moved)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        of = (each and each.checkpoint.checkpoint for each in (subject, self.subject))
        if len(set(of)) > 1:  # which may be shown more frames, or fewer
            self._order = ()
        super().set_subject(subject)

    def requests(self) -> tuple[Request, ...]:
        subject = self.subject
        if subject is None or subject.input.clip is None:
            return ()
        place = subject.checkpoint.checkpoint
        return (OrderRequest(place, subject.input, self._order, self._options.value().mask_seed),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, OrderResult)
        self._result = result
        self._rebuild()

    def options_state(self) -> dict[str, Any]:
        """With the order that the user chose, so that it can be undone."""
        return super().options_state() | kept_places(FRAMES, self._order or None, self.subject)

    def set_options_state(self, stored: object) -> None:
        super().set_options_state(stored)
        self._order = places_kept(FRAMES, stored, self.subject) or ()
        self.refresh()

    def figure(self) -> _OrderPicture | None:
        return self._figure

    def restyle(self) -> None:
        if self._figure is not None:
            self._page.show_on(self._scroll, self._figure, self.style_now())

    # The picture

    def _rebuild(self) -> None:
        result, options = self._result, self._options.value()
        if result is None:
            return
        if options.show == "match":
            self._figure = MatchFigure(result, options)
        elif options.show == "words":
            self._figure = WordsFigure(result)
        else:
            self._figure = OrderFigure(result, options)
        self.restyle()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _show_controls(self) -> None:
        options = self._options.value()
        self._options.show_those_of(_SHOWN, options.show)
        self._options.set_shown("temperature", options.show == "match" and options.numbers != "cosine")
        for button in self._buttons:
            button.setVisible(options.show != "words")

    # What the user does

    def _show_order(self, order: tuple[int, ...]) -> None:
        self._order = order
        self.refresh()
        self.options.changed.emit()

    @Slot()
    def _on_options_changed(self) -> None:
        self._show_controls()
        self.refresh()
        self._rebuild()

    @Slot()
    def _on_put_back_clicked(self) -> None:
        if self._result is not None:
            self._show_order(put_back(self._result))

    @Slot()
    def _on_shuffle_clicked(self) -> None:
        if self._result is None:
            return
        order = list(self._result.order)
        while len(order) > 1 and tuple(order) == self._result.order:
            random.shuffle(order)
        self._show_order(tuple(order))

    @Slot()
    def _on_in_time_clicked(self) -> None:
        if self._result is not None:
            self._show_order(tuple(range(len(self._result.order))))

    @Slot(int, int)
    def _on_canvas_frame_moved(self, start: int, end: int) -> None:
        if self._result is not None:
            order = list(self._result.order)
            order.insert(end, order.pop(start))
            self._show_order(tuple(order))

    @Slot(object)
    def _on_canvas_spot_changed(self, spot: object) -> None:
        figure, text = self._figure, ""
        # A spot of one figure is none of another.
        if isinstance(figure, OrderFigure):
            text = self.tr("Drag a frame to another place, or point at it and press Alt and an arrow.")
            if isinstance(spot, OrderSpot):
                text = figure.describe(spot)
        elif isinstance(figure, MatchFigure):
            text = (
                figure.describe(spot)
                if isinstance(spot, Cell)
                else self.tr("Point at a cell. Framed: what belongs together.")
            )
        elif isinstance(figure, WordsFigure):
            text = figure.describe(spot) if isinstance(spot, SizedWord) else self.tr("Point at a word.")
        self._page.read_out.show_text("" if self.why_not_current else text)

    @Slot(object)
    def _on_canvas_spot_chosen(self, spot: object) -> None:
        if isinstance(spot, OrderSpot) and spot.kind == "order" and self._result is not None:
            self._show_order(put_back(self._result, spot.row))
