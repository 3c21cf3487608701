"""The window that slides over a text."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from inference.results.embedding import SlidingWindowRequest, SlidingWindowResult, VectorSource
from inference.results.inputs import Input, TextInput
from inference.results.request import Request
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.theme import FigureStyle
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.subject import Subject
from widgets.views.embedding.options import SlidingWindowOptions
from widgets.views.embedding.window_figure import SlidingWindowFigure, WindowSpot

_PLACES_A_SECOND = 0.7  # at speed 1: there is much to read
# Where the checkpoint reads no text.
_SENTENCE = "The king and the queen lived in a castle with their three beautiful daughters."


def _tr(text: str) -> str:
    return QCoreApplication.translate("SlidingWindowPage", text)


class SlidingWindowPage(Page):
    """The window at one place of the text; it is played and stepped through, and a click on a word goes there.

    Signals
    -------
    changed()
        Other things are to be asked.
    figure_changed()
    """

    changed = Signal()
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas = PointedCanvas("sliding_window_canvas", _tr("Sliding window"))
        self._scroll = FigureScroll(canvas)
        super().__init__("sliding_window", self._scroll, _tr("What is shown"), _tr("What is pointed at"), parent)
        self._pointed = canvas
        self._result: SlidingWindowResult | None = None
        self._style = FigureStyle.of(self)
        self.options = OptionControls(self.controls, "sliding_window", SlidingWindowOptions)
        self._again = self.controls.add_button("sliding_window_again", _tr("Again"), _tr("Another pass: the next seed"))
        self.playback = Playback(self)
        self.playback.set_rate(_PLACES_A_SECOND)
        self._slider = StepSlider("sliding_window", _tr("Place"))
        self._player = Player("sliding_window", self.playback, self._slider)
        self.add_below(self._player)
        self._player.hide()
        self.show_empty(_tr("Reading vectors …"))
        self.options.changed.connect(self.changed)
        self._again.clicked.connect(self._on_again_clicked)
        self.veil.dimmed.connect(self.playback.hold)
        self.playback.moved.connect(self._on_playback_moved)
        self._player.step_requested.connect(self._on_player_step_requested)
        canvas.spot_changed.connect(self._on_canvas_spot_changed)
        canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def requests(self, subject: Subject, source: VectorSource) -> tuple[Request, ...]:
        """What it wants to know."""
        options, text = self.options.value(), subject.input.text
        has_text = text is not None and bool(text.text.strip())
        input = Input(text=TextInput(text.text)) if has_text and text is not None else Input(text=TextInput(_SENTENCE))
        of = (subject.checkpoint.checkpoint, input, source)
        return (SlidingWindowRequest(*of, options.window, options.negatives, options.sample, options.seed),)

    def show_result(self, result: SlidingWindowResult, style: FigureStyle) -> None:
        """Show the window, where it stood if it can stand there."""
        self._result, self._style = result, style
        self.veil.lift()
        last = max(len(result.steps), 1)
        self._slider.set_range(1, last, last)
        self.playback.set_range(1, last)
        self._player.show_step(self.playback.step)
        self._player.show()
        self._rebuild()

    def figure_now(self) -> SlidingWindowFigure | None:
        """What is shown."""
        figure = self._pointed.figure
        return figure if isinstance(figure, SlidingWindowFigure) and not self.is_empty else None

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a picture, which stays."""
        if self._result is None:
            self.show_empty(sentence)

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        self._style = style
        self._rebuild()

    def _rebuild(self) -> None:
        if self._result is None:
            return
        figure = SlidingWindowFigure(self._result, min(max(self.playback.step, 1), max(len(self._result.steps), 1)) - 1)
        self.show_on(self._scroll, figure, self._style)
        self._on_canvas_spot_changed(self._pointed.spot)
        self.figure_changed.emit()

    # What the user does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._player.act_on(event):
            super().keyPressEvent(event)

    def _on_again_clicked(self) -> None:
        value = self.options.value()
        self.options.set_value(SlidingWindowOptions(value.window, value.negatives, value.sample, value.seed + 1))

    def _on_playback_moved(self, step: int) -> None:
        self._player.show_step(step)
        self._rebuild()

    def _on_player_step_requested(self, step: int) -> None:
        self.playback.go_to(step)

    def _on_canvas_spot_changed(self, spot: WindowSpot | None) -> None:
        figure = self.figure_now()
        if figure is None or self.veil.is_dimmed:
            self.clear_numbers()
        elif spot is not None and figure.has_spot(spot, self._pointed.figure_rect(), self._style):
            self.read_out.show_text(figure.describe(spot))
        else:
            hint = _tr("Click on a word to put the window there; point at a number to see where it comes from.")
            self.read_out.show_text(" ".join(figure.result.notes) or hint)

    def _on_canvas_spot_chosen(self, spot: WindowSpot) -> None:
        if self._result is None or spot.column is not None:
            return
        places = [number for number, step in enumerate(self._result.steps, start=1) if step.centre == spot.row]
        if places:
            self.playback.go_to(places[0])
