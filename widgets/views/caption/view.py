"""A caption that grows word by word; every step of it can be looked at again, and gone on from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from inference.results.caption import CaptionRequest, CaptionResult, with_caption
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.decoding import Written
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figure_command import image_title
from widgets.kit.availability import offer
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.caption.figure import CaptionFigure, CaptionSpot
from widgets.views.caption.options import CaptionOptions
from widgets.writing.prefix_line import Prefix, PrefixLine
from widgets.writing.view import GrowingTextView


class CaptionView(GrowingTextView[CaptionResult]):
    """The image, and the caption beside it; the colours over the image are where the chosen word looked. A click on a
    word shows its step; a click on a candidate or on a node of the beams continues from there.

    The caption becomes the text of the input, so that the other views show the attention of this caption.

    Keys: those of the player.
    """

    n_unseen = 1

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        rare = ("most", "candidates", "opacity", "smooth", "high")
        super().__init__(context, "caption", self.tr("Caption"), CaptionOptions, parent, rare=rare)
        self._asked_of: tuple[str, object, bool] = "", None, False  # checkpoint, image and direction of a prefix
        self._prefix = PrefixLine(
            self._page.controls,
            "caption",
            self.tr("words of the caption"),
            self.tr("The caption begins with these words, or ends with them where it is written from the end"),
            is_rare=True,
        )
        self._prefix.changed.connect(self.refresh)

    # What is asked

    def set_subject(self, subject: Subject | None) -> None:
        if subject is not None:
            info = subject.checkpoint
            has_end = image_group(info, is_from_end=True) is not None
            why = self.tr("{} has no decoder that writes from the end.").format(info.name)
            offer(self._options.combo("direction"), "end", has_end, why)
            if not has_end and self._options.value().direction == "end":
                self._options.combo("direction").setCurrentIndex(0)
            self._prefix.set_enabled(info.has_tokenizer)
            self._begin_anew(subject)
        super().set_subject(subject)
        if subject is not None and subject.input.image is None:
            self.show_nothing(self.tr("Open an image."))

    def _begin_anew(self, subject: Subject) -> None:
        """Tokens that were clicked on were chosen for one image and one direction."""
        is_from_end = self._options.value().direction == "end"
        asked_of = subject.checkpoint.checkpoint, subject.input.image, is_from_end
        if asked_of != self._asked_of:
            self._prefix.begin_anew(keeps_words=(asked_of[0], asked_of[2]) == (self._asked_of[0], self._asked_of[2]))
            self._asked_of = asked_of
        self._heads.offer(image_group(subject.checkpoint, is_from_end=is_from_end))

    def offer_options(self) -> None:
        super().offer_options()
        for field in ("opacity", "smooth", "high"):
            self._options.set_shown(field, self._options.value().show != "tree")
        if self.subject is not None:
            self._begin_anew(self.subject)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        if self.subject.input.image is None:
            return ()
        options, prefix = self._options.value(), self._prefix.now
        return (
            CaptionRequest(
                self.subject.checkpoint.checkpoint,
                replace(self.subject.input, text=None),
                options.decoding,
                is_from_end=options.direction == "end",
                is_blind=options.blind,
                prefix="" if prefix.ids is not None else prefix.text,
                prefix_ids=prefix.ids,
                most=options.most,
                n_candidates=options.candidates,
            ),
        )

    def keep_text(self, written: Written) -> None:
        """Let the input have this caption as its text."""
        if self.subject is None or not written.text:
            return
        captioned = with_caption(self.subject.input, written.text)
        if captioned != self.subject.input:
            self.context.set_input(captioned)

    # The picture

    def told_first(self, result: CaptionResult) -> tuple[str, ...]:
        return () if result.is_blind else result.notes  # that it is blind is said in the picture, too

    def figure(self) -> CaptionFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, CaptionFigure) and not self._page.is_empty else None

    def make_figure(self, result: CaptionResult, n_shown: int) -> CaptionFigure:
        assert isinstance(self._shown, CaptionRequest)
        assert self._shown.input.image is not None
        options = replace(self._options.value(), direction="end" if result.is_from_end else "beginning")
        name = image_title(self._shown.input.image)
        return CaptionFigure(result, name, options, n_shown, self._heads.layer, self._heads.head, self._place)

    def followed_axis(self, result: CaptionResult) -> str:
        return "turned" if result.is_from_end else "target"

    # What the user does

    def hint(self) -> str:
        return self.tr("Point at a word, a patch or a candidate; a click on a candidate continues from it.")

    def choose_spot(self, result: CaptionResult, spot: CaptionSpot) -> None:
        figure, written = self.figure(), result.written
        if figure is None:
            return
        if spot.kind == "word" or (spot.kind == "patch" and figure.show == "words"):
            self._place = spot.place
            self.selection.update(query=Position(self.followed_axis(result), max(spot.place - 1, 0)))
            self.rebuild()
        if spot.kind == "patch":
            self.selection.update(key=Position("patches", spot.column + result.picture.n_special))
        elif spot.kind == "candidate":
            way = result.is_from_end
            self._prefix.go_on_from(Prefix.to_candidate(written, figure.focus, spot.place, is_from_end=way))
        elif spot.kind == "node" and result.tree is not None:
            self._prefix.go_on_from(Prefix.to_node(written, result.tree, spot.place, is_from_end=result.is_from_end))


def image_group(info: CheckpointInfo, *, is_from_end: bool) -> AttentionGroup | None:
    """What of a decoder attends to the image; None where there is no such decoder."""
    axes = ("turned" if is_from_end else "target", "patches")
    return next((group for group in info.groups if (group.query_axis, group.key_axis) == axes), None)
