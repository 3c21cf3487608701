"""Visual words: what is clicked is hidden, what is shown is what was computed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QToolButton, QWidget

from inference.results.inputs import ClipInput, Input, TextInput
from inference.results.tokens import Tokens
from inference.results.visual_words import VisualWordsRequest, VisualWordsResult
from tests.answers import answer, watched
from tests.film_factories import make_film_info
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.visual_words.figure import FilmSpot, VisualWordsFigure
from widgets.views.visual_words.next_figure import VisualWordsNextFigure, VisualWordsTextFigure
from widgets.views.visual_words.pictures import columns_for, em_of, fits_text
from widgets.views.visual_words.view import VisualWordsView

INPUT = Input(text=TextInput("a red cup grows"), clip=ClipInput(seed=1))
WORDS = ("[CLS]", "a", "red", "[MASK]", "grows")
RECT = QRectF(0, 0, 900, 900)


def make_result(hidden=(1,), said="so a red cup grows") -> VisualWordsResult:
    """Four chips, six visual words, and a masked word."""
    rng = np.random.default_rng(0)
    n = len(WORDS)
    tokens = Tokens(np.arange(n), WORDS, np.ones(n, bool), np.arange(n) < 1, np.zeros(n, np.int8))
    nce = rng.random((len(hidden), 4 + 6), np.float32)
    return VisualWordsResult(
        tokens=tokens,
        positions=np.array([3]),
        original=("cup",),
        guesses=((("cup", "hat"),), (("hat", "tree"),)),
        guess_probs=np.array([[[0.75, 0.125]], [[0.5, 0.25]]], np.float32),
        original_probs=np.array([[0.75], [0.0625]], np.float32),
        words=np.array([0, 3, 3, 5]),
        hidden=np.array(hidden, np.int64),
        chip_guesses=np.array([[[3, 2]] * len(hidden), [[4, 1]] * len(hidden)], np.int64).reshape(2, len(hidden), 2),
        chip_probs=np.full((2, len(hidden), 2), 0.375, np.float32),
        truth_probs=np.full((2, len(hidden)), 0.375, np.float32),
        nce=nce / nce.sum(-1, keepdims=True),
        first=0,
        last=3,
        fits=0.875,
        fits_other=0.25,
        from_text=np.array([2, 0]),
        from_text_probs=np.array([0.5, 0.25], np.float32),
        n_seen=2,
        futures=np.array([[3, 5], [3, 1], [0, 0]]),
        future_probs=np.full((3, 2), 0.25, np.float32),
        frames=rng.integers(0, 255, (4, 16, 16, 3), np.uint8),
        frame_numbers=tuple(range(8)),
        pictures=rng.integers(0, 255, (6, 16, 16, 3), np.uint8),
        counts=np.arange(6) * 10,
        meanings=tuple((name, 0.5) for name in ("rest", "grow", "turn", "enter", "leave", "move")),
        said=said,
    )


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    view = watched(VisualWordsView(ViewContext(selection)), qtbot, 1000, 800)
    info = replace(make_film_info("videobert-test"), reads=("text", "clip"), mask_token="[MASK]")
    view.set_subject(Subject(info, INPUT))
    answer(view, make_result())
    return view


def canvas_of(view):
    return view.findChild(QWidget, "visual_words_canvas")


def click(view, spot):
    canvas = canvas_of(view)
    spots = dict(canvas.figure._spots(canvas.figure_rect(), canvas.style_now))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=spots[spot].center().toPoint())


def choose(view, data):
    combo = view.findChild(QComboBox, "visual_words_show")
    combo.setCurrentIndex(combo.findData(data))


def request(hidden):
    return VisualWordsRequest("videobert-test", INPUT, hidden)


def test_what_has_no_room_is_scrolled_to(view, qapp):
    view.resize(900, 300)
    qapp.processEvents()
    canvas = canvas_of(view)
    area = canvas.figure_rect()
    assert area.height() >= canvas.figure.least_size(area.width(), canvas.style_now).height()


def test_a_click_hides_a_chip_and_another_one_shows_it(view):
    assert view.asked == [request((5,))]
    click(view, FilmSpot("chip", 2))
    assert view.asked[-1] == request((2, 5))
    answer(view, make_result())
    click(view, FilmSpot("chip", 2))
    assert view.asked[-1] == request((5,))


def test_a_click_masks_a_word(view, selection):
    click(view, FilmSpot("word", 2))
    assert selection.masked == (2,)


def test_a_mask_that_was_typed_stays(view, selection, qtbot):
    with qtbot.waitSignal(view.noticed) as noticed:
        click(view, FilmSpot("word", 3))
    assert "typed" in noticed.args[0]
    assert selection.masked == ()


def test_all_is_shown_again(view, selection):
    selection.set_masked((2,))
    view.findChild(QToolButton, "visual_words_clear").click()
    assert view.asked[-1] == request(())
    assert selection.masked == ()


def test_the_narration_and_the_template_become_the_text(view, qtbot):
    for name, text in (("narration", "so a red cup grows"), ("template", "now watch [MASK]")):
        with qtbot.waitSignal(view.context.input_requested) as wished:
            view.findChild(QToolButton, f"visual_words_{name}").click()
        assert wished.args[0].text.text.startswith(text)


def test_of_a_file_it_is_not_known_what_is_said(view):
    view.refresh(again=True)
    answer(view, make_result(said=""))
    assert not view.findChild(QToolButton, "visual_words_narration").isEnabled()


def test_pages_change_without_asking_anew(view):
    n = len(view.asked)
    for show, kind in (("next", VisualWordsNextFigure), ("text", VisualWordsTextFigure), ("hidden", VisualWordsFigure)):
        choose(view, show)
        assert isinstance(view.figure(), kind)
    assert len(view.asked) == n


def test_guesses_are_framed_where_they_are_right(qapp):
    figure = VisualWordsFigure(make_result())
    with_text, without, cbt = figure.panels(0)
    assert (with_text.right, without.right) == (0, -1)
    scores = make_result().nce[0]
    assert cbt.right == (0 if scores.argmax() == 1 else 1 if np.argsort(-scores)[1] == 1 else -1)
    assert with_text.meanings == ["enters", "turns"]
    assert [card.is_right for card in figure.cards] == [True, False]


def test_words_below_images_stand_apart(qapp):
    style = FigureStyle()
    columns = columns_for(5, 0, 250, style)
    lines = [columns.line(number, 0, em_of(style)) for number in range(5)]
    assert all(b.left() - a.right() > 0.25 * em_of(style) for a, b in pairwise(lines))


def test_nothing_is_cut_off_where_letters_are_large(qapp):
    style = FigureStyle()
    result = make_result()
    result = replace(
        result,
        chip_guesses=np.repeat(result.chip_guesses[:, :, :1], 5, axis=2),
        chip_probs=np.full((2, 1, 5), 0.242, np.float32),
        meanings=tuple(("recolour", 0.5) for _ in result.meanings),
    )
    width = 44 * em_of(style)
    texts = texts_of(
        VisualWordsFigure(result), QRectF(0, 0, width, VisualWordsFigure(result).least_height(width, style))
    )
    assert texts.count("becomes") > 8  # fewer than five guesses, each with all that is told of it
    assert not [text for text in texts if "…" in text]
    assert texts.count("right one: 37.5 %; 4 of 5 shown") == 2
    assert not [text for text in texts_of(VisualWordsFigure(make_result()), RECT) if "shown" in text]


def test_a_chip_says_what_it_stands_for(qapp):
    text = VisualWordsFigure(make_result()).describe(FilmSpot("chip", 3))
    assert text == "Chip 3 is word 5: 50 chips of the training films, 50 % of them: moves; a click hides it."


def test_arrows_go_from_the_film_to_the_text(qapp):
    figure, style = VisualWordsFigure(make_result()), FigureStyle()
    first = figure.step(None, 0, 0, RECT, style)
    assert first == FilmSpot("chip", 0)
    assert figure.step(first, 1, 0, RECT, style) == FilmSpot("chip", 1)
    assert figure.step(first, 0, 1, RECT, style) == FilmSpot("word", 1)


def test_words_can_be_pointed_at_on_every_page(qapp):
    style = FigureStyle()
    for figure in (VisualWordsNextFigure(make_result()), VisualWordsTextFigure(make_result())):
        spot, box = figure.spots(RECT, style)[-1]
        assert figure.spot_at(box.center(), RECT, style) == spot
        assert figure.describe(spot).startswith(f"word {spot.word}: {10 * spot.word} chips")
        first = figure.step(None, 0, 0, RECT, style)
        assert figure.step(first, 1, 0, RECT, style).column == first.column + 1


def test_images_are_as_large_as_the_room_and_no_smaller_than_a_few_letters(qapp):
    """On a wide screen all three futures are in sight, rather than a row of huge images."""
    style = FigureStyle()
    for figure in (VisualWordsNextFigure(make_result()), VisualWordsTextFigure(make_result())):
        least = figure.least_height(900, style)
        sides = []
        for height in (least, least + 60, least + 1000):
            rect = QRectF(0, 0, 900, height)
            boxes = [box for _, box in figure.spots(rect, style)]
            assert max(box.bottom() for box in boxes) < height
            sides.append(boxes[0].width())
        assert sides == sorted(set(sides))
    film = VisualWordsFigure(make_result())
    least = film.least_height(900, style)
    small, large = (film._film(QRectF(0, 0, 900, height), style).side for height in (least, least + 60))
    assert large == pytest.approx(min(small + 20, film._film(QRectF(0, 0, 900, 2000), style).side))
    assert film._text_top(QRectF(0, 0, 900, least), style) < least


def test_no_chip_is_offered_that_is_not_there(view):
    boxes = {name: view.findChild(QSpinBox, f"visual_words_{name}") for name in ("first", "last")}
    assert {name: box.maximum() for name, box in boxes.items()} == {"first": 3, "last": 3}
    assert boxes["last"].value() == 3
    assert view.asked[-1].last == -1
    boxes["last"].setValue(2)
    assert view.asked[-1].last == 2


def test_numbers_name_their_axes(qapp):
    for figure in (VisualWordsFigure, VisualWordsNextFigure, VisualWordsTextFigure):
        numbers = figure(make_result()).numbers()
        for name, axes in numbers.arrays.items():
            if name.endswith("_axes"):
                assert numbers.arrays[name.removesuffix("_axes")].ndim == len(axes), name
        assert all(len(row) == len(numbers.header) for row in numbers.rows)


def test_what_is_hidden_is_counted_and_the_score_is_told(view):
    labels = [label.text() for label in view.findChildren(QLabel)]
    assert any("hidden chips: 1, masked words: 1" in text for text in labels)
    told = "Text and film belong together: 88 %; with another film: 25 %, so the model prefers this one"
    assert fits_text(make_result()) == told
    assert fits_text(replace(make_result(), fits_other=0.875)).endswith("88 %, so the model prefers neither")
    assert fits_text(replace(make_result(), fits_other=0.9)).endswith("90 %, so the model prefers the other one")
