"""A translation that grows token by token; every step of it can be looked at again, and gone on from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.decoding import Written
from inference.results.request import Request
from inference.results.translation import TranslationRequest, TranslationResult, with_target
from widgets.context import ViewContext
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.translation.figure import Spot, TranslationFigure
from widgets.views.translation.options import TranslationOptions
from widgets.writing.prefix_line import Prefix, PrefixLine
from widgets.writing.view import GrowingTextView


class TranslationView(GrowingTextView[TranslationResult]):
    """Source above, target below, and what was expected at each place. A click on a token shows its step; a click on a
    candidate or on a node of the beams continues from there.

    The text becomes the target of the input, so that the other views show the attention of this translation.

    Keys: those of the player.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        rare = ("most", "candidates")
        super().__init__(
            context,
            "translation",
            self.tr("Translation"),
            TranslationOptions,
            parent,
            rare=rare,
            has_growing_letters=True,
        )
        self._source: tuple[str, object] = "", None  # checkpoint and source of the last subject
        self._prefix = PrefixLine(
            self._page.controls,
            "translation",
            self.tr("words of the target"),
            self.tr("The target begins with these words; Enter takes them"),
        )
        self._prefix.changed.connect(self.refresh)

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

    def keep_text(self, written: Written) -> None:
        """Let the input have this text as its target."""
        if self.subject is None:
            return
        target = with_target(self.subject.input, written.text, tuple(written.tokens.ids.tolist()))
        if target != self.subject.input:
            self.context.set_input(target)

    # The picture

    def figure(self) -> TranslationFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, TranslationFigure) else None

    def followed_axis(self, result: TranslationResult) -> str:
        return "target"

    def make_figure(self, result: TranslationResult, n_shown: int) -> TranslationFigure:
        return TranslationFigure(
            result, self._options.value(), n_shown, self._heads.layer, self._heads.head, self._place
        )

    # What the user does

    def hint(self) -> str:
        return self.tr("Point at a token or a candidate for its numbers; a click on a candidate continues from it.")

    def choose_spot(self, result: TranslationResult, spot: Spot) -> None:
        figure, written = self.figure(), result.written
        if figure is None:
            return
        if spot.kind in ("target", "cell"):
            self._place = spot.place
            self.selection.update(query=Position("target", max(spot.place - 1, 0)))
            self.rebuild()
        elif spot.kind == "source":
            self.selection.update(key=Position("source", spot.place))
        elif spot.kind == "candidate":
            self._prefix.go_on_from(Prefix.to_candidate(written, figure.focus, spot.place))
        elif spot.kind == "node" and result.tree is not None:
            self._prefix.go_on_from(Prefix.to_node(written, result.tree, spot.place))


def cross_group(info: CheckpointInfo) -> AttentionGroup | None:
    """What of a decoder attends to the source."""
    found = (group for group in info.groups if group.key_axis == "source" and group.query_axis != "source")
    return next(found, None)
