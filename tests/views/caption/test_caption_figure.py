"""What a caption shows and what the pointer meets on it; it never computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from tests.views.caption.samples import make_caption, make_caption_beams
from widgets.figures.image_geometry import part_rect, patch_rect
from widgets.look import color_maps
from widgets.look.theme import FigureStyle
from widgets.views.caption.figure import CaptionFigure, CaptionSpot
from widgets.views.caption.options import CaptionOptions

pytestmark = pytest.mark.usefixtures("qapp")
WIDE, NARROW = QRectF(10, 10, 900, 500), QRectF(10, 10, 320, 700)


def figure(result=None, n_shown=None, place=None, **options):
    result = result or make_caption()
    return CaptionFigure(result, "scene 3", CaptionOptions(**options), n_shown or result.written.n_steps, place=place)


def test_a_word_is_told_with_where_it_looked_and_what_it_would_be_blind():
    text = figure().describe(CaptionSpot("word", 2))
    assert text.startswith("“chat” (2): 1.00 bits, probability 50.0 %, 4.00 bits without the image")
    assert text.endswith("looked most at patch 0,1, where there is a large blue tree")
    assert "patch 0,0, where there is a small red house" in figure().describe(CaptionSpot("word", 1))


@pytest.mark.parametrize("high", [None, 0.9])
def test_colours_go_to_the_weight_that_is_chosen(qapp, high):
    """Where a word looks most has the last colour, unless a higher number has it."""
    drawn, style, rect = figure(place=1, opacity=1.0, high=high), FigureStyle(), QRectF(0, 0, 700, 400)
    sheet = QImage(700, 400, QImage.Format.Format_RGB32)
    with QPainter(sheet) as painter:
        drawn.paint(painter, rect, style)
    row = drawn.weights[1]
    ((_, panel),) = drawn._panels(rect, style)
    picture = drawn.result.picture
    box = patch_rect(int(row.argmax()), picture.grid, part_rect(picture.box, drawn._image_box(panel, style)))
    wanted = QColor(int(color_maps.lookup(style.color_map)[round(255 * float(row.max()) / (high or float(row.max())))]))
    found = sheet.pixelColor(box.center().toPoint())
    assert max(abs(a - b) for a, b in zip(wanted.getRgb(), found.getRgb(), strict=True)) <= 1


def test_a_patch_is_told_with_its_share_of_the_word_that_looks():
    drawn = figure(attention="head")
    assert drawn.describe(CaptionSpot("patch", 3, 2)) == (
        "patch 0,2: 0.7 of the attention when “dormait” was written; there is a large blue tree"
    )
    assert drawn.describe(CaptionSpot("patch", 0, 2)) == "patch 0,2; there is a large blue tree"  # nobody looked yet


def test_the_last_word_is_looked_at_and_not_the_sign_behind_it():
    assert [figure(n_shown=n).focus for n in (1, 2, 4, 5)] == [0, 1, 3, 3]
    assert figure(place=1).focus == 1


def test_words_stand_in_the_order_in_which_one_reads_them():
    style = FigureStyle()
    for is_from_end, order in ((False, [1, 2, 3, 4]), (True, [4, 3, 2, 1])):
        boxes = figure(make_caption(is_from_end=is_from_end))._boxes(WIDE, style)
        words = {spot.place: box for spot, box in boxes.items() if spot.kind == "word"}
        assert sorted(words, key=lambda place: (words[place].top(), words[place].left())) == order


def test_the_caption_says_what_it_is_of_and_what_the_control_says():
    assert figure().caption == (
        "scene 3: “le chat dormait” · greedy · surprisal 4.0 bits · 16.0 bits without the image"
        " · attention to the image, mean of 4 heads in 2 layers"
    )
    given = make_caption()
    given = replace(given, written=replace(given.written, n_given=3))
    assert "surprisal after the given words 2.0 bits · 8.0 bits without the image" in figure(given).caption
    blind = figure(make_caption(is_blind=True)).caption
    assert "written without the image" in blind
    assert blind.endswith("no place of the image differs from another one")
    assert "written from its end" in figure(make_caption(is_from_end=True)).caption


@pytest.mark.parametrize("area", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("show", ["image", "words", "tree"])
@pytest.mark.parametrize("n_shown", [1, 3, 5])
def test_all_that_is_pointed_at_is_found_again(show, n_shown, area):
    drawn, style = figure(make_caption_beams(), n_shown, show=show, way="beam"), FigureStyle()
    for spot, box in drawn._boxes(area, style).items():
        found = drawn.spot_at(box.center(), area, style)
        assert found == spot or (found is not None and found.kind == "patch" and found.place == spot.place)
        assert drawn.has_spot(spot, area, style)
    assert not drawn.has_spot(CaptionSpot("word", 77), area, style)


def test_patches_are_found_in_the_image_of_each_word():
    drawn, style = figure(show="words"), FigureStyle()
    for place, box in drawn._panels(WIDE, style):
        for patch in range(6):
            spot = CaptionSpot("patch", place, patch)
            middle = drawn._patch_box(spot, WIDE, style).center()
            assert box.contains(middle)
            assert drawn.spot_at(middle, WIDE, style) == spot
    assert drawn.spot_at(QPointF(-5, -5), WIDE, style) is None


def test_the_words_of_one_image_share_one_scale_and_its_hottest_patch_is_where_the_word_looked():
    drawn = figure(show="words", attention="head")
    assert drawn._high == pytest.approx(0.7)
    style, area = FigureStyle(), QRectF(0, 0, 1200, 300)
    pictures = []
    for shown in (drawn, figure(make_caption(is_blind=True), show="words")):
        picture = QImage(1200, 300, QImage.Format.Format_RGB32)
        picture.fill("white")
        with QPainter(picture) as painter:
            shown.paint(painter, area, style)
        pictures.append(picture)
    for place, _ in drawn._panels(area, style):
        changes = []
        for patch in range(6):
            at = drawn._patch_box(CaptionSpot("patch", place, patch), area, style).center().toPoint()
            changes.append(pictures[0].pixelColor(at).lightness() - pictures[1].pixelColor(at).lightness())
        assert int(np.argmax(changes)) == place - 1


def test_arrows_walk_over_patches_and_stop_at_the_border():
    drawn, style = figure(), FigureStyle()
    spot = CaptionSpot("patch", 3, 0)
    steps = [((1, 0), 1), ((1, 0), 2), ((1, 0), 2), ((0, 1), 5), ((-1, 0), 4), ((0, -1), 1)]
    for (right, down), patch in steps:
        spot = drawn.step(spot, right, down, WIDE, style)
        assert spot.column == patch
    assert drawn.step(None, 1, 0, WIDE, style) == CaptionSpot("word", 3)


def test_numbers_hold_all_heads_on_the_grid_and_what_is_seen_there():
    numbers = figure(attention="head").numbers()
    assert numbers.arrays["pattern"].shape == (2, 2, 5, 2, 3)
    assert numbers.arrays["blind_surprisal"][1:].tolist() == [4.0] * 4
    header = dict(zip(numbers.header, range(20), strict=False))
    row = numbers.rows[2]
    assert (row[header["token"]], row[header["row looked at most"]], row[header["column"]]) == ("chat", 0, 1)
    assert row[header["attention"]] == pytest.approx(0.7)
    assert row[header["what is there"]] == "a large blue tree"
    blind = figure(make_caption(is_blind=True)).numbers()
    assert blind.rows[2][header["row looked at most"]] == ""


def test_a_film_has_a_frame_for_every_token():
    drawn = figure(place=1)
    assert drawn.film_steps == range(1, 6)
    assert (drawn.film_frame(3).n_shown, drawn.film_frame(3).focus) == (3, 2)


def test_a_lower_figure_scrolls_instead_of_being_squeezed():
    style = FigureStyle()
    assert figure().least_size(300, style).height() > figure().least_size(1000, style).height()
    tall = figure(replace(make_caption_beams()), show="tree", way="beam").least_size(100, style)
    assert tall.width() > 100
