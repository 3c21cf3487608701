"""Words and image, its further pages: hidden regions, alignment, concepts, the diagram, and ways through tags."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from inference.results.alignment import AlignmentRequest, AlignmentResult
from inference.results.concepts import ConceptsRequest, ConceptsResult
from inference.results.grounding import GroundingResult
from inference.results.hidden_region import HiddenRegionRequest, HiddenRegionResult
from inference.results.joint import KINDS, JointLevel, JointStart
from tests.answers import answer, watched
from tests.image_factories import make_image
from tests.views.joint.test_joint import INFO, LEVELS, choose, make_result, read_out, subject
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.views.joint.alignment_figure import JointAlignmentFigure
from widgets.views.joint.concepts_figure import ConceptPoint, JointConceptsFigure, free_place
from widgets.views.joint.diagram_figure import DiagramStep, JointDiagramFigure
from widgets.views.joint.grounding_figure import JointGroundingFigure
from widgets.views.joint.hidden_figure import JointHiddenFigure, RegionSpot
from widgets.views.joint.map_figure import JointMapFigure
from widgets.views.joint.maps import about, one_map
from widgets.views.joint.options import JointOptions
from widgets.views.joint.view import JointView

RECT = QRectF(0, 0, 700, 500)
STEPS = (("text", 0), ("text_to_regions", 0), ("regions_to_text", 0), ("regions", 0), ("text", 1))


@pytest.fixture
def figure_style(qapp):
    return FigureStyle()


@pytest.fixture
def view(qtbot):
    view = watched(JointView(ViewContext()), qtbot, 1000, 700)
    view.set_subject(subject())
    return view


# Hidden regions


def make_hidden(region=0, **more):
    shown = make_result(reads_regions=True)
    of = {
        "names": (("red cup", "red bird"), ("blue cup", "red cup")) if region >= 0 else ((), ()),
        "probs": np.array([[0.8, 0.1], [0.3, 0.2]], np.float32) if region >= 0 else np.zeros((2, 0), np.float32),
        "truth": "red cup" if region >= 0 else "",
        "truth_probs": np.array([0.8, 0.2] if region >= 0 else [np.nan] * 2, np.float32),
        "n_classes": 129,
    } | more
    return HiddenRegionResult(shown.regions, shown.picture, region, **of)


def test_a_click_on_a_region_hides_it_and_a_second_one_shows_it_again(view, qtbot):
    choose(view, "show", "hidden")
    assert view.requests() == (HiddenRegionRequest(INFO.checkpoint, subject().input, -1),)
    answer(view, make_hidden(-1))
    assert view.asked[-1].region == 0  # the first one is hidden at once
    answer(view, make_hidden(0))
    assert read_out(view).startswith("Click a region to hide it")
    large = view.figure().places(view._canvas.figure_rect(), view._canvas.style_now)[0]
    qtbot.mouseClick(view._canvas, Qt.MouseButton.LeftButton, pos=large.bottomLeft().toPoint() + QPoint(3, -3))
    assert view.asked[-1].region == -1  # and stays as it is once it was chosen
    answer(view, make_hidden(-1))
    assert view.asked[-1].region == -1
    figure, canvas = view.figure(), view._canvas
    assert isinstance(figure, JointHiddenFigure)
    assert figure.caption.startswith("Click a region to hide it")
    assert figure.cards == ()
    small = figure.places(canvas.figure_rect(), canvas.style_now)[1].center().toPoint()
    qtbot.mouseMove(canvas, small)
    assert read_out(view) == "Region 1, no name: a click hides it"
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=small)
    assert view.asked[-1].region == 1  # the smaller one of those that lie there
    answer(view, make_hidden(1))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=small)
    assert view.asked[-1].region == -1


def test_nothing_is_hidden_where_nothing_can_be(view):
    choose(view, "show", "hidden")
    answer(view, make_hidden(-1, why_none="Oscar has no head that tells what a hidden region is"))
    assert [request.region for request in view.asked if isinstance(request, HiddenRegionRequest)] == [-1]
    assert read_out(view) == ""


def test_a_hidden_region_is_told_with_the_words_and_without(figure_style):
    figure = JointHiddenFigure(make_hidden())
    told = "Region 0 is hidden: red cup with 80.0 %; it is red cup, which has 80.0 % with the words and 20.0 % with the"
    assert figure.caption.replace("\u2068", "").replace("\u2069", "").startswith(told)
    first, second = figure.cards
    assert (first.title, first.is_right) == ("with the words", True)
    assert (second.title, second.is_right) == ("words masked", False)
    assert figure.numbers().rows[2] == ("words masked", 1, "blue cup", pytest.approx(0.3))
    other = JointHiddenFigure(make_hidden(truth="pink car", truth_probs=np.array([0.01, 0.02], np.float32)))
    assert other.cards[0].outside.word == "pink car"  # what is not among the best is told beside them


def test_a_model_without_a_head_for_regions_says_so(figure_style):
    figure = JointHiddenFigure(make_hidden(-1, why_none="Oscar has no head that tells what a hidden region is"))
    assert figure.caption == "No hidden regions: Oscar has no head that tells what a hidden region is."
    assert figure.spot_at(QPointF(100, 100), RECT, figure_style) is None
    assert figure.step(None, 1, 0, RECT, figure_style) is None
    assert not figure.has_spot(RegionSpot(0), RECT, figure_style)


# Alignment


def make_alignment(**more):
    scores = np.array([[0.9, 0.2, 0.1], [0.3, 0.6, 0.7], [0.95, 0.1, 0.8]], np.float32)
    images = tuple(make_image(8, 8) for _ in range(3))
    return AlignmentResult(
        **{"scores": scores, "is_probability": True, "texts": ("a", "b", "c"), "thumbnails": images} | more
    )


def test_ranks_are_those_of_the_right_ones():
    result = make_alignment()
    assert result.image_ranks.tolist() == [2, 1, 1]  # text a is given more to the third image
    assert result.text_ranks.tolist() == [1, 2, 2]
    ties = make_alignment(scores=np.full((3, 3), 0.5, np.float32))
    assert ties.image_ranks.tolist() == ties.text_ranks.tolist() == [3, 3, 3]  # what tells nothing is no success


def test_alignment_says_how_often_the_right_one_is_first(view):
    choose(view, "show", "alignment")
    assert view.requests() == (AlignmentRequest(INFO.checkpoint, subject().input),)
    answer(view, make_alignment())
    figure = view.figure()
    assert isinstance(figure, JointAlignmentFigure)
    assert figure.caption == "The right image is first for 2 of 3 texts, the right text for 1 of 3 images; chance 0.333"
    assert figure.describe(Cell(0, 1, 1)).startswith("Image 2, text 2, a right pair: 0.6 ")
    assert figure.numbers().rows[1] == (1, 2, "b", pytest.approx(0.2))
    logits = JointAlignmentFigure(make_alignment(is_probability=False, scores=make_alignment().scores - 5))
    ((panel, _),) = logits.panels(RECT, view._canvas.style_now)
    assert panel.values.min() == 0


def test_texts_of_an_alignment_go_on_in_a_second_line(figure_style):
    long = tuple(f"a large yellow boat left of a medium purple cup beside a small red house, number {i}" for i in "abc")
    shown = texts_of(JointAlignmentFigure(make_alignment(texts=long)), QRectF(0, 0, 900, 400))
    assert sum("number" in text for text in shown) == 3
    assert not any("…" in text for text in shown)


# Concepts


def make_concepts(**more):
    kinds = np.array([KINDS.index(kind) for kind in ("word", "tag", "region", "word", "region")], np.uint8)
    of = {
        "places": np.array([[0, 0], [1, 0], [0, 1], [4, 4], [5, 4]], np.float32),
        "kinds": kinds, "concepts": np.array([0, 0, 0, 1, 1], np.uint8), "names": ("house", "tree"), "silhouette": 0.5,
        "silhouette_of_kinds": 0.1, "distances": np.array([0.2, 0.9], np.float32),
        "explained": np.array([0.5, 0.25], np.float32), "d_model": 32, "n_scenes": 4, "projection": "pca",
    }  # fmt: skip
    return ConceptsResult(**of | more)


def test_concepts_are_points_with_two_silhouettes(view, qtbot):
    choose(view, "show", "concepts")
    choose(view, "projection", "tsne")
    assert view.requests() == (ConceptsRequest(INFO.checkpoint, projection="tsne"),)
    answer(view, make_concepts(projection="tsne"))
    figure, canvas = view.figure(), view._canvas
    assert isinstance(figure, JointConceptsFigure)
    assert "kinds of thing 0.5, words, tags and image 0.1; " in figure.caption
    spots = figure._spots(canvas.figure_rect(), canvas.style_now)
    qtbot.mouseMove(canvas, QPointF(*spots[1]).toPoint())
    assert read_out(view) == "A tag: house"
    assert figure.spot_at(QPointF(*spots[4]), canvas.figure_rect(), canvas.style_now) == ConceptPoint(4)
    assert figure.numbers().rows[2] == ("region", "house", 0.0, 1.0)


def test_tags_are_told_of_only_where_there_are_any():
    without = make_concepts(
        kinds=np.array([KINDS.index(kind) for kind in ("word", "region") * 2 + ("word",)], np.uint8)
    )
    assert "words, tags and image" in JointConceptsFigure(make_concepts()).caption
    assert "words and image" in JointConceptsFigure(without).caption


def test_far_points_squeeze_no_others_and_are_counted(figure_style):
    """Two of 40 are a hundred times as far: the others keep nearly all of the room, and these stand at the edge."""
    rng = np.random.default_rng(0)
    places = rng.normal(size=(40, 2)).astype(np.float32)
    places[:2] = [[100, 0], [0, -80]]
    kinds, concepts = np.full(40, KINDS.index("word"), np.uint8), np.zeros(40, np.uint8)
    figure = JointConceptsFigure(replace(make_concepts(), places=places, kinds=kinds, concepts=concepts))
    assert np.flatnonzero(figure.is_far)[:2].tolist() == [0, 1]
    assert figure.is_far.sum() <= 5
    spots = figure._spots(RECT, figure_style)
    assert np.ptp(spots[2:], axis=0).min() > 0.7 * min(RECT.width(), RECT.height())
    plot = figure._plot(RECT, figure_style)
    assert all(plot.contains(QPointF(*spot)) for spot in spots.tolist())


def test_names_of_concepts_do_not_lie_over_each_other():
    area, taken = QRectF(0, 0, 300, 200), []
    for _ in range(16):  # all of them at one corner
        taken.append(free_place(QRectF(5, 195, 60, 16), taken, area))
    assert all(area.contains(box) for box in taken)
    assert not any(one.intersects(other) for i, one in enumerate(taken) for other in taken[:i])


# The diagram


def make_streams():
    levels = (
        JointLevel("Connection 0", (("text_to_regions", 0), ("regions_to_text", 0))),
        *(JointLevel(name, ((name, i),)) for name, i in (("text", 0), ("regions", 0), ("text", 1))),
    )
    result = make_result(reads_regions=True)
    shares = np.zeros((4, *result.shares.shape[1:]), np.float32)
    return replace(result, levels=levels, steps=STEPS, shares=shares, focus=shares)


def test_what_waits_for_a_connection_stands_below_it():
    figure = JointDiagramFigure(make_streams())
    assert figure.rows == (0, 1, 1, 2, 2)  # both directions side by side; then the layers of both streams
    assert figure.caption == "5 attentions in the order in which they run, 2 of them between words and image"


def test_a_click_on_a_layer_of_the_diagram_shows_its_map(view, qtbot):
    choose(view, "show", "diagram")
    answer(view, make_streams())
    figure, canvas = view.figure(), view._canvas
    qtbot.mouseMove(canvas, QPoint(1, 1))  # the controls of other pages have left their room
    place = figure.boxes(canvas.figure_rect(), canvas.style_now)[2].center().toPoint()
    qtbot.mouseMove(canvas, place)
    assert read_out(view) == "Step 3: reads the words (0); a click shows its map"
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert (view.selection.now.group, view.selection.now.layer) == ("regions_to_text", 0)
    assert view._options.value().show == "map"
    assert isinstance(view.figure(), JointMapFigure)
    assert view.asked[-1].level == 0


def test_arrows_go_along_a_stream_and_across(figure_style):
    figure = JointDiagramFigure(make_streams())
    at = [figure.step(DiagramStep(1), *way, RECT, figure_style).number for way in ((0, 1), (0, -1), (1, 0), (-1, 0))]
    assert at == [4, 0, 2, 1]


def test_one_stream_is_a_column_that_reaches_over_both_sides(view, qtbot):
    choose(view, "show", "diagram")
    steps = tuple(("text_and_regions", i) for i in range(2))
    answer(
        view,
        replace(make_result(), steps=steps, levels=tuple(JointLevel(f"Layer {i}", (s,)) for i, s in enumerate(steps))),
    )
    figure, canvas = view.figure(), view._canvas
    assert figure.caption == "This model has one stream: words and image go through the same layers, 2 of them"
    first, second = figure.boxes(canvas.figure_rect(), canvas.style_now)
    assert first.bottom() < second.top()
    assert first.center().x() == pytest.approx(canvas.figure_rect().center().x())
    assert figure.step(DiagramStep(0), 1, 0, RECT, canvas.style_now) == DiagramStep(0)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=second.center().toPoint())
    assert (view._options.value().show, view.asked[-1].level) == ("map", 1)


def test_what_is_shared_waits_for_both_streams():
    steps = (("text", 0), ("image", 0), ("image", 1), ("text_and_image", 0))
    figure = JointDiagramFigure(replace(make_streams(), steps=steps))
    assert figure.rows == (0, 0, 1, 2)
    assert figure.caption == "4 attentions in the order in which they run, 1 of them between words and image"
    assert figure.step(DiagramStep(2), 0, 1, RECT, FigureStyle()) == DiagramStep(3)


def test_an_image_that_is_read_to_the_end_is_drawn_to_there():
    """BLIP's words read the image, which reads none of them: its line goes on below its last block."""
    steps = (("image", 0), ("text", 0), ("text_to_image", 0), ("text", 1), ("text_to_image", 1))
    figure = JointDiagramFigure(replace(make_streams(), steps=steps))
    boxes = figure.boxes(RECT, FigureStyle())
    assert figure.rows == (0, 0, 1, 2, 3)
    assert figure._ends(boxes, False) == pytest.approx(boxes[4].center().y())
    assert figure._ends(boxes, True) is None


