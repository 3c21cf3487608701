"""What a translation shows and what the pointer meets on it; it never computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from tests.views.translation.samples import make_beams, make_translation
from widgets.figures.candidate_bars import Candidate, CandidateBars
from widgets.look.theme import FigureStyle
from widgets.views.translation.cross_attention import CrossAttentionFigure
from widgets.views.translation.figure import Spot, TranslationFigure
from widgets.views.translation.options import AlignmentOptions, TranslationOptions
from widgets.writing.attending import weights_of, when_written

pytestmark = pytest.mark.usefixtures("qapp")
AREA = QRectF(10, 10, 700, 900)


def figure(result=None, n_shown=None, **options):
    result = result or make_translation()
    return TranslationFigure(result, TranslationOptions(**options), n_shown or result.written.n_steps)


def middle(drawn, spot):
    return drawn.boxes(AREA, FigureStyle())[spot].center()


def test_a_token_is_shown_with_what_was_attended_to_where_it_was_chosen():
    drawn = figure(attention="head")
    assert np.isnan(drawn.weights[0]).all()
    assert [int(np.argmax(row)) for row in drawn.weights[1:]] == [0, 1, 2, 3]
    assert len(drawn.weights) == 5
    text = drawn.describe(Spot("target", 2))
    assert text.startswith("“chat” (2): 1.00 bits, probability 50.0 %")
    assert "attended to “cat” 0.7" in text
    assert "attended to most when “chat” was written" in drawn.describe(Spot("source", 1))
    assert "start token" in drawn.describe(Spot("target", 0))
    assert "attended to “slept” 0.1" in drawn.describe(Spot("cell", 2, 2))


def test_heads_are_averaged_as_the_options_say():
    pattern = make_translation().pattern
    np.testing.assert_allclose(weights_of(pattern, "mean", 0, 0), pattern.mean((0, 1)))
    np.testing.assert_allclose(weights_of(pattern, "layer", 1, 0), pattern[1].mean(0))
    np.testing.assert_allclose(weights_of(pattern, "head", 1, 1), pattern[1, 1])
    np.testing.assert_allclose(weights_of(pattern, "head", 7, 9), pattern[1, 1])  # the last that there is
    empty = weights_of(np.empty((0, 0, 0, 4), np.float32), "mean", 0, 0)
    assert when_written(empty).shape == (1, 4)


@pytest.mark.parametrize("show", ["lines", "map", "tree"])
@pytest.mark.parametrize("n_shown", [1, 3, 5])
def test_all_that_is_pointed_at_is_found_again(show, n_shown):
    drawn, style = figure(make_beams(), n_shown, show=show, way="beam"), FigureStyle()
    boxes = drawn.boxes(AREA, style)
    assert boxes or (show, n_shown) in (("tree", 1), ("map", 1))
    for spot, box in boxes.items():
        assert drawn.spot_at(box.center(), AREA, style) == spot
        assert drawn.has_spot(spot, AREA, style)
        assert drawn.describe(spot)
    assert not drawn.has_spot(Spot("target", 99), AREA, style)


def test_arrow_keys_go_between_the_tokens_and_to_the_candidates():
    drawn, style = figure(), FigureStyle()
    assert drawn.step(None, 0, 0, AREA, style) == Spot("target", 4)
    assert drawn.step(Spot("target", 2), 1, 0, AREA, style) == Spot("target", 3)
    assert drawn.step(Spot("target", 2), 0, -1, AREA, style).kind == "source"
    below = drawn.step(Spot("target", 2), 0, 1, AREA, style)
    assert below == Spot("candidate", 0)
    assert drawn.step(below, 0, 1, AREA, style) == Spot("candidate", 1)
    assert drawn.step(Spot("source", 0), -1, 0, AREA, style) == Spot("source", 0)


def test_candidates_are_those_of_the_place_that_is_looked_at():
    assert [each.text for each in figure().bars.candidates] == ["</s>", "."]
    assert [each.text for each in figure(n_shown=3).bars.candidates] == ["␣chat", "␣chatte"]
    assert [each.text for each in replace(figure(), place=1).bars.candidates] == ["␣le", "␣la"]
    assert figure(n_shown=1).bars is None
    assert figure().describe(Spot("candidate", 1)) == "“.”: probability 25.0 %; a click continues from it"
    assert "click" not in figure().describe(Spot("candidate", 0))  # it is there already


def test_probabilities_before_and_after_the_sampling_stand_side_by_side():
    result = make_translation()
    chances = result.written.chances.copy()
    chances[4] = 1.0, 0.0
    sampled = figure(replace(result, written=replace(result.written, chances=chances)), way="sample", temperature=0.5)
    assert sampled.bars.has_chances
    assert sampled.bars._numbers(sampled.bars.candidates[0]) == "50.0 % → 100.0 %"
    assert "chosen with 0 %" in sampled.describe(Spot("candidate", 1))
    assert "temperature 0.5" in sampled.caption
    assert not CandidateBars("", (Candidate("a", 0.5, 0.5),), 0).has_chances


def test_the_bits_beside_a_text_are_of_all_of_it_and_those_of_a_step_are_said_to_be():
    assert figure().caption.startswith("“le chat dormait” · greedy · 4.0 bits · attention")
    assert "4.0 bits · 2.0 of them up to token 3 · " in figure(n_shown=3).caption
    assert "3.0 bits after the token it begins with · " in figure(make_translation(n_given=2)).caption
    assert "2.0 bits after the 2 tokens it begins with · " in figure(make_translation(n_given=3)).caption
    assert "0.0 of them up to token 1" in figure(n_shown=1).caption


def test_while_it_grows_nothing_stands_where_nothing_is():
    shown = make_translation(3)
    few = replace(shown, pattern=shown.pattern[:, :, :2])  # rows come a little later than tokens
    for show in ("lines", "map"):
        drawn = figure(few, show=show)
        assert drawn.least_size(600, FigureStyle()).height() > 0
        assert drawn.numbers().rows[2][-2] == "cat"
    empty = replace(shown, pattern=np.empty((0, 0, 0, 4), np.float32))
    assert "attention is not shown" in figure(empty).caption
    assert figure(empty).numbers().rows[2][-2] == ""


def test_the_tree_falls_back_to_lines_where_there_is_none():
    assert figure(show="tree").show == "lines"
    drawn = figure(make_beams(), show="tree", way="beam")
    assert drawn.show == "tree"
    beams = drawn._beams
    assert beams._alive.tolist() == [True, True, True, True, False, True, True, True]
    assert beams._best == {0, 2, 5, 7}
    assert "2 best texts" in drawn.caption
    assert "le chat dormait" in drawn.describe(Spot("text", 0))
    assert drawn.describe(Spot("node", 3)).startswith("␣la ␣chatte: 5.8 bits;")  # 4 nats
    assert figure(make_beams(), 3, show="tree", way="beam")._beams.n_depths == 2


def test_it_is_a_film_from_what_was_given_to_the_end():
    drawn = replace(figure(make_translation(n_given=2)), place=1)
    assert list(drawn.film_steps) == [2, 3, 4, 5]
    assert (drawn.film_frame(3).n_shown, drawn.film_frame(3).place) == (3, None)
    sizes = {drawn.film_frame(step).natural_size(FigureStyle()).toTuple() for step in drawn.film_steps}
    assert len(sizes) == 1  # nothing jumps


def test_numbers_say_all_that_is_shown():
    numbers = figure(make_beams(), way="beam").numbers()
    assert numbers.rows[0][:4] == (0, "<s>", numbers.arrays["ids"][0], "given")
    assert numbers.rows[2][1:4:2] == ("chat", "written")
    assert numbers.rows[2][5:] == ("␣chat", 0.5, "cat", pytest.approx(0.5875))
    assert numbers.arrays["pattern"].shape == (2, 2, 5, 4)
    assert numbers.arrays["texts"].tolist() == ["le chat dormait", "la chatte"]
    assert len(numbers.header) == len(numbers.rows[0])


def test_cross_attention_has_a_row_for_each_place():
    drawn = CrossAttentionFigure(make_translation(), AlignmentOptions(attention="head"), 1, 1)
    numbers = drawn.numbers()
    assert numbers.header == ("place", "token", "the", "cat", "slept", "</s>")
    assert numbers.rows[1] == (1, "le", 0.25, 0.25, 0.25, 0.25)
    assert numbers.arrays["pattern"].shape == (2, 2, 5, 4)
    assert drawn.caption == "Attention to the source in layer 1, head 1"
