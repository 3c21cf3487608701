"""Building a vocabulary from a text that can be edited, step by step."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from inference.results.tokenization import (
    MOST_TRAINING_LETTERS,
    SAMPLE_TEXT,
    VocabularyRequest,
    VocabularyResult,
)
from widgets.kit.delay import Delay
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OpenSpinBox, OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.look.theme import FigureStyle
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import PlotSpot
from widgets.views.tokenization.glossary import Term, explained
from widgets.views.tokenization.options import VocabularyOptions
from widgets.views.tokenization.vocabulary_figure import VocabularyFigure

_STEPS_A_SECOND = 2.0
_TYPING = 500  # ms without a key, after which the text is learned from


class VocabularyPage(Page):
    """Above a text to learn from; the player goes through the steps, a click on a point of the lines goes to its step.

    Signals
    -------
    wanted_changed()
        Another vocabulary is wanted.
    figure_changed()
    """

    wanted_changed = Signal()
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._canvas = PlotCanvas("vocabulary_canvas", _tr("Building a vocabulary"))
        self._scroll = FigureScroll(self._canvas)
        super().__init__("vocabulary", self._scroll, _tr("What is shown"), _tr("What is pointed at"), parent)
        self.is_of_subject = False
        self._result: VocabularyResult | None = None
        self._of: VocabularyOptions = VocabularyOptions()
        self.options = OptionControls(self.controls, "vocabulary", VocabularyOptions)
        self._sample = self.controls.add_button(
            "vocabulary_sample", _tr("Sample text"), _tr("Learn from the sample again")
        )
        self._edit = QPlainTextEdit(SAMPLE_TEXT, self)
        self._edit.setObjectName("vocabulary_text")
        self._edit.setAccessibleName(_tr("Text to learn from"))
        self._edit.setPlaceholderText(_tr("Type a text to learn from"))
        self._edit.setTabChangesFocus(True)
        self._said = PlainLabel(self)
        self._said.setObjectName("vocabulary_said")
        self._said.setWordWrap(True)
        self._said.hide()
        box = QWidget(self)
        column = QVBoxLayout(box)
        column.setContentsMargins(8, 0, 8, 0)
        column.addWidget(self._edit)
        column.addWidget(self._said)
        self.add_above(box)
        self._slider = StepSlider("vocabulary", _tr("Step"))
        self.playback = Playback(self)
        self.playback.set_rate(_STEPS_A_SECOND)
        self._player = Player("vocabulary", self.playback, self._slider)
        self.add_below(self._player)
        self._player.hide()
        self._typing = Delay(_TYPING, self)
        self.show_empty(_tr("Building a vocabulary …"))
        self._offer()
        self._fit_edit()

        self.options.changed.connect(self._on_options_changed)
        self._sample.clicked.connect(self._on_sample_clicked)
        self._edit.textChanged.connect(self._typing.start)
        self._typing.elapsed.connect(self._on_typing_elapsed)
        self.playback.moved.connect(self._on_playback_moved)
        self._player.step_requested.connect(self._on_player_step_requested)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.shown_changed.connect(self.figure_changed)

    # What is asked

    @property
    def text(self) -> str:
        return self._edit.toPlainText()

    def set_text(self, text: str) -> None:
        """Learn from another text."""
        self._edit.setPlainText(text[: MOST_TRAINING_LETTERS + 1])

    def text_state(self) -> dict[str, str]:
        """The text for a session, if it is not the sample."""
        return {} if self.text == SAMPLE_TEXT else {"vocabulary_text": self.text[:MOST_TRAINING_LETTERS]}

    def set_text_state(self, stored: object) -> None:
        """Take a session's text; what is none is left out."""
        text = stored.get("vocabulary_text") if isinstance(stored, dict) else None
        if isinstance(text, str):
            self.set_text(text)

    def request(self) -> VocabularyRequest | None:
        """What is wanted now; None while the text cannot be learned from, of which a sentence says why."""
        if why := self._why_not():
            self._said.setText(why)
            self._said.show()
            return None
        self._said.hide()
        options = self.options.value()
        chosen_by = options.chosen_by if options.algorithm == "wordpiece" else "count"
        return VocabularyRequest(self.text, options.algorithm, options.n_pieces, chosen_by)

    def _why_not(self) -> str:
        n = len(self.text)
        if n > MOST_TRAINING_LETTERS:
            text = _tr("The text has {:,} characters; at most {:,} are learned from.")
            return text.format(n, MOST_TRAINING_LETTERS)
        return "" if self.text.strip() else _tr("There are no words to learn from; type a text.")

    # What comes

    def show_result(self, request: VocabularyRequest, result: VocabularyResult, style: FigureStyle) -> None:
        """Show a vocabulary at its last step."""
        self._result = result
        self._of = VocabularyOptions(request.algorithm, request.chosen_by, request.size)
        last = len(result.steps) - 1
        self._slider.set_range(0, last, last)
        self.playback.set_range(0, last)
        self.playback.go_to(last)
        self._player.show_step(last)
        self._player.show()
        self.rebuild(style)
        self.show_canvas()

    def show_refusal(self, sentence: str) -> None:
        """Say why there is no vocabulary; what was shown stays, as it says of what it is."""
        self._said.setText(sentence)
        self._said.show()
        self.playback.pause()
        if self._result is None:
            self.show_empty(sentence)

    def figure_now(self) -> VocabularyFigure | None:
        """The figure as it is looked at."""
        return None if self._result is None else self._canvas.figure_now()

    def rebuild(self, style: FigureStyle | None = None) -> None:
        """Show the step that the player is at, in another style where one is given."""
        self._fit_edit()
        if self._result is None:
            return
        style = style or self._canvas.style_now
        figure = VocabularyFigure(self._result, self._of, self.playback.step, self._canvas.shown)
        self._scroll.show_figure(figure, style)
        self.caption.show_text(figure.caption)
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _fit_edit(self) -> None:
        """Three lines of text, whatever the font, and nothing of a fourth."""
        around = 2 * self._edit.frameWidth() + math.ceil(self._edit.document().documentMargin())
        line = math.ceil(QFontMetricsF(self._edit.font()).lineSpacing())  # as lines are laid out; else rounded
        self._edit.setFixedHeight(3 * line + around)

    def _offer(self) -> None:
        options = self.options.value()
        self.options.set_shown("chosen_by", options.algorithm == "wordpiece")
        size = self.options.control("size")
        assert isinstance(size, OpenSpinBox)
        size.show_default(options.n_pieces)

    # What the user does

    def _on_options_changed(self) -> None:
        self._offer()
        self.wanted_changed.emit()

    def _on_sample_clicked(self) -> None:
        with QSignalBlocker(self._edit):
            self._edit.setPlainText(SAMPLE_TEXT)
        self.wanted_changed.emit()

    def _on_typing_elapsed(self) -> None:
        self.wanted_changed.emit()

    def _on_playback_moved(self, step: int) -> None:
        self._player.show_step(step)
        self.rebuild()

    def _on_player_step_requested(self, step: int) -> None:
        self.playback.go_to(step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._player.act_on(event):
            super().keyPressEvent(event)

    def _on_canvas_spot_changed(self, spot: object) -> None:
        figure = self._canvas.figure
        text = _tr("Point at a row, a word or a heading to read what it says; a click on a line goes to that step.")
        if isinstance(figure, VocabularyFigure) and spot is not None:
            text = figure.describe(spot)
        self._canvas.setToolTip(plain_tip(explained(spot)) if isinstance(spot, Term) else "")
        self.read_out.show_text(text)

    def _on_canvas_spot_chosen(self, spot: object) -> None:
        if isinstance(spot, PlotSpot):
            self.playback.go_to(spot.point)


def _tr(text: str) -> str:
    return QCoreApplication.translate("VocabularyPage", text)
