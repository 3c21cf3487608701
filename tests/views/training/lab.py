"""A view of the training lab, and what its tests do with it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget, QPushButton, QToolButton

from inference.results.inputs import Input, TextInput
from inference.results.kept_runs import KeptRun, RunsResult
from inference.results.training import TrainingRequest
from tests.answers import answer
from tests.factories import make_checkpoint_info
from tests.views.training.runs import make_request
from widgets.context import ViewContext
from widgets.subject import Subject
from widgets.views.training.view import TrainingView

HOME = "/home/u/runs"


def make_subject():
    return Subject(make_checkpoint_info(), Input(text=TextInput("the cat")))


def make_view(qtbot):
    """A view that notes what it asks, in `asked`."""
    view = TrainingView(ViewContext(runs_folder=HOME))
    view.setObjectName("training")
    qtbot.addWidget(view)
    qtbot.kept = view
    view.asked = []
    view.request_changed.connect(view.asked.append)
    view.resize(1100, 800)
    return view


def kept(name, n_done, n_steps=40):
    return KeptRun(make_request(f"{HOME}/{name}", n_steps), n_done, 1_000_000)


def give(view, *runs, steps=(), has_lora=False):
    answer(view, RunsResult(tuple(runs), tuple(steps), has_lora))


def press(view, name):
    QTest.mouseClick(view.findChild(QToolButton, name) or view.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def texts(view):
    runs = view.findChild(QListWidget, "training_runs")
    return [runs.item(i).text() for i in range(runs.count())]


def compare(view, compared):
    action = view.findChild(QAction, f"training_compare_{compared}")
    action.trigger()
    return [request for request in view.asked if isinstance(request, TrainingRequest)]
