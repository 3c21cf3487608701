"""The list of jobs: a line each, there only while there are jobs, and all of it by keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QLineEdit, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from inference.results.events import Progress
from inference.results.job import JobAction, JobPhase, JobState
from inference.results.layer_times import LayerTimesRequest
from widgets.look.theme import DARK, LIGHT
from widgets.panels.job_line import JobLine
from widgets.panels.jobs_list import N_SHOWN, JobsList

A, B = LayerTimesRequest(), LayerTimesRequest(d_model=64)
RUNNING = JobState(1, A, JobPhase.RUNNING, Progress(2, 20, "Timing full at 128 positions"), 95.0)


def job(number, phase, request=A, **fields):
    return JobState(number, request, phase, **fields)


@pytest.fixture
def window(qtbot):
    """The list between two buttons, as other controls stand about it."""
    window = QWidget()
    layout = QVBoxLayout(window)
    layout.addWidget(QPushButton("before"))
    window.jobs = JobsList(window)
    layout.addWidget(window.jobs)
    layout.addWidget(QPushButton("after"))
    qtbot.addWidget(window)
    window.resize(1000, 400)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def jobs(window):
    return window.jobs


@pytest.fixture
def acted(jobs):
    acted = []
    jobs.action_requested.connect(lambda *event: acted.append(event))
    return acted


def part(jobs, number, name, kind=QToolButton):
    found = jobs.findChild(kind, f"job_{number}_{name}")
    assert found is not None, name
    return found


def words(jobs, number):
    return part(jobs, number, "text", QLabel).text()


def test_it_is_hidden_while_there_is_no_job(jobs):
    assert not jobs.isVisible()
    jobs.add_job(RUNNING)
    assert jobs.isVisible()
    jobs.show_job(job(1, JobPhase.DONE))
    assert not jobs.isVisible()
    jobs.add_job(job(2, JobPhase.WAITING))
    jobs.show_job(job(2, JobPhase.CANCELLED))
    assert not jobs.isVisible()


@pytest.mark.parametrize(
    ("state", "text", "pause", "cancel"),
    [
        (job(1, JobPhase.WAITING), "Waits until another job is over", ("Pause", False), ("Cancel", True)),
        (job(1, JobPhase.RUNNING), "Starting a process", ("Pause", True), ("Cancel", True)),
        (RUNNING, "Timing full at 128 positions, about 2 min left", ("Pause", True), ("Cancel", True)),
        (job(1, JobPhase.PAUSING, progress=RUNNING.progress), "Pauses after this step: Timing full at 128 positions",
         ("Resume", True), ("Cancel", True)),
        (job(1, JobPhase.PAUSED, progress=RUNNING.progress), "Paused before: Timing full at 128 positions",
         ("Resume", True), ("Cancel", True)),
        (job(1, JobPhase.CANCELLING), "Stops after this step: Starting a process", ("Pause", False), ("Cancel", False)),
    ],
)  # fmt: skip
def test_a_line_says_where_its_job_stands_and_what_can_be_done(jobs, state, text, pause, cancel):
    jobs.add_job(state)
    assert words(jobs, 1) == text
    for name, expected in (("pause", pause), ("cancel", cancel)):
        button = part(jobs, 1, name)
        assert (button.text(), button.isEnabled()) == expected
        assert button.accessibleName() == f"{expected[0]}: {A.title}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "about 1 s left"),
        (59.4, "about 59 s left"),
        (60, "about 1 min left"),
        (3540, "about 59 min left"),
        (5400, "about 1 h 30 min left"),
        (None, "full"),
    ],
)
def test_the_time_that_is_left_is_told_where_it_is_known(jobs, seconds, text):
    jobs.add_job(job(1, JobPhase.RUNNING, progress=Progress(1, 2, "full"), seconds_left=seconds))
    assert words(jobs, 1).removeprefix("full, ") == text


def test_the_bar_follows(jobs):
    jobs.add_job(job(1, JobPhase.WAITING))
    bar = part(jobs, 1, "bar", QProgressBar)
    assert (bar.minimum(), bar.maximum(), bar.value()) == (0, 1, 0)
    jobs.show_job(job(1, JobPhase.RUNNING))
    assert bar.maximum() == 0  # it moves, and says no share
    jobs.show_job(RUNNING)
    assert (bar.maximum(), bar.value()) == (20, 2)
    assert bar.accessibleName() == f"Progress of {A.title}"


def test_the_buttons_say_what_the_user_wants(jobs, acted, qtbot):
    jobs.add_job(RUNNING)
    jobs.add_job(job(2, JobPhase.PAUSED, B))
    for number, name in ((1, "pause"), (2, "pause"), (2, "cancel")):
        qtbot.mouseClick(part(jobs, number, name), Qt.MouseButton.LeftButton)
    assert acted == [(1, JobAction.PAUSE), (2, JobAction.RESUME), (2, JobAction.CANCEL)]


def test_all_buttons_are_reached_by_tab_and_pressed_by_space(jobs, window, acted, qtbot):
    jobs.add_job(RUNNING)
    jobs.add_job(job(2, JobPhase.RUNNING, B))
    window.activateWindow()
    window.layout().itemAt(0).widget().setFocus()
    reached = []
    for _ in range(4):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        reached.append(window.focusWidget().objectName())
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert reached == ["job_1_pause", "job_1_cancel", "job_2_pause", "job_2_cancel"]
    assert [number for number, _ in acted] == [1, 1, 2, 2]


def test_the_focus_goes_to_the_next_job_when_one_is_over(jobs, window):
    jobs.add_job(RUNNING)
    jobs.add_job(job(2, JobPhase.RUNNING, B))
    window.activateWindow()
    jobs.focus_first()
    assert window.focusWidget().objectName() == "job_1_pause"
    jobs.show_job(job(1, JobPhase.DONE))
    assert window.focusWidget().objectName() == "job_2_pause"


def test_a_failure_stays_with_its_sentence_until_it_is_removed(jobs, acted, qtbot):
    jobs.add_job(RUNNING)
    jobs.show_job(job(1, JobPhase.FAILED, message="It was <b>killed</b>."))
    assert words(jobs, 1) == "⚠ It was <b>killed</b>."
    assert part(jobs, 1, "text", QLabel).textFormat() is Qt.TextFormat.PlainText
    assert not part(jobs, 1, "pause").isVisible()
    assert not part(jobs, 1, "bar", QProgressBar).isVisible()
    remove = part(jobs, 1, "cancel")
    assert remove.text() == "Remove"
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert not jobs.isVisible()
    assert acted == []


def test_what_failed_goes_when_it_is_asked_for_again(jobs):
    jobs.add_job(job(1, JobPhase.RUNNING))
    jobs.add_job(job(2, JobPhase.RUNNING, B))
    for number, request in ((1, A), (2, B)):
        jobs.show_job(job(number, JobPhase.FAILED, request, message="Broken."))
    jobs.add_job(job(3, JobPhase.WAITING))
    assert [line.objectName() for line in jobs.findChildren(JobLine) if line.isVisibleTo(jobs)] == ["job_2", "job_3"]


def test_many_jobs_are_scrolled(jobs):
    heights = []
    for number in range(1, N_SHOWN + 3):
        jobs.add_job(job(number, JobPhase.WAITING))
        heights.append(jobs.sizeHint().height())
    assert heights[: N_SHOWN - 1] < heights[1:N_SHOWN]
    assert len(set(heights[N_SHOWN - 1 :])) == 1
    assert jobs.minimumSizeHint().width() == 0


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_failure_stands_out_in_every_theme(jobs, theme):
    jobs.add_job(job(1, JobPhase.FAILED, message="Broken."))
    jobs.setPalette(theme.palette())
    (written,) = part(jobs, 1, "text", QLabel).findChildren(QLineEdit)
    assert written.palette().color(QPalette.ColorRole.Text) == theme.warning


def test_is_collected_after_closing(assert_collected):
    def make():
        jobs = JobsList()
        jobs.add_job(RUNNING)
        jobs.add_job(job(2, JobPhase.FAILED, B, message="Broken."))
        jobs.show_job(job(1, JobPhase.DONE))
        return jobs

    assert_collected(make)
