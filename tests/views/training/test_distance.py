"""How far runs carry a letter, what paths are long, and curves against seconds; a recurrent network in the options."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox

from inference.results.distances import distance_of_place, longest_solved
from inference.results.intervals import wilson
from inference.results.job import JobPhase, JobState
from inference.results.training import ModelSizes, TrainingRequest
from tests.views.training.runs import SECONDS_A_STEP, make_request, make_result
from tests.views.training.test_figures import paint
from tests.views.training.test_view import HOME, give, kept, press, view
from widgets.plots.data import Curve, Level, PlotSpot
from widgets.views.training.curves import TrainingCurvesFigure, shown_run
from widgets.views.training.distance import DistanceFigure, RunOfNetwork
from widgets.views.training.options import RunOptions
from widgets.views.training.words import about_run

__all__ = ["view"]  # a fixture
pytestmark = pytest.mark.usefixtures("qapp")
LSTM = ModelSizes(2, 16, 1, architecture="lstm")


def run_of(n_done=40, name="run", ink=0, **wishes):
    return RunOfNetwork(shown_run(name, ink, make_result(n_done)), make_request(f"/runs/{name}", **wishes))


def without_times(result):
    """As an older version kept it."""
    seen = tuple(
        replace(one, seconds=float("nan"), by_distance=np.zeros((2, 2, 0), np.int32)) for one in result.validations
    )
    log = replace(result.log, seconds=np.full(len(result.log.loss), np.nan))
    return replace(result, log=log, validations=seen)


def curves_of(plot):
    return [series for series in plot.series if isinstance(series, Curve)]


# What is solved


def test_solved_is_what_is_right_there_and_at_every_shorter_distance():
    assert longest_solved(np.array([[20, 19, 20], [20, 20, 20]])) == distance_of_place(2) == 6
    assert longest_solved(np.array([[20, 18, 20], [20, 20, 20]])) == 2
    assert longest_solved(np.array([[0, 20], [20, 20]])) == 0
    assert longest_solved(np.array([[20, 0, 5], [20, 0, 5]])) == 6  # one that was not measured is no fault
    assert longest_solved(np.zeros((2, 0), int)) == 0


def test_the_interval_is_wilsons():
    low, high = wilson(np.array([8, 0, 0]), np.array([10, 10, 0]))
    np.testing.assert_allclose([low[0], high[0]], [0.4901625, 0.9433178], rtol=1e-5)
    assert low[1] == 0.0
    assert 0.2 < high[1] < 0.3
    assert np.isnan([low[2], high[2]]).all()


# The figure


def test_accuracies_are_counts_with_their_intervals():
    figure = DistanceFigure((run_of(20),))
    right = figure.plots[0]
    within, longer = curves_of(right)
    level = right.series[-1]
    assert isinstance(level, Level)
    assert within.low is not None
    assert within.high is not None
    assert level.value == 0.95
    np.testing.assert_array_equal(within.x, [2, 4, 6])
    np.testing.assert_array_equal(within.y, [1.0, 1.0, 0.2])
    np.testing.assert_array_equal(longer.y, [0.1] * 5)
    assert longer.is_dashed
    assert longer.name == "run, longer strings"
    np.testing.assert_allclose([within.low[0], within.high[0]], wilson(np.array(20), np.array(20)))
    assert figure.describe(PlotSpot(0, 0, 2)) == "run, 6 tokens: 4 of 20 letters right, 20 % (8 to 42 %)"
    assert "run: 4 of 6, in longer strings 0 of 10" in figure.caption
    assert "95 % of the letters right" in figure.caption


def test_what_is_solved_grows_with_the_steps_or_the_seconds():
    steps = curves_of(DistanceFigure((run_of(40),)).plots[1])[0]
    np.testing.assert_array_equal(steps.x, [0, 10, 20, 30, 40])
    np.testing.assert_array_equal(steps.y, [0, 2, 4, 6, 6])
    figure = DistanceFigure((run_of(40),), "seconds")
    np.testing.assert_allclose(curves_of(figure.plots[1])[0].x, SECONDS_A_STEP * steps.x)
    assert figure.describe(PlotSpot(1, 0, 2)) == "run, second 5.0: solved up to 4 tokens"


def test_the_axis_of_what_is_solved_goes_as_far_as_was_measured():
    for n_done in (0, 40):
        axis = DistanceFigure((run_of(n_done),)).plots[1].y
        assert (axis.low, axis.high) == (0.0, 10.0)
    assert DistanceFigure(()).plots[1].y.high is None


def test_paths_are_those_of_the_networks():
    runs = (run_of(name="t", sizes=ModelSizes(2)), run_of(name="l", ink=1, sizes=LSTM))
    transformer, lstm, past = curves_of(DistanceFigure(runs).plots[2])
    assert set(transformer.y) == {2.0}
    assert set(lstm.y) == {5.0}
    np.testing.assert_array_equal(past.y, np.arange(1, 13) + 2 * 2 + 2)
    assert past.is_dashed
    assert past.name == "l, past its attention"
    (causal,) = curves_of(DistanceFigure((run_of(task="causal", sizes=LSTM),)).plots[2])
    np.testing.assert_array_equal(causal.y, np.arange(1, 13) + 2)
    assert not DistanceFigure((run_of(task="masked"),)).plots[2].series


def test_every_number_is_in_its_files():
    numbers = DistanceFigure((run_of(20, sizes=LSTM),)).numbers()
    assert len(numbers.rows) == 3 + 5
    assert numbers.rows[0][:6] == ("run", "LSTM", "as in training", 2, 20, 20)
    assert numbers.rows[0][-2:] == (5, 7)
    assert numbers.arrays["0_counts"].shape == (2, 2, 5)
    np.testing.assert_array_equal(numbers.arrays["0_solved"], [[0, 0], [2, 0], [4, 0]])
    assert numbers.arrays["path_0"].shape == (2, 12)


def test_a_run_of_an_older_version_says_what_it_did_not_keep():
    old = RunOfNetwork(shown_run("old", 0, without_times(make_result(20))), make_request("/runs/old"))
    figure = DistanceFigure((old, run_of(20)))
    assert "An older version did not measure old so" in figure.caption
    assert [series.name for series in figure.plots[0].series[:2]] == ["run", "run, longer strings"]
    curves = TrainingCurvesFigure((old.shown, run_of(20).shown), against="seconds")
    assert curves.caption.endswith("An older version did not keep the times of old")
    assert np.isnan(curves_of(curves.plots[0])[0].x).all()
    paint(figure)
    paint(curves)
    assert TrainingCurvesFigure((old.shown,), against="seconds").numbers().rows[0][2] == ""


def test_curves_lie_at_their_seconds():
    figure = TrainingCurvesFigure((run_of(40).shown,), against="seconds")
    loss, seen = curves_of(figure.plots[0])
    np.testing.assert_allclose(loss.x, SECONDS_A_STEP * np.arange(1, 41))
    np.testing.assert_allclose(seen.x, SECONDS_A_STEP * np.arange(0, 41, 10))
    assert figure.plots[0].x.title == "seconds of training"
    assert figure.describe(PlotSpot(0, 1, 2)).startswith("run, second 5.0: loss ")
    assert figure.numbers().arrays["0_seconds"][-1] == 10.0
    (long, _) = curves_of(TrainingCurvesFigure((shown_run("long", 0, make_result(4_000)),), against="seconds").plots[0])
    assert long.x[0] == pytest.approx(5.5 * SECONDS_A_STEP)


# The page, and the options


def test_the_page_shows_the_runs_that_are_ticked(view):
    view._pages.setCurrentIndex(2)
    assert view.figure() is None
    assert "Train a string reversal" in view._distance.empty_text
    give(view, kept("b", 40), kept("a", 10))
    give(view, kept("b", 40), kept("a", 10), steps=[(f"{HOME}/b", make_result(40))])
    figure = view.figure()
    assert isinstance(figure, DistanceFigure)
    assert [run.shown.name for run in figure.runs] == ["b"]
    view._lab.show_options.combo("against").setCurrentIndex(1)
    assert view.figure().against == "seconds"
    view._pages.setCurrentIndex(0)
    assert view.figure().against == "seconds"


def test_it_grows_while_a_run_trains(view):
    press(view, "training_start")
    request = view.asked[-1]
    assert isinstance(request, TrainingRequest)
    view.show_job(JobState(1, request, JobPhase.RUNNING))
    view.show_result(request, make_result(10), True)
    view._pages.setCurrentIndex(2)
    assert len(curves_of(view.figure().plots[1])[0].x) == 2
    view.show_result(request, make_result(25, first=10), True)
    assert len(curves_of(view.figure().plots[1])[0].x) == 3


def test_what_an_lstm_has_not_is_grey_and_says_why(view):
    give(view)
    heads, norm = (view.findChild(QComboBox, f"training_{name}") for name in ("heads", "norm"))
    assert heads.isEnabled()
    architecture = view.findChild(QComboBox, "training_architecture")
    architecture.setCurrentIndex(architecture.findData("lstm"))
    assert not heads.isEnabled()
    assert "An LSTM has no heads" in heads.toolTip()
    assert not norm.isEnabled()
    assert "An LSTM has no norms" in norm.toolTip()
    press(view, "training_start")
    assert view.asked[-1].sizes == ModelSizes(2, 64, 1, 0.0, "post", "lstm")
    tasks = view.findChild(QComboBox, "training_task")
    tasks.setCurrentIndex(tasks.findData("masked"))
    assert architecture.parentWidget().isHidden()
    assert heads.isEnabled()


def test_only_tasks_that_can_be_learned_by_an_lstm_are_asked_of_one():
    options = RunOptions(architecture="lstm", norm="pre", heads=8)
    assert options.request("/x").sizes == RunOptions(architecture="lstm").request("/x").sizes
    assert replace(options, task="causal").request("/x").sizes.architecture == "lstm"
    assert replace(options, task="masked").request("/x").sizes.architecture == "transformer"


def test_an_lstm_is_told_in_words():
    from widgets.views.training.record import RunRecord

    told = about_run(RunRecord(make_request("/runs/l", sizes=LSTM), 0))
    assert "LSTM with attention: 2 layers, 16 wide, dropout 0" in told
    assert "heads" not in told
    assert "\nLSTM: 2 layers" in about_run(RunRecord(make_request("/runs/l", task="causal", sizes=LSTM), 0))