# Through tags


def test_what_goes_by_way_of_tags_is_a_map_of_its_own():
    result = make_result()
    options = JointOptions(attention="tags")
    np.testing.assert_array_equal(one_map(result, options, 0), result.pattern.mean(0))  # there are no tags
    through = np.random.default_rng(0).uniform(size=result.pattern.shape).astype(np.float32)
    tagged = replace(result, through_tags=through)
    np.testing.assert_array_equal(one_map(tagged, options, 1), through[1])
    assert about(tagged, options, 1) == "Layer 0, head 1, by way of the tags"


def test_grounding_has_both_ways_side_by_side():
    direct, through = np.array([[0.2, 0.75]], np.float32), np.array([[0.5, 0.25]], np.float32)
    result = GroundingResult(LEVELS[:1], direct, 0.25, 60, 3, 10, through_tags=through)
    figure = JointGroundingFigure(result, 0, 0, "tags")
    np.testing.assert_array_equal(figure.all_values, through)
    told = "Best head from word to region: 75.0 % of 60 words find their thing; through tags 50.0 %; at random 25.0 %"
    assert figure.caption == told
    without = JointGroundingFigure(replace(result, through_tags=None), 0, 0, "tags")
    np.testing.assert_array_equal(without.all_values, direct)
    assert without.caption.endswith("; this model reads no tags")


