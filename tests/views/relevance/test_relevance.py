"""Relevance over an image and its words: to the pixel, and never of another pair than it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QCheckBox, QLabel

from inference.results.image import ImageResult
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.relevance import RelevanceRequest, RelevanceResult
from inference.results.tokens import Tokens
from tests.answers import answer, watched
from tests.image_factories import make_image, make_image_info
from widgets.context import ViewContext
from widgets.figures.image_geometry import device_rect, part_rect, patch_rect
from widgets.look import color_maps
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.relevance.figure import RelevanceFigure, RelevanceSpot
from widgets.views.relevance.options import RelevanceOptions
from widgets.views.relevance.view import RelevanceView

CLIP = replace(make_image_info(name="clip-test"), reads=("text", "image"), compares=("image", "text"))
WORDS = ("[CLS]", "a", "red", "house", "[SEP]", "[PAD]", "[PAD]")


def make_tokens():
    n = len(WORDS)
    special = np.array([word.startswith("[") for word in WORDS])
    return Tokens(np.arange(n, dtype=np.int64), WORDS, np.ones(n, bool), special, np.zeros(n, np.int8))


def make_result(grid=(3, 4), size=(60, 160), box=(0.25, 0.0, 0.75, 1.0), *, things=True):
    rng = np.random.default_rng(1)
    numbers = np.zeros(size, np.uint8)
    numbers[:, size[1] // 2 :] = 1
    picture = ImageResult(
        make_image(*size), make_image(48, 64), box, (size[1], size[0]), grid, 1, "about", "",
        things=("a small red house",) if things else (), shown_thing=numbers if things else None,
    )  # fmt: skip
    return RelevanceResult(
        rng.uniform(0, 2, grid).astype(np.float32),
        np.array([0.4, 0.1, 0.9, 0.5, 0.2, 0.0, 0.0], np.float32),
        rng.uniform(-0.2, 0.4, grid).astype(np.float32),
        make_tokens(),
        4,
        "[CLS]",
        0.31,
        6.2,
        picture,
    )


def subject(text="a red house", seed=0):
    return Subject(CLIP, Input(text=TextInput(text), image=ImageInput(seed=seed)))


@pytest.fixture
def view(qtbot):
    view = watched(RelevanceView(ViewContext()), qtbot, 900, 500)
    view.set_subject(subject())
    return view


def read_out(view):
    return view.findChild(QLabel, "relevance_read_out").text()


def test_it_asks_for_the_chosen_pair_and_says_what_the_score_is(view):
    assert view.asked == [RelevanceRequest("clip-test", subject().input)]
    answer(view, make_result())
    assert "gradient of the logit 6.2 (cosine 0.31), from [CLS]; Chefer et al. 2021" in view.figure().caption
    assert view.figure().text == "a red house"


def test_another_pair_dims_and_a_late_answer_changes_nothing(view):
    answer(view, make_result())
    view.set_subject(subject("a dog"))
    assert "still of" in view.why_not_current
    view.take_result(RelevanceRequest("clip-test", subject().input), make_result())
    assert view.figure().text == "a red house"
    assert "still of" in view.why_not_current
    answer(view, make_result())
    assert view.figure().text == "a dog"
    assert view.why_not_current == ""


def test_without_a_text_a_sentence_says_what_to_do(qtbot):
    view = watched(RelevanceView(ViewContext()), qtbot, 900, 500)
    view.set_subject(subject(" "))
    assert view.asked == []
    assert view._page.empty_text == "Add a text above to look for it in the image."


def test_it_is_pointed_at_with_mouse_and_keys(view, qtbot):
    answer(view, make_result())
    canvas, figure = view._canvas, view.figure()
    one = figure.maps(canvas.figure_rect(), canvas.style_now)[0]
    place = patch_rect(6, (3, 4), figure.seen_part(one.box)).center().toPoint()
    qtbot.mouseMove(canvas, place)
    qtbot.waitUntil(lambda: read_out(view).startswith("patch 1,2: relevance"))
    assert "house" not in read_out(view)
    view.findChild(QCheckBox, "relevance_truth").setChecked(True)
    assert read_out(view).endswith("; there is a small red house")
    canvas.setFocus()
    for _ in range(2):
        qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert read_out(view).startswith("token 0")
    for _ in range(4):
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert read_out(view) == "token 4, “[SEP]”: relevance 0.2000; the vector is read here"
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert read_out(view).startswith("patch 2,0")


def test_of_files_no_truth_is_offered(view):
    answer(view, make_result(things=False))
    assert not view.findChild(QCheckBox, "relevance_truth").isVisibleTo(view)


@pytest.mark.parametrize(
    ("grid", "size", "box"),
    [
        ((3, 4), (60, 160), (0.25, 0.0, 0.75, 1.0)),
        ((7, 7), (200, 90), (0.0, 0.275, 1.0, 0.725)),
        ((5, 3), (50, 50), (0.0, 0.0, 1.0, 1.0)),
    ],
)
@pytest.mark.parametrize(("ratio", "high"), [(1.0, None), (1.5, 0.7), (2.0, None)])
def test_the_overlay_is_exact_to_the_pixel(qapp, grid, size, box, ratio, high):
    """Every pixel of the part that is seen has the colour of the patch that its centre lies in."""
    result = make_result(grid, size, box)
    options = RelevanceOptions("relevance", opacity=1.0, grid=False, high=high)
    figure, style = RelevanceFigure(result, "x", "a red house", options), FigureStyle()
    rect = QRectF(0, 0, 500, 400)
    sheet = QImage(round(500 * ratio), round(400 * ratio), QImage.Format.Format_RGB32)
    sheet.fill(Qt.GlobalColor.white)
    with QPainter(sheet) as painter:
        painter.scale(ratio, ratio)
        figure.paint(painter, rect, style)
        to_device = painter.deviceTransform()
    (one,) = figure.maps(rect, style)
    assert one.box.width() / one.box.height() == pytest.approx(size[1] / size[0], rel=0.03)
    part = device_rect(part_rect(box, one.box), to_device)
    table = color_maps.lookup(style.color_map)
    levels = np.rint(np.minimum(result.relevance / (high or result.relevance.max()), 1) * 255).astype(int)
    assert one.bar.ticks()[-1][1].endswith("0.7") == one.bar.is_clipped == (high is not None)
    y, x = np.mgrid[part.top() + 3 : part.bottom() - 3, part.left() + 3 : part.right() - 3]
    row = ((y - part.top() + 0.5) * grid[0] / part.height()).astype(int)
    column = ((x - part.left() + 0.5) * grid[1] / part.width()).astype(int)
    found = np.frombuffer(sheet.constBits(), np.uint32).reshape(sheet.height(), -1)[y, x]
    wanted = table[levels[row, column]]
    for shift in (0, 8, 16):
        apart = np.abs((wanted >> shift & 255).astype(int) - (found >> shift & 255).astype(int))
        assert apart.max() <= 1, (shift, np.argwhere(apart > 1)[0])
    for patch in range(grid[0] * grid[1]):
        row_of, column_of = divmod(patch, grid[1])
        right = (part.left() + (column_of + 0.5) * part.width() / grid[1]) / ratio
        down = (part.top() + (row_of + 0.5) * part.height() / grid[0]) / ratio
        assert figure.spot_at(QPointF(right, down), rect, style) == RelevanceSpot(0, patch)


def test_padding_is_left_out_and_words_are_tinted_by_their_relevance():
    figure = RelevanceFigure(make_result(), "x", "a red house")
    chips, boxes = figure.chips(QRectF(0, 0, 600, 400), FigureStyle())
    assert [chip.text for chip in chips] == list(WORDS[:5])
    assert [round(chip.tint, 3) for chip in chips] == [0, 0.111, 1.0, 0.556, 0]
    assert all(box.bottom() <= 400.001 for box in boxes)


def test_its_numbers_are_of_patches_and_of_tokens():
    result = make_result()
    numbers = RelevanceFigure(result, "x", "a red house").numbers()
    np.testing.assert_array_equal(numbers.arrays["relevance"], result.relevance)
    np.testing.assert_array_equal(numbers.arrays["text_relevance"], result.text_relevance)
    assert float(numbers.arrays["logits_per_image"][0, 0]) == pytest.approx(6.2)
    assert len(numbers.rows) == 12 + len(WORDS)
    assert numbers.rows[5][:3] == ("patch", 1, 1)
    assert all(len(row) == len(numbers.header) for row in numbers.rows)


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: RelevanceView(ViewContext()))


def test_the_caption_says_what_is_laid_over_the_image():
    both, patches = (
        RelevanceFigure(make_result(), "x", "a red house", RelevanceOptions(show=show)).caption
        for show in ("both", "patches")
    )
    assert both.startswith("Relevance of")
    assert patches.startswith("Each patch of")


def test_what_the_colours_stand_for_is_told_beside_each_map_and_not_of_darkness(qapp):
    result, style = make_result((3, 3), (96, 96), (0.0, 0.0, 1.0, 1.0)), FigureStyle()
    shown = {
        is_dark: RelevanceFigure(result, "x", "a", RelevanceOptions(spotlight=is_dark)) for is_dark in (False, True)
    }
    rect = QRectF(0, 0, 900, 420)
    first, second = shown[False].maps(rect, style)
    width = first.bar.width(QFontMetricsF(style.font))
    assert first.box.right() + width <= second.box.left()
    assert second.box.right() + width <= rect.right() + 1
    assert (second.bar.low, second.bar.high) == (result.patch_similarity.min(), result.patch_similarity.max())
    assert shown[True].maps(rect, style)[0].box.width() >= first.box.width()
