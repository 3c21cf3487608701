"""What an answer shows and what the pointer meets on it; it never computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from tests.views.answer.samples import make_answer, make_answer_beams, make_grids
from widgets.figures.chips import Chip
from widgets.look.theme import FigureStyle
from widgets.views.answer.descriptions import title_of
from widgets.views.answer.figure import AnswerSpot, ChatAnswerFigure
from widgets.views.answer.options import AnswerOptions
from widgets.views.answer.overlay import overlay_of, token_boxes
from widgets.writing.beside_image import beside_image

pytestmark = pytest.mark.usefixtures("qapp")
WIDE, NARROW = QRectF(10, 10, 900, 500), QRectF(10, 10, 320, 700)


def figure(result=None, n_shown=None, places=(), **options):
    result = result or make_answer()
    n = n_shown or result.written.n_steps
    return ChatAnswerFigure(result, "scene 3", AnswerOptions(**options), n, places=places)


def test_the_caption_says_what_it_is_of_and_how_much_went_to_the_image():
    assert figure(attention="head").caption == (
        "scene 3: “le chat dormait” · 6 image tokens in 15 of the prompt · greedy"
        " · attention to image, question and answer in layer 0, head 0 · 60.0 % of it to the image"
    )


def test_a_word_is_told_with_its_share_of_the_image_and_of_the_first_token():
    text = figure(attention="head").describe(AnswerSpot("word", 2))
    assert text.endswith("60.0 % of its attention went to the image, 25.0 % to the first token")


def test_several_words_are_summed():
    drawn = figure(attention="head", places=(1, 3))
    values = drawn.overlay(drawn.chosen).values
    np.testing.assert_allclose(values, [[0.52, 0.04, 0.52], [0.04, 0.04, 0.04]], atol=1e-6)
    assert drawn.describe(AnswerSpot("cell", 1, 2)) == "cell 0,2: 0.52 of the attention; there is a large blue tree"


def test_two_scales_are_summed_where_they_overlap_and_nothing_is_lost():
    grids = make_grids(has_tiles=True)
    weights = np.arange(13, dtype=np.float32)
    whole, details, summed = (overlay_of(grids, weights, scale) for scale in ("whole", "details", "sum"))
    np.testing.assert_array_equal(whole.values, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(details.values, [[6, 7, 8, 9, 10, 11]])
    # Each column of the whole image is two of the tiles, and both its rows are one.
    np.testing.assert_allclose(summed.values, [[7.5, 8.5, 10.5, 11.5, 13.5, 14.5]])
    assert summed.values.sum() == weights[:12].sum()


def test_boxes_are_in_pixels_of_the_image_and_a_token_without_a_place_has_none():
    boxes, of_grid = token_boxes(make_answer(has_tiles=True))
    assert boxes[4].tolist() == [10, 10, 20, 20]
    assert boxes[7].tolist() == [5, 0, 10, 20]
    assert np.isnan(boxes[12]).all()
    assert of_grid.tolist() == [0] * 6 + [1] * 6 + [-1]


@pytest.mark.parametrize("area", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("show", ["image", "words", "tree"])
@pytest.mark.parametrize("n_shown", [1, 5])
def test_all_that_is_pointed_at_is_found_again(show, n_shown, area):
    drawn, style = figure(make_answer_beams(), n_shown, show=show, way="beam"), FigureStyle()
    for spot, box in drawn._boxes(area, style).items():
        found = drawn.spot_at(box.center(), area, style)
        assert found == spot or (found is not None and found.kind == "cell" and found.place == spot.place)
        assert drawn.has_spot(spot, area, style)
    assert not drawn.has_spot(AnswerSpot("word", 77), area, style)


def test_arrows_walk_over_cells_and_stop_at_the_border():
    drawn, style = figure(), FigureStyle()
    spot = AnswerSpot("cell", 3, 0)
    for (right, down), cell in [((1, 0), 1), ((1, 0), 2), ((1, 0), 2), ((0, 1), 5), ((-1, 0), 4), ((0, -1), 1)]:
        spot = drawn.step(spot, right, down, WIDE, style)
        assert spot.column == cell


def test_numbers_name_their_axes_and_say_where_most_was_looked():
    numbers = figure(attention="head").numbers()
    assert numbers.arrays["pattern_axes"].tolist() == ["layer", "head", "target", "image_token"]
    assert numbers.arrays["pattern"].shape == (2, 2, 5, 6)
    row = dict(zip(numbers.header, numbers.rows[2], strict=True))
    assert (row["token"], row["image token looked at most"]) == ("chat", 1)
    assert [row[edge] for edge in ("x0", "y0", "x1", "y1")] == [10, 0, 20, 10]


def test_a_film_has_a_frame_for_every_token():
    drawn = figure(places=(1,))
    assert drawn.film_steps == range(1, 6)
    assert (drawn.film_frame(3).n_shown, drawn.film_frame(3).focus) == (3, 2)


def test_an_image_that_is_read_beside_the_question_is_said_to_be():
    """BLIP: the tokens that are looked at are words of the question."""
    beside = figure(replace(make_answer(), is_beside=True), attention="head")
    assert beside.caption == (
        "scene 3: “le chat dormait” · 6 tokens of the question, beside the image · greedy"
        " · attention to the question in layer 0, head 0"
    )
    text = beside.describe(AnswerSpot("word", 2))
    assert text.endswith(" · 25.0 % of its attention went to the first token of the question")


def test_what_an_encoder_reads_is_no_prompt():
    told = figure(replace(make_answer(), n_read=15)).caption
    assert "6 image tokens in 15 that an encoder reads" in told
    assert "attention to image and question, " in told


def test_the_image_stands_beside_the_word_of_a_long_answer():
    chips = tuple(Chip("word", "written", starts_word=True) for _ in range(300))
    metrics = QFontMetricsF(FigureStyle().font)
    sheet = QRectF(0, 0, 900, 300)
    places = [beside_image(sheet, (64, 64), chips, (0, 200), metrics, focus=focus) for focus in (0, 150, 299)]
    assert places[0].image.top() == 0
    assert places[1].image.center().y() == pytest.approx(places[1].words[150].center().y())
    assert places[2].image.bottom() <= places[2].bars.bottom()
    assert places[2].image.top() < places[2].words[299].top() < places[2].image.bottom()


def test_colours_go_to_the_number_that_is_chosen(qapp):
    """Of two answers by one scale the one that looks less is the darker; the title says so."""
    pictures = []
    for high in (None, 4.0):
        sheet = QImage(900, 500, QImage.Format.Format_RGB32)
        sheet.fill(0)
        with QPainter(sheet) as painter:
            figure(attention="head", places=(1, 3), opacity=1.0, high=high).paint(painter, WIDE, FigureStyle())
        pictures.append(sheet)
    assert pictures[0] != pictures[1]
    tokens = figure().result.written.tokens.words
    assert title_of(tokens, (1,), 0.52, 0.52, is_raised=False).endswith("looked, 0 to 0.52")
    assert title_of(tokens, (1,), 0.52, 4.0, is_raised=False).endswith("looked, 0 to 0.52; colours to 4")
