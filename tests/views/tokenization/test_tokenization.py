"""The view of tokenizers: a vocabulary step by step, and the checkpoint's own tokenizer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPlainTextEdit, QTabWidget, QToolButton

from app.commands.command_line import run
from inference.analyses.tokenization import vocabulary
from inference.checkpoints.inspection import plan
from inference.context import Context
from inference.files.tokenizer_files import load_tokenizer
from inference.inputs.cutting import cut_text
from inference.results.events import Failure
from inference.results.inputs import Input
from inference.results.tokenization import SAMPLE_TEXT, CutRequest, CutResult, VocabularyRequest, VocabularyResult
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info
from tests.inputs import text_input
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot
from widgets.plots.legend import entries
from widgets.subject import Subject
from widgets.views.tokenization.cut_figure import CutFigure, PartSpot, SpanSpot, TokenSpot
from widgets.views.tokenization.glossary import Term, explained
from widgets.views.tokenization.options import VocabularyOptions
from widgets.views.tokenization.view import TokenizationView
from widgets.views.tokenization.vocabulary_figure import TableRow, VocabularyFigure, WordSpot


def built(request):
    return vocabulary(request, Context())


@pytest.fixture(scope="module")
def tokenizer():
    found = plan("bert-mini")
    return load_tokenizer(found.folder, found.config)


@pytest.fixture
def view(qtbot):
    view = watched(TokenizationView(ViewContext()), qtbot, 1100, 760)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the unbelievable cat")))
    return view


def on_vocabulary(view):
    answer(view, built(view.asked[-1]))
    return view._vocabulary


def on_checkpoint(view, tokenizer):
    view.findChild(QTabWidget, "tokenization_pages").setCurrentIndex(1)
    answer(view, cut_text(tokenizer, "the unbelievable cat"))
    return view


def rect_of(spot, canvas):
    spots = canvas.figure._spots(canvas.figure_rect(), canvas.style_now)
    return next(area for there, area in spots if there == spot)


# Building a vocabulary


def test_it_asks_for_the_sample_and_shows_the_last_step(view):
    assert view.asked == [VocabularyRequest(SAMPLE_TEXT)]
    page = on_vocabulary(view)
    figure = view.figure()
    assert isinstance(figure, VocabularyFigure)
    assert figure.step_shown == len(figure.result.steps) - 1 == page.playback.last
    assert "in the same order" in figure.caption


def test_the_player_goes_step_by_step(view, qtbot):
    page = on_vocabulary(view)
    last = page.playback.last
    qtbot.mouseClick(view.findChild(QToolButton, "vocabulary_back"), Qt.MouseButton.LeftButton)
    assert view.figure().step_shown == last - 1
    qtbot.mouseClick(view.findChild(QToolButton, "vocabulary_first"), Qt.MouseButton.LeftButton)
    assert view.figure().step_shown == 0
    assert "every character is a piece" in view.figure().headline
    qtbot.mouseClick(view.findChild(QToolButton, "vocabulary_forth"), Qt.MouseButton.LeftButton)
    pair = view.figure().now.pairs[0]
    assert view.figure().headline.startswith(f"{pair.left} + {pair.right} → {pair.new}")
    page.playback.play()
    page.playback.advance(1000)
    assert view.figure().step_shown == 3


def test_a_click_on_a_line_goes_to_its_step(view):
    on_vocabulary(view)
    view._vocabulary._canvas.spot_chosen.emit(PlotSpot(0, 0, 4))
    assert view.figure().step_shown == 4


def test_another_algorithm_is_asked_for_and_score_is_wordpiece_s(view):
    on_vocabulary(view)
    combo = view.findChild(QComboBox, "vocabulary_algorithm")
    score = view.findChild(QComboBox, "vocabulary_chosen_by")
    assert not score.isVisible()
    combo.setCurrentIndex(combo.findData("wordpiece"))
    assert score.isVisible()
    score.setCurrentIndex(1)
    assert view.asked[-1] == VocabularyRequest(SAMPLE_TEXT, "wordpiece", chosen_by="score")
    combo.setCurrentIndex(combo.findData("unigram"))
    assert view.asked[-1] == VocabularyRequest(SAMPLE_TEXT, "unigram", 45)


def test_another_text_is_learned_from_when_typing_rests(view):
    on_vocabulary(view)
    edit = view.findChild(QPlainTextEdit, "vocabulary_text")
    edit.setPlainText("low lower")
    assert len(view.asked) == 1
    view._vocabulary._typing.elapsed.emit()
    assert view.asked[-1].text == "low lower"
    assert view.options_state() == {"vocabulary_text": "low lower"}
    view.set_options_state({"vocabulary_text": 3})
    assert view._vocabulary.text == "low lower"


@pytest.mark.parametrize("points", [9, 9.5, 10, 13.5, 14, 16, 20])
def test_three_lines_of_the_text_are_seen_whole(view, points):
    edit = view.findChild(QPlainTextEdit, "vocabulary_text")
    font = edit.font()
    font.setPointSizeF(points)
    edit.setFont(font)
    on_vocabulary(view).rebuild()
    QApplication.processEvents()
    third = edit.document().firstBlock().layout().lineAt(2)
    assert edit.contentOffset().y() + third.y() + third.height() <= edit.viewport().height()


@pytest.mark.parametrize(("text", "why"), [("a" * 4001, "at most 4,000"), ("  ", "no words")])
def test_a_text_that_cannot_be_learned_from_is_refused_beside_it(view, text, why):
    on_vocabulary(view)
    view.findChild(QPlainTextEdit, "vocabulary_text").setPlainText(text)
    view._vocabulary._typing.elapsed.emit()
    assert len(view.asked) == 1
    said = view.findChild(QLabel, "vocabulary_said")
    assert why in said.text()
    assert said.isVisible()
    assert view.figure() is not None, "what was shown stays"


def test_a_refusal_stands_beside_the_text_and_keeps_the_picture(view):
    page = on_vocabulary(view)
    before = view.figure().result
    page.options.set_value(VocabularyOptions("unigram", size=10))
    fail(view, Failure("refused", "A vocabulary of 10 is too small."), VocabularyResult)
    assert view.findChild(QLabel, "vocabulary_said").text() == "A vocabulary of 10 is too small."
    assert view.figure().result is before


def test_rows_words_and_headings_are_explained(view, qtbot):
    page = on_vocabulary(view)
    canvas, figure = page._canvas, view.figure()
    for spot in (TableRow(0, 0), WordSpot(0), Term("count")):
        place = rect_of(spot, canvas).center()
        assert figure.spot_at(place, canvas.figure_rect(), canvas.style_now) == spot
        qtbot.mouseMove(canvas, place.toPoint())
        qtbot.waitUntil(lambda spot=spot: canvas.spot == spot)
        assert page.read_out.text() == figure.describe(spot)
    assert canvas.toolTip() == explained(Term("count"))


@pytest.mark.parametrize("algorithm", ["bpe", "wordpiece", "unigram"])
def test_every_step_can_be_painted_and_every_heading_has_a_sentence(algorithm, qapp, painted):
    result = built(VocabularyRequest(SAMPLE_TEXT, algorithm, 60))
    for step in range(len(result.steps)):
        figure = VocabularyFigure(result, VocabularyOptions(algorithm, size=60), step)
        rect, style = painted(figure)
        for spot, _ in figure._spots(rect, style):
            assert figure.describe(spot), spot
        assert figure.headline
    numbers = figure.numbers()
    assert len(numbers.rows) == len(result.steps)
    assert numbers.arrays["n_tokens"][-1] == result.steps[-1].n_tokens


@pytest.fixture
def painted():
    """Paint a figure where nothing is shown, and say where."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    def paint(figure):
        style = FigureStyle()
        size = figure.natural_size(style).toSize()
        image = QImage(size, QImage.Format.Format_RGB32)
        image.fill(style.theme.paper)
        rect = QRectF(image.rect())
        with QPainter(image) as painter:
            figure.paint(painter, rect, style)
        assert len(set(bytes(image.constBits()))) > 5
        return rect, style

    return paint


