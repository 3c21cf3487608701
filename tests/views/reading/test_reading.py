"""Surprisal: it is the model's loss, token by token, and the view shows what was computed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import transformers
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QToolButton

from inference.analyses.reading import reading
from inference.context import Cancelled, Context, Refused
from inference.results.reading import ReadingRequest, ReadingResult
from tests.answers import answer, watched
from tests.factories import make_checkpoint_info, make_long_tokens
from tests.inference.tiny_checkpoints import BYTE_MERGES, BYTE_VOCAB, BYTES
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import text_input
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.chips import Chip
from widgets.look.theme import FigureStyle
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.reading.bar_chips import BarChips
from widgets.views.reading.compared import DIFFERENCE, KEPT, NOW, ComparedReadings, TitledReading
from widgets.views.reading.figure import ReadingFigure, ReadToken
from widgets.views.reading.options import ReadingOptions
from widgets.views.reading.view import ReadingView
from widgets.views.reading.words import Words


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


def test_what_is_expected_tells_a_word_from_what_goes_on_with_one():
    """`␣t` and `t` are two tokens, each with a probability."""
    tokenizer = transformers.RobertaTokenizer(vocab=BYTE_VOCAB, merges=BYTE_MERGES)
    model = build_model("gpt2", build_type("gpt2", vocab_size=len(BYTE_VOCAB)), tokenizer)
    found = reading(ReadingRequest("", text_input("the cat"), len(BYTE_VOCAB)), model, Context())
    assert len(set(found.vocabulary)) == len(found.vocabulary) == len(BYTE_VOCAB)
    assert {"␣t", "t"} < set(found.vocabulary)


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


def make_result(n=5, text=""):
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
    tokens = make_long_tokens(n)
    spans = np.stack([np.arange(n), np.arange(n) + 1], axis=1).astype(np.int32) * 2
    text = text or "".join(f"{chr(97 + pos % 26)} " for pos in range(n))
    return ReadingResult(tokens, "text", surprisal, ("a", "b"), top, probs, ranks, entropy, 40, text, spans)


@pytest.fixture
def view(qtbot):
    view = watched(ReadingView(ViewContext()), qtbot, 700, 400)
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
    box = view.figure().bars.boxes(rect.width(), style)[4].translated(rect.topLeft())
    bar = (box.center() - (box.bottomLeft() - box.topLeft()) * 1.2).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=bar)
    assert view.selection.now.query == Position("text", 4)
    qtbot.mouseMove(canvas, bar)
    qtbot.waitUntil(lambda: "4.00 bits" in view.findChild(QLabel, "reading_read_out").text())
    assert "of 40<br>a 0.25<br>b 0.25<br>" in canvas.toolTip()


def test_keys_go_along_the_lines_and_between_them():
    figure, style = ReadingFigure(make_result(40), ReadingOptions()), FigureStyle()
    rect = figure.natural_size(style)
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


# Two that are compared


def offsets(text, *pieces):
    """Characters of each piece, found one behind another."""
    spans, at = [], 0
    for piece in pieces:
        at = text.index(piece, at)
        spans.append((at, at + len(piece)))
        at += len(piece)
    return np.array(spans, np.int32)


def read_as(text, pieces, bits):
    n = len(pieces)
    result = dataclasses.replace(
        make_result(n), text=text, spans=offsets(text, *pieces), surprisal=np.array([np.nan, *bits], np.float32)
    )
    return TitledReading(result, f"model · {text}")


TEXT = "the cats sat down"
FINE = read_as(TEXT, ("the", " cat", "s", " sa", "t", " down"), (1.0, 2.0, 3.0, 4.0, 5.0))
COARSE = read_as(TEXT, ("the", " cats", " sat", " down"), (2.0, 8.0, 4.0))


def test_words_are_the_same_whatever_their_tokens():
    for read, bits in ((FINE, [3.0, 7.0, 5.0]), (COARSE, [2.0, 8.0, 4.0])):
        words = Words.of(read.result)
        assert words.texts == ("the", "cats", "sat", "down")
        assert np.isnan(words.bits[0])
        assert words.bits[1:].tolist() == bits
    assert Words.of(FINE.result).less(Words.of(COARSE.result))[1:].tolist() == [1.0, -1.0, 1.0]
    assert Words.of(FINE.result).of_token.tolist() == [0, 1, 1, 2, 2, 3]


def test_bits_a_character_do_not_depend_on_how_many_tokens_there_are():
    assert FINE.result.bits_per_letter == pytest.approx(15 / 14)
    assert COARSE.result.bits_per_letter == pytest.approx(14 / 14)
    assert FINE.result.perplexity == pytest.approx(2**3)


def test_a_blank_by_itself_belongs_to_the_word_behind_it():
    pieces = ("the", " ", "cats", " ", "sat", " down")
    words = Words.of(read_as(TEXT, pieces, (1.0, 2.0, 3.0, 4.0, 5.0)).result)
    assert words.of_token.tolist() == [0, 1, 1, 2, 2, 3]
    assert words.bits[1:].tolist() == [3.0, 7.0, 5.0]


def test_special_tokens_belong_to_no_word():
    tokens = dataclasses.replace(COARSE.result.tokens, is_special=np.array([True, False, False, True]))
    spans = np.array([(0, 0), (0, 3), (4, 8), (0, 0)], np.int32)
    result = dataclasses.replace(COARSE.result, tokens=tokens, spans=spans)
    words = Words.of(result)
    assert words.of_token.tolist() == [-1, 0, 1, -1]
    assert words.bits[:2].tolist() == [2.0, 8.0]
    assert np.isnan(words.bits[2:]).all()


def test_of_two_texts_the_words_that_are_in_both_are_compared():
    other = read_as("the dogs sat down", ("the", " dogs", " sat", " down"), (3.0, 6.0, 4.5))
    compared = ComparedReadings(COARSE, other, ReadingOptions())
    difference = compared.difference
    assert np.isnan(difference[:2]).all()
    assert difference[2:].tolist() == [-2.0, 0.5]
    assert "−0.75 bits a word, over 2 words in both" in compared.caption
    assert "it is not told above" in compared.describe(ReadToken(1, DIFFERENCE))
    assert "6.00 bits below, 8.00 above, difference −2.00" in compared.describe(ReadToken(2, DIFFERENCE))


def test_words_that_have_less_hang_their_bars_down(qapp):
    style = FigureStyle()
    chips = tuple(Chip(word) for word in ("more", "less", "alike"))
    bars = BarChips(chips, (2.0, -1.0, 0.0), 2.0, is_signed=True)
    em = QFontMetricsF(style.font).height()
    up, down, none = (bars._bar(box, value, em) for box, value in zip(bars.boxes(900, style), bars.values, strict=True))
    boxes = bars.boxes(900, style)
    assert up.bottom() < boxes[0].top()
    assert down.top() > boxes[1].bottom()
    assert up.height() == pytest.approx(2 * down.height())
    assert none.height() == 0
    assert down.bottom() < bars.height(900, style)
    assert bars.at(down.center(), QRectF(0, 0, 900, 200), style) == 1
    assert BarChips(chips, (2.0, 1.0, 0.0), 2.0, is_signed=True).height(900, style) < bars.height(900, style)


def test_both_have_one_scale_and_say_their_units():
    compared = ComparedReadings(COARSE, FINE, ReadingOptions())
    assert [figure.bars.longest for figure in compared.figures] == [8.0, 8.0]
    assert "perplexity 8.0 a token" in compared.title(NOW)
    assert "5.00 bits a word" in compared.title(NOW)
    assert "1.00 bits a character" in compared.title(KEPT)
    assert "rank" in compared.describe(ReadToken(1, KEPT))


def test_where_a_title_has_no_room_its_text_gives_way_and_no_number():
    long = dataclasses.replace(FINE, title="gpt-mini · " + TEXT * 5)
    compared = ComparedReadings(COARSE, long, ReadingOptions())
    told = compared.title(NOW).removeprefix(long.title)
    style = FigureStyle()
    width = QFontMetricsF(style.font).horizontalAdvance(told) * 1.4
    shown = next(text for text in texts_of(compared, QRectF(0, 0, width, 500)) if text.startswith("gpt-mini"))
    assert "…" in shown
    assert shown.endswith(told)
    assert "perplexity" in told


def test_keys_go_from_the_kept_reading_to_the_differences():
    compared, style = ComparedReadings(COARSE, FINE, ReadingOptions()), FigureStyle()
    size = compared.natural_size(style)
    rect = QRectF(0, 0, size.width(), size.height())
    spot = compared.step(None, 1, 0, rect, style)
    seen = [spot]
    for right, down in ((1, 0), (0, 1), (0, 1), (0, 1), (0, -1)):
        spot = compared.step(spot, right, down, rect, style)
        seen.append(spot)
        assert compared.has_spot(spot, rect, style)
    assert [each.section for each in seen] == [KEPT, KEPT, NOW, DIFFERENCE, DIFFERENCE, NOW]


def test_what_is_kept_stands_above_what_comes_next_until_it_is_released(view, qtbot):
    keep, release = (view.findChild(QToolButton, f"reading_{name}") for name in ("keep", "release"))
    assert not keep.isEnabled()
    answer(view, COARSE.result)
    assert keep.isEnabled()
    keep.click()
    first = view.subject
    view.set_subject(Subject(dataclasses.replace(first.checkpoint, name="other", checkpoint="other"), first.input))
    answer(view, FINE.result)
    figure = view.figure()
    assert (figure.kept.result, figure.now.result) == (COARSE.result, FINE.result)
    assert first.title in figure.title(KEPT)
    assert "other" in figure.title(NOW)
    spots = [figure.spot_at(area.center(), view._canvas.figure_rect(), view._canvas.style_now) for area in
             figure._areas(view._canvas.figure_rect(), view._canvas.style_now).values()]  # fmt: skip
    assert {spot.section for spot in spots if spot} <= {KEPT, NOW, DIFFERENCE}
    release.click()
    assert view.figure().result is FINE.result
    assert not release.isEnabled()


def test_what_was_written_behind_a_text_is_named_with_it(view):
    written = dataclasses.replace(view.subject.input.text, target_ids=(1, 2, 3))
    view.set_subject(dataclasses.replace(view.subject, input=dataclasses.replace(view.subject.input, text=written)))
    answer(view, COARSE.result)
    view.findChild(QToolButton, "reading_keep").click()
    assert COARSE.result.text not in view.pictured_title()
    assert view.figure().kept.title.endswith(COARSE.result.text)


def test_an_old_picture_cannot_be_kept(view):
    answer(view, COARSE.result)
    other = dataclasses.replace(view.subject.checkpoint, checkpoint="other", name="other")
    view.set_subject(Subject(other, view.subject.input))
    assert not view.findChild(QToolButton, "reading_keep").isEnabled()


def test_numbers_of_both_are_written():
    numbers = ComparedReadings(COARSE, FINE, ReadingOptions()).numbers()
    assert numbers.arrays["surprisal"].shape == (6,)
    assert numbers.arrays["kept_surprisal"].shape == (4,)
    assert numbers.arrays["word_difference"][1:].tolist() == [1.0, -1.0, 1.0]
    assert {row[0] for row in numbers.rows} == {"kept", "now", "word"}
    assert {len(row) for row in numbers.rows} == {len(numbers.header)}


def test_characters_are_those_of_the_typed_text():
    model = build_model("gpt2", build_type("gpt2", vocab_size=len(BYTES)), transformers.GPT2Tokenizer(BYTES, []))
    typed = "the  café sat"
    found = reading(ReadingRequest("", text_input(typed)), model, Context())
    assert found.text == typed
    words = Words.of(found)
    assert words.texts == ("the", "café", "sat")
    assert words.of_token[0] == 0
    assert np.isfinite(words.bits[1:]).all()
    whole = np.nansum(found.surprisal[words.of_token > 0])
    assert words.bits[1:].sum() == pytest.approx(whole, rel=1e-5)


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: ReadingView(ViewContext()))


def test_what_was_expected_is_told_of_the_selected_token_or_of_the_highest_bar():
    result = make_result(40)
    alone = ReadingFigure(result, ReadingOptions())
    highest = int(np.nanargmax(result.surprisal))
    assert alone.expected.title.startswith(f"At the highest bar: expected at position {highest}, after")
    chosen = ReadingFigure(result, ReadingOptions(), selected=5)
    assert chosen.expected.title.startswith("Expected at position 5, after")
    assert [each.prob for each in chosen.expected.candidates] == result.probs[5].tolist()
    assert ReadingFigure(result, ReadingOptions(), selected=0).expected is None
    ranked = dataclasses.replace(result, ranks=np.full(40, 2, np.int32))
    assert ReadingFigure(ranked, ReadingOptions(), selected=5).expected.taken == 1
