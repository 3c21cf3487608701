"""Figures of the training lab: what they show, and what they say of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from inference.results.schedule import SCHEDULES, Schedule
from inference.results.training import StepTerm
from tests.views.training.runs import make_read, make_result
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.plots.data import Curve, PlotSpot
from widgets.views.training.attention import TrainingAttentionFigure, mirrored_share, shares
from widgets.views.training.curves import TrainingCurvesFigure, shown_run
from widgets.views.training.gradients import WINDOW, LayerGradientsFigure
from widgets.views.training.schedule import ScheduleFigure, SmoothingFigure

pytestmark = pytest.mark.usefixtures("qapp")


def paint(figure, width=700, height=500):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    with QPainter(image) as painter:
        figure.paint(painter, QRectF(0, 0, width, height), FigureStyle())
    return image


# Curves


def test_every_run_has_its_colour_in_every_plot():
    figure = TrainingCurvesFigure((shown_run("one", 0, make_result(50)), shown_run("two", 3, make_result(30))))
    for plot in figure.plots:
        inks = {(series.name, series.ink) for series in plot.series if isinstance(series, Curve)}
        assert inks == {("one", 0), ("two", 3)}
    assert "one (50)" in figure.caption
    assert "two (30)" in figure.caption


def test_long_runs_are_averaged_and_their_numbers_are_not():
    result = make_result(4_000)
    figure = TrainingCurvesFigure((shown_run("long", 0, result),))
    loss = figure.plots[0].series[0]
    assert isinstance(loss, Curve)
    assert len(loss.x) == 400
    assert loss.y.mean() == pytest.approx(float(result.log.loss.mean()), rel=1e-4)
    assert loss.x[0] == pytest.approx(5.5)  # the mean of steps 1 to 10
    assert len(figure.numbers().rows) == 4_000
    np.testing.assert_array_equal(figure.numbers().arrays["0_gradient"], result.log.gradient)


def test_the_gradient_is_that_of_all_layers():
    result = make_result(5)
    curve = TrainingCurvesFigure((shown_run("run", 0, result),)).plots[3].series[0]
    assert isinstance(curve, Curve)
    np.testing.assert_allclose(curve.y, np.sqrt((result.log.gradient**2).sum(1)), rtol=1e-6)


def test_what_is_pointed_at_is_said():
    figure = TrainingCurvesFigure((shown_run("run", 0, make_result(50)),))
    assert figure.describe(PlotSpot(0, 0, 9)).startswith("run, step 10: loss ")
    assert "not trained on" in figure.describe(PlotSpot(0, 1, 0))


def test_without_a_run_there_is_the_chosen_rate():
    figure = TrainingCurvesFigure((), Schedule("cosine", 10, 100, 0.01))
    assert [plot.is_empty for plot in figure.plots] == [True, True, False, True]
    assert len(figure.numbers().arrays["chosen_rate"]) == 101
    assert {plot.x.high for plot in figure.plots if plot.is_empty} == {100}  # as many steps as are chosen
    assert paint(figure) != paint(TrainingCurvesFigure(()))


def test_the_chosen_rate_lies_on_that_of_a_run_that_had_it():
    plan, result = Schedule("cosine", 10, 40, 0.01), make_result(40)
    rates = np.array([plan.rate(step) for step in range(40)])
    result = replace(result, log=replace(result.log, rate=rates))
    chosen, run = TrainingCurvesFigure((shown_run("run", 0, result),), plan).plots[2].series
    np.testing.assert_array_equal(chosen.x, run.x)
    np.testing.assert_allclose(chosen.y, run.y)


def test_levels_that_look_alike_are_told_apart_by_their_numbers():
    result = replace(make_result(10), baselines=(("always the same", 0.125), ("chance", 1 / 128)))
    levels = TrainingCurvesFigure((shown_run("run", 0, result),)).plots[1].series[-2:]
    assert [level.name for level in levels] == ["always the same: 0.12", "chance: 0.0078"]


def test_names_of_runs_are_text():
    figure = TrainingCurvesFigure((shown_run("a\x1b[31m<b>", 0, make_result(3)),))
    assert "\x1b" not in figure.caption


def test_gradients_are_means_by_layer():
    result = make_result(60)
    other = make_result(60, layers=("embedding", "decoder 0", "head"))
    figure = LayerGradientsFigure((shown_run("run", 0, result), shown_run("other", 1, other)), 5)
    assert figure.names == ("embedding", "encoder 0", "decoder 0", "head")
    np.testing.assert_allclose(figure.means(figure.runs[0])[:3], result.log.gradient[5 : 5 + WINDOW].mean(0), rtol=1e-6)
    assert np.isnan(figure.means(figure.runs[0])[3])
    assert np.isnan(figure.means(figure.runs[1])[1])
    assert figure.describe(PlotSpot(0, 0, 1)).startswith("run, encoder 0: gradient norm ")
    spot = figure.step(None, 1, 0, QRectF(0, 0, 800, 500), FigureStyle())
    assert spot is not None
    told = [tick.text for tick in figure.laid_out(QRectF(0, 0, 690, 420), FigureStyle())[0].x_ticks]
    assert told == list(figure.names)  # also in a narrow window
    paint(figure, 300, 800)


# Attention


def test_an_anti_diagonal_is_mirrored():
    pattern = np.zeros((1, 1, 5, 5), np.float32)
    pattern[0, 0, np.arange(4), 3 - np.arange(4)] = 1.0
    assert mirrored_share(pattern)[0, 0] == 1.0
    assert mirrored_share(pattern[..., ::-1, :].copy())[0, 0] < 0.3
    assert mirrored_share(np.full((2, 3, 5, 5), 0.2, np.float32)) == pytest.approx(0.2)


def test_the_film_shows_every_look_and_the_last_one_is_whole():
    result = make_result(40)
    figure = TrainingAttentionFigure("run", result, len(result.validations) - 1, 1)
    frames = [figure.film_frame(step) for step in figure.film_steps]
    assert [frame.now.step for frame in frames] == [one.step for one in result.validations]
    assert frames[-1].caption == figure.caption
    assert paint(frames[0]) != paint(frames[-1])


def test_a_cell_is_said_with_its_letters():
    figure = TrainingAttentionFigure("run", make_result(40), 0, 1)
    text = figure.describe(Cell(1, 0, 2))
    assert "to write “c” (place 1)" in text
    assert "on “c” (place 3)" in text


def test_all_looks_are_exported():
    result = make_result(40)
    numbers = TrainingAttentionFigure("run", result, 0, 0).numbers()
    assert numbers.arrays["pattern"].shape == (len(result.validations), *result.validations[0].pattern.shape)
    assert len(numbers.rows) == len(result.validations) * 2 * 2


def test_a_text_attends_to_itself_and_a_title_says_where_to():
    result = make_read(40)
    figure = TrainingAttentionFigure("run", result, len(result.validations) - 1, 1)
    assert figure.caption == "run after 40 steps: attention in layer 1 while “a cat” is read"
    text = figure.describe(Cell(1, 0, 2))
    assert text == "Head 1, “[CLS]” (place 1) gives 1 of its attention to “cat” (place 3)"
    title = figure.panels(QRectF(0, 0, 600, 500), FigureStyle())[0][0].title
    assert title == "Head 0: 50 % on itself"  # two of four tokens do nothing else
    numbers = figure.numbers()
    assert numbers.header[3:8] == tuple(
        f"attention on the {name}"
        for name in ("token itself", "token before", "next token", "first token", "last token")
    )
    assert len(numbers.rows) == len(result.validations) * 2 * 2
    tower = replace(figure, result=replace(result, watching="tower"))
    assert "in layer 1 of the text tower while" in tower.caption
    assert paint(figure.film_frame(0)) != paint(figure)
    faint = tuple(replace(one, pattern=one.pattern / 5) for one in result.validations)
    scales = {
        panel.scale.high
        for step in (0, 4)
        for panel, _ in replace(figure, result=replace(result, validations=faint), number=step).panels(
            QRectF(0, 0, 600, 500), FigureStyle()
        )
    }
    assert list(scales) == [pytest.approx(0.2)]  # of the last look, at the first one, too


def test_shares_are_what_their_names_say():
    pattern = np.eye(5, k=-1, dtype=np.float32)
    assert shares(pattern)["before"] == 1.0
    assert shares(pattern.T)["behind"] == 1.0
    assert shares(np.eye(5))["itself"] == 1.0
    everywhere = shares(np.full((2, 5, 5), 0.2))
    assert all(share == pytest.approx(0.2) for share in everywhere.values())
    assert list(shares(np.eye(2))) == ["itself"]


# Formulas


@pytest.mark.parametrize("kind", SCHEDULES)
@pytest.mark.parametrize(("warm_up", "n_steps"), [(0, 10), (400, 2_000), (50, 50), (500, 100)])
def test_the_curve_is_the_schedule(kind, warm_up, n_steps):
    figure = ScheduleFigure(Schedule(kind, warm_up, n_steps, 0.002, 64))
    curve = figure.plots[0].series[0]
    assert isinstance(curve, Curve)
    assert all(y == figure.schedule.rate(int(x)) for x, y in zip(curve.x, curve.y, strict=True))
    assert curve.x[0] == 0
    assert curve.x[-1] == n_steps
    assert len(figure.numbers().rows) == n_steps + 1
    assert figure.describe(PlotSpot(0, 0, 0)).startswith("Step 0: learning rate ")
    assert f"w = {warm_up:,}" in figure.line
    paint(figure)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("n_classes", [2, 8, 40])
def test_label_smoothing_is_torchs_own(smoothing, n_classes):
    figure = SmoothingFigure(smoothing, n_classes, 0.7)
    assert figure.target.sum() == pytest.approx(1.0)
    logits = torch.randn(1, n_classes, dtype=torch.float64)
    theirs = F.cross_entropy(logits, torch.tensor([0]), label_smoothing=smoothing)
    ours = -(torch.tensor(figure.target) * logits.log_softmax(-1)[0]).sum()
    assert float(ours) == pytest.approx(float(theirs), rel=1e-12)
    given = np.array([0.3, 0.7, 0.99])
    probs = np.concatenate([given[:, None], np.repeat((1 - given)[:, None] / (n_classes - 1), n_classes - 1, 1)], 1)
    wanted = F.cross_entropy(torch.tensor(np.log(probs)), torch.zeros(3, dtype=torch.int64), reduction="none",
                             label_smoothing=smoothing)  # fmt: skip
    np.testing.assert_allclose(figure.losses(given), wanted.numpy(), rtol=1e-9)


def test_the_least_loss_is_where_the_model_says_the_target():
    figure = SmoothingFigure(0.2, 5, 0.5)
    best = figure.target[0]
    assert figure.losses(np.array([best]))[0] < min(figure.losses(np.array([best - 0.01, best + 0.01])))
    paint(figure)
    assert "right token: 0.84" in figure.describe(PlotSpot(0, 0, 0))


def test_what_a_step_tells_beside_its_loss_has_plots_of_its_own():
    terms = (StepTerm("Cross-entropies", "image to text", "nats"), StepTerm("Cross-entropies", "text to image", "nats"))
    terms += (StepTerm("Temperature", "temperature"),)
    result = make_result(30)
    numbers = np.stack([np.arange(30), np.arange(30) + 1, np.full(30, 0.07)], 1).astype(np.float32)
    told = replace(result, terms=terms, log=replace(result.log, terms=numbers))
    figure = TrainingCurvesFigure((shown_run("run", 0, told),))
    assert [plot.title for plot in figure.plots[2:4]] == ["Cross-entropies", "Temperature"]
    names = [[series.name for series in plot.series] for plot in figure.plots[2:4]]
    assert names == [["image to text", "text to image"], ["run"]]
    for plot, columns in zip(figure.plots[2:4], ((0, 1), (2,)), strict=True):
        for series, column in zip(plot.series, columns, strict=True):
            assert isinstance(series, Curve)
            np.testing.assert_array_equal(series.y, numbers[:, column])
    assert figure.describe(PlotSpot(2, 1, 3)) == "text to image, step 4: cross-entropies 4 nats"
    boxes = [placed.rect for placed in figure.placed(QRectF(0, 0, 900, 600), FigureStyle())]
    assert len(boxes) == 6
    assert len({round(box.top()) for box in boxes}) == 2
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
    beside = TrainingCurvesFigure((shown_run("run", 0, told), shown_run("other", 1, result)))
    assert [series.name for series in beside.plots[2].series] == ["run, image to text", "run, text to image"]
    np.testing.assert_array_equal(figure.numbers().arrays["0_terms"], numbers)
    paint(beside)