def test_a_vocabulary_that_differs_names_what_differs():
    result = built(VocabularyRequest(SAMPLE_TEXT, "unigram", 40))
    other = VocabularyResult(
        result.words, result.counts, result.steps, "0.0", ("low", "<b>"), ("lo",), same_order=False
    )
    caption = VocabularyFigure(other, VocabularyOptions("unigram", size=40)).caption
    assert "low, <b> are only here, lo only in what the library “tokenizers” 0.0 makes" in caption


# The checkpoint


def test_the_second_page_asks_how_the_input_is_cut(view, tokenizer):
    on_checkpoint(view, tokenizer)
    assert view.asked[-1] == CutRequest(view.subject.checkpoint.checkpoint, view.subject.input)
    figure = view.figure()
    assert isinstance(figure, CutFigure)
    assert figure.result.words[figure.word].text == "unbelievable", "the word with most tokens is drawn"


def test_a_click_on_a_word_or_token_draws_that_word(view, tokenizer, qtbot):
    on_checkpoint(view, tokenizer)
    qtbot.mouseClick(view._canvas, Qt.MouseButton.LeftButton, pos=rect_of(PartSpot(0), view._canvas).center().toPoint())
    assert view.figure().word == 0
    last = len(view.figure().result.tokens) - 2  # [SEP] is behind it
    place = rect_of(TokenSpot(last), view._canvas).center().toPoint()
    qtbot.mouseClick(view._canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.figure().word == 2


def test_a_token_tells_id_place_and_bytes(view, tokenizer):
    on_checkpoint(view, tokenizer)
    figure = view.figure()
    the = figure.result.tokens[1]
    assert figure.describe(TokenSpot(1)) == f"the: id {the.id}; characters 0 to 3 of the text: “the”; bytes 74 68 65"
    assert "put there by the tokenizer" in figure.describe(TokenSpot(0))
    assert "BertNormalizer" in figure.describe(Term("normalised"))
    assert figure.describe(SpanSpot(0)) == "unbelievable: not in the vocabulary, so a shorter one"


def test_an_unknown_token_tells_why(tokenizer):
    figure = CutFigure(cut_text(tokenizer, "a 日"), 1)
    assert "No piece of the vocabulary begins “日”" in figure.describe(TokenSpot(2))
    assert "1 of them unknown" in figure.caption


def test_all_kinds_of_drawings_are_painted(tokenizer, painted):
    from tests.views.tokenization.test_cutting import MAKERS

    for name in ("WordPiece", "byte-level", "unigram", "whole sentences", "words"):
        result = cut_text(MAKERS[name](), "newest unbelievably, 日 <unk> playing")
        for word in range(len(result.words)):
            figure = CutFigure(result, word)
            rect, style = painted(figure)
            assert all(figure.describe(spot) for spot, _ in figure._spots(rect, style))


def test_its_numbers_are_the_tokens(tokenizer):
    result = cut_text(tokenizer, "the unbelievable cat")
    numbers = CutFigure(result, 1).numbers()
    np.testing.assert_array_equal(numbers.arrays["ids"], tokenizer("the unbelievable cat")["input_ids"])
    assert numbers.rows[1][:6] == (1, "the", result.tokens[1].id, 0, 3, "74 68 65")
    assert "" not in numbers.arrays["span_pieces"]


@pytest.mark.parametrize(
    ("input", "why"),
    [
        (Input(), "reads no texts"),
        (text_input(""), "Type a text"),
        (text_input("a", token_ids=(1,)), "Ids were given"),
    ],
)
def test_without_a_text_it_says_so(view, input, why):
    view.findChild(QTabWidget, "tokenization_pages").setCurrentIndex(1)
    view.set_subject(Subject(make_checkpoint_info(), input))
    assert why in view._page.empty_text
    assert view.figure() is None


def test_what_cannot_be_followed_is_said_in_the_read_out(view):
    view.findChild(QTabWidget, "tokenization_pages").setCurrentIndex(1)
    note = "XTokenizer is written in Python."
    answer(view, CutResult("a", "XTokenizer", "", 9, (), (), "", (), (), (note,)))
    assert view._page.read_out.text() == note


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: TokenizationView(ViewContext()))


