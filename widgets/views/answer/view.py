"""An answer that grows word by word; every step of it can be looked at again, and gone on from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from inference.results.answer import MOST_EXPLAINED, AnswerRequest, AnswerResult, with_answer
from inference.results.decoding import Written
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figure_command import image_title
from widgets.selection import Position, Selected
from widgets.subject import Subject
from widgets.views.answer.figure import AnswerSpot, ChatAnswerFigure
from widgets.views.answer.looks import is_kept, looks_wanted
from widgets.views.answer.options import AnswerOptions
from widgets.writing.prefix_line import Prefix, PrefixLine
from widgets.writing.view import GrowingTextView

_AXIS = "text"  # of the language model, in which the image tokens stand


class AnswerView(GrowingTextView[AnswerResult]):
    """The image, the text that the model gets, and the answer beside it; the colours over the image are where the
    chosen words looked. A click on a word shows it, Ctrl and a click adds it; a click on a candidate or on a node of
    the beams continues from there.

    The answer stays with the input, so that the other views show the attention of question and answer.

    Keys: those of the player.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        self._also: tuple[int, ...] = ()  # words that were added to the one that was clicked on
        rare = ("most", "candidates", "opacity", "smooth", "high")
        super().__init__(context, "answer", self.tr("Answer"), AnswerOptions, parent, rare=rare)
        self._asked_of: tuple[str, object, str] = "", None, ""  # checkpoint, image and question of a prefix
        self._prefix = PrefixLine(
            self._page.controls,
            "answer",
            self.tr("words of the answer"),
            self.tr("The answer begins with these words"),
        )
        self._prefix.changed.connect(self.refresh)

    # What is asked

    def set_subject(self, subject: Subject | None) -> None:
        if subject is not None:
            info = subject.checkpoint
            self._prefix.set_enabled(info.has_tokenizer)
            text = subject.input.text
            asked_of = info.checkpoint, subject.input.image, "" if text is None else text.text
            if asked_of != self._asked_of:
                self._prefix.begin_anew(keeps_words=asked_of[0] == self._asked_of[0])
                self._asked_of = asked_of
            self._heads.offer(next((group for group in info.groups if group.query_axis == _AXIS), None))
        super().set_subject(subject)
        if subject is not None and not self._is_asked(subject):
            self.show_nothing(self.tr("Open an image, and type a question about it."))

    @staticmethod
    def _is_asked(subject: Subject) -> bool:
        text = subject.input.text
        has_question = text is not None and (bool(text.text.strip()) or text.token_ids is not None)
        return subject.input.image is not None and has_question

    def offer_options(self) -> None:
        super().offer_options()
        options = self._options.value()
        has_image = options.show != "tree"
        for field in ("opacity", "smooth", "high"):
            self._options.set_shown(field, has_image)
        self._options.set_shown("words", options.show == "image")
        has_scales = self._result is not None and len(self._result.grids) > 1
        self._options.set_shown("scale", has_image and has_scales)
        self._heads.show_numbers(
            layer=has_image and options.attention in ("layer", "head"), head=has_image and options.attention == "head"
        )

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        if not self._is_asked(self.subject):
            return ()
        options, prefix = self._options.value(), self._prefix.now
        plain = AnswerRequest(
            self.subject.checkpoint.checkpoint,
            with_answer(self.subject.input, None),
            options.decoding,
            prefix="" if prefix.ids is not None else prefix.text,
            prefix_ids=prefix.ids or (),
            most=options.most,
            n_candidates=options.candidates,
        )
        return (self._with_looks(plain, options),)

    def _with_looks(self, plain: AnswerRequest, options: AnswerOptions) -> AnswerRequest:
        """What else is to be told of the answer, once it is there."""
        is_there = isinstance(self._shown, AnswerRequest) and self._shown.plain() == plain and self._is_ended
        figure = self.figure()
        if not is_there or self._result is None or figure is None:
            return plain
        if options.attention == "relevance":
            return replace(plain, relevance_of=figure.chosen[:MOST_EXPLAINED]) if options.show == "image" else plain
        if is_kept(self._result, options.attention):
            return plain
        return replace(plain, looks=looks_wanted(options.attention, self._heads.layer, self._heads.head))

    # What comes

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(request, AnswerRequest)
        assert isinstance(result, AnswerResult)
        shown = self._shown
        if isinstance(shown, AnswerRequest) and shown.plain() == request.plain() and self._is_ended and not is_partial:
            self._result, self._shown = result, request
            self.rebuild()
            return
        super().show_result(request, result, is_partial)
        self.offer_options()
        if not is_partial:
            self.refresh()

    def keep_text(self, written: Written) -> None:
        """Let the input have the answer behind its question."""
        if self.subject is None:
            return
        ids = tuple(written.tokens.ids[1:].tolist())
        answered = with_answer(self.subject.input, ids or None)
        if answered != self.subject.input:
            self.context.set_input(answered)

    # The picture

    def figure(self) -> ChatAnswerFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, ChatAnswerFigure) and not self._page.is_empty else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if (now.layer, now.head) == (old.layer, old.head) or self._result is None:
            return
        self.rebuild()
        self.refresh()

    def make_figure(self, result: AnswerResult, n_shown: int) -> ChatAnswerFigure:
        assert isinstance(self._shown, AnswerRequest)
        assert self._shown.input.image is not None
        self._also = self._also if self._place is not None else ()
        places = () if self._place is None else (self._place, *self._also)
        name = image_title(self._shown.input.image)
        return ChatAnswerFigure(
            result, name, self._options.value(), n_shown, self._heads.layer, self._heads.head, places
        )

    # What the user does

    def hint(self) -> str:
        return self.tr("Point at a word, the image or a candidate; a click chooses a word, Ctrl and a click several.")

    def choose_spot(self, result: AnswerResult, spot: AnswerSpot) -> None:
        figure, written = self.figure(), result.written
        if figure is None:
            return
        if spot.kind == "word":
            self._choose_word(result, spot.place)
        elif spot.kind == "candidate":
            ids = written.tokens.ids[1 : figure.focus].tolist()
            number = int(written.candidates[figure.focus, spot.place])
            words = [*written.tokens.shown[1 : figure.focus], written.vocabulary[number]]
            self._go_on(words, [*ids, int(written.candidate_ids[figure.focus, spot.place])])
        elif spot.kind == "node" and result.tree is not None:
            tree, path = result.tree, result.tree.path(spot.place)
            given = written.tokens.ids[1 : written.n_given].tolist()
            words = [*written.tokens.shown[1 : written.n_given], *(written.vocabulary[tree.numbers[n]] for n in path)]
            self._go_on(words, [*given, *tree.ids[path].tolist()])

    def _choose_word(self, result: AnswerResult, place: int) -> None:
        """The one word; with Ctrl one more, or one less."""
        adds = bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier)
        chosen = [] if self._place is None else [self._place, *self._also]
        if adds:
            chosen = [each for each in chosen if each != place] if place in chosen else [place, *chosen]
        else:
            chosen = [place]
        self._place, self._also = (chosen[0], tuple(chosen[1:])) if chosen else (None, ())
        at = result.n_prompt - 1 + max(place - 1, 0)
        self.selection.update(query=Position(_AXIS, at))
        self.rebuild()
        self.refresh()

    def _go_on(self, words: list[str], ids: list[int]) -> None:
        self._prefix.go_on_from(Prefix.of(words, ids))
