"""The logit lens: the last layer says what the model says, and the view shows what was computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QComboBox, QLabel

from inference.analyses.lens import lens
from inference.analyses.masked import masked
from inference.context import Cancelled, Context, Refused
from inference.forward.layer_outputs import layer_outputs
from inference.results.lens import MOST_POSITIONS, LensRequest, LensResult
from inference.results.masked import MaskedRequest
from tests.answers import answer, watched
from tests.factories import make_checkpoint_info, make_long_tokens
from tests.inference.tiny_checkpoints import BYTE_MERGES, BYTE_VOCAB, VOCAB
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import text_input
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.lens.figure import LensFigure
from widgets.views.lens.options import LensOptions
from widgets.views.lens.view import LensView

# Norms at the end of each block, before it, twice; logits that are capped, scaled, biased; a decoder behind an encoder.
TYPES = ("bert", "modernbert", "roberta-prelayernorm", "gpt2", "llama", "gemma2", "opt", "bart", "t5", "marian")


def asked(n=9, first=0, top_k=4):
    return LensRequest("", text_input(token_ids=ids_of(n)), first, top_k)


@pytest.mark.parametrize("model_type", TYPES)
def test_the_last_layer_says_what_the_model_says(model_type):
    model = build_model(model_type, build_type(model_type))
    found = lens(asked(), model, Context())
    tensors = model.encode(text_input(token_ids=ids_of(9))).tensors
    with torch.inference_mode():
        logits = model.net(**tensors)
        logits = logits.get("prediction_logits", logits.get("logits"))[0].float()
    probs = logits.softmax(-1)
    best, ids = probs.topk(4)
    np.testing.assert_allclose(found.probs[-1], best, atol=1e-5)
    said = np.array(found.vocabulary)[found.top[-1, :, 0]]
    assert said.tolist() == [f"#{token}" for token in ids[:, 0].tolist()]
    entropy = -(probs * probs.log2()).sum(-1)
    np.testing.assert_allclose(found.entropy[-1], entropy, atol=1e-4)
    assert found.d_vocab == logits.shape[-1]
    axis = found.tokens.ids
    wanted = np.append(axis[1:], -1) if found.predicts == "next" else axis
    assert (found.target < 0).tolist() == (wanted < 0).tolist()
    for pos in np.flatnonzero(wanted >= 0):
        prob = probs[pos, wanted[pos]]
        assert found.target_probs[-1, pos] == pytest.approx(float(prob), abs=1e-5)
        assert found.ranks[-1, pos] == 1 + int((logits[pos] > logits[pos, wanted[pos]]).sum())


@pytest.mark.parametrize("model_type", TYPES)
def test_an_inner_layer_is_read_through_the_final_norm(model_type):
    model = build_model(model_type, build_type(model_type))
    components = model.components
    found = lens(asked(), model, Context())
    tensors = model.encode(asked().input).tensors
    states = layer_outputs(model, tensors, Context(), components.stacks[components.of_head].blocks)
    assert len(found.probs) == len(states)
    with torch.inference_mode():
        logits = components.unembed(model.net, components.norm(model.net, states[1]))[0].float()
    np.testing.assert_allclose(found.probs[1], logits.softmax(-1).topk(4).values, atol=1e-5)


@pytest.mark.parametrize("model_type", ["bert", "modernbert", "roberta-prelayernorm"])
def test_the_words_under_masks_are_read_in_the_same_way(model_type):
    model = build_model(model_type, build_type(model_type), transformers.BertTokenizer(vocab=VOCAB))
    input = text_input("the cat sat on the mat", masked=(2, 5))
    found = lens(LensRequest("", input), model, Context())
    words = masked(MaskedRequest("", input), model, Context())
    np.testing.assert_allclose(found.probs[:, [2, 5]], words.layer_probs, atol=1e-5)


def test_masks_have_the_word_that_was_there_as_truth():
    model = build_model("bert", build_type("bert"))
    found = lens(asked(), model, Context())
    assert (found.predicts, found.axis) == ("own", "text")
    assert np.array(found.vocabulary)[found.target].tolist() == [f"#{token}" for token in found.tokens.ids]


def test_of_a_long_text_a_part_is_read(monkeypatch):
    monkeypatch.setattr("inference.analyses.lens.MOST_POSITIONS", 4)
    monkeypatch.setattr("inference.forward.predictions._BLOCK", 100)  # two positions of 50 words at once
    model = build_model("gpt2", build_type("gpt2"))
    part, whole = lens(asked(11, first=5), model, Context()), None
    monkeypatch.setattr("inference.analyses.lens.MOST_POSITIONS", 256)
    whole = lens(asked(11), model, Context())
    np.testing.assert_allclose(part.probs, whole.probs[:, 5:9], atol=1e-6)
    np.testing.assert_array_equal(part.ranks, whole.ranks[:, 5:9])
    assert (part.first, len(part.tokens)) == (5, 11)


def test_it_can_be_cancelled_and_refuses_what_is_not_there():
    model = build_model("gpt2", build_type("gpt2"))
    with pytest.raises(Cancelled):
        lens(asked(), model, Context(is_cancelled=lambda: True))
    with pytest.raises(Refused, match="no position 9; the text has positions 0 to 8"):
        lens(asked(first=9), model, Context())
    with pytest.raises(Refused, match="0 words were asked for"):
        lens(asked(top_k=0), model, Context())


def test_a_word_is_told_from_what_goes_on_with_one():
    """`␣t` and `t` are two tokens, each with a probability."""
    tokenizer = transformers.RobertaTokenizer(vocab=BYTE_VOCAB, merges=BYTE_MERGES)
    model = build_model("gpt2", build_type("gpt2", vocab_size=len(BYTE_VOCAB)), tokenizer)
    found = lens(LensRequest("", text_input("the cat"), 0, len(BYTE_VOCAB)), model, Context())
    assert len(set(found.vocabulary)) == len(found.vocabulary) == len(BYTE_VOCAB)
    assert "at “␣cat”" in LensFigure(found, LensOptions()).describe(Cell(0, 0, found.tokens.pieces.index("␣cat")))


# What is shown


def make_result(first=0, n=6, n_tokens=None):
    """Embeddings and two layers; the word is "b" after the last layer, "a" before, the truth is "b"."""
    shape = (3, n)
    top = np.zeros((*shape, 2), np.int32)
    top[2] = [1, 0]
    top[:2] = [0, 1]
    probs = np.full((*shape, 2), 0.25, np.float32)
    probs[2, :, 0] = 0.75
    target = np.ones(n, np.int32)
    target[-1] = -1
    true = np.where(target < 0, np.nan, np.array([[0.25], [0.25], [0.75]], np.float32)).astype(np.float32)
    ranks = np.where(target < 0, 0, np.array([[2], [2], [1]])).astype(np.int32)
    entropy = np.full(shape, 1.5, np.float32)
    tokens = make_long_tokens(n_tokens or n)
    return LensResult(tokens, "text", first, "next", ("a", "b"), top, probs, target, true, ranks, entropy, 40)


@pytest.fixture
def view(qtbot):
    view = watched(LensView(ViewContext()), qtbot, 900, 500)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    return view


def test_a_cell_says_what_the_layer_would_say_and_what_is_true(view, qtbot):
    answer(view, make_result())
    figure = view.figure()
    assert figure.place(Cell(0, 0, 2)) == (1, 2)
    assert figure.place(Cell(0, 2, 2)) == (-1, 2)
    text = figure.describe(Cell(0, 0, 2))
    assert text.startswith("Layer 1 at “")
    assert "b 0.75, a 0.25" in text
    assert "true: b, rank 1 of 40, 0.75" in text
    assert "true" not in figure.describe(Cell(0, 0, 5))


def test_all_words_of_a_cell_are_in_the_tip_where_the_pointer_rests(view, qtbot):
    answer(view, make_result())
    canvas = view._canvas
    panel, area = view.figure().panels(canvas.figure_rect(), canvas.style_now)[0]
    qtbot.mouseMove(canvas, panel.cell_rect(0, 2, panel.plot(area, canvas.style_now)).center().toPoint())
    assert "<br>b 0.75<br>a 0.25<br>true: b, rank 1 of 40, 0.75<br>entropy 1.50 bits" in canvas.toolTip()
    view.refuse("of another text")
    canvas.tell_again()
    assert not canvas.toolTip()


def test_a_click_selects_layer_and_token(view, qtbot):
    answer(view, make_result())
    canvas = view._canvas
    panel, area = view.figure().panels(canvas.figure_rect(), canvas.style_now)[0]
    cell = panel.cell_rect(1, 3, panel.plot(area, canvas.style_now)).center().toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=cell)
    assert (view.selection.now.layer, view.selection.now.query) == (0, Position("text", 3))
    assert view.figure().panels(canvas.figure_rect(), canvas.style_now)[0][0].selected == (1, 3)
    qtbot.mouseMove(canvas, cell)
    qtbot.waitUntil(lambda: view.findChild(QLabel, "lens_read_out").text().startswith("Layer 0 at"))


def test_a_name_of_a_column_becomes_smaller_rather_than_that_its_end_is_cut(qapp):
    result = make_result(n=13)
    words = ("because", *("it",) * 12)
    figure = LensFigure(replace(result, tokens=replace(result.tokens, words=words)), LensOptions())
    style = FigureStyle(font=QFont("DejaVu Sans"))
    style.font.setPixelSize(20)
    metrics = QFontMetricsF(style.font)
    ((panel, area),) = figure.panels(QRectF(0, 0, 600, 300), style)
    beside = area.width() - panel.plot(area, style).width()
    room = 0.85 * metrics.horizontalAdvance("because") + 0.4 * metrics.height()
    texts = texts_of(figure, QRectF(0, 0, 13 * room + beside, 300), style)
    assert "because" in texts
    assert not any("…" in text for text in texts)


def test_colours_can_say_something_else(view):
    answer(view, make_result())
    wanted = {"top": 0.75, "true": 0.75, "rank": 1.0, "entropy": 1.5}
    combo = view.findChild(QComboBox, "lens_shade")
    for index, (shade, value) in enumerate(wanted.items()):
        combo.setCurrentIndex(index)
        assert view.figure().options.shade == shade
        assert view.figure().values[2, 0] == pytest.approx(value)
    assert np.isnan(LensFigure(make_result(), LensOptions("rank")).values[0, -1])


def test_a_token_far_on_in_a_long_text_asks_for_those_around_it(view):
    assert [request.first for request in view.asked] == [0]
    view.selection.update(query=Position("text", MOST_POSITIONS + 3))
    assert [request.first for request in view.asked] == [0, MOST_POSITIONS]
    answer(view, make_result(MOST_POSITIONS, 4, MOST_POSITIONS + 4))
    assert "tokens 256 to 259 of 260" in view.figure().caption


def test_its_numbers_name_layer_token_and_truth():
    numbers = LensFigure(make_result(), LensOptions()).numbers()
    assert numbers.rows[0][:2] == (-1, 0)
    assert numbers.rows[-1][3:8:2] == ("b", "", 0)
    assert numbers.arrays["tokens"].shape == numbers.arrays["probs"].shape == (3, 6, 2)
    assert numbers.arrays["tokens"][2, 0].tolist() == ["b", "a"]


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: LensView(ViewContext()))