# The command line


def test_the_command_line_writes_both_figures(tmp_path, capsys):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("low low lower", encoding="utf-8")
    for ending in ("csv", "npz", "svg", "pdf", "png"):
        out = tmp_path / f"vocabulary.{ending}"
        asked = ["figure", "vocabulary", "--corpus", str(corpus), "--size", "12", "--step", "1", "--out", str(out)]
        assert run(asked) == 0
        assert out.stat().st_size > 50
        out = tmp_path / f"cut.{ending}"
        assert run(["figure", "tokenizer", "--text", "the cat", "--word", "1", "--out", str(out)]) == 0
        assert out.stat().st_size > 50
    assert (tmp_path / "vocabulary.csv").read_text(encoding="utf-8").splitlines()[2].startswith("1,merge,l,o,lo,3,")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["vocabulary", "--step", "999"], "no step 999"),
        (["vocabulary", "--size", "5"], "not between 10 and 400"),
        (["vocabulary", "--corpus", "nowhere.txt"], "nowhere.txt cannot be read"),
        (["tokenizer", "--text", "a", "--word", "7"], "no word 7"),
    ],
)
def test_what_is_not_there_is_refused_in_a_line(arguments, why, tmp_path, capsys):
    assert run(["figure", *arguments, "--out", str(tmp_path / "x.csv")]) == 2
    assert why in capsys.readouterr().err


