"""A text at each of its steps: tints, candidates, branches, and the same as numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from tests.views.generation.samples import long_text, make_beams, make_generation
from widgets.figures import chips
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.theme import LIGHT, FigureStyle
from widgets.views.generation.branch_list import BranchLine
from widgets.views.generation.figure import Beside, GenerationFigure, WrittenSpot
from widgets.views.generation.options import GenerationOptions

pytestmark = pytest.mark.usefixtures("qapp")

RECT = QRectF(0, 0, 700, 600)
LINES = (
    BranchLine(0, "The text itself", "sat down", 0, 3.0, is_now=False),
    BranchLine(1, "“ran” (2)", "ran up", 1, 4.5, is_now=True),
)


@pytest.fixture
def style(qapp):
    return FigureStyle(LIGHT, qapp.font())


def figure(result=None, n_shown=None, *, place=None, branches=(), beside=None, **options):
    result = result or make_generation()
    n_shown = n_shown or result.written.n_steps
    return GenerationFigure(
        result, GenerationOptions(**options), n_shown, place=place, branches=branches, beside=beside
    )  # fmt: skip


def pixels(shown, style):
    image = QImage(700, 600, QImage.Format.Format_RGB32)
    image.fill(style.theme.paper)
    with QPainter(image) as painter:
        shown.paint(painter, RECT, style)
    return image


def test_a_token_is_tinted_by_what_was_attended_to_where_it_was_chosen():
    shown = figure(place=3)
    pattern = shown.result.pattern
    np.testing.assert_allclose(shown.weights[3], pattern.mean((0, 1))[2])
    assert np.isnan(shown.weights[0]).all()
    one = figure(place=3, attention="head")
    np.testing.assert_allclose(one.weights[3], [0, 0, 1, 0, 0])
    assert "layer 0, head 0" in one.tint_title
    assert shown.tint_title == "tinted by what was attended to when “down” was chosen: mean of all heads"
    assert figure(place=0).tint_title == ""


def test_means_say_that_they_are_means():
    result = make_generation()
    of_layers = replace(result, pattern=result.pattern.mean(1, keepdims=True), heads_are="layer")
    assert "mean of the heads of layer 0" in figure(of_layers, attention="head").tint_title
    of_all = replace(result, pattern=result.pattern.mean((0, 1), keepdims=True), heads_are="mean")
    assert "mean of all heads" in figure(of_all, attention="head").tint_title


def test_rows_that_are_not_known_yet_tint_nothing(style):
    result = make_generation()
    early = replace(result, pattern=result.pattern[:, :, :2, :2])
    shown = figure(early)
    assert shown.tint_title == ""
    assert shown.describe(WrittenSpot("token", 4)).endswith("probability 50.0 %")
    assert pixels(shown, style) != pixels(figure(result), style)


def test_the_caption_says_how_it_was_written_and_what_it_cost():
    assert figure().caption == (
        "5 tokens, 2 given · greedy · 3.0 bits for 3 tokens written · ended by “</s>” · keys and values: 5 kB · "
        "6 tokens a second"
    )
    fast = figure(replace(make_generation(), seconds=3 / 4871.3)).caption
    assert fast.endswith("4,871 tokens a second")  # as people write it
    cut = make_generation(4)
    cut = replace(cut, written=replace(cut.written, why_unfinished="it was cut off at 2 tokens"))
    assert "it was cut off at 2 tokens" in figure(cut).caption
    assert "seed 3, temperature 0.5, top-k off, top-p 1" in figure(way="sample", seed=3, temperature=0.5).caption


def test_candidates_that_were_cut_off_say_by_what():
    bars = figure(place=2).bars
    assert [each.cut for each in bars.candidates] == ["", "cut off by top-k"]
    assert figure(place=2).describe(WrittenSpot("candidate", 1)) == (
        "“␣ran”: probability 25.0 %, cut off by top-k; a click begins a branch with it"
    )
    assert [each.cut for each in figure(place=1).bars.candidates] == ["", ""]
    assert figure(place=0).bars is None


def test_every_spot_can_be_reached_with_the_keys_and_pointed_at(style):
    shown = figure(branches=LINES, beside=Beside("The text itself", make_generation().written))
    boxes = shown.boxes(RECT, style)
    assert {spot.kind for spot in boxes} == {"token", "beside", "candidate", "branch"}
    for spot, box in boxes.items():
        assert shown.spot_at(box.center(), RECT, style) == spot
        assert shown.describe(spot)
    spot, seen = None, set()
    for _ in range(40):
        spot = shown.step(spot, 0, 1, RECT, style)
        seen.add(spot.kind)
    assert seen == {"token", "beside", "candidate", "branch"}
    assert shown.step(WrittenSpot("token", 2), -1, 0, RECT, style) == WrittenSpot("token", 1)


def test_nothing_moves_while_it_plays(style):
    whole = figure()
    for step in whole.film_steps:
        frame = whole.film_frame(step)
        assert frame.least_size(700, style) == whole.least_size(700, style)
        assert frame.boxes(RECT, style)[WrittenSpot("token", 1)] == whole.boxes(RECT, style)[WrittenSpot("token", 1)]
        assert not frame.has_spot(WrittenSpot("token", step), RECT, style)


def test_branches_and_probabilities_are_drawn(style):
    plain = pixels(figure(), style)
    assert pixels(figure(branches=LINES), style) != plain
    assert pixels(figure(branches=LINES[:1]), style) == plain
    assert pixels(figure(has_probs=True), style) != plain
    assert figure(branches=LINES).describe(WrittenSpot("branch", 0)).endswith("a click goes back to it")


def test_beams_are_shown_where_there_are_some(style):
    assert figure(show="tree").show == "text"
    shown = figure(make_beams(), way="beam", show="tree")
    assert {spot.kind for spot in shown.boxes(RECT, style)} == {"node", "best"}
    assert "the cat sat down" in shown.describe(WrittenSpot("best", 0))
    assert shown.describe(WrittenSpot("node", 3)).startswith("␣ran ␣up: 5.8 bits;")
    pixels(shown, style)


def test_numbers_are_those_of_the_result():
    result = make_generation()
    numbers = figure(result).numbers()
    assert [row[:4] for row in numbers.rows][1:3] == [
        (1, "cat", int(result.written.tokens.ids[1]), "given"),
        (2, "sat", int(result.written.tokens.ids[2]), "written"),
    ]
    assert numbers.rows[2][4:10] == (1.0, 0.5, 1.0, "␣sat", 0.5, 1)
    assert set(numbers.arrays) >= {"tokens", "probs", "chances", "cuts", "candidates", "pattern", "cache_bytes"}
    assert len(numbers.header) == len(numbers.rows[0])
    assert len(figure(make_beams()).numbers().arrays["texts"]) == 2


def test_of_a_long_text_no_more_is_painted_than_is_seen_and_it_is_the_same(qtbot, monkeypatch):
    """A step of two thousand tokens takes the window no longer than one of what has room in it."""
    canvas = PointedCanvas("long", "Long")
    canvas.paints_what_is_seen = True
    scroll = FigureScroll(canvas)
    qtbot.addWidget(scroll)
    scroll.resize(500, 300)
    scroll.show()
    n_painted, paint = [], chips._paint
    monkeypatch.setattr(chips, "_paint", lambda *args: n_painted.append(args[1]) or paint(*args))
    figure = GenerationFigure(long_text(2000), GenerationOptions(has_probs=True), 2000)
    scroll.show_figure(figure, FigureStyle.of(canvas))
    qtbot.waitUntil(lambda: bool(n_painted))
    assert canvas.height() > 10 * scroll.viewport().height()
    assert 10 < len(n_painted) < 400
    scroll.verticalScrollBar().setValue(1000)
    canvas.repaint()
    seen = canvas.visibleRegion().boundingRect()
    assert 900 < seen.top() < 1100
    part = canvas._image_of(seen).copy()
    assert len(n_painted) < 800
    canvas._image = None
    assert part == canvas.image().copy(seen)
    assert len(n_painted) > 2000


def test_a_row_of_what_was_attended_to_is_that_of_all():
    result = make_generation()
    for attention in ("mean", "layer", "head"):
        figure = GenerationFigure(result, GenerationOptions(attention=attention), 5, layer=1, head=1)
        for place in range(1, figure._n_weights):
            np.testing.assert_allclose(figure._weights_at(place), figure.weights[place])
        assert figure._n_weights == len(figure.weights)
