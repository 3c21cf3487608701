"""Surprisal: it is the model's loss, token by token, and the view shows what was computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox

from inference.analyses.reading import reading
from inference.context import Cancelled, Context, Refused
from inference.results.reading import ReadingRequest, ReadingResult
from tests.answers import answer
from tests.factories import make_checkpoint_info, make_long_tokens
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.reading.figure import ReadingFigure, ReadToken
from widgets.views.reading.options import ReadingOptions
from widgets.views.reading.view import ReadingView


def asked(n=12, top_k=3):
    return ReadingRequest("", text_input(token_ids=ids_of(n)), top_k)


@pytest.mark.parametrize("model_type", ["gpt2", "llama", "gemma2", "opt", "bloom", "gpt_neox"])
def test_its_mean_is_the_loss_of_the_model(model_type):
    model = build_model(model_type, build_type(model_type))
    found = reading(asked(), model, Context())
    ids = model.encode(asked().input).tensors["input_ids"]
    with torch.inference_mode():
        output = model.net(input_ids=ids, labels=ids)
    assert found.bits_per_token == pytest.approx(output.loss.item() / np.log(2), abs=1e-5)
    assert found.perplexity == pytest.approx(np.exp(output.loss.item()), rel=1e-5)
    probs = output.logits[0].softmax(-1)
    for position in range(1, 12):
        prob = probs[position - 1, ids[0, position]]
        assert found.surprisal[position] == pytest.approx(-np.log2(prob.item()), abs=1e-4)
        assert found.ranks[position] == 1 + int((probs[position - 1] > prob).sum())
    np.testing.assert_allclose(found.probs[1:], probs[:-1].topk(3).values, atol=1e-5)
    assert np.isnan(found.surprisal[0])
    assert (found.ranks[0], found.top[0].tolist()) == (0, [-1, -1, -1])


@pytest.mark.parametrize("model_type", ["bart", "t5", "marian"])
def test_of_an_encoder_decoder_the_target_is_told_given_its_source(model_type):
    model = build_model(model_type, build_type(model_type))
    found = reading(asked(), model, Context())
    tensors = model.encode(asked().input).tensors
    with torch.inference_mode():
        log_probs = model.net(**tensors).logits[0].log_softmax(-1)
    wanted = log_probs[:-1].gather(-1, tensors["decoder_input_ids"][0, 1:, None])[:, 0] / -np.log(2)
    assert found.axis == "target"
    np.testing.assert_allclose(found.surprisal[1:], wanted, atol=1e-4)


def test_blocks_of_a_long_text_are_put_together(monkeypatch):
    model = build_model("gpt2", build_type("gpt2"))
    whole = reading(asked(30), model, Context())
    monkeypatch.setattr("inference.forward.predictions._BLOCK", 350)  # seven positions of 50 words at once
    parts = reading(asked(30), model, Context())
    np.testing.assert_allclose(parts.surprisal, whole.surprisal, atol=1e-5)
    np.testing.assert_array_equal(parts.top, whole.top)


def test_it_can_be_cancelled_and_refuses_what_has_no_answer():
    model = build_model("gpt2", build_type("gpt2"))
    with pytest.raises(Cancelled):
        reading(asked(), model, Context(is_cancelled=lambda: True))
    with pytest.raises(Refused, match="a text of one token; at least 2 are needed"):
        reading(asked(1), model, Context())
    with pytest.raises(Refused, match="0 words were asked for"):
        reading(asked(top_k=0), model, Context())


# What is shown


def make_result(n=5):
    """Each token is a bit more surprising than the one before it; "a" was expected everywhere."""
    surprisal = np.arange(n, dtype=np.float32)
    entropy = np.full(n, 2.5, np.float32)
    surprisal[0] = entropy[0] = np.nan
    top = np.zeros((n, 2), np.int32)
    top[:, 1] = 1
    top[0] = -1
    probs = np.full((n, 2), 0.25, np.float32)
    probs[0] = np.nan
    ranks = np.arange(n, dtype=np.int32)
    return ReadingResult(make_long_tokens(n), "text", surprisal, ("a", "b"), top, probs, ranks, entropy, 40)


@pytest.fixture
def view(qtbot):
    view = ReadingView(ViewContext())
    qtbot.addWidget(view)
    view.asked = []
    view.request_changed.connect(view.asked.append)
    view.resize(700, 400)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    return view


def test_a_token_tells_what_was_expected(view, qtbot):
    answer(view, make_result())
    figure = view.figure()
    text = figure.describe(ReadToken(3))
    assert "3.00 bits, probability 0.125, rank 3 of 40" in text
    assert "expected: a 0.25, b 0.25" in text
    assert "nothing stands before it" in figure.describe(ReadToken(0))
    assert "perplexity 5.7, 2.50 bits a token, over 4 tokens" in figure.caption


def test_a_click_on_a_bar_selects_its_token(view, qtbot):
    answer(view, make_result())
    canvas = view._canvas
    rect, style = canvas.figure_rect(), canvas.style_now
    box = view.figure()._boxes(rect.width(), style)[4].translated(rect.topLeft())
    bar = (box.center() - (box.bottomLeft() - box.topLeft()) * 1.2).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=bar)
    assert view.selection.now.query == Position("text", 4)
    qtbot.mouseMove(canvas, bar)
    qtbot.waitUntil(lambda: "4.00 bits" in view.findChild(QLabel, "reading_read_out").text())


def test_keys_go_along_the_lines_and_between_them():
    figure, style = ReadingFigure(make_result(40), ReadingOptions()), FigureStyle()
    rect = figure.natural_size(style)
    from PySide6.QtCore import QRectF

    area = QRectF(0, 0, rect.width() / 2, 2000)
    assert figure.step(None, 1, 0, area, style) == ReadToken(0)
    assert figure.step(ReadToken(0), 1, 0, area, style) == ReadToken(1)
    below = figure.step(ReadToken(1), 0, 1, area, style)
    assert below.position > 5
    assert figure.step(below, 0, -1, area, style) == ReadToken(1)


def test_bars_can_say_how_uncertain_the_model_was_and_more_words_be_asked_for(view):
    answer(view, make_result())
    view.findChild(QComboBox, "reading_bars").setCurrentIndex(1)
    assert view.figure().values[3] == 2.5
    view.findChild(QSpinBox, "reading_top_k").setValue(3)
    assert [request.top_k for request in view.asked] == [10, 3]


def test_its_numbers_have_a_row_a_token():
    numbers = ReadingFigure(make_result(), ReadingOptions()).numbers()
    assert [row[2] for row in numbers.rows[1:]] == [1.0, 2.0, 3.0, 4.0]
    assert numbers.arrays["expected"].tolist()[:2] == [["", ""], ["a", "b"]]


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: ReadingView(ViewContext()))
