"""Models in which some layers attend: views number the layers as the model does, and step from one to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QSpinBox

from app.commands.command_line import run
from inference.results.attention import AttentionRequest
from inference.results.checkpoint import AttentionGroup, InspectRequest, OpenRequest
from inference.results.head_similarity import HeadSimilarityRequest
from inference.results.heads import HeadsRequest
from inference.results.measures import MeasuresRequest
from inference.results.rollout import RolloutRequest
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from inference.service.engine import Engine
from tests.answers import answer
from tests.factories import (
    make_attention_result,
    make_checkpoint_info,
    make_heads_result,
    make_measures_result,
    make_rollout_result,
    make_tokens,
)
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.kit.control_bar import ControlBar
from widgets.kit.head_steps import layer_and_head, step
from widgets.panels.details import DetailsPanel
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.clip.view import ClipView
from widgets.views.head_similarity.view import HeadSimilarityView
from widgets.views.heads.figure import HeadsFigure
from widgets.views.measures.head_scatter import HeadScatter
from widgets.views.patches.view import PatchesView
from widgets.views.rollout.figure import RolloutFigure
from widgets.views.rollout.options import RolloutOptions
from widgets.views.rollout.view import RolloutView
from widgets.writing.head_choice import HeadChoice

ATTEND = (1, 4)
GROUP = AttentionGroup("decoder", "Decoder", (0, 2, 0, 0, 2, 0), is_causal=True)
INFO = replace(make_checkpoint_info(name="hybrid", groups=(GROUP,)), family="decoder")
pytestmark = pytest.mark.usefixtures("qapp")


def with_gaps(measures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    for values in measures.values():
        values[[layer for layer in range(6) if layer not in ATTEND]] = np.nan
    return measures


def heads_result():
    result = make_heads_result(n_layers=6, n_heads=2, group="decoder", is_causal=True)
    return replace(result, measures=with_gaps(result.measures), layers=ATTEND)


def measures_result():
    result = make_measures_result(n_layers=6, n_heads=2, group="decoder")
    return replace(result, measures=with_gaps(result.measures))


def rollout_result():
    return replace(make_rollout_result(n_layers=2, group="decoder"), layers=ATTEND)


@pytest.fixture
def selection():
    selection = Selection()
    selection.update(group="decoder")
    return selection


def test_arrows_go_from_one_layer_that_attends_to_the_next(selection):
    assert layer_and_head(INFO, selection) == ("decoder", 1, 0)
    step(INFO, selection, 1, 0)
    assert selection.now.layer == 4
    step(INFO, selection, 1, 1)
    assert (selection.now.layer, selection.now.head) == (4, 1)
    step(INFO, selection, -1, 0)
    assert selection.now.layer == 1


def test_the_box_of_layers_steps_over_those_without_attention(qtbot, selection):
    panel = DetailsPanel(ViewContext(selection))
    qtbot.addWidget(panel)
    panel.show()
    panel.set_subject(Subject(INFO, text_input("x")))
    box = panel._layer
    assert (box.value(), box.maximum()) == (1, 5)
    box.stepUp()
    assert (box.value(), selection.now.layer) == (4, 4)
    box.stepDown()
    assert (box.value(), selection.now.layer) == (1, 1)


@pytest.mark.parametrize(
    ("make", "result"),
    [(HeadSimilarityView, None), (RolloutView, rollout_result()), (PatchesView, None), (ClipView, None)],
)
def test_a_slider_steps_over_them_too(make, result, qtbot, selection):
    view = make(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(INFO, text_input("x")))
    if result is not None:
        answer(view, result)
    view._layer.set_value(2)
    assert selection.now.layer == 4
    view._layer.set_value(5)  # none attends there, nor beyond
    assert (view._layer.value(), selection.now.layer) == (4, 4)
    if make is HeadSimilarityView:
        assert [request.layer for request in view.requests()] == [4]


def test_the_numbers_beside_a_text_that_is_written_step_over_them_too(qtbot, selection):
    bar = ControlBar()
    qtbot.addWidget(bar)
    heads = HeadChoice(bar, "writing", selection)
    heads.offer(GROUP)
    box = bar.findChild(QSpinBox, "writing_layer")
    box.stepUp()
    assert (box.value(), heads.layer, selection.now.layer) == (4, 4, 4)
    box.stepUp()
    assert (box.value(), selection.now.layer) == (4, 4)


def test_the_grid_has_a_row_for_each_layer_that_attends():
    figure = HeadsFigure(heads_result())
    assert figure.heads == ((1, 0), (1, 1), (4, 0), (4, 1))
    assert "6 layers of 2 heads; attention in 2 of them: 1, 4" in figure.caption
    assert figure.numbers().arrays["layers"].tolist() == [1, 4]
    assert [row[:2] for row in figure.numbers().rows] == [*figure.heads]


def test_points_are_coloured_and_named_by_their_layers():
    scatter = HeadScatter(measures_result())
    (plot,) = scatter.plots
    assert [series.name for series in plot.series] == ["1", "4"]
    for place in scatter.points:
        assert scatter.place_of(scatter.spot_of(place)) == place


@pytest.mark.parametrize("show", ["map", "query"])
def test_rollout_names_the_rows_by_their_layers(show):
    result = rollout_result()
    figure = RolloutFigure(result, 4, 2, RolloutOptions(show=show))
    assert "layer 4" in figure.caption
    np.testing.assert_array_equal(figure.row_of("rollout"), result.rollout[1, 2])
    assert figure.numbers().arrays["layers"].tolist() == [1, 4]


# On the command line


@pytest.fixture
def asked(monkeypatch):
    requests = []

    def answered(_engine, request, _context):
        if isinstance(request, (InspectRequest, OpenRequest)):
            return INFO
        if isinstance(request, TokenizeRequest):
            return TokenizeResult(make_tokens(), ())
        requests.append(request)
        if isinstance(request, AttentionRequest):
            layers = request.layers or ATTEND
            result = make_attention_result(n_layers=6, n_heads=2, layers=layers, group="decoder", is_causal=True)
            heads = request.heads or (0, 1)
            return replace(result, heads=heads, pattern=result.pattern[:, list(heads)])
        return {HeadsRequest: heads_result, MeasuresRequest: measures_result, RolloutRequest: rollout_result}[
            type(request)
        ]()

    monkeypatch.setattr(Engine, "run", answered)
    return requests


def figure(name, out, *options):
    return run(["figure", name, "--checkpoint", "hybrid", "--text", "a cat", *options, "--out", str(out)])


FIGURES = ("attention", "heads", "measures", "rollout", "arcs", "head-similarity", "dot-product")


@pytest.mark.parametrize("name", FIGURES)
def test_a_layer_without_attention_is_refused_in_a_sentence(name, asked, tmp_path, capsys):
    assert figure(name, tmp_path / "a.svg", "--layer", "3") == 2
    said = "Layer 3 of hybrid has no attention; these layers of its 6 have: 1, 4."
    assert said in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize("name", ["attention", "heads", "measures", "rollout"])
def test_the_numbers_say_which_layers_they_are_of(name, asked, tmp_path):
    assert figure(name, tmp_path / "a.npz") == 0
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["layers"].tolist() == [1, 4]


def test_without_a_choice_it_is_the_first_layer_that_attends(asked, tmp_path, capsys):
    assert figure("attention", tmp_path / "a.svg") == 0
    assert asked[-1].layers == (1,)
    assert "Layer 1, head 0" in capsys.readouterr().out
    assert figure("rollout", tmp_path / "b.svg", "--layer", "4") == 0
    assert "layer 4" in capsys.readouterr().out
    assert figure("heads", tmp_path / "c.svg", "--head", "1") == 0


def test_one_layer_is_asked_for_by_its_number(asked):
    assert HeadSimilarityRequest("hybrid", text_input("x"), "decoder", GROUP.nearest(0)).layer == 1
