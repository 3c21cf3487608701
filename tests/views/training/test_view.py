"""The view of the training lab: what it asks, what it shows of runs that live and end, and what the user can do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QListWidget, QPushButton, QTabWidget, QToolButton, QWidget

from inference.results.events import Progress
from inference.results.job import JobAction, JobPhase, JobState
from inference.results.kept_runs import RunsRequest
from inference.results.training import MaskShares, RowToken, TrainingRequest
from tests.views.training.lab import HOME, compare, give, kept, make_subject, make_view, press, texts
from tests.views.training.runs import make_request, make_result
from widgets.context import ViewContext
from widgets.kit.labels import LineLabel
from widgets.views.embedding.view import EmbeddingView
from widgets.views.training.attention import TrainingAttentionFigure
from widgets.views.training.curves import TrainingCurvesFigure
from widgets.views.training.gradients import LayerGradientsFigure
from widgets.views.training.options import RunOptions
from widgets.views.training.record import RunRecord
from widgets.views.training.schedule import ScheduleFigure, SmoothingFigure
from widgets.views.training.view import TrainingView


@pytest.fixture
def view(qtbot):
    view = make_view(qtbot)
    view.show()
    view.set_subject(make_subject())
    return view


def start(view):
    """Start a run; the request, and the state of its job while it runs."""
    view._lab.options.set_value(replace(view._lab.options.value(), steps=40))
    press(view, "training_start")
    request = view.asked[-1]
    assert isinstance(request, TrainingRequest)
    state = JobState(1, request, JobPhase.RUNNING, Progress(0, 40, "Step 0"))
    view.show_job(state)
    return request, state


def test_a_double_click_starts_one_run(view):
    button = view.findChild(QToolButton, "training_start")
    give(view)
    for click in (QTest.mouseClick, QTest.mouseDClick):
        click(button, Qt.MouseButton.LeftButton)
        QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert sum(isinstance(request, TrainingRequest) for request in view.asked) == 1


def test_it_asks_which_runs_there_are_and_shows_the_latest(view):
    assert view.asked == [RunsRequest(HOME)]
    give(view, kept("b", 40), kept("a", 10))
    assert texts(view) == ["b\ndone", "a\n25 % done, stopped"]
    assert view.asked[-1] == RunsRequest(HOME, (f"{HOME}/b",))
    give(view, kept("b", 40), kept("a", 10), steps=[(f"{HOME}/b", make_result(40))])
    figure = view.figure()
    assert isinstance(figure, TrainingCurvesFigure)
    assert [run.name for run in figure.runs] == ["b"]
    assert texts(view)[0] == "b\ndone, 100 % right"
    assert view.asked[-1] == RunsRequest(HOME)  # nothing is missing any more


def test_the_latest_is_shown_also_where_an_answer_of_the_last_session_knew_of_none(view):
    give(view)
    view.refresh(again=True)
    give(view, kept("b", 10))
    assert view._lab.runs.current == f"{HOME}/b"
    assert view.findChild(QPushButton, "training_go_on").isEnabled()


def test_a_run_is_started_with_what_is_chosen(view):
    give(view, kept("reversal-1", 40))
    view.findChild(QComboBox, "training_norm").setCurrentIndex(1)
    request, _ = start(view)
    assert request == RunOptions(norm="pre", steps=40).request(f"{HOME}/reversal-2")
    assert texts(view)[0].startswith("reversal-2")
    assert view._lab.runs.current == request.folder
    assert view.findChild(QLineEdit, "training_name").placeholderText() == "reversal-3"


def test_its_curves_grow_while_it_trains(view):
    request, _ = start(view)
    view.show_result(request, make_result(10), True)
    view.show_result(request, make_result(25, first=10), True)
    figure = view.figure()
    assert isinstance(figure, TrainingCurvesFigure)
    (run,) = figure.runs
    np.testing.assert_array_equal(run.result.log.loss, make_result(25).log.loss)
    assert [one.step for one in run.result.validations] == [0, 10, 20]
    view.show_result(request, make_result(40, first=30), True)  # something between is missing
    assert view.figure().runs[0].result.n_done == 25
    view.show_result(request, make_result(40), False)
    assert view.figure().runs[0].result.n_done == 40
    view.show_job(JobState(1, request, JobPhase.DONE))
    assert texts(view)[0] == "reversal-1\ndone, 100 % right"


def test_it_is_paused_resumed_and_stopped_from_its_line(view):
    request, _ = start(view)
    asked = []
    view.job_action_requested.connect(lambda number, action: asked.append((number, action)))
    press(view, "training_job_pause")
    view.show_job(JobState(1, request, JobPhase.PAUSED, Progress(5, 40, "Step 5")))
    assert "paused" in texts(view)[0]
    press(view, "training_job_pause")
    assert view.findChild(QToolButton, "training_job_cancel").text() == "Stop"
    press(view, "training_job_cancel")
    assert asked == [(1, JobAction.PAUSE), (1, JobAction.RESUME), (1, JobAction.CANCEL)]
    view.show_result(request, make_result(12), True)
    view.show_job(JobState(1, request, JobPhase.CANCELLED))
    assert texts(view)[0] == "reversal-1\n30 % done, stopped"
    assert isinstance(view.asked[-1], RunsRequest)
    assert view.findChild(QPushButton, "training_go_on").isEnabled()


def test_a_run_that_was_stopped_goes_on_as_it_was_asked_for(view):
    give(view, kept("old", 10, 40))
    press(view, "training_go_on")
    assert view.asked[-1] == make_request(f"{HOME}/old", 40)


def test_why_it_failed_stays_until_it_is_removed(view):
    request, _ = start(view)
    view.show_job(JobState(1, request, JobPhase.FAILED, None, None, "The loss is no number any more."))
    assert view._lab.job_line.isVisible()
    press(view, "training_job_cancel")
    assert not view._lab.job_line.isVisible()


def test_deleting_asks_once_more_and_leaves_the_others(view):
    give(view, kept("b", 40), kept("a", 40))
    press(view, "training_remove")
    assert len(texts(view)) == 2
    assert view.findChild(QPushButton, "training_remove").text() == "Really delete?"
    view.findChild(QListWidget, "training_runs").setCurrentRow(1)
    assert view.findChild(QPushButton, "training_remove").text() == "Delete"
    press(view, "training_remove")
    press(view, "training_remove")
    assert texts(view) == ["b\ndone"]
    asked = view.asked[-1]
    assert asked.removed == (f"{HOME}/a",)
    give(view, kept("b", 40))
    assert view.asked[-1].removed == ()


def test_a_run_that_trains_cannot_be_deleted_and_is_not_forgotten(view):
    request, _ = start(view)
    assert not view.findChild(QPushButton, "training_remove").isEnabled()
    view.refresh(again=True)
    give(view, kept("other", 40))
    assert [text.partition("\n")[0] for text in texts(view)] == ["reversal-1", "other"]
    view.show_result(request, make_result(10), True)
    assert view._records[request.folder].n_done == 10


def test_what_has_become_of_it_is_opened(view):
    give(view, kept("b", 40))
    opened = []
    view.context.checkpoint_requested.connect(opened.append)
    press(view, "training_open")
    assert opened == [f"{HOME}/b"]


def test_runs_that_come_and_go_are_told(view):
    told = []
    view.context.runs_changed.connect(lambda: told.append(True))
    give(view, kept("b", 40))
    assert told
    told.clear()
    view.refresh(again=True)
    give(view, kept("b", 40))
    assert not told


@pytest.mark.parametrize(
    ("name", "why"),
    [("b", "There is a run named b already"), ("a/b", "cannot be the name of a folder"), ("..", "cannot be the name")],
)
def test_a_name_that_does_not_serve_is_refused_in_a_sentence(view, name, why):
    give(view, kept("b", 40))
    field = view.findChild(QLineEdit, "training_name")
    QTest.keyClicks(field, name)
    assert why in view._lab._why_not.text()
    assert not view.findChild(QToolButton, "training_start").isEnabled()


def test_only_options_that_matter_are_shown_and_are_usual_for_the_task(view):
    tasks = view.findChild(QComboBox, "training_task")
    tasks.setCurrentIndex(tasks.findData("classify"))
    assert view._lab.options.value() == RunOptions.usual("classify")
    assert not view.findChild(QComboBox, "training_norm").isVisible()
    assert "Choose a CSV" in view._lab._why_not.text()
    view._lab.set_path("/tmp/labels.csv")
    request, _ = start(view)
    assert request.base == make_subject().checkpoint.checkpoint
    assert request.data.path == "/tmp/labels.csv"
    tasks.setCurrentIndex(tasks.findData("reversal"))
    assert view._lab.options.value() == RunOptions(steps=40)  # what was chosen stays, the rest is usual again
    assert view._lab.path == ""


def test_lora_is_offered_where_it_is_installed(view):
    item = view.findChild(QComboBox, "training_tuned").model().item(1)
    give(view, has_lora=False)
    assert not item.isEnabled()
    assert "peft" in item.toolTip()
    view.refresh(again=True)
    give(view, has_lora=True)
    assert item.isEnabled()


def test_gradients_by_layer_are_shown_from_a_step_on(view):
    request, _ = start(view)
    view.show_result(request, make_result(40), False)
    view._lab.show_options.combo("show").setCurrentIndex(1)
    view._lab._step.set_value(11)
    figure = view.figure()
    assert isinstance(figure, LayerGradientsFigure)
    assert figure.first == 10


def test_attention_follows_what_trains_and_can_be_scrubbed(view):
    request, _ = start(view)
    view._pages.setCurrentIndex(1)
    view.show_result(request, make_result(10), True)
    assert view.figure().now.step == 10
    view.show_result(request, make_result(25, first=10), True)
    figure = view.figure()
    assert isinstance(figure, TrainingAttentionFigure)
    assert figure.now.step == 20
    view._attention._player.step_requested.emit(0)
    assert view.figure().now.step == 0
    view.show_result(request, make_result(40, first=25), True)
    assert view.figure().now.step == 0  # who looks back is left there
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.figure().now.step == 40


def test_without_a_run_the_attention_says_what_to_do(view):
    view._pages.setCurrentIndex(1)
    assert view.figure() is None
    assert "Train a model under Runs" in view._attention.empty_text


def test_pages_of_theory_need_no_run(view):
    view._pages.setCurrentIndex(3)
    assert isinstance(view.figure(), ScheduleFigure)
    view._schedule.options.combo("kind").setCurrentIndex(0)
    assert view.figure().schedule.kind == "linear"
    view._pages.setCurrentIndex(4)
    assert isinstance(view.figure(), SmoothingFigure)


def test_without_a_folder_nothing_is_started(qtbot):
    view = TrainingView(ViewContext())
    qtbot.addWidget(view)
    asked = []
    view.request_changed.connect(asked.append)
    view.show()
    view.set_subject(make_subject())
    press(view, "training_start")
    assert asked == []
    assert view._lab._why_not.text() == "There is no folder for runs."


def test_parts_that_do_not_follow_are_left_out():
    record = RunRecord(make_request("/x"), 0)
    record.take(make_result(20, first=10))
    assert record.result is None
    record.take(make_result(10))
    record.take(make_result(20, first=10))
    assert record.n_done == 20


# Comparisons


def test_runs_that_differ_in_one_thing_are_begun_and_shown_together_under_what_differs(view):
    give(view, kept("old", 40))
    requests = compare(view, "both")
    assert [request.name for request in requests] == [
        "reversal-1-norms-behind-warm-up-100", "reversal-1-norms-behind-no-warm-up",
        "reversal-1-norms-before-warm-up-100", "reversal-1-norms-before-no-warm-up",
    ]  # fmt: skip
    assert {(one.sizes.norm, one.plan.warm_up) for one in requests} == {
        (norm, warm_up) for norm in ("post", "pre") for warm_up in (100, 0)
    }
    same = {
        replace(one, folder="", sizes=replace(one.sizes, norm="post"), plan=replace(one.plan, warm_up=0))
        for one in requests
    }
    assert len(same) == 1
    assert {one.queue for one in requests} == {"reversal-1"}
    for number, request in enumerate(requests, start=1):
        view.show_job(JobState(number, request, JobPhase.WAITING if number > 1 else JobPhase.RUNNING))
        view.show_result(request, make_result(10), True)
    assert view._lab.runs.current == requests[0].folder
    # There is little room: what differs is to be seen.
    told = [text.rpartition("\n")[0].replace("\n", " ") for text in texts(view)][:4]
    assert told[::-1] == [run.name for run in view.figure().runs]
    assert [run.name for run in view.figure().runs] == [
        "norms after, warm-up of 100 steps", "norms after, no warm-up",
        "norms before, warm-up of 100 steps", "norms before, no warm-up",
    ]  # fmt: skip
    view._lab.show_options.combo("show").setCurrentIndex(1)
    assert isinstance(view.figure(), LayerGradientsFigure)
    assert len(view.figure().runs) == 4
    assert view.findChild(QLineEdit, "training_name").placeholderText() == "reversal-2"


def test_of_warm_up_alone_nothing_else_is_named(view):
    requests = compare(view, "warm-up")
    assert [request.name for request in requests] == ["reversal-1-warm-up-100", "reversal-1-no-warm-up"]
    for request in requests:
        view.show_result(request, make_result(10), True)
    assert [run.name for run in view.figure().runs] == ["warm-up of 100 steps", "no warm-up"]
    view._pages.setCurrentIndex(2)  # and on the page Distance
    assert [run.shown.name for run in view.figure().runs] == ["warm-up of 100 steps", "no warm-up"]


def test_the_colour_of_a_run_is_seen_also_where_it_is_chosen(view):
    give(view, kept("b", 40))
    icon = view.findChild(QListWidget, "training_runs").item(0).icon()
    plain, chosen = (icon.pixmap(12, 12, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected))
    assert plain == chosen
    assert plain.pixelColor(0, 0) != plain.pixelColor(6, 6)  # it has an edge: its colour may be that of the choice


def test_what_cannot_be_compared_is_said_and_a_run_can_still_be_started(view):
    why = view.findChild(LineLabel, "training_why_not")
    view._lab.options.set_value(replace(view._lab.options.value(), warm_up=0))
    assert compare(view, "warm-up") == []
    assert why.text().startswith("Warm-up is 0 steps, so there is none to leave out; choose 1 to 10,000.")
    tasks = view.findChild(QComboBox, "training_task")
    tasks.setCurrentIndex(tasks.findData("masked"))
    assert not why.isVisible()
    assert compare(view, "norms") == []
    assert "Norms can be moved for string reversal only" in why.text()
    assert why.isVisible()
    assert view.findChild(QToolButton, "training_start").isEnabled()


# Masks


def test_shares_of_masks_have_to_be_a_whole(view):
    tasks = view.findChild(QComboBox, "training_task")
    assert not view.findChild(QWidget, "training_masked").isVisible()
    tasks.setCurrentIndex(tasks.findData("masked"))
    assert view.findChild(QWidget, "training_masked").isVisible()
    view._lab.options.set_value(replace(view._lab.options.value(), masked=0.6))
    why = view.findChild(LineLabel, "training_why_not").text()
    assert why == (
        "[MASK], random and unchanged are 60 + 10 + 10 = 80 % of the tokens that are asked for; "
        "together they have to be 100 %."
    )
    assert not view.findChild(QToolButton, "training_start").isEnabled()
    view._lab.options.set_value(replace(view._lab.options.value(), random=0.3))
    request, _ = start(view)
    assert request.masks == MaskShares(0.15, 0.6, 0.3, 0.1)


def test_a_row_tells_what_became_of_its_words_and_kinds_have_curves(view):
    tasks = view.findChild(QComboBox, "training_task")
    tasks.setCurrentIndex(tasks.findData("masked"))
    request, _ = start(view)
    row = (
        RowToken("the", "the"), RowToken("red", "[MASK]", "masked"),
        RowToken("cat", "tree", "random"), RowToken("sat", "sat", "unchanged"),
    )  # fmt: skip
    result = make_result(20)
    seen = tuple(replace(one, parts=(0.5, 0.25, float("nan"))) for one in result.validations)
    view.show_result(request, replace(result, row=row, parts=("a", "b", "c"), validations=seen), True)
    text = view.findChild(LineLabel, "training_row").text()
    assert text.endswith("the [red → [MASK]] [cat → tree, any word] [sat, stays]")
    curves = {one.name: one for one in view.figure().plots[1].series}
    np.testing.assert_array_equal(curves["b"].y, [0.25] * 3)
    assert view.figure().numbers().arrays["0_parts_right"].shape == (3, 3)


def test_word2vec_is_shown_where_it_is_trained(view):
    asked = []
    view.context.example_requested.connect(asked.append)
    press(view, "training_word2vec")
    (example,) = asked
    assert example.view == "embedding"
    assert example.checkpoint == view.subject.checkpoint.checkpoint
    there = EmbeddingView(ViewContext())
    there.set_options_state(example.options)
    pages = there.findChild(QTabWidget, "embedding_pages")
    assert pages.tabText(pages.currentIndex()) == "Training"
    there.deleteLater()


def test_the_file_that_is_learned_from_is_there_another_day(view, qtbot):
    view._lab.options.set_value(RunOptions(task="causal"))
    view._lab.set_path("/tmp/book.txt")
    another = make_view(qtbot)
    another.set_options_state(view.options_state())
    assert another._lab.path == "/tmp/book.txt"
    assert another.findChild(QToolButton, "training_file").text() == "book.txt"
