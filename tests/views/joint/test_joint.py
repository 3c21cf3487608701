"""Words and image: what is painted is what was computed, and what is clicked is what is meant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton, QWidget

from inference.results.events import Failure
from inference.results.grounding import GroundingRequest, GroundingResult
from inference.results.image import ImageResult
from inference.results.inputs import ImageInput, Input, RegionsInput, TextInput
from inference.results.joint import (
    KINDS,
    JointLevel,
    JointRequest,
    JointResult,
    JointStream,
    JointWordsRequest,
    JointWordsResult,
)
from inference.results.regions import Regions
from inference.results.request import Capability
from inference.results.tokens import Tokens
from tests.answers import answer, watched
from tests.controls import rows_of_controls
from tests.image_factories import make_image, make_image_info
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.image_geometry import part_rect, patch_rect
from widgets.figures.panel_figure import Cell
from widgets.look import color_maps
from widgets.look.theme import FigureStyle
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.joint.answers_figure import AnswerWord, JointAnswersFigure
from widgets.views.joint.figure import JointFigure, JointPlace
from widgets.views.joint.grounding_figure import JointGroundingFigure
from widgets.views.joint.heads_figure import JointHeadsFigure
from widgets.views.joint.map_figure import JointMapFigure
from widgets.views.joint.maps import blocks_apart, on_regions
from widgets.views.joint.options import JointOptions
from widgets.views.joint.view import JointView

WORDS = ("[CLS]", "red", "house", "[SEP]")
GRID, SIZE = (2, 3), (90, 60)  # rows, columns; width, height
RECT = QRectF(0, 0, 600, 500)
INFO = replace(
    make_image_info(name="vilt-test"), reads=("text", "image"), capabilities=("attention", "joint"), mask_token="[MASK]"
)
LEVELS = (JointLevel("Layer 0", (("both", 0),)), JointLevel("Layer 1", (("both", 1),)))


def make_result(level=0, *, n_heads=2, with_regions=True, reads_regions=False):
    """Four words, and six patches (or two regions) of an image of 90 × 60 pixels."""
    rng = np.random.default_rng(level)
    n_image = 2 if reads_regions else 7
    n = 4 + n_image
    places = ("cup", "bird") if reads_regions else ("[CLS]", *(f"{r},{c}" for r in range(2) for c in range(3)))
    kinds = ["special", "word", "word", "special", *(["region"] * 2 if reads_regions else ["other", *["patch"] * 6])]
    special = np.array([kind in ("special", "other") for kind in kinds])
    boxes = np.full((n, 4), np.nan, np.float32)
    region_boxes = np.array([[0, 0, 45, 30], [15, 0, 30, 30]], np.float32)
    if reads_regions:
        boxes[4:] = region_boxes
    else:
        for i in range(6):
            row, column = divmod(i, 3)
            boxes[5 + i] = 30 * column, 30 * row, 30 * column + 30, 30 * row + 30
    pattern = rng.dirichlet(np.ones(n), (n_heads, n)).astype(np.float32)
    shares = rng.uniform(0, 1, (2, n_heads, len(KINDS), len(KINDS))).astype(np.float32)
    shares[:, :, KINDS.index("tag")] = shares[:, :, :, KINDS.index("tag")] = np.nan
    shares[:, :, KINDS.index("region")] = shares[:, :, :, KINDS.index("region")] = np.nan
    picture = ImageResult(make_image(SIZE[1], SIZE[0]), make_image(8, 12), (0, 0, 1, 1), SIZE, GRID, 1, "about")
    regions = Regions(region_boxes, None, ("cup", ""), np.array([0.9, np.nan], np.float32), SIZE)
    return JointResult(
        LEVELS, level, (("both", 0, n),),
        Tokens(np.arange(n), (*WORDS, *places), np.ones(n, bool), special, np.zeros(n, np.int8)),
        np.array([KINDS.index(kind) for kind in kinds], np.uint8), boxes, pattern, pattern.mean(0), shares,
        shares.copy(), regions if with_regions else None, picture,
    )  # fmt: skip


def make_answers(masked=(1,)):
    n = len(masked)
    tokens = make_result().tokens.taken(range(4))
    words = tuple(tuple(("red", "blue") for _ in masked) for _ in range(2))
    probs = np.tile(np.array([0.7, 0.2], np.float32), (2, n, 1))
    probs[1] = 0.3, 0.25
    return JointWordsResult(
        tokens, np.array(masked, np.int64), ("red",) * n, words, probs, probs[:, :, 0],
        np.array([0.9, 0.4], np.float32), is_probability=True,
    )  # fmt: skip


def subject(text="red house", **more):
    return Subject(INFO, Input(text=TextInput(text), image=ImageInput(seed=3), **more))


@pytest.fixture
def view(qtbot):
    view = watched(JointView(ViewContext()), qtbot, 1000, 700)
    view.set_subject(subject())
    return view


def choose(view, name, value):
    combo = view.findChild(QComboBox, f"joint_{name}")
    combo.setCurrentIndex(combo.findData(value))


def read_out(view):
    return view.findChild(QLabel, "joint_read_out").text()


def options(**chosen):
    return JointOptions(**chosen)


def test_the_capability_is_what_the_view_needs():
    assert JointRequest.needs == JointWordsRequest.needs == {Capability.JOINT}


# On the image


def test_the_overlay_is_what_the_word_looks_at_to_the_pixel(qapp):
    result = make_result(with_regions=False)
    figure = JointFigure(result, 1, (JointPlace(2),), options(opacity=1.0))
    sheet = QImage(600, 500, QImage.Format.Format_RGB32)
    sheet.fill(Qt.GlobalColor.white)
    style = FigureStyle()
    with QPainter(sheet) as painter:
        figure.paint(painter, RECT, style)
    image = figure.image_box(RECT, style)
    values = result.pattern[1, 2, 5:]
    table = color_maps.lookup(style.color_map)
    for patch, value in enumerate(values):
        place = patch_rect(patch, GRID, image).center().toPoint()
        wanted = QColor(int(table[round(255 * float(value / values.max()))]))
        found = sheet.pixelColor(place)
        assert max(abs(a - b) for a, b in zip(wanted.getRgb(), found.getRgb(), strict=True)) <= 2
        assert figure.spot_at(QPointF(place), RECT, style) == JointPlace(5 + patch)


def test_several_pinned_words_share_the_image_between_them(qapp):
    result = make_result(with_regions=False)
    pattern = np.full_like(result.pattern, 0.001)
    pattern[:, 1, 5] = pattern[:, 2, 10] = 0.9
    figure = JointFigure(replace(result, pattern=pattern), 0, (JointPlace(1), JointPlace(2)), options(opacity=1.0))
    sheet, style = QImage(600, 500, QImage.Format.Format_RGB32), FigureStyle()
    with QPainter(sheet) as painter:
        figure.paint(painter, RECT, style)
    image = figure.image_box(RECT, style)
    for number, patch in enumerate((0, 5)):
        found = sheet.pixelColor(patch_rect(patch, GRID, image).center().toPoint())
        assert found.getRgb()[:3] == style.theme.series[number].getRgb()[:3]


@pytest.mark.parametrize("direction", ["to", "from"])
def test_words_are_tinted_by_what_the_patch_looks_at_or_what_looks_at_it(direction, qapp):
    result = make_result()
    figure = JointFigure(result, 0, (JointPlace(6),), options(direction=direction))
    values = figure.values(JointPlace(6))
    np.testing.assert_array_equal(values, result.pattern[0, 6] if direction == "to" else result.pattern[0, :, 6])
    chips, _ = figure.chips(RECT, FigureStyle(), values)
    assert [chip.text for chip in chips] == [*WORDS, "[CLS]"]
    best = int(np.argmax(values[1:3]))
    assert chips[1 + best].tint == 1
    assert chips[2 - best].tint == pytest.approx(values[2 - best] / values[1 + best])


def test_what_lies_on_a_box_is_its_share_of_the_patches():
    result = make_result()
    values = np.arange(11, dtype=np.float32)
    # 45 × 30 pixels over patches of 30 × 30: one and a half of the first row; the other half of the first.
    np.testing.assert_allclose(on_regions(result, values), [5 + 6 / 2, 5 / 2], rtol=1e-6)
    np.testing.assert_array_equal(on_regions(make_result(reads_regions=True), values[:6]), [4, 5])


def test_a_box_over_patches_is_pointed_at_while_boxes_are_shown(qapp):
    result, style = make_result(), FigureStyle()
    figure = JointFigure(result)
    image = figure.image_box(RECT, style)
    inner = part_rect((20 / 90, 10 / 60, 21 / 90, 11 / 60), image).center()  # in both boxes: the smaller one
    assert figure.spot_at(inner, RECT, style) == JointPlace(-1, 1)
    outer = part_rect((5 / 90, 10 / 60, 6 / 90, 11 / 60), image).center()
    assert figure.spot_at(outer, RECT, style) == JointPlace(-1, 0)
    inside = result.pattern[0, 5] + result.pattern[0, 6] / 2
    np.testing.assert_allclose(figure.values(JointPlace(-1, 0)), inside / 1.5, rtol=1e-5)
    assert JointFigure(result, options=options(boxes=False)).spot_at(outer, RECT, style) == JointPlace(5)
    assert figure.describe(JointPlace(-1, 1)).startswith("box 1, box 1: looks most at")


def test_a_region_that_is_read_is_a_place(qapp):
    result, style = make_result(reads_regions=True), FigureStyle()
    figure = JointFigure(result)
    inner = part_rect((20 / 90, 10 / 60, 21 / 90, 11 / 60), figure.image_box(RECT, style)).center()
    assert figure.spot_at(inner, RECT, style) == JointPlace(5)
    assert figure.describe(JointPlace(4)).startswith("region cup, position 4: looks most at")


def test_pixels_and_places_on_the_sheet_are_each_others_reverse(qapp):
    figure, style = JointFigure(make_result()), FigureStyle()
    image = figure.image_box(RECT, style)
    box = figure.to_sheet(np.array([10, 20, 40, 50]), image)
    assert figure.to_pixels(box.topLeft(), image) == pytest.approx((10, 20))
    assert figure.to_pixels(box.bottomRight(), image) == pytest.approx((40, 50))
    assert figure.to_pixels(QPointF(-99, 9999), image) == (0, 60)


def test_where_nothing_attends_it_says_so(qapp):
    result = make_result()
    pattern = result.pattern.copy()
    pattern[:, :4, 4:] = np.nan
    figure = JointFigure(replace(result, pattern=pattern), 0, (JointPlace(1),))
    sheet = QImage(600, 500, QImage.Format.Format_RGB32)
    with QPainter(sheet) as painter:
        figure.paint(painter, RECT, FigureStyle())
    assert figure._title(figure.pinned, figure.values(JointPlace(1))) == "“red” reads no part of the image here"


def test_a_title_tells_what_adds_up_with_what(qapp):
    result = make_result()
    one = texts_of(JointFigure(result, 0, (JointPlace(1),)), RECT)
    assert any("of its attention goes to the image, to 6 patches, at most" in text for text in one)
    assert "Words, the more coloured the more lies on them" in one
    # Two sequences of keys, each with a sum of its own; [CLS] belongs to the image's.
    pattern = result.pattern.copy()
    pattern[:, :, :4] /= pattern[:, :, :4].sum(2, keepdims=True)
    pattern[:, :, 4:] /= pattern[:, :, 4:].sum(2, keepdims=True)
    parted = replace(result, axes=(("text", 0, 4), ("image", 4, 11)), pattern=pattern)
    two = texts_of(JointFigure(parted, 0, (JointPlace(1),)), RECT)
    most, rest = (f"{100 * part:.1f} %" for part in (pattern[0, 1, 5:].max(), pattern[0, 1, 4]))
    title = f"“red”: its attention to the image goes to 6 patches, at most {most} to one, and {rest} to “[CLS]”"
    assert title in two
    assert title in texts_of(JointFigure(parted, 0, (JointPlace(1),)), QRectF(0, 0, 440, 500))  # in smaller letters
    assert any(text.endswith("with a sum of their own, beside that of the image") for text in two)
    # To the image alone.
    pattern[:, :, :4] = np.nan
    assert "Words" in texts_of(JointFigure(replace(parted, pattern=pattern), 0, (JointPlace(1),)), RECT)


# The map


def test_blocks_apart_sum_to_one_each():
    result = make_result()
    apart = blocks_apart(result.pattern[0], result.kinds)
    np.testing.assert_allclose(apart[:, 1:3].sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(apart[:, 5:].sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(apart[:, [0, 3, 4]].sum(1), 1, rtol=1e-5)


def test_the_map_shows_the_chosen_blocks():
    result = make_result()
    figure = JointMapFigure(result, 1, options(show="map", rows="text", columns="image"))
    np.testing.assert_array_equal(figure.values, result.pattern[1, 1:3, 5:])
    assert figure.describe(figure.spot_at(figure.panels(RECT, FigureStyle())[0][0].plot(RECT, FigureStyle()).center(),
                                          RECT, FigureStyle())).startswith("“")  # fmt: skip
    assert [kind for kind, *_ in JointMapFigure(result)._kinds(np.arange(11))] == [
        "special", "words", "special", "other", "patches",
    ]  # fmt: skip


# The heads


@pytest.mark.parametrize("measure", ["share", "focus"])
def test_heads_are_listed_by_what_they_cross(measure):
    result = make_result()
    figure = JointHeadsFigure(result, 0, options(show="heads", measure=measure))
    word, patch = KINDS.index("word"), KINDS.index("patch")
    np.testing.assert_allclose(
        figure.values, (result.shares if measure == "share" else result.focus)[:, :, word, patch]
    )
    level, head = np.unravel_index(figure.values.argmax(), figure.values.shape)
    assert figure.ranked[0][:2] == (level, head)
    assert f"highest in Layer {level}, head {head}" in figure.caption
    values = [value for *_, value in figure.ranked]
    assert values == sorted(values, reverse=True)
    assert len(values) == 4


def test_names_of_a_map_are_whole_where_there_is_room(qapp):
    result = make_result(reads_regions=True)
    names = (*result.tokens.words[:4], "medium yellow cup", "small purple balloon")
    figure = JointMapFigure(replace(result, tokens=replace(result.tokens, words=names)), 0, options())
    shown = texts_of(figure, QRectF(0, 0, 800, 500))
    assert shown.count("small purple balloon") == shown.count("medium yellow cup") == 2  # row and column
    assert "small purple balloon" not in texts_of(figure, QRectF(0, 0, 400, 160))


def test_tags_are_named_beside_words(qapp):
    result = make_result()
    kinds = result.kinds.copy()
    kinds[2] = KINDS.index("tag")
    assert "Words, the more coloured the more lies on them" in texts_of(JointFigure(result), RECT)
    tagged = texts_of(JointFigure(replace(result, kinds=kinds)), RECT)
    assert "Words and tags, the more coloured the more lies on them" in tagged


# Answers


def test_the_answers_stand_side_by_side():
    figure = JointAnswersFigure(make_answers())
    assert [card.title for card in figure.cards] == ["1 · with the image",
                                                     "1 · image hidden −40.0"]  # fmt: skip
    assert figure.score_text.startswith("Text and image belong together: 90.0 % with the image, 40.0 %")
    assert [row[-1] for row in figure.numbers().rows[:2]] == pytest.approx([0.9, 0.4])
    none = replace(make_answers(()), why_no_words="X has no head that fills in words", scores=np.full(2, np.nan))
    assert JointAnswersFigure(none).words_text == "No masked words: X has no head that fills in words."


def test_another_image_stands_beside_and_what_the_word_loses_is_told():
    two = make_answers()
    probs = np.concatenate([two.probs, np.full((1, 1, 2), 0.05, np.float32)])
    three = replace(
        two, given=("image", "image hidden", "another image"), words=(*two.words, (("blue", "grey"),)), probs=probs,
        original_probs=np.array([[0.7], [0.3], [0.8]], np.float32), scores=np.array([0.9, 0.4, 0.1], np.float32),
    )  # fmt: skip
    figure = JointAnswersFigure(three)
    assert [card.title for card in figure.cards] == [
        "1 · with the image", "1 · image hidden −40.0", "1 · another image +10.0",
    ]  # fmt: skip
    assert figure.score_text.endswith("90.0 % with the image, 40.0 % with it hidden, 10.0 % with another image")
    typed = JointAnswersFigure(replace(three, original=("",)))
    assert typed.cards[1].title == "1 · image hidden"  # nothing was there that could lose
    assert {row[0] for row in figure.numbers().rows} == {"image", "image hidden", "another image"}


def test_whether_they_belong_together_is_told_by_bars_below_the_caption(qapp):
    figure = JointAnswersFigure(make_answers())
    assert figure.caption == "Text and image belong together: 90.0 % with the image, 40.0 % with it hidden"
    assert [(row.text, row.prob) for row in figure.bars.candidates] == [
        ("with the image", pytest.approx(0.9)), ("with it hidden", pytest.approx(0.4)),
    ]  # fmt: skip
    assert figure.caption not in texts_of(figure, RECT)  # nothing is said twice
    assert "90.0 %" in texts_of(figure, RECT)
    logits = JointAnswersFigure(replace(make_answers(), is_probability=False))
    assert logits.bars is None
    assert logits.caption.startswith("Logit of the pair")


# The view


def test_a_plan_is_of_no_layer(view):
    plan = make_result()
    answer(view, replace(plan, transport=plan.pattern[0]))
    levels, head = view.findChild(QComboBox, "joint_level"), view.findChild(QWidget, "joint_head")
    assert levels.isVisibleTo(view)
    choose(view, "attention", "transport")
    assert not levels.isVisibleTo(view)
    view._on_canvas_spot_chosen(JointPlace(1))
    assert view.figure().caption == "Transport plan of the last layer: where “red” goes"
    assert "red”, position 1: goes to " in view.figure().describe(JointPlace(1))
    answer(view, plan)  # another model has none, and the mean of a layer is shown
    assert levels.isVisibleTo(view)
    assert "mean of 2 heads (this model has no transport plan)" in view.figure().caption
    choose(view, "attention", "tags")
    assert not head.isVisibleTo(view)
    choose(view, "show", "map")
    assert "mean of 2 heads (this model reads no tags here)" in view.figure().caption


def test_it_asks_for_the_first_level_and_for_answers_when_these_are_shown(view):
    of = "vilt-test", subject().input
    assert view.asked == [JointRequest(*of, 0)]
    answer(view, make_result())
    choose(view, "show", "answers")
    assert view.asked[-1] == JointWordsRequest(*of)
    answer(view, make_answers())
    assert isinstance(view.figure(), JointAnswersFigure)


def test_another_layer_is_asked_for_and_selected_everywhere(view):
    answer(view, make_result())
    combo = view.findChild(QComboBox, "joint_level")
    assert [combo.itemText(i) for i in range(combo.count())] == ["Layer 0", "Layer 1"]
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert view.asked[-1].level == 1
    assert (view.selection.now.group, view.selection.now.layer) == ("both", 1)
    answer(view, make_result(1))
    view.selection.update(layer=0)
    assert view.asked[-1].level == 0


def test_hovering_tells_and_clicking_pins(view, qtbot):
    answer(view, make_result())
    canvas = view._canvas
    _, boxes = view.figure().chips(canvas.figure_rect(), canvas.style_now)
    place = boxes[1].center().toPoint()
    qtbot.mouseMove(canvas, place)
    qtbot.waitUntil(lambda: read_out(view).startswith("“red”, position 1: looks most at"))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.figure().pinned == (JointPlace(1),)
    assert "what “red” looks at" in view.figure().caption
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.figure().pinned == ()


def drag(qtbot, canvas, start, end):
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)


def test_a_drag_over_the_image_draws_a_box_in_pixels_of_it(view, qtbot):
    answer(view, make_result())
    wanted = []
    view.context.input_requested.connect(wanted.append)
    canvas = view._canvas
    image = view.figure().image_box(canvas.figure_rect(), canvas.style_now)
    start, end = (part_rect((x / 90, y / 60, 1, 1), image).topLeft().toPoint() for x, y in ((70, 10), (40, 50)))
    drag(qtbot, canvas, start, end)
    (input,) = wanted
    assert (input.kinds, input.regions.path, input.regions.of_scene) == (("regions",), "", False)
    assert input.regions.boxes[0] == pytest.approx((40, 10, 70, 50), abs=0.3)
    view.set_subject(subject(regions=RegionsInput(boxes=((1.0, 2.0, 3.0, 4.0),), of_scene=True)))
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    assert wanted[-1].regions == RegionsInput(of_scene=True)


def test_a_model_of_regions_says_that_a_drawn_box_has_no_features(view, qtbot):
    answer(view, make_result(reads_regions=True))
    said = []
    view.noticed.connect(said.append)
    canvas = view._canvas
    middle = view.figure().image_box(canvas.figure_rect(), canvas.style_now).center().toPoint()
    drag(qtbot, canvas, middle, middle + QPoint(40, 40))
    assert said == ["This model reads the regions of a file; a drawn box has no features for it."]


def test_a_drawn_box_is_read_where_the_detector_is_at_hand(view, qtbot):
    now = subject()
    view.set_subject(replace(now, checkpoint=replace(INFO, detector="scene-detector")))
    answer(view, make_result(reads_regions=True))
    said, wanted = [], []
    view.noticed.connect(said.append)
    view.context.input_requested.connect(wanted.append)
    canvas = view._canvas
    middle = view.figure().image_box(canvas.figure_rect(), canvas.style_now).center().toPoint()
    drag(qtbot, canvas, middle, middle + QPoint(40, 40))
    assert (said, len(wanted)) == ([], 1)


SCORES = np.array([[0.2, 0.75], [np.nan, 0.5]], np.float32)


def make_grounding():
    return GroundingResult(LEVELS, SCORES, 0.25, 60, 3, 10)


def test_grounding_names_the_best_head_and_chance_beside_it(view, qtbot):
    view._options.set_value(JointOptions(show="grounding"))
    assert view.requests() == (GroundingRequest(INFO.checkpoint),)
    answer(view, make_grounding())
    figure = view.figure()
    assert isinstance(figure, JointGroundingFigure)
    told = "Best is Layer 0, head 1: 75.0 % of 60 words in 10 drawn scenes find their thing; at random 25.0 %"
    assert figure.caption == told
    assert figure.list_title == "Highest first; chance 0.25"
    assert [(level, head) for level, head, _ in figure.ranked] == [(0, 1), (1, 1), (0, 0)]
    assert figure.describe(Cell(0, 1, 0)) == "Layer 1, head 0: there is none such"
    numbers = figure.numbers()
    assert numbers.rows[0] == (1, 0, "Layer 0", 1, 0.75)
    assert numbers.rows[-1] == ("", "", "chance", "", 0.25)
    np.testing.assert_array_equal(numbers.arrays["grounding"], SCORES)


def test_grounding_is_asked_with_the_regions_that_are_chosen_and_without_a_text(view):
    view.set_subject(subject(text="", regions=RegionsInput(of_detector=False)))
    view._options.set_value(JointOptions(show="grounding"))
    assert view.requests() == (GroundingRequest(INFO.checkpoint, of_detector=False),)


def test_a_click_on_a_head_that_grounds_selects_it(view, qtbot):
    view._options.set_value(JointOptions(show="grounding"))
    answer(view, make_grounding())
    view._on_canvas_spot_chosen(Cell(0, 1, 1))
    now = view.selection.now
    assert (now.group, now.layer, now.head) == ("both", 1, 1)
    assert (view.figure().level, view.figure().head) == (1, 1)


def test_a_click_among_the_heads_selects_one(view, qtbot):
    answer(view, make_result())
    choose(view, "show", "heads")
    canvas = view._canvas
    ((panel, area),) = view.figure().panels(canvas.figure_rect(), canvas.style_now)
    place = panel.cell_rect(1, 1, panel.plot(area, canvas.style_now)).center().toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert (view.selection.now.layer, view.selection.now.head) == (1, 1)
    assert view.asked[-1].level == 1


def test_a_click_on_a_word_of_the_answers_masks_it(view, qtbot):
    choose(view, "show", "answers")
    answer(view, make_answers(()))
    canvas = view._canvas
    place = view.figure()._words(canvas.figure_rect(), canvas.style_now)[2].center().toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.selection.masked == (2,)
    assert view.figure().spot_at(QPointF(place), canvas.figure_rect(), canvas.style_now) == AnswerWord(2)


def test_without_a_text_a_sentence_says_what_to_do(qtbot):
    view = watched(JointView(ViewContext()), qtbot, 900, 500)
    view.set_subject(subject(" "))
    assert view.asked == []
    assert view._page.empty_text == "Type a text above to see where in the image its words look."


def test_a_refusal_takes_away_a_picture_of_another_kind(view):
    answer(view, make_result())
    choose(view, "show", "hidden")
    told = []
    view.noticed.connect(told.append)
    view.take_failure(view.asked[-1], Failure("refused", "It reads no regions."))
    assert (view._page.empty_text, told) == ("It reads no regions.", [])
    assert view._page.is_empty
    assert view.figure() is None
    assert view.why_not_current == ""
    choose(view, "show", "image")
    answer(view, make_result())
    assert isinstance(view.figure(), JointFigure)
    assert not view._page.is_empty


def test_what_was_told_of_another_text_is_not_shown_for_this_one(view):
    choose(view, "show", "answers")
    answer(view, make_answers())
    choose(view, "show", "image")
    answer(view, make_result())
    view.set_subject(subject("red cup"))
    assert isinstance(view.figure(), JointFigure)  # dimmed, until the next is there
    choose(view, "show", "answers")
    assert view.figure() is None


def test_its_numbers_name_their_axes_and_their_boxes_are_in_pixels():
    numbers = JointFigure(make_result()).numbers()
    arrays = numbers.arrays
    assert arrays["pattern"].shape == (2, 11, 11)
    assert arrays["pattern_axes"].tolist() == ["head", "query_pos", "key_pos"]
    assert arrays["kinds"].tolist()[:6] == ["special", "word", "word", "special", "other", "patch"]
    assert arrays["boxes"][-1].tolist() == [60, 30, 90, 60]
    assert arrays["image_size"].tolist() == [90, 60]
    assert arrays["region_boxes"][1].tolist() == [15, 0, 30, 30]
    assert len(numbers.rows) == 11 * 11


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: JointView(ViewContext()))


def test_a_plan_is_shown_in_place_of_attention_where_there_is_one():
    result = make_result(reads_regions=True)
    plan = np.full((6, 6), np.nan, np.float32)
    plan[:4, 4:], plan[4:, :4] = [0.9, 0.1], 0.25
    options = JointOptions(show="map", attention="transport", rows="text", columns="image")
    figure = JointMapFigure(replace(result, transport=plan), 0, options)
    np.testing.assert_array_equal(figure.values, np.tile(np.float32([0.9, 0.1]), (2, 1)))
    assert figure.caption.startswith("Transport plan of the last layer")
    np.testing.assert_array_equal(figure.numbers().arrays["transport"], plan)
    assert "mean of 2 heads" in JointMapFigure(result, 0, options).caption


def test_a_selected_token_is_shown_while_nothing_is_pinned(view):
    """As every view shows what is selected: an example of Home opens a word's attention so."""
    answer(view, make_result())
    assert view.figure().pinned == ()
    example = view.figure().shown
    assert len(example) == 1
    name = view.figure().result.tokens.words[example[0].pos]
    assert view.figure().caption == f"Layer 0, head 0: what “{name}” looks at; an example, as nothing is pinned"
    view.selection.update(query=Position("both", 2))
    assert view.figure().pinned == (JointPlace(2),)
    view._on_canvas_spot_chosen(JointPlace(1))
    assert view.figure().pinned == (JointPlace(1),)
    view.findChild(QToolButton, "joint_unpin").click()
    assert view.figure().pinned == (JointPlace(2),)
    view.selection.update(query=Position("other", 2))
    assert view.figure().pinned == ()


