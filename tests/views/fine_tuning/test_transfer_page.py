"""The page that measures transfer: asked for by its button, run as a job, shown number by number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QCheckBox, QLabel, QSpinBox, QTabWidget, QToolButton, QWidget

from inference.context import Context
from inference.results.checkpoint import InspectRequest, Missing
from inference.results.events import Progress
from inference.results.fine_tuning import MeasuredRuns, MeasuredStudy
from inference.results.job import JobAction, JobPhase, JobState
from inference.results.request import Capability
from inference.results.transfer import TransferRequest, TransferResult
from inference.service.engine import Engine
from tests.answers import watched
from tests.image_factories import make_image_info
from tests.inputs import image_input
from widgets.context import ViewContext
from widgets.registry import VIEWS
from widgets.subject import Subject
from widgets.views.fine_tuning.examples_figure import ExamplesFigure
from widgets.views.fine_tuning.view import FineTuningView

VIRTEX = replace(make_image_info(name="virtex"), capabilities=(Capability.IMAGE_FEATURES,))
BERT = replace(
    make_image_info(name="bert"),
    capabilities=(),
    missing=(Missing(Capability.IMAGE_FEATURES, "Bert reads texts, not images"),),
)
ASKED = TransferRequest("virtex")


def subject(info):
    return Subject(info, image_input(seed=1))


def found(n=2, base="virtex"):
    runs = tuple(MeasuredRuns("frozen", size, np.array([0.5, 0.75])) for size in (16, 32)[:n])
    methods = {"frozen": "linear classifier on virtex, as it is"}
    return TransferResult(MeasuredStudy(base, "which kind", 400, methods, runs, ("Measured here.",), "portraits"))


@pytest.fixture
def view(qtbot):
    view = watched(FineTuningView(ViewContext()), qtbot, 1000, 700)
    view.set_subject(subject(VIRTEX))
    view.findChild(QTabWidget, "fine_tuning_pages").setCurrentIndex(1)
    view.asked.clear()
    return view


def child(view, kind, name):
    widget = view.findChild(kind, name)
    assert widget is not None, name
    return widget


def empty(view):
    return child(view, QLabel, "transfer_empty").text()


def test_nothing_is_measured_before_the_button_is_pressed(view):
    assert view.asked == []
    assert view.figure() is None
    assert empty(view).startswith("What has virtex learned that helps with another task? Press Measure")
    child(view, QSpinBox, "transfer_most").setValue(64)
    child(view, QCheckBox, "transfer_scratch").setChecked(False)
    assert view.asked == []
    child(view, QToolButton, "transfer_measure").click()
    assert view.asked == [replace(ASKED, most=64, with_scratch=False)]


def test_a_job_is_shown_steered_and_its_numbers_come_one_by_one(view):
    line, measure = child(view, QWidget, "transfer_job"), child(view, QToolButton, "transfer_measure")
    measure.click()
    view.show_job(JobState(1, ASKED, JobPhase.RUNNING, Progress(3, 20, "As it is")))
    assert line.isVisible()
    assert not measure.isEnabled()
    assert empty(view) == "Measuring …"
    view.show_result(ASKED, found(1), is_partial=True)
    assert isinstance(view.figure(), ExamplesFigure)
    assert len(view.figure().study.runs) == 1
    acted = []
    view.job_action_requested.connect(lambda *event: acted.append(event))
    child(view, QToolButton, "transfer_job_cancel").click()
    assert acted == [(1, JobAction.CANCEL)]
    view.show_job(JobState(1, ASKED, JobPhase.CANCELLED))
    assert not line.isVisible()
    assert measure.isEnabled()
    assert len(view.figure().study.runs) == 1  # what came stays
    dots = view.figure().plots[0].series[0]
    np.testing.assert_allclose(dots.high - dots.y, np.std([0.5, 0.75], ddof=1))


def test_each_checkpoint_has_its_own_curve_and_job(view):
    view.show_job(JobState(1, ASKED, JobPhase.RUNNING, Progress(3, 20, "As it is")))
    view.set_subject(subject(replace(VIRTEX, checkpoint="vit", name="vit")))
    assert child(view, QToolButton, "transfer_measure").isEnabled()
    assert not child(view, QWidget, "transfer_job").isVisible()
    view.show_result(ASKED, found(), is_partial=False)
    view.show_job(JobState(1, ASKED, JobPhase.DONE))
    assert view.figure() is None
    assert "What has vit learned" in empty(view)
    view.set_subject(subject(VIRTEX))
    assert view.figure().study.base == "virtex"
    assert view.why_not_current == ""


def test_a_checkpoint_without_features_of_images_says_why(view):
    view.set_subject(subject(BERT))
    assert empty(view).startswith("Bert reads texts, not images. Open one that reads whole images")
    assert not child(view, QToolButton, "transfer_measure").isEnabled()


@pytest.mark.parametrize("name", ["igpt-small", "igpt-masked"])
def test_what_reads_pixel_by_pixel_names_the_tab_that_has_its_probe(name):
    info = Engine().run(InspectRequest(name), Context())
    (why,) = [one.why for one in info.missing if one.capability == Capability.IMAGE_FEATURES]
    (probed,) = [entry for entry in VIEWS if why.endswith(f"see the linear probe in {entry.title}")]
    assert probed.needs <= set(info.capabilities)


def test_why_it_failed_stands_there_until_it_is_taken_away(view):
    view.show_job(JobState(1, ASKED, JobPhase.FAILED, message="It broke."))
    assert child(view, QLabel, "transfer_job_text").text() == "⚠ It broke."
    assert child(view, QToolButton, "transfer_measure").isEnabled()
    child(view, QToolButton, "transfer_job_cancel").click()
    assert not child(view, QWidget, "transfer_job").isVisible()


def test_a_method_has_one_colour_whatever_else_was_measured():
    """As in the study that comes with virtex-scenes, whose keys but the first are the same."""
    methods = {"frozen": "as it is", "labels": "labels", "random": "random", "scratch": "scratch"}

    def inks(*tried):
        runs = tuple(MeasuredRuns(key, 16, np.array([0.5])) for key in tried)
        figure = ExamplesFigure(MeasuredStudy("virtex", "which kind", 400, methods, runs, (), "portraits"))
        return {each.name: each.ink for each in figure.plots[0].series[: len(tried)]}

    assert inks("frozen", "random") == {"as it is": 0, "random": 2}
    assert inks("frozen", "labels", "random", "scratch") == {"as it is": 0, "labels": 1, "random": 2, "scratch": 3}
