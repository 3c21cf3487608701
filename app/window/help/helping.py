"""What the Help menu does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app.window.view_area import ViewArea
from widgets.context import ViewContext
from widgets.views.home.cards import BY_NAME

if TYPE_CHECKING:
    from app.window.help.help_window import HelpWindow
    from app.window.help.tour import Tour, TourStop

_TOUR_CARD = "heads"  # what the tour leads through


class Helping(QObject):
    """Pages of help, and the tour.

    Parameters
    ----------
    parts
        Of the window, that the tour points at: the list of checkpoints, the input, and what is selected.
    """

    def __init__(
        self, context: ViewContext, area: ViewArea, parts: tuple[QWidget, QWidget, QWidget], window: QWidget
    ) -> None:
        super().__init__(window)
        self._context, self._area, self._window = context, area, window
        self._parts = parts
        self._help: HelpWindow | None = None
        self._tour: Tour | None = None
        area.help_requested.connect(self.show_page_of)

    def show_page(self) -> None:
        """Tell of the view that is in front."""
        self.show_page_of(self._area.current)

    def show_words(self) -> None:
        """All words of the glossary."""
        from app.window.help.pages import WORDS

        self.show_page_of(WORDS)

    def show_lecture(self) -> None:
        """The lecture's table of contents."""
        from app.window.help.pages import LECTURE

        self.show_page_of(LECTURE)

    @Slot(str)
    def show_page_of(self, name: str) -> None:
        """Show the page of a view, or one of the others."""
        if self._help is None:
            from app.window.help.help_window import HelpWindow  # not before it is wanted

            self._help = HelpWindow(self._window)
            self._help.card_requested.connect(self._on_help_card_requested)
        self._help.show_page(name)

    def begin_tour(self) -> None:
        """Open what the tour leads through, and begin it."""
        if self._tour is None:
            from app.window.help.tour import Tour  # not before it is wanted

            self._tour = Tour(self._stops(), self._window)
        self._context.open_example(BY_NAME[_TOUR_CARD].example)
        self._tour.begin()

    @Slot(str)
    def _on_help_card_requested(self, name: str) -> None:
        self._context.open_example(BY_NAME[name].example)

    def _stops(self) -> tuple[TourStop, ...]:
        from app.window.help.tour import TourStop

        gallery, input, details = self._parts
        return (
            TourStop(
                self.tr("Checkpoints"),
                self.tr(
                    "The models that come with Headlight. bert-mini is open: it was trained to guess masked words. "
                    "A folder of your own opens by Ctrl+O, or dropped on the window."
                ),
                lambda: gallery,
                self.tr("The list is hidden now: Ctrl+Shift+G shows it."),
            ),
            TourStop(
                self.tr("What the model reads"),
                self.tr(
                    "Type another sentence, and all views follow. Below it stand the tokens that the model reads: "
                    "a click selects one, M masks it."
                ),
                lambda: input,
            ),
            TourStop(
                self.tr("A view: all heads"),
                self.tr(
                    "Each small map is one attention head: rows are queries, columns are keys. Point at one to see it "
                    "large, with what it does in a sentence; a click selects it everywhere."
                ),
                lambda: self._area.views.get("heads"),
            ),
            TourStop(
                self.tr("Selected"),
                self.tr(
                    "What the selected head does, in a sentence and in numbers, and what the selected token attends "
                    "to most. Words that you do not know are explained where you point at them."
                ),
                lambda: details,
                self.tr("The panel is hidden now: Ctrl+Shift+D shows it."),
            ),
            TourStop(
                self.tr("More views, and help"),
                self.tr(
                    "Each tab asks something else of the same model and sentence. “?” or F1 tells what the view in "
                    "front shows and how it is read; “Export…” saves its picture or its numbers."
                ),
                lambda: self._area.header_of(self._area.current),
            ),
        )
