"""Attention over patches: clicks and arrow keys choose the query, everything of it is on screen at once."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QSpinBox, QToolButton, QWidget

from inference.results.checkpoint import AttentionGroup
from inference.results.events import Failure
from inference.results.patches import PatchesRequest
from tests.answers import answer, fail, watched
from tests.image_factories import make_image_info, make_patches_result
from tests.inputs import image_input
from tests.places import at, index_of
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.image_geometry import patch_rect
from widgets.look.theme import FigureStyle
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.patches.figure import MapKey, PatchesFigure, beside, token_title
from widgets.views.patches.options import PatchesOptions
from widgets.views.patches.view import PatchesView

INPUT = image_input(seed=1)


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    view = watched(PatchesView(ViewContext(selection)), qtbot, 1000, 700)
    view.set_subject(Subject(make_image_info(), INPUT))
    answer(view, make_patches_result())
    return view


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def choose(view, name, data):
    combo = child(view, QComboBox, name)
    combo.setCurrentIndex(combo.findData(data))


def click_key(view, key, place=0, double=False):
    """Click a token in one of the maps."""
    canvas = child(view, QWidget, "patches_canvas")
    figure = canvas.figure
    places = figure.places(canvas.figure_rect(), canvas.style_now)
    result = figure.sides[places[place].side]
    if key < result.n_special:
        box = next(box for side, k, box in figure.chips(canvas.figure_rect(), canvas.style_now) if k == key)
    else:
        box = patch_rect(key - result.n_special, result.grid, places[place].box)
    act = QTest.mouseDClick if double else QTest.mouseClick
    act(canvas, Qt.MouseButton.LeftButton, pos=box.center().toPoint())


# What is asked


def test_which_query_comes_first_is_left_to_the_engine(view):
    assert view.asked == [PatchesRequest("vit-test", INPUT, "encoder")]


def test_a_click_makes_a_patch_the_query(view, selection):
    click_key(view, 6)
    assert index_of(selection.now.query) == 6
    assert view.asked[-1] == PatchesRequest("vit-test", INPUT, "encoder", 6)


def test_a_chip_makes_the_class_token_the_query_again(view, selection):
    click_key(view, 6)
    answer(view, make_patches_result(query=6))
    click_key(view, 0)
    assert index_of(selection.now.query) == 0


def test_arrow_keys_move_the_query(view, selection):
    canvas = child(view, QWidget, "patches_canvas")
    selection.update(query=at(6))  # patch (1, 1) of 3 x 4
    answer(view, make_patches_result(query=6))
    for key, position in (
        (Qt.Key.Key_Right, 7), (Qt.Key.Key_Down, 11), (Qt.Key.Key_Down, 11), (Qt.Key.Key_Left, 10),
        (Qt.Key.Key_Up, 6), (Qt.Key.Key_Up, 2), (Qt.Key.Key_Up, 0), (Qt.Key.Key_Down, 1),
    ):  # fmt: skip
        QTest.keyClick(canvas, key)
        assert index_of(selection.now.query) == position


def test_special_tokens_lie_above_the_first_row():
    result = make_patches_result(specials=("[CLS]", "[REG]"))
    assert beside(result, 0, 1, 0) == 1
    assert beside(result, 1, 1, 0) == 1
    assert beside(result, 1, 0, 1) == 3
    assert beside(result, 3, 0, -1) == 1
    bare = make_patches_result(specials=())
    assert beside(bare, 0, 0, -1) == 0
    assert beside(bare, 3, 1, 0) == 3


def test_another_layer_or_head_asks_nothing(view, selection):
    view.asked.clear()
    selection.update(layer=2, head=3)
    child(view, QSpinBox, "patches_layer_number").setValue(1)
    assert view.asked == []
    assert (view.figure().layer, view.figure().head) == (1, 3)


def test_nothing_is_asked_without_an_image(qtbot, selection):
    view = PatchesView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    asked = []
    view.request_changed.connect(asked.append)
    assert asked == []
    assert view.figure() is None


# What is shown


def test_what_a_causal_model_cannot_see_is_told(view):
    figure = view.figure()
    assert "not seen" not in figure.caption
    pattern = figure.result.pattern.copy()
    pattern[..., figure.result.query + 1 :] = 0
    assert replace(figure, result=replace(figure.result, pattern=pattern)).caption.endswith(
        "what comes later is not seen"
    )


@pytest.mark.parametrize("weights", ["raw", "weighted", "rollout"])
def test_the_numbers_are_those_chosen(view, weights):
    choose(view, "patches_weights", weights)
    figure, result = view.figure(), make_patches_result()
    expected = {"raw": result.pattern[0, 0], "weighted": result.weighted[0, 0], "rollout": result.rollout[0]}[weights]
    np.testing.assert_array_equal(figure.values(0, figure.layer, figure.head), expected)


def test_the_caption_says_which_numbers_they_are(view):
    assert "attention weights" in view.figure().caption
    choose(view, "patches_weights", "weighted")
    assert "Kobayashi" in view.figure().caption
    choose(view, "patches_weights", "rollout")
    assert "Abnar and Zuidema" in view.figure().caption
    assert "head" not in view.figure().caption


@pytest.mark.parametrize(("show", "n_maps"), [("head", 1), ("heads", 4), ("layers", 4)])
def test_all_heads_or_all_layers_stand_side_by_side(view, show, n_maps):
    choose(view, "patches_show", show)
    canvas = child(view, QWidget, "patches_canvas")
    places = view.figure().places(canvas.figure_rect(), canvas.style_now)
    assert len(places) == n_maps
    assert len({(place.layer, place.head) for place in places}) == n_maps
    assert all(canvas.figure_rect().contains(place.box) for place in places)
    assert not any(a.box.intersects(b.box) for i, a in enumerate(places) for b in places[:i])


def test_a_click_among_heads_selects_that_head(view, selection):
    choose(view, "patches_show", "heads")
    click_key(view, 5, place=2)
    assert (selection.now.head, index_of(selection.now.query)) == (2, 5)


def test_a_double_click_shows_a_head_alone(view):
    choose(view, "patches_show", "heads")
    click_key(view, 5, place=3, double=True)
    assert child(view, QComboBox, "patches_show").currentData() == "head"


def test_a_rollout_has_no_heads(view):
    choose(view, "patches_show", "heads")
    choose(view, "patches_weights", "rollout")
    assert view.figure().options.show == "head"
    assert not child(view, QWidget, "patches_head").isEnabled()
    choose(view, "patches_weights", "raw")
    assert child(view, QWidget, "patches_head").isEnabled()


def test_what_is_not_known_cannot_be_chosen(view):
    choose(view, "patches_weights", "rollout")
    answer(
        view, make_patches_result(has_values=False, has_rollout=False, notes=("Stages differ in size.",), size=(30, 40))
    )
    assert view.figure().options.weights == "raw"
    combo = child(view, QComboBox, "patches_weights")
    assert [combo.model().item(i).isEnabled() for i in range(3)] == [True, False, False]
    assert combo.model().item(2).toolTip().startswith("<qt>Stages differ in size.<br><br>rollout: ")


def test_a_first_part_without_rollout_leaves_the_rollout_standing(view):
    choose(view, "patches_weights", "rollout")
    before = view.figure()
    view.selection.update(query=at(4))
    first_part = make_patches_result(query=4, has_rollout=False, notes=("The rollout is being computed.",))
    answer(view, first_part, is_partial=True)
    assert view.figure() is before
    assert "Computing what was asked for" in view.why_not_current
    answer(view, make_patches_result(query=4))
    assert view.figure().result.query == 4
    assert view.why_not_current == ""


def test_weights_need_not_wait_for_the_rollout(view):
    view.selection.update(query=at(4))
    answer(view, make_patches_result(query=4, has_rollout=False), is_partial=True)
    assert view.figure().result.query == 4
    assert view.why_not_current == ""


def test_of_another_image_the_weights_are_shown_until_its_rollout_is_there(view):
    choose(view, "patches_weights", "rollout")
    answer(view, make_patches_result(has_rollout=False, size=(30, 40)), is_partial=True)
    assert view.figure().options.weights == "raw"
    assert "first look" in view.why_not_current
    answer(view, make_patches_result(size=(30, 40)))
    assert view.figure().options.weights == "rollout"


def test_pointing_gives_the_number(view):
    canvas = child(view, QWidget, "patches_canvas")
    place = view.figure().places(canvas.figure_rect(), canvas.style_now)[0]
    QTest.mouseMove(canvas, patch_rect(7, (3, 4), place.box).center().toPoint())
    text = child(view, QLabel, "patches_read_out").text()
    value = make_patches_result().pattern[0, 0, 8]
    assert "patch (1, 3)" in text
    assert f"{value:.5f}" in text


def test_a_kept_image_stands_beside_the_next(view, selection):
    child(view, QToolButton, "patches_keep").click()
    answer(view, make_patches_result(query=5, seed=3))
    figure = view.figure()
    assert [side.query for side in figure.sides] == [0, 5]
    canvas = child(view, QWidget, "patches_canvas")
    left, right = figure.places(canvas.figure_rect(), canvas.style_now)
    assert left.box.right() < right.box.left()
    click_key(view, 6, place=0)
    assert index_of(selection.now.query) is None  # what was kept stays as it is
    child(view, QToolButton, "patches_drop").click()
    assert view.figure().kept is None


def test_opacity_and_the_other_looks_reach_the_image(view):
    child(view, QDoubleSpinBox, "patches_opacity").setValue(25)
    child(view, QWidget, "patches_smooth").click()
    child(view, QWidget, "patches_spotlight").click()
    look = view.figure().look
    assert (look.opacity, look.is_smooth, look.is_spotlight, look.has_grid) == (0.25, True, True, True)


def test_a_failure_keeps_the_old_picture(view, qtbot):
    before = view.figure()
    with qtbot.waitSignal(view.noticed) as blocker:
        fail(view, Failure("refused", "This image has gone."))
    assert blocker.args == ["This image has gone."]
    assert view.figure() is before


OTHER = Subject(replace(make_image_info(name="other"), checkpoint="other"), INPUT)


def test_an_old_picture_is_dimmed_until_the_next_is_there(view, qtbot, selection):
    check_provenance(view, qtbot, make_patches_result(), change=lambda: selection.update(query=at(5)), other=OTHER)


def test_another_group_is_not_shown_under_this_one_s_name(qtbot, selection):
    groups = tuple(
        AttentionGroup(name, name, (4,) * 4, query_axis="image", key_axis="image") for name in ("one", "two")
    )
    view = PatchesView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(replace(make_image_info(), groups=groups), INPUT))
    answer(view, make_patches_result(group="one"))
    check_provenance(view, qtbot, make_patches_result(), change=lambda: selection.update(group="two"), other=OTHER)


def test_a_kept_picture_of_another_checkpoint_is_named(view):
    child(view, QToolButton, "patches_keep").click()
    assert view.figure().caption.endswith("; left: [CLS]")
    title = view.subject.title
    view.set_subject(OTHER)
    answer(view, make_patches_result(seed=3))
    assert view.figure().caption.endswith(f"; left: [CLS] ({title})")


def test_a_first_failure_is_told_in_place(qtbot, selection):
    view = PatchesView(ViewContext(selection))
    qtbot.addWidget(view)
    view.show()
    view.set_subject(Subject(make_image_info(), INPUT))
    fail(view, Failure("refused", "This image has gone."))
    assert child(view, QLabel, "patches_empty").text() == "This image has gone."


# The figure


@pytest.mark.parametrize("show", ["head", "heads", "layers"])
def test_texts_stay_texts(qapp, show):
    figure = PatchesFigure(make_patches_result(), 1, 2, PatchesOptions(show=show))
    texts = " ".join(texts_of(figure))
    assert {"head": "Layer 1 · head 2", "heads": "Head 3", "layers": "Layer 3"}[show] in texts
    assert "[CLS]" in texts


def test_numbers_are_all_of_the_query(qapp):
    result = make_patches_result()
    numbers = PatchesFigure(result, 1, 2, PatchesOptions(show="heads")).numbers()
    np.testing.assert_array_equal(numbers.arrays["pattern"], result.pattern)
    assert numbers.arrays["grid"].tolist() == [3, 4]
    assert len(numbers.rows) == 4 * 13
    assert numbers.rows[0] == (1, 0, 0, "[CLS]", "", "", float(result.pattern[1, 0, 0]))
    assert numbers.rows[-1][4:6] == (2, 3)


def test_every_token_has_a_name():
    result = make_patches_result()
    assert [token_title(result, key) for key in (0, 1, 12)] == ["[CLS]", "patch (0, 0)", "patch (2, 3)"]
    assert token_title(replace(result, axis="pixels"), 12) == "pixel (2, 3)"


def test_spots_are_found_where_they_are_painted(qapp):
    style = FigureStyle()
    figure = PatchesFigure(make_patches_result(size=(64, 30)), 0, 0, PatchesOptions(show="heads"))
    size = figure.natural_size(style)
    from PySide6.QtCore import QPointF, QRectF

    rect = QRectF(QPointF(3, 4), size)
    for number, place in enumerate(figure.places(rect, style)):
        for patch in (0, 5, 11):
            middle = patch_rect(patch, (3, 4), place.box).center()
            assert figure.spot_at(middle, rect, style) == MapKey(number, patch + 1)
    assert figure.has_spot(MapKey(3, 12), rect, style)
    assert not figure.has_spot(MapKey(4, 0), rect, style)
    assert not figure.has_spot(MapKey(0, 13), rect, style)


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = PatchesView(ViewContext(selection))
        view.set_subject(Subject(make_image_info(), INPUT))
        view.show()
        answer(view, make_patches_result())
        return view

    assert_collected(make)
