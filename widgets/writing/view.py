"""The base of views in which a model writes: a text grows, every step can be looked at again, and gone on from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from inference.results.answer import AnswerResult
from inference.results.caption import CaptionResult
from inference.results.decoding import USUAL_BEAMS, Written
from inference.results.generation import GenerationResult
from inference.results.request import Request
from inference.results.translation import TranslationResult
from widgets.context import ViewContext
from widgets.kit.availability import offer
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OpenSpinBox, OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.selection import Selected
from widgets.view import View
from widgets.writing.head_choice import HeadChoice
from widgets.writing.options import DecodingOptions

R = TypeVar("R", AnswerResult, CaptionResult, GenerationResult, TranslationResult)

_STEPS_A_SECOND = 3.0  # at speed 1: a token can be read
_OF_WAY = {"beam": ("beams",), "sample": ("temperature", "top_k", "top_p", "seed")}
_OF_ATTENTION = {"attention", "has_probs"}  # which a tree of beams does not show


class GrowingTextView(View, Generic[R]):
    """Follows a text while it grows; the player goes through its steps. What is cancelled stays as it is.

    A subclass answers `make_figure`, `hint`, `choose_spot` and `keep_text` beside `requests()` and `figure()`.

    Keys: those of the player.

    Attributes
    ----------
    n_unseen
        Tokens at the front that the figure does not show, such as the one that a decoder starts from.
    """

    n_unseen = 0

    def __init__(
        self,
        context: ViewContext,
        name: str,
        title: str,
        options: type[DecodingOptions],
        parent: QWidget | None = None,
        *,
        rare: tuple[str, ...] = (),
        has_growing_letters: bool = False,
    ) -> None:
        """`rare`: options whose controls stand behind the button More; `has_growing_letters`: see `FigureScroll`."""
        super().__init__(context, parent)
        self._result: R | None = None
        self._shown: Request | None = None  # what the result answers
        self._is_ended = False  # nothing more comes of it
        self._place: int | None = None  # token that was clicked on
        self._canvas = PointedCanvas(f"{name}_canvas", title)
        self._canvas.paints_what_is_seen = True
        self._scroll = FigureScroll(self._canvas, has_growing_letters=has_growing_letters)
        page = self._page = self.add_page(
            Page(name, self._scroll, self.tr("What is shown"), self.tr("What is pointed at"))
        )
        self._options: OptionControls[Any] = self.add_options(OptionControls(page.controls, name, options, rare=rare))
        beams = self._options.control("beams")
        assert isinstance(beams, OpenSpinBox)
        self._beams = beams
        self._beams.show_default(USUAL_BEAMS)
        self._heads = HeadChoice(page.controls, name, context.selection)
        self.playback = Playback(self)
        self.playback.set_rate(_STEPS_A_SECOND)
        self._slider = StepSlider(name, self.tr("Token"), n_unseen=self.n_unseen)
        self._player = Player(name, self.playback, self._slider)
        page.add_below(self._player)
        self._player.hide()
        page.show_empty(self.tr("Asking the model …"))
        self.offer_options()

        self._options.changed.connect(self._on_options_changed)
        page.veil.dimmed.connect(self.playback.hold)
        self.playback.moved.connect(self._on_playback_moved)
        self._player.step_requested.connect(self._on_player_step_requested)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self.standing_changed.connect(self._on_standing_changed)

    # What a subclass answers

    def make_figure(self, result: R, n_shown: int) -> Any:
        """The figure of the text when it has so many tokens."""
        raise NotImplementedError

    def hint(self) -> str:
        """What pointing and a click are good for, where a text is shown and not the tree of its beams."""
        raise NotImplementedError

    def choose_spot(self, result: R, spot: Any) -> None:
        """The user clicked on this."""
        raise NotImplementedError

    def followed_axis(self, result: R) -> str:
        """The sequence whose selected token is looked at, wherever it was selected; empty: none."""
        return ""

    def keep_text(self, written: Written) -> None:
        """Nothing more comes of the text: let the input have it, so that the other views look at it."""
        raise NotImplementedError

    # What is selected

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if (now.layer, now.head, now.query) == (old.layer, old.head, old.query) or self._result is None:
            return
        index = now.query_on(self.followed_axis(self._result)) if now.query != old.query else None
        if index is not None:
            # What a place attends to is shown at the token that was chosen there.
            is_shown = index + 1 < min(self.playback.step, self._result.written.n_steps)
            self._place = index + 1 if is_shown else None
        self.rebuild()

    # What comes

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        is_new = request != self._shown or (self._is_ended and is_partial)  # or written once more
        self._result, self._shown, self._is_ended = result, request, not is_partial  # type: ignore[assignment]
        if is_new:
            self._place = None
        grows = is_new or self.playback.is_live
        self._set_range(is_open=is_partial)
        if is_new:
            self.playback.follow()
        self._player.show_step(self.playback.step)
        self._player.show()
        self.rebuild(grows=grows)
        if not is_partial:
            assert self._result is not None
            self.keep_text(self._result.written)
            if self._result.hypotheses:
                self._beams.show_default(max(2, len(self._result.hypotheses)))

    def show_nothing(self, sentence: str) -> None:
        """Nothing is asked, and what was written before was of something else: say what to do."""
        self._result = None
        self._player.hide()
        self._page.show_empty(sentence)

    def _set_range(self, *, is_open: bool) -> None:
        assert self._result is not None
        written = self._result.written
        self._slider.set_range(written.n_given, written.n_steps, written.n_steps)
        self.playback.set_range(written.n_given, written.n_steps, is_open=is_open)

    def take_cancellation(self, request: Request) -> None:
        """What is written by then stays, and is no less true for being short."""
        answered, is_partial = self._answered.get(type(request), (None, False))
        if answered == request and is_partial and self._result is not None:
            self._answered[type(request)] = (request, False)
            self._is_ended = True
            if not self._result.written.is_finished:
                written = replace(self._result.written, why_unfinished=self.tr("cancelled"))
                self._result = replace(self._result, written=written)
            self._set_range(is_open=False)
            self.rebuild()
            self._judge()
            self.keep_text(self._result.written)
            return
        super().take_cancellation(request)

    def provisional_note(self) -> str:
        """None is needed: a text is seen to grow."""
        return ""

    # The picture

    def told_first(self, result: R) -> tuple[str, ...]:
        """What is said before all else of a result: little room is left behind the rest."""
        return ()

    def restyle(self) -> None:
        self.rebuild()

    def rebuild(self, *, grows: bool = False) -> None:
        """Show the step that the player is at; `grows`: its end is to be seen."""
        if self._result is None:
            return
        n_shown = min(max(self.playback.step, 1), self._result.written.n_steps)
        figure = self.make_figure(self._result, n_shown)
        self._scroll.show_figure(figure, self.style_now(), is_growing=grows or self.playback.is_live)
        self._page.caption.show_text("  ·  ".join((*self.told_first(self._result), figure.caption)))
        self._page.show_canvas()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    # What the user does

    def offer_options(self) -> None:
        """Only what matters for the way in which tokens are chosen, and for what is shown."""
        options = self._options.value()
        show = self._options.combo("show")
        offer(show, "tree", options.way == "beam", self.tr("Only a beam search begins several texts."))
        if options.way != "beam" and options.show == "tree":
            with QSignalBlocker(show):
                show.setCurrentIndex(0)
            options = self._options.value()
        self._options.show_those_of(_OF_WAY, options.way)
        is_attending = options.show != "tree"
        for field in _OF_ATTENTION & options.declared().keys():
            self._options.set_shown(field, is_attending)
        self._heads.show_numbers(
            layer=is_attending and options.attention != "mean", head=is_attending and options.attention == "head"
        )

    def _on_options_changed(self) -> None:
        self.offer_options()
        self.refresh()
        self.rebuild()

    def _on_playback_moved(self, step: int) -> None:
        self._place = None
        self._player.show_step(step)
        self.rebuild()

    def _on_player_step_requested(self, step: int) -> None:
        self._place = None
        self.playback.go_to(step)
        self.rebuild()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._player.act_on(event):
            super().keyPressEvent(event)

    def _on_standing_changed(self) -> None:
        self._on_canvas_spot_changed(self._canvas.spot)

    def _on_canvas_spot_changed(self, spot: object) -> None:
        self._page.read_out.show_text("" if self.is_dimmed else self._describe(spot))

    def _describe(self, spot: Any) -> str:
        """What is known of what the pointer meets; of nothing (None) what pointing is good for."""
        figure: Any = self.figure()
        if figure is not None and spot is not None:
            return figure.describe(spot)
        if figure is not None and figure.show == "tree":
            return self.tr("Point at a token of the beams or at a text for its bits; a click on a token continues it.")
        return self.hint()

    def _on_canvas_spot_chosen(self, spot: object) -> None:
        if self._result is not None and self._canvas.figure is not None:
            self.choose_spot(self._result, spot)
