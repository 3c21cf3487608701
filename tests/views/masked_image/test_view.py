"""Masked patches: clicks and strokes mask them, visual tokens and what they stand for are shown."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QSpinBox, QToolButton, QWidget

from inference.results.events import Failure
from inference.results.masked_image import MaskedImageRequest
from tests.answers import answer, fail, watched
from tests.image_factories import make_image_info, make_masked_image_result
from tests.inputs import image_input
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.image_geometry import patch_rect
from widgets.kit.veil import Veil
from widgets.subject import Subject
from widgets.views.masked_image.figure import MaskedImageFigure, number_color
from widgets.views.masked_image.view import MaskedImageView

INPUT = image_input(seed=1)
MASKED = (1, 2, 6, 13)


@pytest.fixture
def view(qtbot):
    view = watched(MaskedImageView(ViewContext()), qtbot, 1000, 700)
    view.set_subject(Subject(make_image_info(), INPUT))
    answer(view, make_masked_image_result())
    return view


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def place_of(view, patch, panel=0):
    canvas = child(view, QWidget, "masked_image_canvas")
    box = view.figure().boxes(canvas.figure_rect(), canvas.style_now)[panel]
    return canvas, patch_rect(patch, (4, 5), box).center().toPoint()


def click(view, patch, panel=0):
    canvas, place = place_of(view, patch, panel)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)


def stroke(view, *patches):
    canvas, place = place_of(view, patches[0])
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place)
    for patch in patches[1:]:
        place = place_of(view, patch)[1]
        QTest.mouseMove(canvas, place)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place)


def test_blocks_are_masked_as_in_the_paper(view):
    assert view.asked == [MaskedImageRequest("vit-test", INPUT, (), 0.4, 0)]


def test_share_and_seed_choose_the_blocks(view):
    child(view, QDoubleSpinBox, "masked_image_share").setValue(75)
    child(view, QToolButton, "masked_image_next").click()
    assert view.asked[-1] == MaskedImageRequest("vit-test", INPUT, (), 0.75, 1)


def test_masks_of_the_user_are_a_step_that_can_be_undone(view, qtbot):
    before = view.options_state()
    with qtbot.waitSignal(view.options.changed):
        stroke(view, 15, 16)
    brushed = view.options_state()
    assert view.options.titles(before, brushed) == ("Masks",)
    with qtbot.waitSignal(view.options.changed):
        child(view, QToolButton, "masked_image_clear").click()
    view.set_options_state(brushed)
    assert view.figure().masked == {*MASKED, 15, 16}
    assert view.asked[-1].masked == (*MASKED, 15, 16)
    view.set_options_state(before)
    assert child(view, QComboBox, "masked_image_how").currentData() is False
    assert view.asked[-1] == MaskedImageRequest("vit-test", INPUT, (), 0.4, 0)
    view.set_options_state(brushed | {"masks_of": "another"})
    assert view.options_state() == before, "patches of another model are others"


def test_a_click_masks_one_more_patch(view):
    click(view, 19)
    assert view.asked[-1] == MaskedImageRequest("vit-test", INPUT, (*MASKED, 19))
    assert 19 in view.figure().masked
    assert child(view, QComboBox, "masked_image_how").currentData() is True
    assert not child(view, QSpinBox, "masked_image_seed").isEnabled()


def test_a_click_on_a_masked_patch_shows_it_again(view):
    click(view, 6)
    assert view.asked[-1].masked == (1, 2, 13)


def test_a_stroke_masks_what_it_crosses_and_asks_once(view):
    view.asked.clear()
    stroke(view, 15, 16, 19)
    assert [request.masked for request in view.asked] == [(*MASKED, 15, 16, 17, 18, 19)]


def test_a_stroke_that_begins_on_a_mask_shows_patches_again(view):
    stroke(view, 1, 4)
    assert view.asked[-1].masked == (6, 13)


def test_all_masks_can_be_cleared(view):
    view.asked.clear()
    child(view, QToolButton, "masked_image_clear").click()
    assert view.asked == []  # nothing that the model would have to be asked
    figure = view.figure()
    assert figure.masked == frozenset()
    assert "No patch is masked" in " ".join(texts_of(figure))
    np.testing.assert_array_equal(figure.result.rebuilt, figure.result.rebuilt_own)
    click(view, 4)
    assert view.asked == [MaskedImageRequest("vit-test", INPUT, (4,))]


def test_block_wise_again(view):
    click(view, 19)
    combo = child(view, QComboBox, "masked_image_how")
    combo.setCurrentIndex(0)
    combo.activated.emit(0)
    assert view.asked[-1] == MaskedImageRequest("vit-test", INPUT, (), 0.4, 0)


def test_keys_mask_too(view):
    canvas = child(view, QWidget, "masked_image_canvas")
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Space):  # to the first mask, and back to patch 0
        QTest.keyClick(canvas, key)
    assert view.asked[-1].masked == (0, *MASKED)


def test_a_click_elsewhere_lists_the_candidates(view):
    view.asked.clear()
    click(view, 13, panel=2)
    assert view.figure().patch_shown == 13
    assert view.asked == []
    texts = texts_of(view.figure())
    assert "Expected at patch (2, 3)" in texts
    assert "▸ 13 right" in texts
    assert {"expected: the image's own", "expected: another token"} <= set(texts)


def test_pointing_at_a_masked_patch_lists_its_candidates(view):
    canvas, place = place_of(view, 6, panel=1)
    QTest.mouseMove(canvas, place)
    assert view.figure().patch_shown == 6
    text = child(view, QLabel, "masked_image_read_out").text()
    assert "its visual token is 6" in text
    assert "expects 7 (50.0 %)" in text
    assert "its own with 25.0 %" in text


def test_the_own_token_is_listed_wherever_it_comes(qapp):
    result = make_masked_image_result(top_k=1)
    texts = texts_of(MaskedImageFigure.of(result, 6))
    assert "▸ 6 right" in texts


def test_without_a_tokenizer_there_are_numbers_only(view):
    answer(view, make_masked_image_result(has_tokenizer=False))
    assert view.figure().panels == ("masked", "expected")
    assert not any(text.startswith("expected:") for text in texts_of(view.figure()))  # whether it is right is not known
    assert not child(view, QCheckBox, "masked_image_by_number").isEnabled()
    assert "visual tokens are known by number" in child(view, QLabel, "masked_image_caption").text()
    assert "is its own" not in view.figure().caption


def test_mosaics_are_made_of_the_tokens_of_each_patch(qapp):
    result = make_masked_image_result()
    figure = MaskedImageFigure.of(result)
    own = figure._images["own"]
    assert own.shape == (16, 20, 3)
    np.testing.assert_array_equal(own[4:8, 5 * 4 - 4 :], result.swatches[result.tokens[9]])
    expected = figure._images["expected"]
    np.testing.assert_array_equal(expected[0:4, 4:8], result.swatches[result.ids[0, 0]])
    np.testing.assert_array_equal(expected[0:4, 0:4], own[0:4, 0:4])
    by_number = MaskedImageFigure.of(result, by_number=True)._images["own"]
    np.testing.assert_array_equal(by_number[1, 4], number_color(9)[0, 0])


def test_masked_patches_are_grey_to_the_pixel(qapp):
    result = make_masked_image_result()
    image = MaskedImageFigure.of(result)._masked_image
    is_grey = (image == 128).all(-1)
    expected = np.isin(np.arange(20), MASKED).reshape(4, 5).repeat(16, 0).repeat(16, 1)
    np.testing.assert_array_equal(is_grey, expected)


def test_colours_by_number_differ():
    colors = np.stack([number_color(i)[0, 0] for i in range(64)]).astype(int)
    assert len(np.unique(colors, axis=0)) == 64
    assert np.abs(np.diff(colors, axis=0)).max(1).min() > 30


def test_how_often_it_is_right_is_counted(qapp):
    result = make_masked_image_result()
    assert MaskedImageFigure.of(result).n_right == 0
    assert "at 0 of 4" in MaskedImageFigure.of(result).caption


def test_another_checkpoint_begins_with_blocks(view):
    click(view, 19)
    view.set_subject(Subject(make_image_info(name="beit-other"), INPUT))
    assert view.figure() is None
    assert view.asked[-1] == MaskedImageRequest("beit-other", INPUT, (), 0.4, 0)


OTHER = Subject(replace(make_image_info(name="other"), checkpoint="other"), INPUT)


def test_an_old_picture_is_dimmed_until_the_next_is_there(view, qtbot):
    change = child(view, QToolButton, "masked_image_next").click
    check_provenance(view, qtbot, make_masked_image_result(), change=change, other=OTHER)


def test_one_can_go_on_brushing_while_the_model_is_asked(view, qtbot):
    click(view, 19)
    veil = view.findChild(Veil)
    qtbot.waitUntil(lambda: veil.is_dimmed)
    canvas, place = place_of(view, 18)
    assert view.childAt(canvas.mapTo(view, place)) is canvas
    click(view, 18)
    assert view.asked[-1].masked == (*MASKED, 18, 19)


def test_patches_of_another_image_are_not_brushed(view):
    view.set_subject(Subject(make_image_info(), image_input(seed=2)))
    n = len(view.asked)
    click(view, 19)
    assert len(view.asked) == n
    answer(view, make_masked_image_result())
    click(view, 19)
    assert view.asked[-1].masked == (*MASKED, 19)


def test_a_first_failure_is_told_in_place(view):
    view.set_subject(OTHER)
    fail(view, Failure("refused", "This image has gone."))
    assert child(view, QLabel, "masked_image_empty").text() == "This image has gone."


def test_a_failure_keeps_the_old_picture_and_its_masks(view, qtbot):
    click(view, 19)
    with qtbot.waitSignal(view.noticed):
        fail(view, Failure("refused", "No."))
    assert view.figure().masked == frozenset(MASKED)


def test_numbers_are_one_row_a_candidate(qapp):
    numbers = MaskedImageFigure.of(make_masked_image_result()).numbers()
    assert len(numbers.rows) == 4 * 5
    assert numbers.rows[1] == (0, 1, 1, 2, 1, 0.25)


def test_is_collected_after_closing(assert_collected, qapp):
    def make():
        view = MaskedImageView(ViewContext())
        view.set_subject(Subject(make_image_info(), INPUT))
        view.show()
        answer(view, make_masked_image_result())
        return view

    assert_collected(make)
