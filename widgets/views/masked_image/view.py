"""What the model expects behind masked patches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from inference.results.events import Failure
from inference.results.masked_image import MaskedImageRequest, MaskedImageResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.image_geometry import patches_between
from widgets.kit.availability import set_available
from widgets.kit.brush_canvas import BrushCanvas
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.options import MOST_SEED
from widgets.subject import Subject
from widgets.view import View
from widgets.view_options import MASKS, kept_places, places_kept
from widgets.views.masked_image.command import MaskedImageOptions
from widgets.views.masked_image.figure import MaskedImageFigure, PatchSpot

_SEEN = 0  # the panel that is brushed on


class MaskedImageView(View):
    """The image with masked patches, its visual tokens, those that the model expects, and what they look like.

    A click or a stroke on the first image masks patches, or shows them again; elsewhere a click chooses the patch
    whose candidates are listed, as pointing at a masked one does.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: MaskedImageResult | None = None
        self._result_of: Subject | None = None
        self._figure: MaskedImageFigure | None = None
        self._own: tuple[int, ...] | None = None  # the user's masks; None: block-wise
        self._patch: int | None = None
        self._stroke: tuple[bool, int] | None = None  # whether it masks, and the patch it is at
        self._canvas = BrushCanvas("masked_image_canvas", self.tr("Masked image and visual tokens"), self)
        self._page = self.add_page(
            Page("masked_image", self._canvas, self.tr("What is shown"), self.tr("Patch pointed at"))
        )
        self._page.veil.lets_clicks_through = True
        controls = self._page.controls
        self._how = controls.add_choice(
            "masked_image_how", self.tr("Masks"), ((self.tr("Block-wise, as in BEiT"), False), (self.tr("Mine"), True))
        )
        self._options = self.add_options(
            OptionControls(controls, "masked_image", MaskedImageOptions, leave_out=("top_k",))
        )
        self._next = controls.add_button("masked_image_next", self.tr("Next seed"), self.tr("Mask other blocks"))
        self._clear = controls.add_button("masked_image_clear", self.tr("Clear masks"), self.tr("Show all patches"))
        self._show_page()

        self._how.activated.connect(self._on_how_activated)
        self._options.changed.connect(self._on_options_changed)
        self._next.clicked.connect(self._on_next_clicked)
        self._clear.clicked.connect(self._on_clear_clicked)
        self._canvas.stroke_begun.connect(self._on_canvas_stroke_begun)
        self._canvas.stroke_moved.connect(self._on_canvas_stroke_moved)
        self._canvas.stroke_ended.connect(self._on_canvas_stroke_ended)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        if subject is None or (self.subject and subject.checkpoint != self.subject.checkpoint):
            # Another model may have other patches: the user's masks are of these.
            self._result = self._figure = self._patch = None
            self._use_own(None)
        super().set_subject(subject)
        self._show_page()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        image = self.subject.input
        if image.image is None:
            return ()
        checkpoint = self.subject.checkpoint.checkpoint
        if not self._own:  # without any mask, tokens and images are those of any request
            options = self._options.value()
            return (MaskedImageRequest(checkpoint, image, (), options.share, options.seed),)
        return (MaskedImageRequest(checkpoint, image, self._own),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, MaskedImageResult)
        self._result, self._result_of = result, self.subject
        set_available(
            self._options.control("by_number"),
            bool(result.swatches.size),
            self.tr("What the tokens look like is not known: the checkpoint has no decoder."),
        )
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        if self._result is not None and self._own is not None:
            self._use_own(tuple(self._result.masked.tolist()))
            self._rebuild()

    def figure(self) -> MaskedImageFigure | None:
        return self._figure

    def options_state(self) -> dict[str, Any]:
        """With the user's masks, so that they can be undone."""
        return super().options_state() | kept_places(MASKS, self._own, self.subject)

    def set_options_state(self, stored: object) -> None:
        super().set_options_state(stored)
        own = places_kept(MASKS, stored, self.subject)
        if own != self._own:
            self._use_own(own)
            self.refresh()
            self._rebuild()

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        result = self._result if self._own is None or self._own else _unmasked(self._result)
        masked = frozenset(result.masked.tolist() if self._own is None else self._own)
        self._figure = MaskedImageFigure(result, masked, self._patch, self._options.value().by_number)
        self._page.caption.show_text("  ·  ".join((self._figure.caption, *self._result.notes)))
        self._clear.setEnabled(bool(masked))
        self.restyle()
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def restyle(self) -> None:
        if self._figure is not None:
            self._canvas.show_figure(self._figure, self.style_now())

    def _show_page(self) -> None:
        if self._figure is not None:
            self._page.show_canvas()
        elif self.subject is not None:
            self._page.show_empty(self.tr("Asking the model …"))
        else:
            self._page.show_empty(self.tr("Open an image."))

    def _use_own(self, masks: tuple[int, ...] | None) -> None:
        """Masks of the user's, or block-wise ones."""
        self._own = masks
        with QSignalBlocker(self._how):
            self._how.setCurrentIndex(0 if masks is None else 1)
        why = self.tr("For block-wise masks.")
        for control in (self._options.control("share"), self._options.control("seed"), self._next):
            set_available(control, masks is None, why)

    # What the user does

    def _on_how_activated(self) -> None:
        shown = tuple(sorted(self._figure.masked)) if self._figure else ()
        self._use_own(shown if self._how.currentData() else None)
        self.refresh()
        self._rebuild()
        self.options.changed.emit()

    def _on_options_changed(self) -> None:
        self.refresh()
        self._rebuild()

    def _on_next_clicked(self) -> None:
        options = self._options.value()
        self._options.set_value(replace(options, seed=(options.seed + 1) % (MOST_SEED + 1)))

    def _on_clear_clicked(self) -> None:
        self._use_own(())
        self._rebuild()
        self.refresh()
        self.options.changed.emit()

    def _on_canvas_stroke_begun(self, spot: PatchSpot) -> None:
        if spot.panel != _SEEN or self._figure is None or self._result_of != self.subject:
            return  # patches of another image mean other things
        is_masking = spot.patch not in self._figure.masked
        self._stroke = (is_masking, spot.patch)
        self._brush([spot.patch])

    def _on_canvas_stroke_moved(self, spot: PatchSpot) -> None:
        if self._stroke is None or spot.panel != _SEEN or self._result is None:
            return
        is_masking, last = self._stroke
        self._stroke = (is_masking, spot.patch)
        self._brush(patches_between(last, spot.patch, self._result.grid))

    def _on_canvas_stroke_ended(self) -> None:
        if self._stroke is not None:
            self._stroke = None
            self.refresh()
            self.options.changed.emit()

    def _brush(self, patches: list[int]) -> None:
        """Mask patches or show them, on screen at once; the model is asked when the stroke ends."""
        assert self._figure is not None
        assert self._stroke is not None
        is_masking, _ = self._stroke
        now = set(self._figure.masked)
        now = now | set(patches) if is_masking else now - set(patches)
        self._use_own(tuple(sorted(now)))
        self._rebuild()

    def _on_canvas_spot_changed(self, spot: PatchSpot | None) -> None:
        text = self.tr("Click or brush the first image to mask patches; point at a masked one for its candidates.")
        if self._figure is not None and spot is not None:
            text = self._figure.describe(spot.patch)
            if spot.patch != self._patch and spot.patch in self._figure.result.masked and self._stroke is None:
                self._choose(spot.patch)
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: PatchSpot) -> None:
        if spot.panel != _SEEN:
            self._choose(spot.patch)
        elif self._stroke is None:  # by the keyboard
            self._on_canvas_stroke_begun(spot)
            self._on_canvas_stroke_ended()

    def _choose(self, patch: int) -> None:
        """List the candidates of a patch."""
        if self._figure is not None:
            self._patch = patch
            self._figure = replace(self._figure, patch=patch)
            self.restyle()
            self.figure_changed.emit()


def _unmasked(result: MaskedImageResult) -> MaskedImageResult:
    """The same image with nothing masked."""
    return replace(
        result,
        masked=result.masked[:0],
        ids=result.ids[:0],
        probs=result.probs[:0],
        original_probs=result.original_probs[:0],
        rebuilt=result.rebuilt_own,
    )
