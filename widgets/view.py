"""The base of every view: asks when it must, shows what was asked for, and says of what it is while it is old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.events import Failure
from inference.results.job import JobState
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.figure import Figure
from widgets.kit.page import Page, staying_empty
from widgets.kit.veil import Veil
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.subject_widget import SubjectWidget
from widgets.view_options import C, ViewOptions

_PATIENCE = 120  # ms in which an answer is awaited before the old picture is dimmed: another head takes 15


class View(SubjectWidget):
    """Shows one kind of result. Data in, pixels and signals out: no thread, no model.

    A subclass answers `requests()`, `show_result()`, `restyle()` and `figure()`. It calls `refresh()` when one of its
    controls changes what it wants to know. Hidden views ask nothing, and follow no selection, until they are shown.

    What is on screen belongs to the requests that it answers. While one of them is unanswered, was cancelled or has
    failed, the picture that was there is dimmed and says of what it is, and cannot be exported. After a cancel the view
    asks nothing by itself: not when it is resized, not when another head is selected (`follow()`).

    Signals
    -------
    request_changed(Request)
        What this view wants to know now. One request of each type at a time: a later one replaces the earlier.
    request_withdrawn(Request)
        Nobody waits for this one any more.
    figure_changed()
        What `figure()` would give is another picture now.
    standing_changed()
        Whether the picture is what was asked for.
    noticed(str)
        One sentence for the status bar.
    job_action_requested(number, JobAction)
        What is to become of a job that `show_job` told of.

    Attributes
    ----------
    options
        All that is chosen in it.
    details
        Types of requests that only add to a picture, such as tiles that come in as one zooms: it is not old without.
    """

    request_changed = Signal(object)
    request_withdrawn = Signal(object)
    figure_changed = Signal()
    standing_changed = Signal()
    noticed = Signal(str)
    job_action_requested = Signal(int, object)

    details: frozenset[type[Request]] = frozenset()

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._asked: tuple[Request, ...] = ()
        self._remembered: dict[Request, str] = {}  # not answered by the engine yet: a sentence says by what
        self._answered: dict[type[Request], tuple[Request, bool]] = {}  # the last one, and whether it was partial
        self._notes: dict[type[Request], tuple[str, ...]] = {}  # of the last answers
        self._pictured: Subject | None = None  # what the picture is of
        self._pictured_before: Subject | None = None
        self._why_old = self._why_failed = ""  # a sentence: cancelled, failed; a detail fails empty pages alone
        self._refusal = ""  # a sentence: the input that is there now cannot be looked at
        self._is_stale, self._is_given_up, self._is_following = False, False, False
        self._followed: Selected | None = None  # what was selected before all that it has yet to follow
        self._own_pages: list[Page] = []
        self._own_veil: Veil | None = None
        self.options = ViewOptions(self)
        self._dimming = QTimer(self, interval=_PATIENCE, singleShot=True)
        self._dimming.timeout.connect(self._judge)
        context.selection.changed.connect(self._on_selection_changed)

    def add_page(self, page: Page) -> Page:
        """Let the base dim this page and clear its numbers; a view of one page is filled with it."""
        if not self._own_pages and self.layout() is None:
            layout = QVBoxLayout(self)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.addWidget(page)
            self.setFocusProxy(page)
        self._own_pages.append(page)
        return page

    def add_options(self, controls: C) -> C:
        """Let sessions keep what is chosen there, and let it be undone."""
        return self.options.add(controls)

    def options_state(self) -> dict[str, Any]:
        return self.options.state()

    def set_options_state(self, stored: object) -> None:
        self.options.set_state(stored)

    # What is asked

    def set_subject(self, subject: Subject | None) -> None:
        """Look at something else; asks at once if visible."""
        self._subject, self._is_given_up, self._why_old, self._why_failed, self._refusal = subject, False, "", "", ""
        self.refresh()
        self._wait()

    def refresh(self, *, again: bool = False) -> None:
        """Ask for what is needed now, if it is not what was asked last; `again` asks in any case."""
        if again:
            self._asked = ()
        if not self.isVisible():
            self._is_stale = True
            self._withdraw_unwanted()
            return
        wanted = self.requests() if self._subject else ()
        new = [request for request in wanted if request not in self._asked]
        if new and self._is_given_up and self._is_following and not again:
            return
        self._is_stale = self._is_given_up = False
        gone = [request for request in self._asked if type(request) not in map(type, wanted)]
        self._asked = wanted
        self._why_old = self._why_failed = ""  # what was given up is asked again, or not wanted any more
        if not new and self._is_answered():
            self._pictured = self._subject  # which may be another one: what was asked does not depend on what changed
        for request in gone:
            self.request_withdrawn.emit(request)
        for request in new:
            self.request_changed.emit(request)
        self._wait()

    def follow(self) -> None:
        """As `refresh`, for what changed beside the user's wish to know: what is selected, how much is seen."""
        self._follow_by(self.refresh)

    def _follow_by(self, act: Callable[[], object]) -> None:
        was_following, self._is_following = self._is_following, True
        try:
            act()
        finally:
            self._is_following = was_following

    def want_again(self) -> None:
        """After a cancel: the user wants answers again, of which the next `follow` asks."""
        self._is_given_up = False

    def _withdraw_unwanted(self) -> None:
        """Hidden, it asks later: what comes until then is of what was looked at before."""
        to_come = [request for request in self._asked if self._answered.get(type(request)) != (request, False)]
        wanted = self.requests() if to_come and self._subject else ()
        for request in (one for one in to_come if one not in wanted):
            self.forget(request)
            self.request_withdrawn.emit(request)

    # What comes

    def take_result(self, request: Request, result: object, is_partial: bool = False) -> None:
        """An answer, or a first part of it; what was not asked for, or is not wanted any more, is dropped."""
        if request not in self._asked:
            return
        self._remembered.pop(request, None)
        self._answered[type(request)] = (request, is_partial)
        self._notes[type(request)] = getattr(result, "notes", ())
        before = self._pictured_before = self._pictured
        self._pictured = before if self.is_detail(request) else self._subject
        self.show_result(request, result, is_partial)
        self._wait()

    def take_remembered(self, request: Request, result: object, where_from: str) -> None:
        """An answer from before the engine was up: shown at once, and dimmed until the engine has given its own."""
        if request in self._asked and request not in [answered for answered, _ in self._answered.values()]:
            self.take_result(request, result)
            self._remembered[request] = where_from
            self._judge()

    def take_failure(self, request: Request, failure: Failure) -> None:
        """There is no answer, and a sentence says why; the old picture stays, dimmed, if of the same checkpoint."""
        if request not in self._asked:
            return
        self.forget(request)
        self._why_failed = failure.message
        self._why_old = self._why_old if self.is_detail(request) else failure.message
        if failure.kind == "engine":  # told once, not by every view; and asked again only when the user wants it
            self._is_given_up, self._is_stale = True, not self.isVisible()
        else:
            self.show_failure(request, failure)
        self._wait()

    def take_cancellation(self, request: Request) -> None:
        """The user stopped it; nothing else will come. A detail is not asked for again as long as it is the same."""
        if request in self._asked and not self.is_detail(request):
            self.forget(request)
            self._is_given_up, self._is_stale = True, not self.isVisible()
            self._why_old = self._why_failed = self.tr("Cancelled; F5 asks again.")
            self._judge()

    def refuse(self, why: str) -> None:
        """The input that is there now is not, or not yet, looked at: what is shown is of another one. Empty: it is."""
        self._refusal = why
        self._judge()

    def forget(self, request: Request) -> None:
        """It is not being answered: the next `refresh` asks it again, if it is wanted then."""
        self._asked = tuple(asked for asked in self._asked if asked != request)
        self._answered.pop(type(request), None)

    # What is shown

    @property
    def why_not_current(self) -> str:
        """A sentence if the picture is not what was asked for, or not exactly; empty if it is."""
        if self._is_old():
            return f"{self._still_of()} {self._why_it_is_old()}"
        if self.is_provisional:
            return self.tr("This is a first look, from some of the rows; it is being made exact.")
        return ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left aside or assumed in what is shown; said beside every file that is made of it."""
        of_answers = (note for request in self._asked for note in self._notes.get(type(request), ()))
        return tuple(dict.fromkeys((*(self._subject.cautions if self._subject else ()), *of_answers)))

    @property
    def is_provisional(self) -> bool:
        """Whether a part of the answer has yet to come."""
        return any(
            is_partial and request in self._asked and not self.is_detail(request)
            for request, is_partial in self._answered.values()
        )

    @property
    def is_waiting(self) -> bool:
        """Whether an answer, or the rest of one, has yet to come; or a detail by which the view knows what to ask."""
        to_come = [request for request in self._asked if self._answered.get(type(request), (None,))[0] != request]
        return self.is_provisional or self._is_unanswered() or (bool(to_come) and all(map(self.is_detail, self._asked)))

    @property
    def is_dimmed(self) -> bool:
        """Whether what is shown is dimmed as old: no numbers may stand beside it."""
        return self._is_old() and any(veil.is_dimmed for veil in self._veils())

    @property
    def is_growing(self) -> bool:
        """Whether what has yet to come is more of the same: what is there of a mesh or an image is exact already."""
        return self.is_provisional and not self._is_old() and not any(request.refines for request in self._asked)

    def _is_old(self) -> bool:
        if self._pictured is None or not self._shows_subject():
            return False
        if self._refusal or self._why_old or self._is_other_subject():
            return True
        return self._is_unanswered()

    def _is_unanswered(self) -> bool:
        is_asked = not all(map(self.is_detail, self._asked))
        return any(request in self._remembered for request in self._asked) or (is_asked and not self._is_answered())

    def _why_it_is_old(self) -> str:
        where_from = next(filter(None, map(self._remembered.get, self._asked)), "")
        return self._refusal or self._why_old or where_from or self.tr("Computing what was asked for …")

    def _shows_subject(self) -> bool:
        """Whether the page that is looked at depends on checkpoint and input at all."""
        pages = [page for page in self._own_pages if page.isVisibleTo(self)]
        return not pages or any(page.is_of_subject for page in pages)

    def _is_answered(self) -> bool:
        """Whether all that makes the picture has come."""
        asked = [request for request in self._asked if not self.is_detail(request)]
        return bool(asked) and asked == [self._answered.get(type(one), (None, False))[0] for one in asked]

    def pictured_title(self) -> str:
        """Of what the picture is, where it is not what is looked at now: checkpoint and input in a line."""
        return self._pictured.title if self._pictured is not None else ""

    def _still_of(self) -> str:
        return self.tr("This picture is still of {}.").format(self.pictured_title().removesuffix("."))

    def _wait(self) -> None:
        """An answer from the engine's memory comes before anybody could have seen the picture dimmed."""
        is_clear = not self._is_old() or self._is_other_subject() or bool(self._why_old or self._refusal)
        if is_clear or not self._dimming.isActive():
            self._judge() if is_clear else self._dimming.start()

    def _is_other_subject(self) -> bool:
        if self._pictured is self._subject:  # as a rule; every judgement asks it several times
            return False
        shown, now = (of and (of.checkpoint, of.input.unmasked()) for of in (self._pictured, self._subject))
        return shown != now

    def _judge(self) -> None:
        """Dim what is old, and say what is provisional."""
        self._dimming.stop()
        is_old = self._is_old()
        for veil in self._veils():
            if is_old:
                reason = self._why_it_is_old()
                is_of_another = self._is_other_subject() or bool(self._refusal)
                veil.dim(f"{self._still_of()}\n{reason}" if is_of_another else reason)
            elif self.is_provisional and (note := self.provisional_note()):
                veil.note(note)
            else:
                veil.lift()
        shown, now = self._pictured, self._subject
        is_foreign = bool(self._why_old and shown and now and shown.checkpoint != now.checkpoint)
        for page in filter(lambda page: page.is_of_subject, self._own_pages):
            page.say_why_nothing(self._refusal or self._why_failed, drops_picture=is_foreign)
        if is_old:
            self.clear_numbers()
        self.standing_changed.emit()

    def _veils(self) -> list[Veil]:
        if self._own_pages:
            return [page.veil for page in self._own_pages if page.is_of_subject]
        self._own_veil = self._own_veil or Veil(self.picture())
        return [self._own_veil]

    # What a subclass answers

    def requests(self) -> tuple[Request, ...]:
        """What it needs to know of its subject, at most one request of each type. `self.subject` is set."""
        raise NotImplementedError

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        """Show the answer to one of its requests, or a first part of it."""
        raise NotImplementedError

    def show_failure(self, request: Request, failure: Failure) -> None:
        """A request failed: what was asked for no longer comes. A refusal that an empty page tells is told once."""
        seen = (page for page in self._own_pages if page.isVisibleTo(self))
        if failure.kind != "refused" or not any(page.is_empty and page.is_of_subject for page in seen):
            self.noticed.emit(failure.message)

    def show_job(self, state: JobState) -> None:
        """A job that this view asked for is added, further, or over; what it finds comes by `show_result`."""

    def figure(self) -> Figure | None:
        """What is shown, for export; None where nothing is shown yet."""
        raise NotImplementedError

    def selection_changed(self, now: Selected, old: Selected) -> None:
        """Follow the shared selection: repaint, and `refresh()` if other numbers are needed."""

    def clear_numbers(self) -> None:
        """Take away the numbers beside the picture, as that is old."""
        for page in self._own_pages:
            page.clear_numbers()

    def is_detail(self, request: Request) -> bool:
        return type(request) in self.details

    def picture(self) -> QWidget:
        """What is dimmed while it is old, in a view without pages."""
        return self

    def provisional_note(self) -> str:
        """What is said over a first look; empty where the figure says it itself."""
        return self.tr("first look")

    # Helpers

    def keep_picture(self) -> None:
        """Say in `show_result` that an answer only told what to ask next: the picture is of what it was of before."""
        self._pictured = self._pictured_before

    def _style_changed(self) -> None:
        with staying_empty(self._own_pages):
            super()._style_changed()

    def _on_selection_changed(self, _now: Selected, old: Selected) -> None:
        self._followed = self._followed or old
        self._follow_selection() if self.isVisible() else self.refresh()

    def _follow_selection(self) -> None:
        old, self._followed = self._followed, None
        if old is not None:
            self._follow_by(lambda: self.selection_changed(self.selection.now, old))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow_selection()
        if self._is_stale or (self._is_given_up and not event.spontaneous()):
            self.refresh()
        if self._is_unstyled:
            self._style_changed()
