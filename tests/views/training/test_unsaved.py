"""Runs of which nothing is on the disk yet: they come back with the session, and are offered."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QPushButton, QWidget

from inference.results.job import JobPhase, JobState
from tests.views.training.lab import HOME, compare, give, kept, make_subject, make_view, press, texts
from tests.views.training.runs import make_request, make_result
from widgets.views.training.options import RunOptions
from widgets.views.training.unsaved import unsaved_requests, unsaved_state

COMPARED = ("reversal-1-norms-behind", "reversal-1-norms-before")


@pytest.fixture
def view(qtbot):
    view = make_view(qtbot)
    view.show()
    view.set_subject(make_subject())
    return view


def compare_norms(view):
    """One run trains, of which nothing is on the disk, and one waits."""
    requests = compare(view, "norms")
    assert tuple(request.name for request in requests) == COMPARED
    for number, (request, phase) in enumerate(zip(requests, (JobPhase.RUNNING, JobPhase.WAITING), strict=True)):
        view.show_job(JobState(number, request, phase))
    return requests


def test_runs_that_waited_come_back_with_the_session_and_go_on_one_after_the_other(view, qtbot):
    give(view, kept("b", 40))
    requests = compare_norms(view)
    stored = json.loads(json.dumps(view.options_state()))

    again = make_view(qtbot)
    again.set_options_state(stored)
    again.show()
    again.set_subject(make_subject())
    give(again, kept("b", 40))
    assert texts(again) == ["norms before\nnot begun", "norms after\nnot begun", "b\ndone"]
    assert again.options_state() == stored  # also where nothing is done with them
    again._lab.runs.choose(requests[0].folder)
    press(again, "training_go_on")
    assert again.asked[-2:] == requests
    again.show_job(JobState(1, requests[0], JobPhase.RUNNING))
    again.show_result(requests[0], make_result(10), True)
    assert [kept["name"] for kept in again.options_state()["unsaved"]] == [COMPARED[1]]  # the other is on the disk


def test_what_is_awaited_is_said(view):
    caption = view.findChild(QWidget, "training_caption")
    give(view, kept("b", 40))
    assert caption.text() == "Reading what is kept of b …"
    give(view, kept("b", 40), steps=[(f"{HOME}/b", make_result(40))])
    assert caption.text().startswith("Runs and their steps: b (40).")
    compare_norms(view)
    assert caption.text().startswith("Nothing of reversal-1-norms-behind, reversal-1-norms-before yet.")


def test_what_was_compared_is_shown_together_when_it_comes_back(view):
    runs = [replace(kept(name, n), request=make_request(f"{HOME}/{name}", comparison="c")) for name, n in
            (("c-pre", 0), ("c-post", 10))]  # fmt: skip
    give(view, *runs, kept("b", 40))
    assert view._lab.runs.shown == (f"{HOME}/c-pre", f"{HOME}/c-post")
    assert view._lab.runs.current == f"{HOME}/c-post"


def test_a_run_that_waits_and_is_stopped_is_gone_and_one_that_could_not_begin_says_so(view):
    first, second = compare_norms(view)
    view.show_job(JobState(1, second, JobPhase.CANCELLED))
    view.show_job(JobState(0, first, JobPhase.FAILED, None, None, "The disk is full."))
    give(view)
    assert texts(view) == ["norms-behind\n0 %, failed"]
    assert view._lab.job_line.isVisible()
    assert not view.findChild(QPushButton, "training_open").isEnabled()
    press(view, "training_remove")
    press(view, "training_remove")
    give(view)
    assert texts(view) == []
    assert "unsaved" not in view.options_state()


@pytest.mark.parametrize(
    "request_",
    [
        RunOptions(norm="pre", peak=0.01, seed=7, steps=123).request(f"{HOME}/a"),
        RunOptions(architecture="lstm", length=20).request(f"{HOME}/a"),
        replace(RunOptions.usual("masked"), chosen=0.3, masked=0.5, random=0.4).request(f"{HOME}/a", "/t/a.txt"),
        replace(RunOptions.usual("causal"), vocabulary="bpe", architecture="lstm").request(f"{HOME}/a", "/t/a.txt"),
        replace(RunOptions.usual("classify"), tuned="head").request(f"{HOME}/a", "/t/a.csv", "bert-mini"),
    ],
)
def test_a_session_keeps_all_that_was_asked_for(request_):
    request_ = replace(request_, comparison="c")
    assert unsaved_requests(json.loads(json.dumps(unsaved_state([request_]))), HOME) == [request_]


GOOD = {"name": "a", "comparison": "", "path": "", "base": "", "options": {}}


@pytest.mark.parametrize(
    "stored",
    [None, 3, "a", {}, [None], [3], [{}], [GOOD | {"name": "../a"}], [GOOD | {"name": ""}], [GOOD | {"path": 3}],
     [GOOD | {"options": {"layers": 1_000}}], [GOOD | {"options": {"heads": "4"}}], [GOOD | {"options": {"x": 1}}]],
)  # fmt: skip
def test_what_a_session_cannot_have_kept_is_left_out(stored):
    assert unsaved_requests(stored, HOME) == []
    assert len(unsaved_requests([GOOD], HOME)) == 1
