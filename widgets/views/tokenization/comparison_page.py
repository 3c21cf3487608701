"""The same sentences under several tokenizers."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from inference.results.tokenization import MOST_ASKED, MOST_COMPARED_LETTERS, OWN, CompareRequest, CompareResult
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import PlotSpot
from widgets.subject import Subject
from widgets.views.tokenization.comparison_figure import ComparisonFigure
from widgets.views.tokenization.options import ComparisonOptions


class ComparisonPage(Page):
    """Bars by language, one a checkpoint at hand; a click on one shows the tokens of its sentence.

    Signals
    -------
    figure_changed()
    """

    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._canvas = PlotCanvas("comparison_canvas", _tr("Tokenizers compared"))
        self._scroll = FigureScroll(self._canvas)
        said = _tr("What is shown"), _tr("What is pointed at")
        super().__init__("comparison", self._scroll, *said, parent, has_long_read_out=True)
        self._result: CompareResult | None = None
        self._chosen = 0
        self.options = OptionControls(self.controls, "comparison", ComparisonOptions)
        self.show_empty(_tr("Reading the tokenizers …"))
        self.options.changed.connect(self._on_options_changed)
        self._canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.shown_changed.connect(self.figure_changed)

    @staticmethod
    def request(subject: Subject, at_hand: tuple[str, ...]) -> CompareRequest:
        """What is compared: the open checkpoint and those at hand, with the text where it is short enough."""
        text = subject.input.text
        own = text.text if text is not None and text.token_ids is None else ""
        places = dict.fromkeys((subject.checkpoint.checkpoint, *at_hand))
        return CompareRequest(tuple(places)[:MOST_ASKED], own if len(own) <= MOST_COMPARED_LETTERS else "")

    def show_result(self, result: CompareResult, style: FigureStyle) -> None:
        """Show a comparison; before the first one nothing was painted in what may be another style by now."""
        self._result = result
        self._chosen = min(self._chosen, len(result.texts) - 1)
        self.rebuild(style)
        self.show_canvas()

    def figure_now(self) -> ComparisonFigure | None:
        """The figure as it is looked at."""
        return None if self._result is None else self._canvas.figure_now()

    def rebuild(self, style: FigureStyle) -> None:
        """Paint it anew."""
        if self._result is None:
            return
        figure = ComparisonFigure(self._result, self.options.value().measure, self._chosen, self._canvas.shown)
        self._scroll.show_figure(figure, style)
        self.caption.show_text(figure.caption)
        self._on_canvas_read_out_changed("")
        self.figure_changed.emit()

    def _on_options_changed(self) -> None:
        self.rebuild(self._canvas.style_now)

    def _on_canvas_read_out_changed(self, text: str) -> None:
        hint = _tr("Point at a bar to read its numbers; a click shows how its sentence is cut.")
        has_own = self._result is not None and any(one.language == OWN for one in self._result.texts)
        if not has_own:
            hint += _tr(" A text of at most {} characters stands beside them.").format(MOST_COMPARED_LETTERS)
        self.read_out.show_text(text or hint)

    def _on_canvas_spot_chosen(self, spot: object) -> None:
        figure = self._canvas.figure
        if isinstance(spot, PlotSpot) and isinstance(figure, ComparisonFigure):
            self._chosen = figure.sentence_of(spot)
            self.rebuild(self._canvas.style_now)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ComparisonPage", text)
