"""A text that is written on token by token; every step of it can be looked at again, and gone on from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.decoding import Written
from inference.results.events import Failure
from inference.results.generation import GenerationRequest, GenerationResult, TextTask, with_written
from inference.results.growing import is_growing
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.availability import offer, set_available
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.generation.branch_list import BranchLine
from widgets.views.generation.branches import Branch, Branches, branch_name
from widgets.views.generation.figure import Beside, GenerationFigure, WrittenSpot
from widgets.views.generation.options import GenerationOptions
from widgets.writing.view import GrowingTextView

_NOTHING = -1  # is shown beside the text


class GenerationView(GrowingTextView[GenerationResult]):
    """The text, tinted by what the chosen token attended to, and what was expected there. A click on a token shows its
    step, a click on a candidate begins another branch with it; branches stay, and two can be compared. One that was
    left or cancelled before its end is written on when that is asked for: what was there is made again, and stays in
    sight until there is more.

    The text becomes the input of the other views, with all that was written.

    Keys: those of the player.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        rare = ("most", "candidates", "has_probs")
        super().__init__(
            context, "generation", self.tr("Writing"), GenerationOptions, parent, rare=rare, has_growing_letters=True
        )
        self._text: object = None  # checkpoint and text that the branches are of, and the task
        self._branches = Branches()
        self._kept_for: GenerationRequest | None = None  # what would be asked of the branch that was gone back to
        self._writes_again = False  # what was cut off, and is not yet as long as it was
        bar = self._page.controls
        self._branch = bar.add_choice("generation_branch", self.tr("Branch"), ())
        self._beside = bar.add_choice("generation_beside", self.tr("Beside it"), ())
        tip = self.tr(
            "Write this branch on (F5): it is made again as it was chosen, with the same seed, so it goes on as it "
            "would have; what is there stays until there is more"
        )
        self._write_on = bar.add_button("generation_write_on", self.tr("Write on"), tip)
        self._write_on.clicked.connect(self._on_write_on_clicked)
        self._branch.activated.connect(self._on_branch_activated)
        self._beside.activated.connect(self._on_beside_activated)
        self._offer_branches()

    # What is asked

    def set_subject(self, subject: Subject | None) -> None:
        if subject is not None:
            why_not = self.tr("This checkpoint has no chat template.")
            offer(self._options.combo("task"), "message", subject.checkpoint.has_chat_template, why_not)
            self._offer_chat(subject.checkpoint)
            self._begin_anew_if_other(subject)
            attending = subject.checkpoint.attending
            self._heads.offer(attending[0] if attending else None)
            why_not = self.tr("This checkpoint has no self-attention that could tint the text.")
            set_available(self._options.combo("attention"), bool(attending), why_not)
        super().set_subject(subject)

    def offer_options(self) -> None:
        super().offer_options()
        self._options.set_rare("show", self._options.value().way != "beam")  # there is one thing to show then
        if self.subject is not None:
            self._offer_chat(self.subject.checkpoint)
        else:
            for field in ("system", "thinking"):
                self._options.set_shown(field, is_shown=False)

    def refresh(self, *, again: bool = False) -> None:
        if self.subject is not None:
            self._begin_anew_if_other(self.subject)
        if again:
            self._writes_again = self._branches.current.is_cut
        super().refresh(again=again)
        self._offer_write_on()

    def _begin_anew_if_other(self, subject: Subject) -> None:
        """Branches are of one text and one task."""
        text = (subject.checkpoint.checkpoint, with_written(subject.input, None), *self._put_as(subject))
        if text != self._text:
            self._text, self._branches, self._kept_for = text, Branches(), None
            self._offer_branches()

    def _task(self, subject: Subject) -> TextTask:
        task = self._options.value().task
        return "text" if task == "message" and not subject.checkpoint.has_chat_template else task

    def _put_as(self, subject: Subject) -> tuple[TextTask, str, bool | None]:
        """The task, the system message, and whether the model thinks aloud; as far as the checkpoint takes them."""
        task, options, checkpoint = self._task(subject), self._options.value(), subject.checkpoint
        if task != "message":
            return task, "", None
        system = "" if checkpoint.why_no_system else options.system
        return task, system, options.thinks if checkpoint.can_think else None

    def _offer_chat(self, checkpoint: CheckpointInfo) -> None:
        """What stands around a message, where there is one."""
        is_message = checkpoint.has_chat_template and self._options.value().task == "message"
        self._options.set_shown("system", is_message)
        self._options.set_rare("attention", is_message)  # so that all stands in a row
        self._options.set_shown("thinking", is_message and checkpoint.can_think)
        line = self._options.control("system")
        assert isinstance(line, QLineEdit)
        set_available(line, not checkpoint.why_no_system, checkpoint.why_no_system)
        line.setPlaceholderText(self.tr("not taken") if checkpoint.why_no_system else self.tr("none"))

    def requests(self) -> tuple[Request, ...]:
        wanted, kept = self._wanted(), self._branches.current.request
        return (kept if kept is not None and wanted == self._kept_for else wanted,)

    def _wanted(self) -> GenerationRequest:
        """The branch that is looked at, written as is chosen now."""
        assert self.subject is not None
        options, is_whole = self._options.value(), self._branches.current.prefix_ids is None
        task, system, thinks = self._put_as(self.subject) if is_whole else ("text", "", None)
        return GenerationRequest(
            self.subject.checkpoint.checkpoint,
            with_written(self.subject.input, None),
            options.decoding,
            prefix_ids=self._branches.current.prefix_ids,
            most=options.most,
            n_candidates=options.candidates,
            task=task,
            system=system,
            thinks=thinks,
        )

    # What comes

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(request, GenerationRequest)
        assert isinstance(result, GenerationResult)
        if is_partial and self._branches.is_ahead(request, result):
            return
        self._writes_again = False
        self._branches.keep(request, result)
        self._offer_branches()
        super().show_result(request, result, is_partial)

    def take_cancellation(self, request: Request) -> None:
        if self._writes_again and request == self._shown:  # what was there is there
            self._writes_again = False
            self._answered[type(request)] = (request, False)
            self._judge()
            self.rebuild()
            self._offer_write_on()
            return
        super().take_cancellation(request)
        if self._result is not None and isinstance(request, GenerationRequest) and request == self._shown:
            self._branches.keep(request, self._result, is_cut=not self._result.written.is_finished)
        self._offer_write_on()

    def take_failure(self, request: Request, failure: Failure) -> None:
        self._writes_again = False
        super().take_failure(request, failure)
        self._offer_write_on()

    def keep_text(self, written: Written) -> None:
        """Let the input have what was written behind its text."""
        if self.subject is None:
            return
        input = with_written(self.subject.input, tuple(written.tokens.ids.tolist()))
        if input != self.subject.input:
            self.context.set_input(input)

    # The picture

    def figure(self) -> GenerationFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, GenerationFigure) else None

    def followed_axis(self, result: GenerationResult) -> str:
        return "text"

    def make_figure(self, result: GenerationResult, n_shown: int) -> GenerationFigure:
        lines = tuple(self._line(number, branch) for number, branch in self._branches.written())
        is_one_of_many = len(lines) > 1
        return GenerationFigure(
            result,
            self._options.value(),
            n_shown,
            self._heads.layer,
            self._heads.head,
            self._place,
            self._shown.decoding if isinstance(self._shown, GenerationRequest) else None,
            self._name(self._branches.now) if is_one_of_many else "",
            lines if is_one_of_many else (),
            self._other(),
        )

    def told_first(self, result: GenerationResult) -> tuple[str, ...]:
        """That a system message was left aside, and that what is there is being made again."""
        options, why_not = self._options.value(), self.subject.checkpoint.why_no_system if self.subject else ""
        again = (self.tr("being written again up to here"),) if self._writes_again else ()
        return again + ((why_not,) if options.system and options.task == "message" and why_not else ())

    def _line(self, number: int, branch: Branch) -> BranchLine:
        assert branch.result is not None
        written = branch.result.written
        words = "".join(written.tokens.shown[branch.place or written.n_given :]).replace("␣", " ")
        # All from the same place on, so that they can be compared: a branch is given the tokens before it, too.
        first = (self._branches.found[0].result or branch.result).written.n_given
        bits = float(np.nansum(written.surprisal[first:]))
        is_now = number == self._branches.now
        return BranchLine(number, self._name(number), words, self._branches.depth(number), bits, is_now)

    def _name(self, number: int) -> str:
        return branch_name(self._branches.found[number]) or self.tr("The text itself")

    def _other(self) -> Beside | None:
        number = self._beside.currentData()
        if number is None or number in (_NOTHING, self._branches.now):
            return None
        result = self._branches.found[number].result
        return None if result is None else Beside(self._name(number), result.written)

    def _offer_branches(self) -> None:
        """The names of all branches, where there are several."""
        names = [(self._name(number), number) for number, _ in self._branches.written()]
        others = [(self.tr("nothing"), _NOTHING), *(pair for pair in names if pair[1] != self._branches.now)]
        for combo, items in ((self._branch, names), (self._beside, others)):
            self._page.controls.set_shown(combo, len(names) > 1)
            if items != [(combo.itemText(i), combo.itemData(i)) for i in range(combo.count())]:
                chosen = combo.currentData()
                with QSignalBlocker(combo):
                    combo.clear()
                    for text, number in items:
                        combo.addItem(text, number)
                    combo.setCurrentIndex(max(combo.findData(chosen), 0))
        _mark(self._branch, self._branches.now)
        self._offer_write_on()

    def _offer_write_on(self) -> None:
        """Where something was cut off, and is not being written."""
        self._page.controls.set_shown(self._write_on, self._branches.current.is_cut and not self._writes_again)

    # What the user does

    def hint(self) -> str:
        return self.tr("Point at a token or a candidate for its numbers; a click on a candidate begins a branch.")

    def choose_spot(self, result: GenerationResult, spot: WrittenSpot) -> None:
        figure, written = self.figure(), result.written
        if figure is None:
            return
        if spot.kind == "token":
            self._place = spot.place
            self.selection.update(query=Position("text", max(spot.place - 1, 0)))
            self.rebuild()
        elif spot.kind == "candidate":
            place, number = figure.focus, spot.place
            token = int(written.candidate_ids[place, number])
            if number != int(written.taken[place]):
                word = written.vocabulary[int(written.candidates[place, number])]
                self._begin((*written.tokens.ids[:place].tolist(), token), word)
        elif spot.kind == "branch":
            self._go_to(spot.place)
        elif spot.kind == "node" and result.tree is not None:
            tree, path = result.tree, result.tree.path(spot.place)
            given = written.tokens.ids[: written.n_given].tolist()
            self._begin((*given, *tree.ids[path].tolist()), written.vocabulary[int(tree.numbers[spot.place])])

    def _begin(self, ids: tuple[int, ...], word: str) -> None:
        """Go on from other tokens."""
        self._leave()
        self._branches.begin(ids, word.replace("␣", " "))
        if self._branches.current.result is not None:
            self._go_to(self._branches.now)
            return
        self._kept_for, self._place = None, None
        self.refresh()

    def _go_to(self, number: int) -> None:
        """Back to a branch as it was left."""
        self._leave()
        self._branches.now, self._place, self._writes_again = number, None, False
        branch = self._branches.current
        _mark(self._branch, number)
        if branch.request is not None and branch.result is not None:
            self._kept_for = self._wanted()
            self._show_kept(branch.request, branch.result)
            self._branches.keep(branch.request, branch.result, is_cut=branch.is_cut)
        self._offer_write_on()

    def _show_kept(self, request: GenerationRequest, result: GenerationResult) -> None:
        """It is what the view wants to know now, and nobody need be asked."""
        for one in self._asked:
            if one != request and self._answered.get(type(one)) != (one, False):
                self.request_withdrawn.emit(one)
        self._asked, self._why_old, self._is_given_up = (request,), "", False
        self.take_result(request, result)

    def _leave(self) -> None:
        """What is still being written of the branch that is looked at stays as it is."""
        branch = self._branches.current
        if branch.request is None or branch.result is None or not is_growing(branch.result.written):
            return
        written = replace(branch.result.written, why_unfinished=self.tr("left before its end"))
        self._branches.keep(branch.request, replace(branch.result, written=written), is_cut=True)

    def _on_write_on_clicked(self) -> None:
        self._kept_for = self._wanted()  # as it was chosen, whatever is chosen now
        self.refresh(again=True)
        self.rebuild()

    def _on_branch_activated(self) -> None:
        self._go_to(self._branch.currentData())

    def _on_beside_activated(self) -> None:
        self.rebuild()


def _mark(combo: QComboBox, number: int) -> None:
    """Let a choice stand at a branch."""
    with QSignalBlocker(combo):
        combo.setCurrentIndex(combo.findData(number))