# What models are told beside words and image


def is_there(view, name):
    return view._options.control(name).isVisibleTo(view)


def test_a_model_of_several_tasks_is_told_the_chosen_one(view):
    assert not is_there(view, "task")
    now = subject()
    view.set_subject(replace(now, checkpoint=replace(INFO, told_beside=("task",))))
    assert is_there(view, "task")
    assert not is_there(view, "cells")
    assert view.asked[-1].input.text.task == 8
    choose(view, "task", 12)
    assert view.asked[-1].input == replace(now.input, text=replace(now.input.text, task=12))
    choose(view, "show", "grounding")  # scenes of its own
    assert not is_there(view, "task")


def test_the_cells_of_pixel_bert_are_all_or_drawn(view):
    now = subject()
    view.set_subject(replace(now, checkpoint=replace(INFO, told_beside=("cells_seed",))))
    assert view.asked[-1].input == now.input
    view._options.set_value(replace(view._options.value(), cells=3))
    assert view.asked[-1].input.image.cells_seed == 3
    assert view.asked[-1].input.text == now.input.text


def test_letters_for_layer_norm_are_words(figure_style):
    starts = (JointStart("word", "LN(word + place) + kind"),)
    told = JointDiagramFigure(replace(make_streams(), starts=starts))
    assert told.started("word") == "Words: LayerNorm(word + place) + kind"


def test_the_diagram_says_what_places_are_made_of_and_what_heads_tell(figure_style):
    starts = (JointStart("word", "word + place"), JointStart("tag", "word"), JointStart("region", "vector + box"))
    plain = JointDiagramFigure(make_streams())
    told = JointDiagramFigure(replace(make_streams(), starts=starts, heads=("hidden words", "hidden regions")))
    assert told.started("word", "tag") == "Words: word + place\nTags: word"
    assert told.started("region", "patch") == "Regions: vector + box"
    assert told.told == "It tells: hidden words, hidden regions"
    assert told.natural_size(figure_style).height() > plain.natural_size(figure_style).height()
    tall = QRectF(0, 0, 700, 700)
    assert told.boxes(tall, figure_style)[0].top() > plain.boxes(tall, figure_style)[0].top()
    assert (
        max(box.bottom() for box in told.boxes(RECT, figure_style))
        < RECT.bottom() - 1.5 * figure_style.font.pointSizeF()
    )
