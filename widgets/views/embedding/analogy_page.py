"""a is to b as c is to which?"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from inference.results.embedding import AnalogyRequest, AnalogyResult, VectorSource
from inference.results.request import Request
from widgets.kit.option_controls import OptionControls
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.embedding.analogy_figure import AnalogyFigure
from widgets.views.embedding.options import AnalogyOptions
from widgets.views.embedding.plotted_page import PlottedPage, word_field


def _tr(text: str) -> str:
    return QCoreApplication.translate("AnalogyPage", text)


class AnalogyPage(PlottedPage):
    """Three words make a parallelogram; the words nearest to its fourth corner are the answers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        hint = _tr("Point at a word to see how near it is to the fourth corner; drag or wheel to pan and zoom.")
        super().__init__("analogy", _tr("Analogy"), hint, parent)
        self._a, _ = word_field(self, "analogy_a", _tr("a"), _tr("a word"), "man", 7)
        self._b, _ = word_field(self, "analogy_b", _tr("is to b"), _tr("a word"), "woman", 7)
        self._c, _ = word_field(self, "analogy_c", _tr("as c"), _tr("a word"), "king", 7)
        self.fields = (self._a, self._b, self._c)  # for words
        self.options = OptionControls(self.controls, "analogy", AnalogyOptions)
        self.show_empty(_tr("Reading vectors …"))
        for field in (self._a, self._b, self._c):
            field.editingFinished.connect(self.changed)
        self.options.changed.connect(self.changed)

    def requests(self, subject: Subject, source: VectorSource) -> tuple[Request, ...]:
        """What it wants to know; nothing while a word is missing."""
        words = [field.text().strip() for field in (self._a, self._b, self._c)]
        if not all(words):
            self.show_empty(_tr("Type three words: a is to b as c is to which?"))
            return ()
        a, b, c = words
        return (AnalogyRequest(subject.checkpoint.checkpoint, source, a, b, c, self.options.value().answers),)

    def show_result(self, result: AnalogyResult, style: FigureStyle) -> None:
        """Show a parallelogram."""
        self.show_plots(AnalogyFigure(result), style, result.notes)
