"""Prediction: the picture of each kind, its numbers, and what pointing and clicking do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSpinBox, QWidget

from inference.results.events import Failure
from inference.results.prediction import PredictionRequest, PredictionResult, Span
from tests.answers import answer, fail, watched
from tests.factories import PAIR, make_checkpoint_info, make_tokens
from tests.inputs import text_input
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.prediction.figure import prediction_figure
from widgets.views.prediction.figures.prediction import PredictionSpot
from widgets.views.prediction.options import PredictionOptions
from widgets.views.prediction.view import PredictionView

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
NAMES = "[CLS] john smi ##th saw paris [SEP]"


def of_text(activation="softmax", probs=(0.1, 0.7, 0.2), labels=("bad", "good", "so so")):
    probs = np.array(probs, np.float32)
    return PredictionResult("text", make_tokens(), "text", labels, np.log(np.abs(probs)), probs, activation)


def of_tokens(labels=LABELS, *, has_entities=True):
    tokens = make_tokens(NAMES)
    probs = np.full((len(tokens), 5), 0.05, np.float32)
    for position, number in enumerate((0, 1, 2, 4, 0, 3, 0)):
        probs[position, number] = 0.8
    spans = (Span(1, 4, "PER", 0.8, "John Smith"), Span(5, 6, "LOC", 0.8, "Paris"))
    return PredictionResult(
        "tokens", tokens, "text", labels, np.log(probs), probs, "softmax", has_entities=has_entities,
        spans=spans if has_entities else (),
    )  # fmt: skip


def of_answer(no_answer=0.01):
    tokens = make_tokens(PAIR)  # [CLS] the cat slept [SEP] it was tired [SEP]
    probs = np.full((len(tokens), 2), np.nan, np.float32)
    probs[0], probs[5], probs[6], probs[7] = 0.1, (0.2, 0.1), (0.6, 0.1), (0.1, 0.7)
    spans = (Span(6, 8, "", 0.42, "was tired"), Span(5, 8, "", 0.14, "it was tired"))
    return PredictionResult(
        "answer", tokens, "text", ("start", "end"), np.zeros_like(probs), probs, "softmax", spans=spans,
        no_answer=no_answer,
    )  # fmt: skip


KINDS = {"text": of_text, "tokens": of_tokens, "answer": of_answer}


def figure_of(result, **options):
    return prediction_figure(result, PredictionOptions(**options))


@pytest.fixture
def view(qtbot):
    view = watched(PredictionView(ViewContext()), qtbot, 900, 600)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat", "it slept")))
    return view


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def read_out(view):
    return child(view, QLabel, "prediction_read_out").text()


def place_of(view, spot):
    canvas = child(view, QWidget, "prediction_canvas")
    rect, style = canvas.figure_rect(), canvas.style_now
    placed = view.figure()._placed(rect.size(), style)
    box = (placed.rows if spot.kind == "row" else placed.tokens)[spot.place]
    return canvas, box.translated(rect.topLeft()).center().toPoint()


# What is shown


def test_the_class_of_a_text_is_said_and_ranked(qapp):
    figure = figure_of(of_text())
    assert figure.verdict == ""  # the rows say it
    assert [row.name for row in figure.rows] == ["good", "so so", "bad"]
    assert [row.is_chosen for row in figure.rows] == [True, False, False]
    assert "probabilities of all classes sum to 1" in figure.caption
    assert figure.numbers().rows[1] == (1, "good", pytest.approx(np.log(0.7)), pytest.approx(0.7))
    assert {"good", "70.0 %", "cat"} <= set(texts_of(figure))


def test_of_many_classes_some_are_shown_and_all_are_written(qapp):
    probs = np.full(40, 1 / 40, np.float32)
    figure = figure_of(of_text(probs=probs, labels=tuple(f"c{i}" for i in range(40))), top_k=7)
    assert len(figure.rows) == 7
    assert "7 of 40 classes" in figure.caption
    assert len(figure.numbers().rows) == 40


def test_classes_by_themselves_are_given_from_one_half_on(qapp):
    figure = figure_of(of_text("sigmoid", (0.8, 0.5, 0.1)))
    assert figure.verdict == ""
    assert figure.row_mark == 0.5
    assert figure_of(of_text("sigmoid", (0.4, 0.3, 0.1))).verdict == "No class reaches 50 %"


def test_a_regression_gives_numbers_that_are_no_probabilities(qapp):
    figure = figure_of(of_text("none", (3.25,), ("LABEL_0",)))
    assert figure.verdict == ""
    assert "a regression" in figure.caption
    assert "%" not in figure.caption
    assert figure.numbers().header[-1] == "value"
    several = figure_of(of_text("none", (-2.0, 4.0, 1.0)))
    assert [row.length for row in several.rows] == [-0.5, 1.0, 0.25]
    assert texts_of(several)


def test_entities_stand_under_their_tokens_and_in_rows(qapp):
    figure = figure_of(of_tokens())
    assert figure.verdict == "1 PER, 1 LOC"
    assert [(row.name, row.number) for row in figure.rows] == [("John Smith", "PER  80.0 %"), ("Paris", "LOC  80.0 %")]
    assert {"PER", "LOC"} <= set(texts_of(figure))
    assert figure._series == {"PER": 0, "LOC": 1}
    rows = figure.numbers().rows
    assert rows[3] == (3, "th", "I-LOC", pytest.approx(0.8), "PER", "John Smith", 0.8)
    assert rows[4][4:] == ("", "", "")


def test_nothing_found_is_said(qapp):
    assert figure_of(replace(of_tokens(), spans=())).verdict == "No entity found"


def test_labels_that_mark_no_entities_stand_under_every_word(qapp):
    figure = figure_of(of_tokens(("X", "NOUN", "VERB", "ADJ", "ADV"), has_entities=False))
    assert figure.rows == ()
    assert [(span.start, span.stop, span.label) for span in figure._spans] == [
        (1, 2, "NOUN"),
        (2, 4, "VERB"),
        (4, 5, "X"),
        (5, 6, "ADJ"),
    ]
    assert {"NOUN", "VERB", "ADJ"} <= set(texts_of(figure))


def test_the_answer_is_marked_in_its_context(qapp):
    figure = figure_of(of_answer())
    assert figure.verdict == "“was tired”"
    assert [section.title for section in figure.sections] == ["Question", "Context"]
    assert [row.name for row in figure.rows] == ["was tired", "it was tired", "no answer in the text ([CLS])"]
    assert figure.describe(PredictionSpot("token", 6)) == "“was” (6): the answer begins here 60.0 %, ends here 10.0 %"
    assert "no answer may lie here" in figure.describe(PredictionSpot("token", 2))
    assert figure.numbers().rows[0] == (1, "was tired", 6, 7, 0.42)


def test_no_answer_is_an_answer(qapp):
    figure = figure_of(of_answer(0.9))
    assert figure.verdict == "No answer in the text"
    assert figure.rows[0].span is None
    assert figure.numbers().rows[0] == (1, "", "", "", 0.9)
    without = figure_of(of_answer(float("nan")))
    assert "[CLS]" not in without.caption
    assert len(without.rows) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_npz_holds_probabilities_labels_tokens_and_spans(qapp, kind):
    arrays = figure_of(KINDS[kind]()).numbers().arrays
    result = KINDS[kind]()
    np.testing.assert_array_equal(arrays["probs"], result.probs)
    assert arrays["labels"].tolist() == list(result.labels)
    assert arrays["tokens"].tolist() == list(result.tokens.words)
    assert arrays["spans"].tolist() == [[span.start, span.stop] for span in result.spans]


def test_foreign_labels_are_plain_text(qapp):
    figure = figure_of(of_text(labels=("<b>x</b>", "\u202egood", "\x00")))
    assert "‹RLO›good" in figure.rows[0].name
    assert {"<b>x</b>", "‹NUL›"} <= set(texts_of(figure))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [120, 400, 2000])
@pytest.mark.parametrize("more", [0, 30, 900])
def test_nothing_overlaps_and_nothing_is_cut_off(qapp, kind, width, more):
    figure, style = figure_of(KINDS[kind]()), FigureStyle()
    height = figure.least_size(width, style).height() + more
    placed = figure._placed(QSizeF(width, height), style)
    boxes = [*placed.rows, *(box for box in placed.tokens)]
    for i, box in enumerate(boxes):
        assert box.right() <= width + 1
        assert box.bottom() <= height
        assert not any(box.intersects(other) for other in boxes[i + 1 :])
    assert placed.top == pytest.approx(height - placed.bottom)  # what is left over is on both sides
    assert all(row.width() == width for row in placed.rows)


# What the user does


@pytest.mark.parametrize("kind", KINDS)
def test_a_click_on_a_token_selects_it_everywhere(view, kind):
    answer(view, KINDS[kind]())
    canvas, place = place_of(view, PredictionSpot("token", 5))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.selection.now.query == Position("text", 5)
    assert view.figure().selected == 5
    view.selection.update(query=Position("source", 2))
    assert view.figure().selected is None


@pytest.mark.parametrize(("kind", "start"), [("tokens", 5), ("answer", 5), ("text", None)])
def test_a_click_on_a_row_selects_where_it_is(view, kind, start):
    answer(view, KINDS[kind]())
    canvas, place = place_of(view, PredictionSpot("row", 1))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert view.selection.now.query == (None if start is None else Position("text", start))


def test_pointing_tells_the_probabilities(view):
    answer(view, of_tokens())
    QTest.mouseMove(*place_of(view, PredictionSpot("token", 2)))
    assert read_out(view) == (
        "“smi” (2): I-PER 80.0 %, O 5.0 %, B-PER 5.0 %, B-LOC 5.0 %  ·  in “John Smith”, PER 80.0 %"
    )


def test_the_keyboard_goes_over_rows_and_tokens(qapp):
    figure, style, area = figure_of(of_answer()), FigureStyle(), QRectF(0, 0, 600, 400)
    first = figure.step(None, 1, 0, area, style)
    assert first == PredictionSpot("token", 0)
    up = figure.step(first, 0, -1, area, style)
    assert up == PredictionSpot("token", 1)  # [CLS] stands with the context, under the question
    top = figure.step(up, 0, -1, area, style)
    assert top == PredictionSpot("row", 2)
    assert figure.step(top, 0, -1, area, style) == PredictionSpot("row", 1)
    assert figure.step(top, 0, 1, area, style).kind == "token"
    assert figure.step(first, -1, 0, area, style) == first
    assert figure.spot_at(QPointF(-5, -5), area, style) is None


def test_what_is_asked_follows_the_options(view):
    assert view.asked == [PredictionRequest("bert-test", text_input("the cat", "it slept"), 10, 30)]
    child(view, QSpinBox, "prediction_longest").setValue(4)
    assert view.asked[-1].longest_answer == 4


@pytest.mark.parametrize(
    ("kind", "can_cut", "can_limit"), [("text", True, False), ("tokens", False, False), ("answer", True, True)]
)
def test_options_that_say_nothing_are_not_shown(view, kind, can_cut, can_limit):
    answer(view, KINDS[kind]())
    assert child(view, QSpinBox, "prediction_top_k").isVisibleTo(view) == can_cut
    assert child(view, QSpinBox, "prediction_longest").isVisibleTo(view) == can_limit


def test_notes_stand_beside_the_caption(view):
    answer(view, replace(of_text(), notes=("The checkpoint does not name its labels.",)))
    assert child(view, QLabel, "prediction_caption").text().endswith("does not name its labels.")


def test_an_old_picture_is_dimmed_until_the_next_is_there(view, qtbot):
    answer(view, of_text())
    check_provenance(
        view,
        qtbot,
        of_text(),
        change=lambda: view.set_subject(Subject(make_checkpoint_info(), text_input("it was tired"))),
        other=Subject(replace(make_checkpoint_info(name="other"), checkpoint="other"), text_input("the cat")),
    )


def test_a_first_failure_is_told_in_place(view):
    fail(view, Failure("refused", "Type the text that is asked about as the second sentence."))
    assert "second sentence" in child(view, QLabel, "prediction_empty").text()


def test_is_collected_after_closing(assert_collected):
    def make():
        view = PredictionView(ViewContext())
        view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
        answer(view, of_tokens())
        return view

    assert_collected(make)
