"""Which of the labels that you type every pixel of the image shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QWidget

from inference.results.inputs import TextInput
from inference.results.request import Request
from inference.results.segments import SegmentsRequest, SegmentsResult
from widgets.context import ViewContext
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.view import View
from widgets.views.segments.figure import LabelledPixel, SegmentsFigure
from widgets.views.segments.label_sets import LabelSets
from widgets.views.segments.options import SegmentsOptions
from widgets.views.segments.similarity_figure import LabelPair, LabelSimilarityFigure


class SegmentsView(View):
    """The image in the colours of its labels; each label by itself; what a new label takes from the others.

    Labels are the chips above the views; of a model that was trained on a fixed list they are that list. A click on a
    pixel puts its cosines to all labels into the legend, a second one takes them away.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: SegmentsResult | None = None
        self._before: SegmentsResult | None = None
        self._figure: SegmentsFigure | LabelSimilarityFigure | None = None
        self._pixel: tuple[int, int] | None = None
        self._canvas = PointedCanvas("segments_canvas", self.tr("Labels at pixels"))
        self._page = self.add_page(
            Page("segments", self._canvas, self.tr("What is shown"), self.tr("Pixel pointed at"))
        )
        rare = ("opacity", "outlines", "low", "high")
        self._options = self.add_options(OptionControls(self._page.controls, "segments", SegmentsOptions, rare=rare))
        self._sets = self.add_options(LabelSets(self._page.controls, "segments_labels"))
        self._show_page()

        self._options.changed.connect(self._rebuild)
        self._sets.chosen.connect(self._on_sets_chosen)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        if subject is None:
            self._result = self._before = self._figure = None
        self._sets.show_labels(subject.texts if subject is not None else ())
        self._show_page()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        input, labels = self.subject.input, self.subject.texts
        if input.image is None or (self._needs_labels() and not labels):
            return ()
        # Which of the labels is looked at elsewhere is nothing to the map.
        return (SegmentsRequest(self.subject.checkpoint.checkpoint, replace(input, text=None), labels),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, SegmentsResult)
        old = self._result
        if old is not None and _is_same_image(old, result):
            has_more = set(old.labels) < set(result.labels)
            self._before = old if has_more else self._before if old.labels == result.labels else None
        else:
            self._before = self._pixel = None
        self._result = result
        self._rebuild()

    def figure(self) -> SegmentsFigure | LabelSimilarityFigure | None:
        return self._figure

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        options = self._options.value()
        if options.show == "similarity":
            self._figure = LabelSimilarityFigure(self._result)
        else:
            self._figure = SegmentsFigure(self._result, options, self._before, self._pixel)
        for field in ("scores", "low", "high"):
            self._options.set_shown(field, options.show == "labels")
        for field in ("opacity", "outlines"):
            self._options.set_shown(field, options.show != "similarity")
        self._page.caption.show_text("  ·  ".join((self._figure.caption, *self._result.notes)))
        self.restyle()
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def restyle(self) -> None:
        if self._figure is not None:
            self._canvas.show_figure(self._figure, self.style_now())

    def _needs_labels(self) -> bool:
        return self.subject is not None and "text" in self.subject.checkpoint.compares

    def _show_page(self) -> None:
        if self._figure is not None:
            self._page.show_canvas()
        elif self.subject is None or self.subject.input.image is None:
            self._page.show_empty(self.tr("Open an image."))
        elif self._needs_labels() and not self.subject.texts:
            self._page.show_empty(self.tr("Type a label, such as red house, and press Enter."))
        else:
            self._page.show_empty(self.tr("Asking the model …"))

    # What the user does

    def _on_sets_chosen(self, labels: tuple[str, ...]) -> None:
        if self.subject is not None:
            text = TextInput(labels[0])
            self.context.set_input(replace(self.subject.input, text=text, texts=labels))

    def _on_canvas_spot_changed(self, spot: LabelledPixel | LabelPair | None) -> None:
        figure = self._figure
        # A spot of one figure is none of the other.
        if isinstance(figure, LabelSimilarityFigure):
            text = figure.describe(spot) if isinstance(spot, LabelPair) else self.tr("Point at a cell.")
        elif figure is not None and isinstance(spot, LabelledPixel):
            text = figure.describe(spot)
        else:
            text = self.tr("Click a pixel to compare it with all labels; type another label to see what it takes.")
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: LabelledPixel | LabelPair) -> None:
        if isinstance(spot, LabelledPixel):
            pixel = spot.row, spot.column
            self._pixel = None if pixel == self._pixel else pixel
            self._rebuild()


def _is_same_image(one: SegmentsResult, other: SegmentsResult) -> bool:
    return one.seen.shape == other.seen.shape and np.array_equal(one.seen, other.seen)
