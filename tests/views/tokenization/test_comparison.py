"""The same sentences under several tokenizers: the counts are theirs, and one that is broken costs itself alone."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QComboBox, QTabWidget

from app.commands.command_line import run
from inference.analyses import tokenization
from inference.analyses.tokenization import compare
from inference.checkpoints.inspection import plan
from inference.context import Cancelled, Context, Refused
from inference.files.tokenizer_files import load_tokenizer
from inference.results.inputs import Input, TextInput
from inference.results.tokenization import (
    MOST_COMPARED,
    OWN,
    SENTENCES,
    ComparedTokenizer,
    CompareRequest,
    CompareResult,
)
from tests import lettering
from tests.answers import answer, watched
from tests.factories import make_checkpoint_info
from tests.inference.tiny_checkpoints import save_bert, save_gpt2
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.kit.clean import clean
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import PlotSpot
from widgets.subject import Subject
from widgets.views.tokenization.comparison_figure import ComparisonFigure, title_of
from widgets.views.tokenization.comparison_page import ComparisonPage
from widgets.views.tokenization.view import TokenizationView

TWO = ("bert-mini", "transformer-en-fr")


@pytest.fixture(scope="module")
def result():
    return compare(CompareRequest(TWO, "the unbelievable cat"), Context())


def test_its_counts_are_those_of_the_tokenizers(result):
    for one, name in zip(result.tokenizers, TWO, strict=True):
        found = plan(name)
        tokenizer = load_tokenizer(found.folder, found.config)
        assert one.n_vocabulary == len(tokenizer)
        for text, pieces, n_unknown in zip(result.texts, one.pieces, one.n_unknown, strict=True):
            ids = tokenizer(text.text, add_special_tokens=False)["input_ids"]
            assert list(pieces) == tokenizer.convert_ids_to_tokens(ids)
            assert n_unknown == ids.count(tokenizer.unk_token_id)
    assert [one.algorithm for one in result.tokenizers] == ["wordpiece", "bpe"]


def test_the_user_s_text_stands_first_and_words_are_counted_where_spaces_part_them(result):
    assert [text.language for text in result.texts] == [OWN, *(name for name, _, _ in SENTENCES)]
    assert result.texts[0].n_words == 3
    words = {text.language: text.n_words for text in result.texts}
    assert words["Chinese"] == words["Japanese"] == 0
    assert words["German"] == 9
    assert compare(CompareRequest(TWO[:1]), Context()).texts[0].language == "English"


def test_what_has_no_tokenizer_is_left_out_and_what_is_broken_says_why(tmp_path):
    folder = save_bert(tmp_path / "broken")
    (folder / "tokenizer.json").write_text('{"model": {"type": "BPE"}}')
    for other in folder.glob("vocab*"):
        other.unlink()
    found = compare(CompareRequest(("vit-scenes", str(folder), "bert-mini", str(tmp_path / "nowhere"))), Context())
    assert [one.checkpoint for one in found.tokenizers] == ["broken", "bert-mini", "nowhere"]
    assert [bool(one.why_not) for one in found.tokenizers] == [True, False, True]
    assert all(one.why_not.endswith(".") for one in found.tokenizers if one.why_not)
    assert [one.checkpoint for one in found.read] == ["bert-mini"]


def test_no_more_than_eight_are_read(monkeypatch):
    seen = []

    def cut(_tokenizer, name, _texts):
        seen.append(name)
        return ComparedTokenizer(name, n_vocabulary=len(seen))

    monkeypatch.setattr(tokenization, "_cut_by", cut)
    found = compare(CompareRequest(("bert-mini",) * (MOST_COMPARED + 3)), Context())
    assert len(found.tokenizers) == len(seen) == MOST_COMPARED


def test_those_that_cut_alike_are_one(result):
    found = compare(CompareRequest((*TWO, *TWO, "bert-mini"), "the unbelievable cat"), Context())
    assert [one.checkpoint for one in found.tokenizers] == list(TWO)
    assert [one.alike for one in found.tokenizers] == [("bert-mini", "bert-mini"), ("transformer-en-fr",)]
    assert [title_of(one) for one in found.tokenizers] == [
        "bert-mini and 2 others", "transformer-en-fr, transformer-en-fr",
    ]  # fmt: skip
    assert title_of(result.tokenizers[0]) == "bert-mini"
    n = len(found.texts)
    assert len(ComparisonFigure(found, "letter", 0).numbers().rows) == 5 * n
    assert ComparisonFigure(found, "letter", 0).caption.endswith("; 2 tokenizers")
    one = compare(CompareRequest(("bert-mini",)), Context())
    assert ComparisonFigure(one, "letter", 0).caption.endswith("; one tokenizer")


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(Refused, match="0 checkpoints"):
        compare(CompareRequest(()), Context())
    with pytest.raises(Refused, match="None of the checkpoints"):
        compare(CompareRequest(("vit-scenes",)), Context())
    with pytest.raises(Refused, match="501 characters; at most 500"):
        compare(CompareRequest(TWO, "a" * 501), Context())
    with pytest.raises(Refused, match="surrogate"):
        compare(CompareRequest(TWO, "a \ud800"), Context())
    with pytest.raises(Cancelled):
        compare(CompareRequest(TWO), Context(is_cancelled=lambda: True))


def test_a_tokenizer_runs_no_code_of_its_folder(tmp_path):
    folder = save_gpt2(tmp_path / "foreign")
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    settings = folder / "tokenizer_config.json"
    settings.write_text('{"auto_map": {"AutoTokenizer": ["evil.Evil", null]}, "tokenizer_class": "GPT2Tokenizer"}')
    (found,) = compare(CompareRequest((str(folder),)), Context()).tokenizers
    assert found.pieces or found.why_not.endswith(".")


# The view


@pytest.fixture
def view(qtbot):
    context = ViewContext()
    context.set_checkpoints(TWO)
    view = watched(TokenizationView(context), qtbot, 1100, 760)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the unbelievable cat")))
    view.findChild(QTabWidget, "tokenization_pages").setCurrentIndex(2)
    return view


def test_it_asks_for_all_checkpoints_at_hand_and_again_when_there_are_others(view):
    own = view.subject.checkpoint.checkpoint
    assert view.asked[-1] == CompareRequest(tuple(dict.fromkeys((own, *TWO))), "the unbelievable cat")
    view.context.set_checkpoints((*TWO, "other"))
    assert view.asked[-1].checkpoints[-1] == "other"


def test_a_long_text_or_none_is_left_out():
    info = make_checkpoint_info()
    for input in (text_input("a" * 501), Input(), Input(text=TextInput("a", token_ids=(1,)))):
        assert ComparisonPage.request(Subject(info, input), ()).text == ""


def test_a_click_on_a_bar_shows_how_its_sentence_is_cut(view, result):
    answer(view, result)
    figure = view.figure()
    assert isinstance(figure, ComparisonFigure)
    assert figure.sentence == 0
    view._comparison._canvas.spot_chosen.emit(PlotSpot(0, 1, 0))
    assert result.texts[view.figure().sentence].language == "Japanese"


def test_what_comes_first_is_painted_in_the_letters_of_now(view, result):
    """They grew while there was nothing to paint: on a projector, before the page was ever opened."""
    font = QFont(view.font())
    font.setPointSizeF(2 * font.pointSizeF())
    view.setFont(font)
    answer(view, result)
    canvas = view.findChild(PlotCanvas, "comparison_canvas")
    assert canvas.style_now.font.pointSizeF() == font.pointSizeF()


def test_on_a_projector_beside_an_image_bars_and_tokens_are_there_at_once(result):
    style = FigureStyle()
    em = QFontMetricsF(style.font).height()
    assert ComparisonFigure(result).least_size(0, style).width() <= 42 * em


def test_its_measures(view, result):
    answer(view, result)
    figure = view.figure()
    one = result.tokenizers[0]
    assert figure.value(one, 0) == len(one.pieces[0]) / len("the unbelievable cat")
    combo = view.findChild(QComboBox, "comparison_measure")
    combo.setCurrentIndex(combo.findData("word"))
    assert view.figure().value(one, 0) == len(one.pieces[0]) / 3
    assert math.isnan(view.figure().value(one, len(result.texts) - 1)), "spaces part no words"
    combo.setCurrentIndex(combo.findData("unknown"))
    last = len(result.texts) - 1
    assert view.figure().value(one, last) == one.n_unknown[last] / len(one.pieces[last])
    assert view.options_state()["comparison"] == {"measure": "unknown"}


@pytest.mark.parametrize("measure", ["letter", "word", "unknown"])
def test_it_is_painted_and_described(result, measure, tmp_path):
    from app.export.export import save

    broken = ComparedTokenizer("broken", why_not="tokenizer.json is not valid JSON.")
    figure = ComparisonFigure(CompareResult(result.texts, (*result.tokenizers, broken)), measure, 3)
    for ending in ("png", "svg", "csv", "npz"):
        save(figure, tmp_path / f"figure.{ending}", style=FigureStyle())
    text = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert "broken: tokenizer.json is not valid JSON." in text
    spot = PlotSpot(0, 0, len(result.texts) - 1)
    assert figure.describe(spot).startswith("bert-mini, your text: ")
    assert figure.label(figure.plots[0], spot)
    numbers = figure.numbers()
    assert len(numbers.rows) == 2 * len(result.texts)
    np.testing.assert_array_equal(numbers.arrays["n_tokens"][0], [len(p) for p in result.tokenizers[0].pieces])


@pytest.mark.parametrize("why_not", ["", "tokenizer.json is not valid JSON: line 4 column 2. " * 2, "/a/folder" * 20])
def test_what_is_said_of_a_tokenizer_is_said_whole_above_its_tokens(qapp, result, why_not):
    one = replace(result.tokenizers[1], checkpoint="one-with-a-long-name", alike=("another-with-a-long-name",))
    if why_not:
        one = ComparedTokenizer("broken", why_not=why_not)
    figure, style = ComparisonFigure(CompareResult(result.texts, (one, *result.tokenizers))), FigureStyle()
    rect = QRectF(0, 0, 700, 2000)
    image = QImage(rect.size().toSize(), QImage.Format.Format_RGB32)
    with QPainter(image) as painter, lettering.watched() as words:
        figure.paint_around(painter, rect, style)
    (said,) = [word for word in words if word.text.startswith(f"{title_of(one)}: ")]
    assert said.text.endswith(clean(why_not) or "; byte pair encoding")
    assert lettering.cut([said]) == []
    assert said.box.height() > QFontMetricsF(style.font).height()
    below = [word.box for word in words if word is not said and word.box.top() > said.box.top()]
    assert min(box.top() for box in below) > said.box.bottom()


def test_the_command_line_compares(tmp_path):
    out = tmp_path / "compared.csv"
    asked = ["figure", "compare-tokenizers", "--with", "transformer-en-fr", "--own", "a cat", "--out", str(out)]
    assert run(asked) == 0
    lines = out.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 2 * (len(SENTENCES) + 1)
    assert lines[1].startswith("your text,bert-mini,")
