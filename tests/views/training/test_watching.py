"""The sentence that is watched: how it is chosen, and what is said where there is nothing to see."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit

from inference.results.training import TrainingRequest, TrainingResult
from tests.views.training.lab import give, make_view, press
from tests.views.training.runs import make_read
from widgets.views.training.attention import TrainingAttentionFigure
from widgets.views.training.options import RunOptions
from widgets.views.training.words import room_text


@pytest.fixture
def view(qtbot):
    view = make_view(qtbot)
    view.show()
    give(view)
    return view


def choose(view, name, value):
    box = view.findChild(QComboBox, f"training_{name}")
    box.setCurrentIndex(box.findData(value))


def begun(view) -> TrainingRequest:
    press(view, "training_start")
    return view.asked[-1]


def without(result, **changes) -> TrainingResult:
    """Of which no attention was kept."""
    seen = tuple(replace(one, pattern=one.pattern[:0, :0, :0, :0]) for one in result.validations)
    return replace(result, validations=seen, rows=(), columns=(), **changes)


def test_a_sentence_is_typed_and_asked_for_of_tasks_that_read_texts(view):
    line = view.findChild(QLineEdit, "training_watched")
    assert not line.isVisible()  # reversal watches its own string
    choose(view, "task", "masked")
    assert line.isVisible()
    assert line.placeholderText() == "one that is not trained on"
    QTest.keyClicks(line, "the red [MASK]")
    QTest.keyClick(line, Qt.Key.Key_Return)
    request = begun(view)
    assert request.data.watched == "the red [MASK]"
    assert RunOptions.of_request(request).watched == "the red [MASK]"  # what waits keeps it in a session
    line.clear()
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert begun(view).data.watched == ""
    line.setText("a cat")
    QTest.keyClick(line, Qt.Key.Key_Return)
    choose(view, "task", "reversal")
    assert begun(view).data.watched == ""
    choose(view, "task", "causal")
    choose(view, "architecture", "lstm")
    assert not line.isEnabled()
    assert begun(view).data.watched == ""


def test_its_attention_is_scrubbed_like_that_of_a_reversal(view):
    request = begun(view)
    view._pages.setCurrentIndex(1)
    view.show_result(request, make_read(40), False)
    figure = view.figure()
    assert isinstance(figure, TrainingAttentionFigure)
    assert figure.now.step == 40
    assert view._attention.read_out.text().startswith("Rows are tokens that look")
    view._attention._player.step_requested.emit(1)
    assert view.figure().now.step == 10


@pytest.mark.parametrize(
    ("watched", "why"),
    [("a cat", "no attention from each token to the others, as LSTMs"), ("", "An earlier version of Headlight")],
)
def test_why_there_is_nothing_to_see_is_said(view, watched, why):
    request = begun(view)
    view._pages.setCurrentIndex(1)
    view.show_result(request, without(make_read(20), watched=watched), False)
    assert view.figure() is None
    assert why in view._attention.empty_text


def test_what_an_earlier_version_kept_none_of_begins_later(view):
    request = begun(view)
    view._pages.setCurrentIndex(1)
    whole = make_read(20)
    first = without(whole).validations[:1]
    view.show_result(request, replace(whole, validations=(*first, *whole.validations[1:])), False)
    assert [one.step for one in view.figure().looks] == [10, 20]


def test_every_frame_of_its_film_says_after_how_many_steps_it_is(view):
    request = begun(view)
    view._pages.setCurrentIndex(1)
    view.show_result(request, make_read(40), False)
    figure = view.figure()
    assert [figure.film_frame(n).lines[0].partition(":")[0] for n in (0, 1)] == ["After 0 steps", "After 10 steps"]
    assert figure.lines[1].startswith(f"{figure.result.example} → ")  # in a line of its own, so that a long one fits


def test_what_stands_for_a_word_that_is_not_known_is_said(view):
    request, result = begun(view), make_read(20)
    view._pages.setCurrentIndex(1)
    rows = ("[UNK]", *result.rows[1:])
    view.show_result(request, replace(result, rows=rows, columns=rows), False)
    assert view._attention.read_out.text().startswith("[UNK]: not in its vocabulary.")


def test_little_room_is_not_called_none():
    assert [room_text(n) for n in (105_400, 21_400_000)] == ["105 kB on disk", "21 MB on disk"]
