"""How surprised a model is by every token of a text."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from inference.results.reading import ReadingRequest, ReadingResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Position, Selected
from widgets.view import View
from widgets.views.reading.compared import NOW, ComparedReadings, TitledReading
from widgets.views.reading.figure import ReadingFigure, ReadToken
from widgets.views.reading.options import ReadingOptions


class ReadingView(View):
    """Bars over the tokens; pointing at one tells what was expected there, a click selects it.

    What is shown can be kept: it then stands above what another text or checkpoint gives, on the same scale.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._now: TitledReading | None = None
        self._kept: TitledReading | None = None
        self._canvas = PointedCanvas("reading_canvas", self.tr("Surprisal"))
        self._scroll = FigureScroll(self._canvas, has_growing_letters=True)
        page = Page("reading", self._scroll, self.tr("What is shown"), self.tr("What was expected"))
        self._page = self.add_page(page)
        self._options = self.add_options(OptionControls(page.controls, "reading", ReadingOptions))
        self._keep, self._release = page.controls.add_buttons(
            (
                "reading_keep",
                self.tr("Keep for comparison"),
                self.tr("Keep what is shown above what another text or checkpoint gives"),
            ),
            ("reading_release", self.tr("Release"), self.tr("Drop what was kept for comparison")),
        )
        self._keep.setEnabled(False)
        self._release.setEnabled(False)
        page.show_empty(self.tr("Reading the text …"))
        self._options.changed.connect(self._on_options_changed)
        self._keep.clicked.connect(self._on_keep_clicked)
        self._release.clicked.connect(self._on_release_clicked)
        self.standing_changed.connect(self._on_standing_changed)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        top_k = self._options.value().top_k
        return (ReadingRequest(self.subject.checkpoint.checkpoint, self.subject.input, top_k),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, ReadingResult)
        self._now = TitledReading(result, self._title_of(result))
        self._rebuild()

    def _title_of(self, result: ReadingResult) -> str:
        """Checkpoint and text in a line. What a model has written behind a text was read, too."""
        given = self._pictured.input.text if self._pictured is not None else None
        if self._pictured is None or given is None or given.target_ids is None or given.text_pair is not None:
            return self.pictured_title()
        whole = replace(given, text=result.text, target_ids=None)
        return replace(self._pictured, input=replace(self._pictured.input, text=whole)).title

    def figure(self) -> ReadingFigure | ComparedReadings | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, ReadingFigure | ComparedReadings) else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.query != old.query:
            self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        now, kept = self._now, self._kept
        if now is None:
            return
        selected = self.selection.now.query_on(now.result.axis)
        options = self._options.value()
        figure: ReadingFigure | ComparedReadings = ReadingFigure(now.result, options, selected)
        if kept is not None:
            figure = ComparedReadings(kept, now, options, selected)
        self._page.show_on(self._scroll, figure, self.style_now())
        self._on_canvas_spot_changed(self._canvas.spot)
        self._on_standing_changed()
        self.figure_changed.emit()

    def _on_keep_clicked(self) -> None:
        self._kept = self._now
        self._rebuild()

    def _on_release_clicked(self) -> None:
        self._kept = None
        self._rebuild()

    def _on_standing_changed(self) -> None:
        self._keep.setEnabled(self._now is not None and not self.why_not_current)
        self._release.setEnabled(self._kept is not None)

    def _on_options_changed(self) -> None:
        self.refresh()
        self._rebuild()

    def _on_canvas_spot_changed(self, spot: ReadToken | None) -> None:
        figure = self.figure()
        text = self.tr("Point at a token to read what the model expected in its place.")
        if figure is not None and spot is not None:
            text = figure.describe(spot)
        self._page.read_out.show_text("" if self.why_not_current else text)
        if figure is None or spot is None or self.why_not_current:
            self._canvas.show_tip("")
        else:
            self._canvas.show_tip(figure.describe_in_lines(spot))

    def _on_canvas_spot_chosen(self, spot: ReadToken) -> None:
        if self._now is not None and spot.section == NOW:
            self.selection.update(query=Position(self._now.result.axis, spot.position))
