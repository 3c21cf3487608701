"""A translation that grows token by token; every step of it can be looked at again, and gone on from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.decoding import USUAL_BEAMS
from inference.results.events import Failure
from inference.results.request import Request
from inference.results.translation import TranslationRequest, TranslationResult, with_target
from widgets.context import ViewContext
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OpenSpinBox, OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.selection import Position, Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.translation.figure import Spot, TranslationFigure
from widgets.views.translation.head_choice import HeadChoice
from widgets.views.translation.options import TranslationOptions
from widgets.views.translation.prefix_line import Prefix, PrefixLine

_STEPS_A_SECOND = 3.0  # at speed 1: a token can be read
_OF_WAY = {"beam": ("beams",), "sample": ("temperature", "top_k", "top_p", "seed")}


class TranslationView(View):
    """Source above, target below, and what was expected at each place. A click on a token shows its step; a click on a
    candidate or on a node of the beams continues from there.

    The text becomes the target of the input, so that the other views show the attention of this translation.

    Keys: those of the player.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: TranslationResult | None = None
        self._shown: TranslationRequest | None = None  # what the result answers
        self._is_ended = False  # nothing more comes of it
        self._source: tuple[str, object] = "", None  # checkpoint and source of the last subject
        self._place: int | None = None  # token that was clicked on
        self._canvas = PointedCanvas("translation_canvas", self.tr("Translation"))
        self._scroll = FigureScroll(self._canvas)
        page = self._page = self.add_page(
            Page("translation", self._scroll, self.tr("What is shown"), self.tr("What is pointed at"))
        )
        self._options = self.add_options(OptionControls(page.controls, "translation", TranslationOptions))
        beams = self._options.control("beams")
        assert isinstance(beams, OpenSpinBox)
        self._beams = beams
        self._beams.show_default(USUAL_BEAMS)
        self._heads = HeadChoice(page.controls, "translation", context.selection)
        self._prefix = PrefixLine(page.controls, "translation")
        self.playback = Playback(self)
        self.playback.set_rate(_STEPS_A_SECOND)
        self._slider = StepSlider("translation", self.tr("Token"))
        self._player = Player("translation", self.playback, self._slider)
        page.add_below(self._player)
        self._player.hide()
        page.show_empty(self.tr("Asking the model …"))
        self._offer_options()

        self._options.changed.connect(self._on_options_changed)
        self._prefix.changed.connect(self.refresh)
        page.veil.dimmed.connect(self.playback.hold)
        self.playback.moved.connect(self._on_playback_moved)
        self._player.step_requested.connect(self._on_player_step_requested)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self.standing_changed.connect(self._on_standing_changed)

    # What is asked

    def set_subject(self, subject: Subject | None) -> None:
        if subject is not None:
            source = (subject.checkpoint.checkpoint, with_target(subject.input, "", ()))
            if source != self._source:
                self._prefix.begin_anew(keeps_words=source[0] == self._source[0])  # of another's language they are not
                self._source = source
            self._prefix.set_enabled(subject.checkpoint.has_tokenizer)
            self._heads.offer(cross_group(subject.checkpoint))
        super().set_subject(subject)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        options, prefix = self._options.value(), self._prefix.now
        given = self.subject.input
        source = replace(given, text=replace(self.subject.text, text_pair=None, target_ids=None))
        return (
            TranslationRequest(
                self.subject.checkpoint.checkpoint,
                source,
                options.decoding,
                prefix="" if prefix.ids is not None else prefix.text,
                prefix_ids=prefix.ids,
                most=options.most,
                n_candidates=options.candidates,
            ),
        )

    # What comes

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(request, TranslationRequest)
        assert isinstance(result, TranslationResult)
        is_new = request != self._shown or (self._is_ended and is_partial)  # or written once more
        self._result, self._shown, self._is_ended = result, request, not is_partial
        if is_new:
            self._place = None
        grows = is_new or self.playback.is_live
        self._set_range(is_open=is_partial)
        if is_new:
            self.playback.follow()
        self._player.show_step(self.playback.step)
        self._player.show()
        self._rebuild(grows=grows)
        if not is_partial:
            self._write_target()
            if result.hypotheses:
                self._beams.show_default(max(2, len(result.hypotheses)))

    def _set_range(self, *, is_open: bool) -> None:
        assert self._result is not None
        written = self._result.written
        self._slider.set_range(written.n_given, written.n_steps, written.n_steps)
        self.playback.set_range(written.n_given, written.n_steps, is_open=is_open)

    def _write_target(self) -> None:
        """Let the input have this text as its target."""
        if self._result is None or self.subject is None:
            return
        written = self._result.written
        target = with_target(self.subject.input, written.text, tuple(written.tokens.ids.tolist()))
        if target != self.subject.input:
            self.context.set_input(target)

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
            self._rebuild()
            self._judge()
            self._write_target()
            return
        super().take_cancellation(request)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        if self._result is None:
            self._page.show_empty(failure.message)

    def provisional_note(self) -> str:
        """None is needed: a text is seen to grow."""
        return ""

    def figure(self) -> TranslationFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, TranslationFigure) else None

    # The picture

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if (now.layer, now.head, now.query) == (old.layer, old.head, old.query) or self._result is None:
            return
        if now.query != old.query and now.query is not None and now.query.axis == "target":
            # What a place attends to is shown at the token that was chosen there.
            place = now.query.index + 1
            self._place = place if place < min(self.playback.step, self._result.written.n_steps) else None
        self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def _rebuild(self, *, grows: bool = False) -> None:
        if self._result is None:
            return
        figure = TranslationFigure(
            self._result,
            self._options.value(),
            min(max(self.playback.step, 1), self._result.written.n_steps),
            self._heads.layer,
            self._heads.head,
            self._place,
        )
        self._scroll.show_figure(figure, self.style_now(), is_growing=grows or self.playback.is_live)
        self._page.caption.show_text(figure.caption)
        self._page.show_canvas()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    # What the user does

    def _offer_options(self) -> None:
        """Only what matters for the way in which tokens are chosen."""
        options = self._options.value()
        for way, fields in _OF_WAY.items():
            for field in fields:
                self._options.set_shown(field, options.way == way)
        self._heads.show_numbers(layer=options.attention != "mean", head=options.attention == "head")

    def _on_options_changed(self) -> None:
        self._offer_options()
        self.refresh()
        self._rebuild()

    def _on_playback_moved(self, step: int) -> None:
        self._place = None
        self._player.show_step(step)
        self._rebuild()

    def _on_player_step_requested(self, step: int) -> None:
        self._place = None
        self.playback.go_to(step)
        self._rebuild()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._player.act_on(event):
            super().keyPressEvent(event)

    def _on_standing_changed(self) -> None:
        self._on_canvas_spot_changed(self._canvas.spot)

    def _on_canvas_spot_changed(self, spot: Spot | None) -> None:
        figure = self.figure()
        text = self.tr("Point at a token or a candidate for its numbers; a click on a candidate continues from it.")
        if figure is not None and spot is not None:
            text = figure.describe(spot)
        self._page.read_out.show_text("" if self.is_dimmed else text)

    def _on_canvas_spot_chosen(self, spot: Spot) -> None:
        figure = self.figure()
        if figure is None or self._result is None:
            return
        if spot.kind in ("target", "cell"):
            self._place = spot.place
            self.selection.update(query=Position("target", max(spot.place - 1, 0)))
            self._rebuild()
        elif spot.kind == "source":
            self.selection.update(key=Position("source", spot.place))
        elif spot.kind == "candidate":
            self._branch(figure.focus, int(self._result.written.candidate_ids[figure.focus, spot.place]))
        elif spot.kind == "node" and self._result.tree is not None:
            tree, written = self._result.tree, self._result.written
            path = tree.path(spot.place)
            given = written.tokens.ids[: written.n_given].tolist()
            words = [*written.tokens.shown[1 : written.n_given], *(written.vocabulary[tree.numbers[n]] for n in path)]
            self._go_on(words, [*given, *tree.ids[path].tolist()])

    def _branch(self, place: int, token: int) -> None:
        """Continue from another token at a place."""
        assert self._result is not None
        written = self._result.written
        ids = [*written.tokens.ids[:place].tolist(), token]
        number = written.candidate_ids[place].tolist().index(token)
        words = [*written.tokens.shown[1:place], written.vocabulary[int(written.candidates[place, number])]]
        self._go_on(words, ids)

    def _go_on(self, words: list[str], ids: list[int]) -> None:
        text = "".join(words).replace("␣", " ").strip()
        self._prefix.go_on_from(Prefix(text, tuple(ids)))


def cross_group(info: CheckpointInfo) -> AttentionGroup | None:
    """What of a decoder attends to the source."""
    found = (group for group in info.groups if group.key_axis == "source" and group.query_axis != "source")
    return next(found, None)
