"""The masked variant of Image GPT: colours for masked pixels."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from inference.results.masked_pixels import MaskedPixelsRequest, MaskedPixelsResult
from inference.results.request import Request
from widgets.figures.image_geometry import patches_between
from widgets.kit.brush_canvas import BrushCanvas
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.options import MOST_SEED
from widgets.subject import Subject
from widgets.views.complete_image.command import MaskedPixelsOptions
from widgets.views.complete_image.masked_pixels import MaskedPixelsFigure, MaskedPixelSpot

_SEEN = 1  # the panel that is brushed on


def _tr(text: str) -> str:
    return QCoreApplication.translate("MaskedPixelsPage", text)


class MaskedPixelsPage(Page):
    """The image, what is seen of it, and the colours expected in between. A stroke on what is seen masks pixels.

    Signals
    -------
    changed()
        Other numbers are needed.
    masks_changed()
        The user masked other pixels.
    figure_changed()
    """

    changed = Signal()
    masks_changed = Signal()
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas = BrushCanvas("masked_pixels_canvas", _tr("Masked pixels"))
        super().__init__("masked_pixels", canvas, _tr("What is shown"), _tr("Masked pixel pointed at"), parent)
        self._canvas = canvas
        self.veil.lets_clicks_through = True
        self._figure: MaskedPixelsFigure | None = None
        self._own: tuple[int, ...] = ()  # the user's masks; none: chosen by the seed
        self._stroke: dict[int, None] = {}
        self._last = 0
        self.options = OptionControls(self.controls, "masked_pixels", MaskedPixelsOptions)
        self._next = self.controls.add_button("masked_pixels_next", _tr("Next seed"), _tr("Mask other pixels"))
        self._clear = self.controls.add_button(
            "masked_pixels_clear", _tr("Clear masks"), _tr("Mask pixels by chance again")
        )
        self._clear.setEnabled(False)

        self.options.changed.connect(self._on_options_changed)
        self._next.clicked.connect(self._on_next_clicked)
        self._clear.clicked.connect(self._on_clear_clicked)
        canvas.stroke_begun.connect(self._on_canvas_stroke)
        canvas.stroke_moved.connect(self._on_canvas_stroke)
        canvas.stroke_ended.connect(self._on_canvas_stroke_ended)
        canvas.spot_changed.connect(self._on_canvas_spot_changed)

    def requests(self, subject: Subject) -> tuple[Request, ...]:
        """What it wants to know."""
        if subject.input.image is None:
            return ()
        options = self.options.value()
        return (
            MaskedPixelsRequest(subject.checkpoint.checkpoint, subject.input, self._own, options.share, options.seed),
        )

    @property
    def masks(self) -> tuple[int, ...] | None:
        """The user's own; None: pixels are masked by chance."""
        return self._own or None

    def set_masks(self, masks: tuple[int, ...] | None) -> None:
        """Mask these pixels, or some by chance."""
        if masks != self.masks:
            self._own = masks or ()
            self._clear.setEnabled(bool(self._own))
            self.changed.emit()

    @property
    def figure(self) -> MaskedPixelsFigure | None:
        return self._figure

    def forget(self) -> None:
        """Another model: what is known is not about it."""
        self._figure, self._own = None, ()
        self._clear.setEnabled(False)
        self.show_empty(self.empty_text)

    def show_result(self, result: MaskedPixelsResult, style: FigureStyle) -> None:
        """Show what came of a request."""
        self._figure = MaskedPixelsFigure(result)
        self.veil.lift()
        self.caption.show_text(self._figure.caption)
        self.restyle(style)
        self.show_canvas()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a picture, which stays."""
        if self._figure is None:
            self.show_empty(sentence)

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        if self._figure is not None:
            self._canvas.show_figure(self._figure, style)

    def _on_options_changed(self) -> None:
        self._own = ()
        self._clear.setEnabled(False)
        self.changed.emit()

    def _on_clear_clicked(self) -> None:
        self.set_masks(None)
        self.masks_changed.emit()

    def _on_next_clicked(self) -> None:
        options = self.options.value()
        self.options.set_value(replace(options, seed=(options.seed + 1) % (MOST_SEED + 1)))

    def _on_canvas_stroke(self, spot: MaskedPixelSpot) -> None:
        if self._figure is not None and spot.panel == _SEEN:
            start = self._last if self._stroke else spot.pixel
            self._stroke |= dict.fromkeys(patches_between(start, spot.pixel, self._figure.result.grid))
            self._last = spot.pixel

    def _on_canvas_stroke_ended(self) -> None:
        if not self._stroke or self._figure is None:
            return
        stroke, self._stroke = list(self._stroke), {}
        before = set(self._figure.result.masked.tolist())
        # Where a stroke begins on a masked pixel, it shows pixels again.
        after = before.difference(stroke) if stroke[0] in before else before.union(stroke)
        self.set_masks(tuple(sorted(after)))
        self.masks_changed.emit()

    def _on_canvas_spot_changed(self, spot: MaskedPixelSpot | None) -> None:
        if self.veil.is_dimmed:
            self.clear_numbers()
            return
        text = self._figure.describe(spot.pixel) if self._figure is not None and spot is not None else ""
        self.read_out.show_text(text or _tr("Brush the second image to mask pixels or to show them again."))
