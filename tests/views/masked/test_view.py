"""Masked words: a click masks, every mask gets its words; the lab shows what was done and what came of it."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QSpinBox, QTabWidget, QToolButton, QWidget

from inference.results.events import Failure
from inference.results.mask_lab import MaskLabRequest
from inference.results.masked import MaskedRequest
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info, make_mask_lab_result, make_masked_result, make_tokens
from tests.inputs import text_input
from tests.lettering import cut
from tests.lettering import watched as watched_letters
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.prediction_cards import percent
from widgets.look.theme import FigureStyle
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.masked.figure import LayerRow, MaskedFigure
from widgets.views.masked.mask_lab import MaskLabFigure
from widgets.views.masked.view import MaskedView

INPUT = text_input("the cat sat on the mattress because it was tired")
OTHER = Subject(replace(make_checkpoint_info(name="other"), checkpoint="other"), text_input("the cat", masked=(1,)))


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    return watched(MaskedView(ViewContext(selection)), qtbot, 1000, 700)


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def look_at(view, masked=(), text=INPUT.text.text):
    view.selection.set_masked(masked)
    view.set_subject(Subject(make_checkpoint_info(), text_input(text, masked=masked)))
    answer(view, TokenizeResult(make_tokens()))


def click_chip(view, position):
    strip = child(view, QWidget, "masked_words")
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.box(position).center().toPoint())


# What is asked


def test_until_the_user_masks_something_a_word_is_masked_as_an_example(view, selection):
    look_at(view)
    example = text_input(INPUT.text.text, masked=(11,))  # tired: the last word that is one token
    assert view.asked == [TokenizeRequest("bert-test", INPUT), MaskedRequest("bert-test", example, 10)]
    assert selection.masked == (), "it is masked here alone"
    answer(view, make_masked_result())
    assert view.figure() is not None
    assert child(view, QWidget, "masked_caption").text().startswith("An example; click any word above")
    click_chip(view, 2)
    assert selection.masked == (2,)


def test_it_is_waited_for_the_words_of_another_sentence_among_which_its_example_is(view):
    look_at(view)
    answer(view, make_masked_result())
    assert not view.is_waiting
    view.set_subject(Subject(make_checkpoint_info(), text_input("the dog slept")))
    assert view.figure() is None
    assert view.is_waiting


def test_a_user_who_has_cleared_all_masks_is_told_how_to_mask(view, selection):
    look_at(view, (2,))
    look_at(view)
    assert view.figure() is None
    assert child(view, QLabel, "masked_empty").text() == "Click a word to mask it, or type [MASK] in the sentence."


def test_masks_are_asked_for_and_the_tokens_only_once(view):
    look_at(view, (2,))
    look_at(view, (2, 6))
    one, both = (text_input(INPUT.text.text, masked=masked) for masked in ((2,), (2, 6)))
    tokenize = TokenizeRequest("bert-test", INPUT)
    assert view.asked == [tokenize, MaskedRequest("bert-test", one, 10), MaskedRequest("bert-test", both, 10)]


def test_a_typed_mask_is_asked_for(view):
    look_at(view, text="the [MASK] sat")
    assert view.asked[-1] == MaskedRequest("bert-test", text_input("the [MASK] sat"), 10)


def test_more_words_are_asked_for(view):
    look_at(view, (2,))
    child(view, QSpinBox, "masked_top_k").setValue(25)
    assert view.asked[-1].top_k == 25


def test_nothing_is_asked_without_a_sentence(view):
    view.set_subject(Subject(make_checkpoint_info(), text_input(" ")))
    assert view.asked == []
    assert "Type a sentence" in child(view, QLabel, "masked_empty").text()


# The words to click on


def test_a_click_masks_a_word_and_shows_it_again(view, selection):
    look_at(view)
    click_chip(view, 2)
    assert selection.masked == (2,)
    assert child(view, QWidget, "masked_words").chips[2].text == "[MASK]"
    click_chip(view, 2)
    assert selection.masked == ()
    assert child(view, QWidget, "masked_words").chips[2].text == "cat"


def test_special_tokens_are_not_masked(view, selection):
    look_at(view)
    click_chip(view, 0)
    assert selection.masked == ()


def test_the_keyboard_masks_a_word(view, selection):
    look_at(view)
    strip = child(view, QWidget, "masked_words")
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Space):
        QTest.keyClick(strip, key)
    assert selection.masked == (2,)
    assert "masked" in strip.accessibleDescription()


def test_a_typed_mask_is_taken_away_by_typing(view, selection, qtbot):
    look_at(view, text="the [MASK] sat")
    answer(view, TokenizeResult(make_tokens("[CLS] the [MASK] sat [SEP]")))
    with qtbot.waitSignal(view.noticed):
        click_chip(view, 2)
    assert selection.masked == ()


def test_words_of_another_sentence_cannot_be_clicked(view):
    look_at(view)
    view.set_subject(Subject(make_checkpoint_info(), text_input("something else")))
    assert child(view, QWidget, "masked_words").chips == ()
    look_at(view)
    assert len(child(view, QWidget, "masked_words").chips) == len(make_tokens())


def test_clearing_shows_all_words_again(view, selection):
    look_at(view, (2, 6))
    child(view, QToolButton, "masked_clear").click()
    assert selection.masked == ()


# What the model says


def test_every_mask_has_a_card_with_its_words(view):
    look_at(view, (2, 6))
    result = make_masked_result()
    answer(view, result)
    cards = view.figure().cards
    assert [[guess.word for guess in card.guesses] for card in cards] == [list(words) for words in result.words]
    assert [guess.prob for guess in cards[0].guesses] == pytest.approx(result.probs[0])


def test_the_original_is_marked(qapp):
    card = MaskedFigure(make_masked_result()).cards[0]
    assert [guess.is_original for guess in card.guesses] == [False, False, True, False, False]
    assert card.outside is None


def test_the_original_is_named_even_outside_the_top(qapp):
    figure = MaskedFigure(make_masked_result(outside=(6,)))
    card = figure.cards[1]
    assert not any(guess.is_original for guess in card.guesses)
    assert card.outside.word == "mat"
    assert "0.12 %" in texts_of(figure)


def test_a_word_that_only_looks_like_the_original_is_not_marked(qapp):
    result = make_masked_result()
    # Token `cat` within a word: the same text, another token.
    words = (("cat", *result.words[0][1:2], "word2", *result.words[0][3:]), result.words[1])
    card = MaskedFigure(replace(result, words=words)).cards[0]
    assert not any(guess.is_original for guess in card.guesses)
    assert card.outside is not None


def test_a_typed_mask_has_no_original(qapp):
    card = MaskedFigure(make_masked_result(masked=(), typed=(4,))).cards[0]
    assert card.outside is None
    assert not any(guess.is_original for guess in card.guesses)
    assert "typed" in card.title


def test_every_layer_says_its_best_word(view):
    look_at(view, (2, 6))
    result = make_masked_result(n_layers=3)
    answer(view, result)
    layers = view.figure().cards[0].layers
    assert [name for name, _ in layers] == ["Embeddings", "Layer 0", "Layer 1", "Layer 2"]
    assert [guess.word for _, guess in layers] == [words[0][0] for words in result.layer_words]


def test_clicking_a_layer_shows_its_words(view, qtbot):
    look_at(view, (2, 6))
    answer(view, make_masked_result())
    canvas = child(view, QWidget, "masked_canvas")
    grid, origin = canvas.figure._grid(canvas.figure_rect(), canvas.style_now)
    place = grid.layer_row(1, 2).translated(origin).center().toPoint()
    QTest.mouseMove(canvas, place)
    assert "layer2word1" in child(view, QLabel, "masked_read_out").text()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.figure().layer == 2
    assert view.figure().cards[0].guesses[0].word == "layer2word0"
    layer = child(view, QComboBox, "masked_layer")
    assert layer.currentText() == "Layer 1"
    layer.setCurrentIndex(layer.count() - 1)
    assert view.figure().layer is None


def test_arrow_keys_and_enter_choose_a_layer(view):
    look_at(view, (2, 6))
    answer(view, make_masked_result())
    canvas = child(view, QWidget, "masked_canvas")
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Return):
        QTest.keyClick(canvas, key)
    assert canvas.spot == LayerRow(0, 2)
    assert view.figure().layer == 2


def test_many_masks_scroll(view):
    look_at(view, tuple(range(1, 12)))
    answer(view, make_masked_result(masked=tuple(range(1, 12)), top_k=10))
    canvas = child(view, QWidget, "masked_canvas")
    grid, origin = canvas.figure._grid(canvas.figure_rect(), canvas.style_now)
    boxes = [box.translated(origin) for box in grid.boxes]
    assert all(canvas.figure_rect().adjusted(-1, -1, 1, 1).contains(box) for box in boxes)
    assert not any(one.intersects(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_without_masks_the_picture_goes_and_comes_back(view):
    look_at(view, (2, 6))
    answer(view, make_masked_result())
    masked = view.asked[-1]
    view.selection.set_masked(())
    view.set_subject(Subject(make_checkpoint_info(), INPUT))
    assert view.figure() is None
    assert "Click a word" in child(view, QLabel, "masked_empty").text()
    view.take_result(masked, make_masked_result())  # a late answer
    assert view.figure() is None
    look_at(view, (2, 6))
    answer(view, make_masked_result())
    assert view.figure() is not None


def test_old_words_are_dimmed_until_the_next_are_there(view, qtbot):
    look_at(view, (2, 6))
    answer(view, make_masked_result())
    assert view.why_not_current == ""  # the words to click on add to it only
    check_provenance(view, qtbot, make_masked_result(), change=lambda: look_at(view, (2, 6, 7)), other=OTHER)


def test_the_page_behind_shows_nothing_of_another_sentence(view):
    look_at(view, (2, 6))
    answer(view, make_masked_result())
    open_lab(view)
    answer(view, make_mask_lab_result())
    view.set_subject(OTHER)
    answer(view, make_mask_lab_result())
    child(view, QTabWidget, "masked_pages").setCurrentIndex(0)
    assert view.figure() is None
    answer(view, make_masked_result())
    look_at(view, (2,))
    child(view, QTabWidget, "masked_pages").setCurrentIndex(1)
    assert view.figure() is None


def test_a_failure_keeps_the_old_picture(view, qtbot):
    look_at(view, (2, 6))
    answer(view, make_masked_result())
    before = view.figure()
    with qtbot.waitSignal(view.noticed) as blocker:
        fail(view, Failure("error", "It broke."))
    assert blocker.args == ["It broke."]
    assert view.figure() is before


def test_a_first_failure_is_said_in_place(view):
    look_at(view, (2, 6))
    fail(view, Failure("refused", "512 tokens are the limit."))
    assert child(view, QLabel, "masked_empty").text() == "512 tokens are the limit."


# Mask lab


def open_lab(view):
    look_at(view, (2,))
    view.asked.clear()
    child(view, QTabWidget, "masked_pages").setCurrentIndex(1)


def test_the_lab_asks_only_on_its_page_and_for_all_words(view):
    look_at(view, (2,))
    assert not any(isinstance(request, MaskLabRequest) for request in view.asked)
    open_lab(view)
    assert view.asked == [MaskLabRequest("bert-test", INPUT, 0, 0.15)]


def test_seed_and_rate_are_asked_for(view):
    open_lab(view)
    child(view, QToolButton, "mask_lab_next").click()
    assert child(view, QSpinBox, "mask_lab_seed").value() == 1
    child(view, QDoubleSpinBox, "mask_lab_rate").setValue(40)
    assert view.asked[1:] == [
        MaskLabRequest("bert-test", INPUT, 1, 0.15),
        MaskLabRequest("bert-test", INPUT, 1, 0.4),
    ]


def test_an_old_lab_is_dimmed_until_the_next_is_there(view, qtbot):
    open_lab(view)
    answer(view, make_mask_lab_result())
    assert child(view, QLabel, "mask_lab_read_out").text().startswith("▸ marks the word that was there.")
    change = child(view, QToolButton, "mask_lab_next").click
    check_provenance(view, qtbot, make_mask_lab_result(), change=change, other=OTHER)


def test_a_lab_that_failed_says_so_in_place(view):
    open_lab(view)
    fail(view, Failure("refused", "512 tokens are the limit."))
    assert child(view, QLabel, "mask_lab_empty").text() == "512 tokens are the limit."


def test_the_lab_shows_what_was_done_and_what_came_of_it(view):
    open_lab(view)
    answer(view, make_mask_lab_result())
    figure = view.figure()
    assert [card.is_right for card in figure.cards] == [True, False, False]
    assert figure.cards[1].outside.word == "on"
    assert figure.cards[2].guesses[1].is_original
    assert figure.n_right == 1


def test_what_was_there_is_marked_among_candidates_with_the_marks_of_a_tokenizer(qapp):
    result = make_mask_lab_result()
    before, words = result.original, tuple(tuple(f"␣{word}" for word in row) for row in result.words)
    before = replace(before, pieces=tuple(f"␣{word}" for word in before.words))
    marked = MaskLabFigure(replace(result, original=before, words=words))
    plain = MaskLabFigure(result)
    assert [card.is_right for card in marked.cards] == [card.is_right for card in plain.cards]
    assert marked.cards[1].outside.word == "␣on"
    assert "␣cat" in marked.cards[0].title


def test_the_lab_svg_has_legend_sentences_and_marks(qapp):
    texts = texts_of(MaskLabFigure(make_mask_lab_result()))
    for text in (
        "1 replaced by [MASK]", "1 replaced by a random word", "1 kept", "1 of 3 right; loss 2.345 nats", "✓ right",
        "✗ wrong", "Before", "As the model saw it", "purple", "2 · cat → [MASK]",
    ):  # fmt: skip
        assert text in texts


def test_an_empty_lab_says_so(qapp):
    result = make_mask_lab_result()
    nothing = replace(
        result, shown=result.original, actions=("",) * len(result.original), positions=np.empty(0, np.int64), words=(),
        probs=np.empty((0, 5), np.float32), original_probs=np.empty(0, np.float32), loss=float("nan"),
    )  # fmt: skip
    assert "No token was chosen." in texts_of(MaskLabFigure(nothing))


# Files


def test_the_svg_has_sentence_and_words(qapp):
    result = make_masked_result()
    texts = texts_of(MaskedFigure(result))
    assert {"[MASK]", "[CLS]", "because", "word0", percent(float(result.probs[0, 0])), "Layer 2"} <= set(texts)


def test_dangerous_tokens_are_made_visible(qapp):
    result = make_masked_result(text="[CLS] a \x1b[0m b \u202e [SEP]", masked=(3,))
    assert "‹RLO›" in texts_of(MaskedFigure(result))


def test_numbers_hold_every_word():
    result = make_masked_result(top_k=4)
    numbers = MaskedFigure(result).numbers()
    assert numbers.header == ("position", "original", "rank", "word", "probability")
    assert numbers.rows[0] == (2, "cat", 1, "word0", 0.5)
    assert len(numbers.rows) == 8
    assert numbers.arrays["words"].shape == (2, 4)
    assert numbers.arrays["layer_words"].shape == (4, 2, 4)
    assert set(numbers.arrays) >= {"positions", "words", "probs", "layer_words", "layer_probs", "tokens"}
    few = MaskedFigure(result, top_k=2).numbers()
    assert few.arrays["words"].shape == few.arrays["probs"].shape == (2, 2)


@pytest.mark.parametrize(
    ("prob", "text"), [(1, "100.0 %"), (0.931, "93.1 %"), (0.0034, "0.34 %"), (0.00001, "< 0.01 %"), (0, "0 %")]
)
def test_probabilities_keep_digits_that_say_something(prob, text):
    assert percent(prob) == text


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    for name in (
        "masked_top_k", "masked_layer", "masked_clear", "masked_words", "masked_canvas", "mask_lab_seed",
        "mask_lab_rate", "mask_lab_next",
    ):  # fmt: skip
        control = child(view, QWidget, name)
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_larger_letters_make_larger_cards(view):
    look_at(view, (2, 6))
    answer(view, make_masked_result())
    before = view.figure().natural_size(view.style_now())
    font = view.font()
    font.setPointSizeF(2 * font.pointSizeF())
    view.setFont(font)
    assert view.figure().natural_size(view.style_now()).height() > 1.8 * before.height()
    assert child(view, QWidget, "masked_canvas").style_now == FigureStyle.of(view)


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = MaskedView(ViewContext(selection))
        look_at(view, (2, 6))
        answer(view, make_masked_result())
        return view

    assert_collected(make)


def test_the_layers_of_a_card_that_is_wide_stand_beside_its_words(qapp):
    figure, style = MaskedFigure(make_masked_result(masked=(2,))), FigureStyle()
    em = QFontMetricsF(style.font).height()
    narrow, wide = (figure._grid(QRectF(0, 0, width * em, 900), style)[0] for width in (40, 60))
    for grid, is_wide in ((narrow, False), (wide, True)):
        words, layers = grid.guesses_box(0), grid.layer_row(0, 0)
        assert grid.boxes[0].contains(grid.layer_row(0, len(figure.cards[0].layers) - 1))
        assert (layers.left() >= words.right()) == is_wide
    assert wide.height < narrow.height
    for width in (40, 60):
        image = QImage(round(width * em), 900, QImage.Format.Format_RGB32)
        with QPainter(image) as painter, watched_letters() as words:
            figure.paint(painter, QRectF(image.rect()), style)
        assert not cut(words)
