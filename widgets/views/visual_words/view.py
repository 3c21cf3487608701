"""Films as visual words: chips and words are hidden by a click, and named by what is left."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QSpinBox, QWidget

from inference.results.inputs import Input, TextInput
from inference.results.request import Request
from inference.results.visual_words import VisualWordsRequest, VisualWordsResult
from widgets.context import ViewContext
from widgets.kit.availability import set_available
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OpenSpinBox, OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.view import View
from widgets.views.visual_words.figure import FilmSpot, VisualWordsFigure
from widgets.views.visual_words.next_figure import VisualWordsNextFigure, VisualWordsTextFigure
from widgets.views.visual_words.options import VisualWordsOptions
from widgets.views.visual_words.pictures import PointsAtWords, VisualWordSpot

TEMPLATE = "now watch [MASK] [MASK] [MASK] [MASK] [MASK]"  # a small red cup enters
_FIRST_HIDDEN = (5,)
_Picture = VisualWordsFigure | VisualWordsNextFigure | VisualWordsTextFigure
# Which options there is a control for, by what is shown; the others say nothing there.
_SHOWN = {"hidden": ("first", "last", "guesses"), "next": ("seen",), "text": ("first", "last", "guesses")}


class VisualWordsView(View):
    """The chips of a film, each with its visual word, and the text; a click hides a chip or masks a word."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: VisualWordsResult | None = None
        self._figure: _Picture | None = None
        self._hidden: tuple[int, ...] = _FIRST_HIDDEN
        self._canvas = PointedCanvas("visual_words_canvas", self.tr("Film and text"))
        self._scroll = FigureScroll(self._canvas)
        self._page = self.add_page(
            Page("visual_words", self._scroll, self.tr("What is shown"), self.tr("What is pointed at"))
        )
        controls = self._page.controls
        self._options = self.add_options(OptionControls(controls, "visual_words", VisualWordsOptions))
        self._narration, self._template, self._clear = controls.add_buttons(
            ("visual_words_narration", self.tr("Narration"), self.tr("Read what is said of the drawn clip")),
            ("visual_words_template", self.tr("Template"), self.tr("Ask in words: now watch [MASK] [MASK] …")),
            ("visual_words_clear", self.tr("Show all"), self.tr("Show all chips that are hidden, and all words")),
        )
        self._page.show_empty(self.tr("Looking for the visual words …"))
        self._show_controls()

        self._options.changed.connect(self._on_options_changed)
        self._narration.clicked.connect(self._on_narration_clicked)
        self._template.clicked.connect(self._on_template_clicked)
        self._clear.clicked.connect(self._on_clear_clicked)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        if subject is not None and self._figure is None and subject.input.clip is None:
            self._page.show_empty(self.tr("Open a film."))

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        if self.subject.input.clip is None:
            return ()
        options = self._options.value()
        return (
            VisualWordsRequest(
                self.subject.checkpoint.checkpoint,
                self.subject.input,
                self._hidden,
                options.first,
                -1 if options.last is None else options.last,
                options.seen,
                options.guesses,
            ),
        )

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, VisualWordsResult)
        self._result = result
        self._rebuild()

    def figure(self) -> _Picture | None:
        return self._figure

    def restyle(self) -> None:
        if self._figure is not None:
            self._page.show_on(self._scroll, self._figure, self.style_now())

    # The picture

    def _rebuild(self) -> None:
        result = self._result
        if result is None:
            return
        self._show_range(result)
        show = self._options.value().show
        if show == "next":
            self._figure = VisualWordsNextFigure(result)
        elif show == "text":
            self._figure = VisualWordsTextFigure(result)
        else:
            self._figure = VisualWordsFigure(result)
        why = "" if result.said else self.tr("Of a film from a file it is not known what is said.")
        set_available(self._narration, not why, why)
        self.restyle()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _show_range(self, result: VisualWordsResult) -> None:
        """No chip can be chosen that the film does not have."""
        first, last = self._options.control("first"), self._options.control("last")
        assert isinstance(first, QSpinBox)
        assert isinstance(last, OpenSpinBox)
        for box in (first, last):
            box.setMaximum(len(result.words) - 1)
        last.show_default(result.last)

    def _show_controls(self) -> None:
        show = self._options.value().show
        self._options.show_those_of(_SHOWN, show)
        self._clear.setVisible(show == "hidden")

    # What the user does

    @Slot()
    def _on_options_changed(self) -> None:
        self._show_controls()
        self.refresh()
        self._rebuild()

    @Slot()
    def _on_narration_clicked(self) -> None:
        if self._result is not None and self._result.said:
            self._read(self._result.said)

    @Slot()
    def _on_template_clicked(self) -> None:
        self._read(TEMPLATE)

    def _read(self, text: str) -> None:
        self.selection.set_masked(())  # they were places of another text
        self.context.set_input(Input(text=TextInput(text)))  # all else stays as it is

    @Slot()
    def _on_clear_clicked(self) -> None:
        self._hidden = ()
        self.selection.set_masked(())
        self.refresh()

    @Slot(object)
    def _on_canvas_spot_changed(self, spot: object) -> None:
        text = ""
        if isinstance(self._figure, VisualWordsFigure):
            text = self.tr("Click a chip to hide it, or a word to mask it.")
            if isinstance(spot, FilmSpot):
                text = self._figure.describe(spot)
        elif isinstance(self._figure, PointsAtWords):
            text = (
                self._figure.describe(spot) if isinstance(spot, VisualWordSpot) else self.tr("Point at a visual word.")
            )
        self._page.read_out.show_text("" if self.why_not_current else text)

    @Slot(object)
    def _on_canvas_spot_chosen(self, spot: object) -> None:
        figure = self._figure
        if not isinstance(figure, VisualWordsFigure) or not isinstance(spot, FilmSpot):
            return
        if spot.kind == "chip":
            self._hidden = tuple(sorted(set(self._hidden) ^ {spot.at}))
            self.refresh()
        elif spot.at in figure.result.positions and spot.at not in self.selection.masked:
            self.noticed.emit(self.tr("This mask was typed; change the sentence to take it away."))
        else:
            self.selection.toggle_mask(spot.at)
