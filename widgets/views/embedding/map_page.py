"""The map of words, and the neighbours of one."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from inference.results.embedding import EmbeddingRequest, EmbeddingResult, VectorSource
from inference.results.request import Request
from widgets.kit.option_controls import OptionControls
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot
from widgets.subject import Subject
from widgets.views.embedding.command import words_in
from widgets.views.embedding.map_figure import WordMapFigure
from widgets.views.embedding.options import WordMapOptions
from widgets.views.embedding.plotted_page import PlottedPage, word_field


def _tr(text: str) -> str:
    return QCoreApplication.translate("WordMapPage", text)


class WordMapPage(PlottedPage):
    """A map of words; a click on a word lists its neighbours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        hint = _tr("Click on a word to see its neighbours; drag or wheel to pan and zoom, 0 to see all.")
        super().__init__("word_map", _tr("Map of words"), hint, parent)
        self.options = OptionControls(self.controls, "word_map", WordMapOptions)
        typed = "king queen man woman prince princess boy girl"
        self._typed, self._typed_pair = word_field(
            self, "word_map_typed", _tr("Words"), _tr("words on the map"), typed, 20
        )
        self._word, _ = word_field(self, "word_map_word", _tr("Nearest to"), _tr("a word"), "king")
        self.fields = (self._typed, self._word)  # for words
        self._offer()
        self.show_empty(_tr("Reading vectors …"))
        self.options.changed.connect(self._on_options_changed)
        self._typed.editingFinished.connect(self.changed)
        self._word.editingFinished.connect(self.changed)
        self.plot_canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def requests(self, subject: Subject, source: VectorSource) -> tuple[Request, ...]:
        """What it wants to know."""
        options, typed = self.options.value(), words_in(self._typed.text())
        if options.show == "typed" and not typed:
            self.show_empty(_tr("Type words, such as: king queen man woman."))
            self._shown = None
            return ()
        of = (subject.checkpoint.checkpoint, source, options.words(typed), options.frequent, options.projection)
        return (EmbeddingRequest(*of, self._word.text().strip(), options.near, options.seed),)

    def show_result(self, result: EmbeddingResult, style: FigureStyle) -> None:
        """Show a map."""
        self.show_plots(WordMapFigure(result), style, result.notes)

    def _offer(self) -> None:
        """Only what matters for what is chosen."""
        options = self.options.value()
        self.options.set_shown("frequent", options.show == "frequent")
        self.options.set_shown("seed", options.projection == "tsne")
        self._typed_pair.setVisible(options.show == "typed")

    def _on_options_changed(self) -> None:
        self._offer()
        self.changed.emit()

    def _on_canvas_spot_chosen(self, spot: PlotSpot) -> None:
        figure = self.figure_now()
        if isinstance(figure, WordMapFigure):
            self._word.setText(figure.word_at(spot).removeprefix("␣"))
            self.changed.emit()