def test_a_word_and_its_count_stay_in_one_line(view):
    on_vocabulary(view)
    figure, style = view.figure(), FigureStyle()
    _, words = figure._chips
    for width in (300.0, 500.0, 800.0):
        lines = {}
        for chip_word, box in zip(words, figure._boxes(width, style), strict=True):
            lines.setdefault(chip_word, set()).add(box.top())
            assert box.right() <= width
        assert all(len(tops) == 1 for tops in lines.values())
    narrow = figure._boxes(40.0, style)  # what has no room in a line is broken
    assert len({box.top() for word, box in zip(words, narrow, strict=True) if word == 0}) > 1


def test_bytes_are_spelled_as_the_letters_that_they_are():
    found = plan("gpt-mini")
    tokenizer = load_tokenizer(found.folder, found.config)
    figure = CutFigure(cut_text(tokenizer, "strange \u6771\u4eac words"))
    assert [figure.spelled(word) for word in figure.result.words] == ["strange", "\u2423\u6771\u4eac", "\u2423words"]
    assert figure.result.words[1].text.startswith("\u0120")
    drawn = replace(figure, word=1)
    assert "\u6771\u4eac" in texts_of(drawn)
    assert drawn._drawing.title.startswith("\u2423\u6771\u4eac: 0 merges by rank")
    assert figure.caption.startswith("A tokenizer, byte pair encoding, 6,000 entries")
    assert figure.caption.endswith("a letter of a token stands for a byte, \u0120 for a space")


def test_letters_that_are_no_bytes_are_left_as_they_are(tokenizer):
    figure = CutFigure(cut_text(tokenizer, "the cat"))
    assert [figure.spelled(word) for word in figure.result.words] == ["the", "cat"]
    assert "byte" not in figure.caption


def test_one_table_leaves_the_chart_room_in_a_narrow_window(qapp):
    """Presented beside an image there are 44 heights of a letter: the chart's end points were cut off."""
    figure = VocabularyFigure(built(VocabularyRequest(SAMPLE_TEXT, "bpe", 60)), VocabularyOptions("bpe", size=60), 5)
    style = FigureStyle()
    em = QFontMetricsF(style.font).height()
    rect = QRectF(0, 0, 44 * em, 40 * em)
    assert figure.least_size(rect.width(), style).width() <= rect.width()
    legend = entries(figure.plots[0].series, "", figure.legend_rect(rect, style), style)
    assert len({entry.box.top() for entry in legend}) == 1
