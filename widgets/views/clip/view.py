"""What a place in a film attends to, played."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from inference.results.clip import ClipRequest, ClipResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.availability import offer, set_available
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.group_choice import GroupChoice
from widgets.kit.head_steps import HeadSlider, LayerSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import QueryCanvas
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.clip.figure import ClipFigure
from widgets.views.clip.options import ClipOptions
from widgets.views.clip.places import FilmPlace

_FRAMES_A_SECOND = 4.0
_RARE = ("weights", "opacity", "smooth", "spotlight", "grid")


class ClipView(View):
    """The frames that the model is shown, and over them what a patch, a frame or [CLS] attends to; a click makes
    another one the query, the arrow keys go on from there, and the player goes through the frames."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: ClipResult | None = None
        self._canvas = QueryCanvas("clip_canvas", self.tr("Attention on the film"), self)
        self._scroll = FigureScroll(self._canvas)
        self._page = self.add_page(Page("clip", self._scroll, self.tr("What is shown"), self.tr("Number pointed at")))
        controls = self._page.controls
        self._group = GroupChoice(controls, "clip_group", context.selection)
        self._layer = LayerSlider(controls, "clip_layer", context.selection)
        self._head = HeadSlider(controls, "clip_head", context.selection)
        self._options = self.add_options(OptionControls(controls, "clip", ClipOptions, rare=_RARE))
        self.playback = Playback(self)
        self.playback.set_rate(_FRAMES_A_SECOND)
        self._slider = StepSlider("clip", self.tr("Shown frame"))
        self._player = Player("clip", self.playback, self._slider)
        self._page.add_below(self._player)
        self._show_page()

        self._options.changed.connect(self._on_options_changed)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.query_moved.connect(self._on_canvas_query_moved)
        self._page.veil.dimmed.connect(self.playback.hold)
        self.playback.moved.connect(self._on_playback_moved)
        self._player.step_requested.connect(self.playback.go_to)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        for control in (self._group, self._layer, self._head):
            control.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)
        self._show_page()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        checkpoint, input = self.subject.checkpoint, self.subject.input
        if input.clip is None or not checkpoint.groups:
            return ()
        group = checkpoint.group(self.selection.now.group)
        with_rollout = self._options.value().weights == "rollout"
        return (ClipRequest(checkpoint.checkpoint, input, group.name, self.query_pos, with_rollout),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, ClipResult)
        self._result = result
        n = len(result.seen)
        self.playback.set_range(0, n - 1)
        self._slider.set_range(0, n - 1, n - 1)
        self._rebuild()

    def figure(self) -> ClipFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, ClipFigure) and self._has_film() else None

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
        now, options = self.selection.now, self._options.value()
        n_layers, n_heads = result.pattern.shape[:2]
        if options.weights == "rollout" and not result.rollout.size:
            options = replace(options, weights="mean")  # until it is there, or where there is none
        offer(self._options.combo("weights"), "rollout", not result.why_no_rollout, result.why_no_rollout)
        why_no_head = self.tr("These numbers go over all heads.")
        set_available(self._head, options.weights == "head", why_no_head)
        figure = ClipFigure(
            result, min(now.layer, n_layers - 1), min(now.head, n_heads - 1), options,
            min(self.playback.step, len(result.seen) - 1),
        )  # fmt: skip
        self._scroll.show_figure(figure, self.style_now())
        self._page.caption.show_text("  ·  ".join((figure.caption, *result.notes)))
        self._player.show_step(figure.frame)
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _has_film(self) -> bool:
        return self.subject is not None and self.subject.input.clip is not None

    def _show_page(self) -> None:
        is_shown = self.figure() is not None
        # Of all frames at once nothing is played; the film's own player stands above.
        self._player.setVisible(is_shown and self._options.value().show == "frame")
        if is_shown:
            self._page.show_canvas()
        elif self._has_film():
            self._page.show_empty(self.tr("Computing attention …"))
        else:
            self._page.show_empty(self.tr("Open a film."))

    # What the user does

    def _on_options_changed(self) -> None:
        self.refresh()
        self._rebuild()

    def _on_playback_moved(self, step: int) -> None:
        self._rebuild()

    def _on_canvas_spot_changed(self, spot: FilmPlace | None) -> None:
        figure = self._canvas.figure
        if isinstance(figure, ClipFigure) and spot is not None:
            text = figure.describe(spot)
        else:
            text = self.tr(
                "Click a part of the film or a token to ask what it attends to; point at one for its number."
            )
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: FilmPlace) -> None:
        figure = self._canvas.figure
        if not isinstance(figure, ClipFigure):
            return
        if figure.places.is_square:
            self.choose(query_pos=spot.key)
        if spot.frame >= 0:
            self.playback.go_to(spot.frame)

    def _on_canvas_query_moved(self, right: int, down: int) -> None:
        figure = self._canvas.figure
        if isinstance(figure, ClipFigure) and figure.places.is_square:
            self.choose(query_pos=figure.places.moved(figure.result.query, right, down))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._player.isHidden() or not self._player.act_on(event):
            super().keyPressEvent(event)

    def restyle(self) -> None:
        self._rebuild()
