"""Completions of an image that grow pixel by pixel."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from inference.results.checkpoint import AttentionGroup
from inference.results.complete_image import CompleteImageRequest, CompleteImageResult
from inference.results.growing import is_growing
from inference.results.image import ImageRequest, ImageResult
from inference.results.patches import PatchesRequest, PatchesResult
from inference.results.request import Request
from widgets.kit.brush_canvas import BrushCanvas
from widgets.kit.option_controls import OpenSpinBox, OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.options import MOST_SEED
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.complete_image.command import CompletionPageOptions
from widgets.views.complete_image.figure import CompleteImageFigure, PixelAttention, PixelSpot

_N_SPECIAL = 1  # the start token
_SECONDS = 4  # from the first sampled pixel to the last, at speed 1


def _tr(text: str) -> str:
    return QCoreApplication.translate("CompletionPage", text)


class CompletionPage(Page):
    """The image, the line up to which it is kept, and completions behind it. The line is dragged; a click on a pixel
    of the image asks what its token attends to.

    Keys: those of the player.

    Signals
    -------
    changed()
        Other numbers are needed.
    figure_changed()
    """

    changed = Signal()
    figure_changed = Signal()

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        canvas = BrushCanvas("complete_image_canvas", _tr("Completions of the image"))
        super().__init__("complete_image", canvas, _tr("What is shown"), _tr("Pixel pointed at"), parent)
        self._canvas = canvas
        self.veil.lets_clicks_through = True  # the line is where the user drags it, whatever is shown above and below
        self._selection = selection
        self._result: CompleteImageResult | None = None
        self._attention: PatchesResult | None = None
        self._figure: CompleteImageFigure | None = None
        self._asked: CompleteImageRequest | None = None
        self._shown: CompleteImageRequest | None = None  # what the result answers
        self._group: AttentionGroup | None = None  # whose attention is shown
        self._n_pixels = 0  # of this model's images; 0: not known yet
        self._is_dragging = False
        self._style = FigureStyle.of(self)
        rare = ("temperature", "top_p", "seed")
        self.options = OptionControls(self.controls, "complete_image", CompletionPageOptions, rare=rare)
        keep = self.options.control("keep")
        assert isinstance(keep, OpenSpinBox)
        self._keep = keep
        self._keep.setSuffix(_tr(" pixels"))
        self._next = self.controls.add_button(
            "complete_image_next", _tr("Next seeds"), _tr("Sample other completions: of the next seeds")
        )
        self.playback = Playback(self)
        self._slider = StepSlider("complete_image", _tr("Pixel"))
        self._player = Player("complete_image", self.playback, self._slider)
        self.add_below(self._player)
        self.show_sentence(_tr("Open an image."))

        self._next.clicked.connect(self._on_next_clicked)
        self.options.changed.connect(self._on_options_changed)
        self.veil.dimmed.connect(self.playback.hold)
        self.playback.moved.connect(self._on_playback_moved)
        self._player.step_requested.connect(self.playback.go_to)
        canvas.stroke_begun.connect(self._on_canvas_stroke_begun)
        canvas.stroke_moved.connect(self._on_canvas_stroke_moved)
        canvas.stroke_ended.connect(self._on_canvas_stroke_ended)
        canvas.spot_changed.connect(self._on_canvas_spot_changed)
        canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    # Data in

    def forget(self) -> None:
        """Another model: what is known is not about it."""
        self._result = self._shown = self._attention = self._figure = None
        self._n_pixels = 0
        self._group = None
        self.options.set_value(replace(self.options.value(), keep=None), quietly=True)
        self.show_sentence(self.empty_text)

    def requests(self, subject: Subject) -> tuple[Request, ...]:
        """What it wants to know."""
        if subject.input.image is None:
            return ()
        checkpoint = subject.checkpoint
        group = self._group = checkpoint.group(self._selection.now.group) if checkpoint.groups else None
        if not self._n_pixels:
            return (ImageRequest(checkpoint.checkpoint, subject.input),)
        options = self.options.value()
        self._asked = CompleteImageRequest(
            checkpoint.checkpoint,
            subject.input,
            self._keep.value(),  # the upper half where none is chosen
            options.count,
            options.seed,
            options.temperature,
            options.top_p,
        )
        if not options.attention or group is None:
            return (self._asked,)
        chosen = self._selection.now.query_pos(group)
        # The last pixel is guessed, but never read: it has no token.
        query = None if chosen is None else min(chosen, self._n_pixels - 1)
        return (
            self._asked,
            PatchesRequest(checkpoint.checkpoint, subject.input, group.name, query),
        )

    def show_image(self, result: ImageResult) -> None:
        """Now it is known how many pixels there are: the upper half is kept."""
        if self._n_pixels:
            return
        n_rows, n_columns = result.grid
        self._n_pixels = n_rows * n_columns
        with QSignalBlocker(self._keep):
            self._keep.setRange(0, self._n_pixels)
            self._keep.setSingleStep(n_columns)
        self._keep.show_default((n_rows // 2) * n_columns)
        self.changed.emit()

    def show_result(self, result: CompleteImageResult) -> None:
        """Completions, or those so far."""
        if self._asked is None:
            return
        known = min(sample.n_steps for sample in result.samples)
        is_new = self._asked != self._shown or known < self.playback.last
        self._result, self._shown = result, self._asked
        first, n = self._shown.n_given, len(result.own)
        self._slider.set_range(first, known, n)
        self.playback.set_rate((n - first) / _SECONDS)
        self.playback.set_range(first, known, is_open=any(is_growing(sample) for sample in result.samples))
        if is_new:
            self.playback.follow()
        self._player.show_step(self.playback.step)
        self.veil.lift()
        self.rebuild()

    def show_attention(self, result: PatchesResult) -> None:
        """What a pixel's token attends to."""
        self._attention = result
        self.rebuild()

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a picture, which stays."""
        if self._figure is None:
            self.show_empty(sentence)
            self._player.hide()

    @property
    def figure(self) -> CompleteImageFigure | None:
        return self._figure

    # The picture

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        self._style = style
        if self._figure is not None:
            self._canvas.show_figure(self._figure, style)

    def rebuild(self) -> None:
        """Show what is known with the controls as they are."""
        if self._result is None or self._shown is None:
            return
        now, options = self._selection.now, self.options.value()
        attention = None
        if options.attention and self._attention is not None:
            attention = PixelAttention(self._attention, now.layer, now.head)
        n = len(self._result.own)
        self._figure = CompleteImageFigure(
            self._result,
            self._keep.value() if self._is_dragging else self._shown.n_given,
            self.playback.step if self.playback.step < n else None,
            options.surprisal,
            attention,
        )
        self.caption.show_text(self._figure.caption)
        self.restyle(self._style)
        self.show_canvas()
        self._player.show()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    # What the user does

    def _on_next_clicked(self) -> None:
        options = self.options.value()
        self.options.set_value(replace(options, seed=(options.seed + options.count) % (MOST_SEED + 1)))

    def _on_playback_moved(self, step: int) -> None:
        self._player.show_step(step)
        self.rebuild()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._player.act_on(event):
            super().keyPressEvent(event)

    def _on_options_changed(self) -> None:
        self.changed.emit()
        self.rebuild()

    def _on_canvas_stroke_begun(self, spot: PixelSpot) -> None:
        if self._figure is None or spot.panel != "own":
            return
        n_columns = self._figure.result.grid[1]
        # Within a row of the line it is the line that is dragged.
        self._is_dragging = -n_columns <= spot.pixel // n_columns * n_columns - self._figure.n_given <= 0

    def _on_canvas_stroke_moved(self, spot: PixelSpot) -> None:
        if self._is_dragging and self._figure is not None and spot.panel == "own":
            n_columns = self._figure.result.grid[1]
            row = spot.pixel // n_columns
            # Going down, the row under the pointer is kept too.
            is_below = (row + 1) * n_columns > self._figure.n_given
            options = self.options.value()
            self.options.set_value(replace(options, keep=(row + is_below) * n_columns), quietly=True)
            self.rebuild()

    def _on_canvas_stroke_ended(self) -> None:
        if self._is_dragging:
            self._is_dragging = False
            if self._shown is not None and self._keep.value() != self._shown.n_given:
                self.changed.emit()

    def _on_canvas_spot_changed(self, spot: PixelSpot | None) -> None:
        if self.veil.is_dimmed:
            self.clear_numbers()
            return
        text = self._figure.describe(spot) if self._figure is not None and spot is not None else ""
        self.read_out.show_text(
            text or _tr("Drag the line to keep more or less of the image; point at a pixel for its numbers.")
        )

    def _on_canvas_spot_chosen(self, spot: PixelSpot) -> None:
        if isinstance(spot.panel, str) and not self._is_dragging and self._group is not None:
            self._selection.choose(self._group, query_pos=_N_SPECIAL + spot.pixel)