@pytest.mark.parametrize(
    ("streams", "level"),
    [((JointStream("both", "Both", "both", "both"),), 1), ((JointStream("both", "Text", "text", "text"),), 0)],
)
def test_it_begins_with_the_selected_layer_where_words_and_image_meet_in_it(qtbot, streams, level):
    """As the panel of what is selected says; else with the first layer in which they do."""
    view = watched(JointView(ViewContext()), qtbot, 1000, 700)
    view.selection.update(group="both", layer=1, head=1)
    view.set_subject(subject())
    answer(view, replace(make_result(0), streams=streams))
    assert view.asked[-1].level == level
    answer(view, replace(make_result(level), streams=streams))
    assert view.figure().caption.startswith(f"Layer {level}, head 1")


def test_the_layer_of_a_selected_token_comes_first(qtbot):
    token = watched(JointView(ViewContext()), qtbot, 1000, 700)
    token.selection.update(group="both", layer=1, head=1, query=Position("both", 2))
    token.set_subject(subject())
    answer(token, make_result(0))
    assert token.asked[-1].level == 1
    answer(token, make_result(1))
    assert token.figure().caption == "Layer 1, head 1: what “house” looks at"


def test_controls_of_a_map_are_one_row_in_a_small_window(view):
    answer(view, make_result())
    choose(view, "show", "map")
    view.resize(850, 600)
    assert rows_of_controls(view._page.controls) == 1
