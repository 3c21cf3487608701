"""n-grams: the factors, what is pointed at, the blank, and a corpus of the user's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QSpinBox, QToolButton, QWidget

from inference.results.events import Failure
from inference.results.inputs import ImageInput, Input
from inference.results.ngrams import NgramsRequest, NgramsResult
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info
from tests.inputs import text_input
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.ngrams.figure import NgramsFigure
from widgets.views.ngrams.view import NgramsView

WORDS = ("the", "cat", "slept")
SENTENCE = text_input("The cat slept")


def make_result(order=3, blank=0):
    """Numbers by hand; the corpus does not know the last word."""
    rng = np.random.default_rng(0)
    used = rng.uniform(0.001, 0.1, (order + 1, 4))
    by_order = np.stack([used.sum(0) * (n + 1) / order for n in range(5)])
    by_order[order - 1] = used.sum(0)
    guessers = ("left", "both", "model") if blank else ()
    return NgramsResult(
        corpus="book.txt",
        words=WORDS,
        is_known=np.array([True, True, False]),
        used=used,
        weights=rng.uniform(0.1, 0.9, (order, 4)),
        by_order=by_order,
        held_out=np.array([300.0, 90.0, 60.0, 58.0, 59.0]),
        n_words=12_345,
        n_vocabulary=500,
        blank=blank,
        guessers=guessers,
        guesses=(("cat", "dog"), ("dog", "cat"), ("girl", "boy"))[: len(guessers)],
        guess_probs=np.array([[0.4, 0.2], [0.5, 0.3], [0.2, 0.1]])[: len(guessers)],
        blank_probs=np.array([0.4, 0.3, np.nan])[: len(guessers)],
        model_bits=np.zeros(0),
    )


@pytest.fixture
def view(qtbot):
    return watched(NgramsView(ViewContext()), qtbot, 900, 600)


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def look_at(view, **how):
    view.set_subject(Subject(make_checkpoint_info(), SENTENCE))
    answer(view, make_result(**how))


def place_of(view, place):
    canvas = child(view, QWidget, "ngrams_canvas")
    return canvas, canvas.figure.row_rect(place, canvas.figure_rect(), canvas.style_now).center().toPoint()


def test_asks_with_its_options(view):
    look_at(view)
    assert view.asked == [NgramsRequest("bert-test", SENTENCE)]
    child(view, QSpinBox, "ngrams_order").setValue(2)
    assert view.asked[-1] == NgramsRequest("bert-test", SENTENCE, order=2)


@pytest.mark.parametrize("input", [Input(image=ImageInput(seed=1)), text_input("  ")])
def test_without_a_text_it_says_what_to_do(view, input):
    look_at(view)
    view.set_subject(Subject(make_checkpoint_info(), input))
    assert view.figure() is None
    assert "Type a sentence" in child(view, QLabel, "ngrams_empty").text()
    look_at(view)
    assert view.figure() is not None


def test_where_no_text_can_be_typed_it_does_not_ask_for_one(view):
    info = replace(make_checkpoint_info(), name="vit", reads=("image",))
    view.set_subject(Subject(info, Input(image=ImageInput(seed=1))))
    assert "open a checkpoint that reads text" in child(view, QLabel, "ngrams_empty").text()


def test_factors_have_the_history_that_the_model_sees():
    figure = NgramsFigure(make_result())
    assert [figure.factor(place) for place in range(4)] == [
        "P(the | start)",
        "P(cat | start the)",
        "P(slept | the cat)",
        "P(end | cat slept)",
    ]
    assert NgramsFigure(make_result(order=1)).factor(2) == "P(slept)"
    assert NgramsFigure(make_result(order=2)).factor(1) == "P(cat | the)"
    assert NgramsFigure(make_result(order=5)).factor(3) == "P(end | start the cat slept)"


def test_words_that_would_turn_the_line_round_are_named():
    figure = NgramsFigure(replace(make_result(), words=("the", "\u202ecat", "\x07"), is_known=(True, False, True)))
    assert figure.factor(1) == "P(‹RLO›cat | start the)"
    assert figure.factor(3) == "P(end | ‹RLO›cat ‹BEL›)"
    assert not any("\u202e" in text for text in texts_of(figure))
    marked = NgramsFigure(replace(make_result(), words=("the", "\ufeff", "a\u200bb")))
    assert marked.factor(2) == "P(a‹ZWSP›b | the ‹BOM›)"
    arabic = NgramsFigure(replace(make_result(), words=("the", "مرحبا", "cat")))
    assert arabic.factor(2) == "P(cat | \u2068the مرحبا\u2069)"


def test_perplexity_and_product_by_hand():
    result = make_result()
    figure = NgramsFigure(result)
    expected = float(np.prod(result.used.sum(0))) ** -0.25
    assert figure.perplexity[2] == pytest.approx(expected)
    shown = " ".join(texts_of(figure))
    assert f"perplexity per word {expected:.1f}" in shown
    for text in ("P(cat | start the)", "book.txt"):
        assert text in shown + figure.caption
    assert "12,345 words" in figure.caption


def test_what_the_bars_mean_is_said_where_the_legend_takes_its_line():
    scale = "bars: logarithm, from one in a million to 1"
    for width in (1000, 560):
        assert scale in texts_of(NgramsFigure(make_result()), QRectF(0, 0, width, 500))


def test_what_is_pointed_at_is_told_in_numbers(view):
    look_at(view)
    canvas, place = place_of(view, 2)
    QTest.mouseMove(canvas, place)
    text = child(view, QLabel, "ngrams_read_out").text()
    assert text.startswith("P(slept | the cat) = ")
    assert text.endswith("not in the corpus, taken as any unknown word")
    result = make_result()
    left = result.weights[2, 2]
    assert f"order 3: {result.used[3, 2]:.3g} + {left:.3g} × order 2; order 2: {result.used[2, 2] / left:.3g} +" in text
    assert f"{result.weights[0, 2]:.3g} / 500" in text


def test_where_it_backs_off_no_further_nothing_is_added():
    result = make_result()
    result.weights[1, 1] = 0
    result.used[:2, 1] = 0
    text = NgramsFigure(result, "back-off").describe(1)
    assert "order 3" in text
    assert text.endswith(f"order 2: {result.used[2, 1] / result.weights[2, 1]:.3g}")


def test_a_typed_blank_has_no_probability_of_its_own():
    result = replace(make_result(blank=3), words=("the", "cat", "__"), blank_probs=np.full(3, np.nan))
    shown = texts_of(NgramsFigure(result))
    assert "girl" in shown
    assert "unknown" not in shown
    figure = NgramsFigure(result)
    others = result.used.sum(0)[[0, 1, 3]]
    assert figure.perplexity[2] == pytest.approx(float(np.prod(others)) ** (-1 / 3))
    assert 2**-figure.bits == pytest.approx(float(np.prod(others)))
    assert "not in the corpus" not in " ".join(shown)
    assert "left out of the product" in figure.describe(2)
    assert figure.caption.endswith("without the blank")


def test_unknown_words_are_named():
    assert "not in the corpus, taken as one unknown word: slept" in texts_of(NgramsFigure(make_result()))


def test_a_click_makes_a_word_the_blank_and_another_takes_it_back(view):
    look_at(view)
    canvas, place = place_of(view, 1)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.asked[-1] == NgramsRequest("bert-test", SENTENCE, blank=2)
    answer(view, make_result(blank=2))
    shown = texts_of(view.figure())
    for text in ("From both sides", "dog", "50.0 %", "unknown"):
        assert text in shown
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place_of(view, 1)[1])
    assert view.asked[-1] == NgramsRequest("bert-test", SENTENCE)
    n = len(view.asked)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place_of(view, 3)[1])  # the end is no word
    assert len(view.asked) == n


def test_the_keyboard_goes_from_word_to_word(view):
    look_at(view)
    canvas = child(view, QWidget, "ngrams_canvas")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(canvas, key)
    assert canvas.spot == 1
    assert view.asked[-1].blank == 2


def test_a_text_file_is_counted_and_left_again(view, monkeypatch):
    look_at(view)
    bundled = child(view, QToolButton, "ngrams_bundled")
    assert not bundled.isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    child(view, QToolButton, "ngrams_open").click()
    assert len(view.asked) == 1
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/tmp/book.txt", ""))
    child(view, QToolButton, "ngrams_open").click()
    assert view.asked[-1] == NgramsRequest("bert-test", SENTENCE, corpus="/tmp/book.txt")
    bundled.click()
    assert view.asked[-1] == NgramsRequest("bert-test", SENTENCE)
    assert not bundled.isEnabled()


def test_a_refused_corpus_loses_nothing(view):
    look_at(view)
    view.open_corpus("/tmp/short.txt")
    fail(view, Failure("refused", "short.txt cannot be counted: it has 2 sentences; at least 20 are needed."))
    assert view.figure() is not None
    assert "short.txt" in view.why_not_current
    child(view, QToolButton, "ngrams_bundled").click()
    answer(view, make_result())
    assert not view.why_not_current


def test_a_first_failure_is_told_in_its_place(view):
    view.set_subject(Subject(make_checkpoint_info(), SENTENCE))
    fail(view, Failure("refused", "The text has 121 words; at most 120 are taken apart."))
    assert "121 words" in child(view, QLabel, "ngrams_empty").text()


def test_what_is_refused_leaves_no_picture_of_another_checkpoint(view):
    look_at(view)
    view.set_subject(Subject(make_checkpoint_info(name="another"), SENTENCE))
    fail(view, Failure("refused", "The text has 121 words; at most 120 are taken apart."))
    assert view.figure() is None
    assert "121 words" in child(view, QLabel, "ngrams_empty").text()
    view.restyle()


def test_short_words_leave_their_room_to_the_bars(qapp):
    short, style = make_result(), FigureStyle()
    long = replace(short, words=tuple(word * 6 for word in short.words))
    widths = [NgramsFigure(result).least_size(0, style).width() for result in (short, long)]
    assert widths[0] < 0.9 * widths[1]


def test_the_bars_of_perplexity_say_what_their_length_is(qapp):
    texts = texts_of(NgramsFigure(make_result()), QRectF(0, 0, 900, 600))
    assert "Perplexity by order; bars: logarithm" in texts
    assert not any(" · " in text for text in texts), "two numbers of one look"


def test_numbers_are_those_of_the_result():
    result = make_result(blank=2)
    numbers = NgramsFigure(result).numbers()
    assert numbers.header == ("word", "probability", "order 0", "order 1", "order 2", "order 3", "bits by checkpoint")
    assert [row[0] for row in numbers.rows] == [*WORDS, "end"]
    assert numbers.rows[1][1] == pytest.approx(result.used[:, 1].sum())
    assert numbers.arrays["used"] is result.used
    assert numbers.arrays["guesses"].tolist()[1] == ["dog", "cat"]


def test_an_old_picture_is_dimmed_until_the_next_is_there(view, qtbot):
    look_at(view)
    check_provenance(
        view,
        qtbot,
        make_result(),
        change=lambda: child(view, QSpinBox, "ngrams_order").setValue(2),
        other=Subject(replace(make_checkpoint_info(), checkpoint="other", name="other-model"), SENTENCE),
    )


def test_what_a_language_model_needs_stands_beside_it(view):
    result = replace(make_result(), model_bits=np.array([np.nan, 2.0, 4.0, np.nan]))
    figure = NgramsFigure(result, checkpoint="gpt")
    own = -np.log2(result.used.sum(0)[1:3]).mean()
    assert figure.compared == f"on 2 words known to both: {own:.2f} bits a word by n-grams, 3.00 by gpt"
    shown = texts_of(figure)
    assert {"gpt", "2.0 bits", "4.0 bits"} <= set(shown)
    assert figure.compared in shown
    assert "bits a token" in replace(figure, unit="tokens").compared
    assert NgramsFigure(make_result()).compared == ""


def test_tokens_are_asked_for(view):
    look_at(view)
    combo = child(view, QComboBox, "ngrams_unit")
    combo.setCurrentIndex(combo.findData("tokens"))
    assert view.asked[-1] == NgramsRequest("bert-test", SENTENCE, unit="tokens")
    answer(view, make_result())
    assert "of up to 3 tokens" in view.figure().caption


def test_what_can_be_done_is_said_again_when_a_dimmed_picture_turns_out_right(view):
    look_at(view)
    read_out = child(view, QLabel, "ngrams_read_out")
    assert read_out.text().startswith("Point at a word")
    view.refuse("The input is read.")
    assert read_out.text() == ""
    view.refuse("")
    assert not view.why_not_current
    assert read_out.text().startswith("Point at a word")


def test_the_text_that_is_counted_is_counted_another_day(view, qtbot):
    look_at(view)
    assert "corpus" not in view.options_state()
    view.open_corpus("/tmp/book.txt")
    another = watched(NgramsView(ViewContext()), qtbot, 900, 600)
    another.set_options_state(view.options_state())
    another.set_subject(Subject(make_checkpoint_info(), SENTENCE))
    assert another.asked[-1].corpus == "/tmp/book.txt"
    assert child(another, QToolButton, "ngrams_bundled").isEnabled()


def test_where_four_guess_no_heading_is_cut_off():
    four = replace(
        make_result(blank=2),
        guessers=("left", "both", "cbow", "model"),
        guesses=(("cat",),) * 4,
        guess_probs=np.full((4, 1), 0.5),
        blank_probs=np.full(4, 0.5),
    )
    assert {"From the left", "From both sides", "CBOW"} <= set(texts_of(NgramsFigure(four)))
    assert "Blank, from the left" in texts_of(NgramsFigure(make_result(blank=2)))


def test_rows_stand_closer_before_perplexities_are_out_of_sight(qapp):
    figure, style = NgramsFigure(make_result()), FigureStyle()
    least, natural = (size.height() for size in (figure.least_size(0, style), figure.natural_size(style)))
    assert least < 0.9 * natural
