"""What patches of an image attend to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from inference.results.patches import PatchesRequest, PatchesResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.places import place_name
from widgets.kit.availability import offer, set_available
from widgets.kit.group_choice import GroupChoice
from widgets.kit.head_steps import HeadSlider, LayerSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import QueryCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.patches.figure import MapKey, PatchesFigure, beside, weights_title
from widgets.views.patches.options import PatchesOptions, Weights


class PatchCanvas(QueryCanvas):
    """Maps over images.

    Signals
    -------
    spot_opened(MapKey)
        Double-clicked.
    """

    spot_opened = Signal(object)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if spot is not None:
            self.spot_opened.emit(spot)


class PatchesView(View):
    """The image, and over it what a query patch (or [CLS]) attends to: one head, all heads of a layer, or all layers.

    A click on a patch or a token chip makes it the query, arrow keys move on from there; among several maps a click
    selects that head too, and a double click shows it alone.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: PatchesResult | None = None
        self._kept: PatchesResult | None = None
        self._kept_of: Subject | None = None
        self._canvas = PatchCanvas("patches_canvas", self.tr("Attention on the image"), self)
        self._page = self.add_page(
            Page("patches", self._canvas, self.tr("What is shown"), self.tr("Number pointed at"))
        )
        controls = self._page.controls
        self._group = GroupChoice(controls, "patches_group", context.selection)
        self._layer = LayerSlider(controls, "patches_layer", context.selection)
        self._head = HeadSlider(controls, "patches_head", context.selection)
        rare = ("weights", "opacity", "smooth", "spotlight", "grid", "shared_scale")
        self._options = self.add_options(OptionControls(controls, "patches", PatchesOptions, rare=rare))
        self._keep = controls.add_button(
            "patches_keep", self.tr("Keep this one"), self.tr("Leave this image and query standing beside the next")
        )
        self._drop = controls.add_button(
            "patches_drop", self.tr("Drop kept one"), self.tr("Show the present image alone")
        )
        self._drop.hide()
        self._show_page()

        self._options.changed.connect(self._rebuild)
        self._keep.clicked.connect(self._on_keep_clicked)
        self._drop.clicked.connect(self._on_drop_clicked)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.spot_opened.connect(self._on_canvas_spot_opened)
        self._canvas.query_moved.connect(self._on_canvas_query_moved)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        for control in (self._group, self._layer, self._head):
            control.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)
        self._show_page()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        checkpoint, now, image = self.subject.checkpoint, self.selection.now, self.subject.input
        if image.image is None or not checkpoint.groups:
            return ()
        group = checkpoint.group(now.group)
        return (PatchesRequest(checkpoint.checkpoint, image, group.name, self.query_pos),)

    def take_result(self, request: Request, result: object, is_partial: bool = False) -> None:
        assert isinstance(result, PatchesResult)
        # The first part lacks the rollout: of the same image the old one stays, dimmed if it takes long.
        figure = self.figure()
        has_rollout = figure is not None and figure.options.weights == "rollout"
        if not (is_partial and has_rollout and figure and np.array_equal(figure.result.seen, result.seen)):
            super().take_result(request, result, is_partial)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, PatchesResult)
        self._result = result
        self._rebuild()

    @property
    def is_provisional(self) -> bool:
        """Only the rollout has yet to come."""
        return super().is_provisional and self._options.value().weights == "rollout"

    def provisional_note(self) -> str:
        return self.tr("attention weights, until the rollout is there")

    def figure(self) -> PatchesFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, PatchesFigure) and self._has_image() else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.group != old.group or now.query != old.query:
            self.refresh()
        if (now.group, now.layer, now.head) != (old.group, old.layer, old.head):
            self._rebuild()

    # The picture

    def _rebuild(self) -> None:
        result = self._result
        if result is None:
            return
        self._offer(result)
        now = self.selection.now
        n_layers, n_heads = result.pattern.shape[:2]
        options = replace(self._options.value(), weights=self._weights_shown(result))
        title = self._kept_of.title if self._kept_of is not None else ""
        figure = PatchesFigure(
            result,
            min(now.layer, n_layers - 1),
            min(now.head, n_heads - 1),
            options,
            self._kept,
            title if self._kept_of != self.subject else "",
        )
        self._canvas.show_figure(figure, self.style_now())
        self._page.caption.show_text("  ·  ".join((figure.caption, *result.notes)))
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _offer(self, result: PatchesResult) -> None:
        """Only what is known can be chosen."""
        notes = " ".join(result.notes)
        why = notes or self.tr("This is not known for this checkpoint.")
        weights, show = self._options.combo("weights"), self._options.combo("show")
        offer(weights, "weighted", bool(result.weighted.size), why)
        offer(weights, "rollout", bool(result.rollout.size), why)
        is_rollout = self._weights_shown(result) == "rollout"
        why_no_heads = self.tr("A rollout goes over all heads: {}.").format(weights_title("rollout"))
        offer(show, "heads", not is_rollout, why_no_heads)
        set_available(self._head, not is_rollout, why_no_heads)
        options = self._options.value()
        if is_rollout and options.show == "heads":
            self._options.set_value(replace(options, show="head"), quietly=True)

    def _weights_shown(self, result: PatchesResult) -> Weights:
        """Those that are chosen, if they are known."""
        chosen = self._options.value().weights
        is_known = {"raw": True, "weighted": bool(result.weighted.size), "rollout": bool(result.rollout.size)}
        return chosen if is_known[chosen] else "raw"

    def _has_image(self) -> bool:
        return self.subject is not None and self.subject.input.image is not None

    def _show_page(self) -> None:
        is_shown = self.figure() is not None
        self._keep.setEnabled(is_shown)
        if is_shown:
            self._page.show_canvas()
        elif self._has_image():
            self._page.show_empty(self.tr("Computing attention …"))
        else:
            self._page.show_empty(self.tr("Open an image."))

    # What the user does

    def _on_keep_clicked(self) -> None:
        self._kept, self._kept_of = self._result, self.subject
        self._drop.show()
        self._rebuild()

    def _on_drop_clicked(self) -> None:
        self._kept = self._kept_of = None
        self._drop.hide()
        self._rebuild()

    def _on_canvas_spot_changed(self, spot: MapKey | None) -> None:
        figure = self._canvas.figure
        if isinstance(figure, PatchesFigure) and spot is not None:
            text = figure.describe(spot, self._canvas.figure_rect(), self._canvas.style_now)
        else:
            one = place_name(self._result.axis if self._result is not None else "image").one
            if self._result is not None and self._result.tokens.is_special.any():
                one = self.tr("{} or a token").format(one)
            text = self.tr("Click a {} to ask what it attends to; point at one for its number.").format(one)
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: MapKey) -> None:
        figure = self._canvas.figure
        if not isinstance(figure, PatchesFigure):
            return
        place = figure.places(self._canvas.figure_rect(), self._canvas.style_now)[spot.place]
        is_kept = place.side < len(figure.sides) - 1
        head = {} if figure.options.weights == "rollout" else {"head": place.head}
        # What was kept stays as it is: its positions may mean other patches.
        query = {} if is_kept else {"query_pos": spot.key}
        self.choose(layer=place.layer, **head, **query)

    def _on_canvas_spot_opened(self, _spot: MapKey) -> None:
        self._options.set_value(replace(self._options.value(), show="head"))

    def _on_canvas_query_moved(self, right: int, down: int) -> None:
        if self._result is not None:
            asked = self.query_pos
            n = len(self._result.tokens)
            start = asked if asked is not None and asked < n else self._result.query
            self.choose(query_pos=beside(self._result, start, right, down))

    def restyle(self) -> None:
        self._rebuild()
