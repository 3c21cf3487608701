"""A window in which something is not done asks before it is closed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app.window.menus.leaving import Leaving
from inference.results.hub import DownloadRequest
from inference.results.job import JobPhase, JobState

CONVERSION = SimpleNamespace(title="Converting old-bert", keeps_what_is_done=False)
DOWNLOAD = DownloadRequest("tiny/bert", "a" * 40)


class CrossedClose(QCloseEvent):
    """As of a click on the cross of a window."""

    def spontaneous(self):
        return True


@pytest.fixture
def window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def jobs():
    return SimpleNamespace(states=())


@pytest.fixture
def leaving(window, jobs):
    return Leaving(jobs, window)


def runs(*requests):
    return tuple(JobState(number, request, JobPhase.RUNNING) for number, request in enumerate(requests))


@pytest.fixture
def asked(window):
    """Answer the question, if it comes, with a button; what was asked."""
    questions = []

    def answer(button):
        def press():
            box = window.findChildren(QMessageBox, "leaving_ask")[-1]
            questions.append(box.text())
            pressed = [one for one in box.buttons() if one.text().replace("&", "") == button]
            pressed[0].click() if pressed else box.reject()

        QTimer.singleShot(0, press)
        return questions

    return answer


def test_where_nothing_runs_it_closes_at_once(window, leaving):
    leaving.close()
    assert not window.isVisible()


def test_a_training_is_not_stopped_without_a_question(window, leaving, jobs, asked):
    jobs.states = runs(DOWNLOAD)
    questions = asked("Cancel")
    leaving.close()
    assert window.isVisible()
    assert questions == [
        f"{DOWNLOAD.title} is not done yet. Closing Headlight stops what runs. What was saved so far is kept."
    ]
    asked("Stop and close")
    leaving.close()
    assert not window.isVisible()


def test_what_cannot_go_on_another_time_is_not_said_to_be_kept(window, leaving, jobs, asked):
    jobs.states = runs(DOWNLOAD, CONVERSION)
    (question, *_) = (asked("Cancel"), leaving.close())[0]
    assert question == (
        f"These are not done yet: {DOWNLOAD.title}; Converting old-bert. Closing Headlight stops what runs."
    )


def test_the_cross_of_the_window_asks_too_and_what_closes_it_from_elsewhere_does_not(window, leaving, jobs, asked):
    jobs.states = runs(CONVERSION)
    questions = asked("Cancel")
    event = CrossedClose()
    assert leaving.eventFilter(window, event)
    assert not event.isAccepted()
    assert len(questions) == 1
    window.close()  # a signal, or the system
    assert not window.isVisible()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not [box for box in QApplication.topLevelWidgets() if box.objectName() == "leaving_ask" and box.isVisible()]
