"""The family tree: what it holds, what it shows, what it exports."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QToolButton

from inference.registry import FAMILIES
from inference.results.checkpoint import ModelCard
from inference.results.events import Failure
from inference.results.tokenization import CutRequest, CutResult
from resources import bundled_checkpoints, checkpoint_path
from tests.answers import answer, fail
from tests.factories import make_checkpoint_info
from tests.inference.text_configurations import TEXT
from tests.inputs import text_input
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.pretrained.figure import FamilyTree
from widgets.views.pretrained.models import BUNDLED, BY_KEY, MODELS, kin_of, model_of, objective_of
from widgets.views.pretrained.open_card import stated
from widgets.views.pretrained.view import PretrainedView


def test_every_model_has_a_parent_that_is_older_and_all_its_facts():
    assert len(BY_KEY) == len(MODELS)
    for model in MODELS:
        if model.parent:
            assert BY_KEY[model.parent].year <= model.year
            assert model.change
        assert all((model.objective, model.architecture, model.data, model.tokens))
        assert re.search(r"\b20(1\d|20)\b", model.source)


def test_what_every_bundled_checkpoint_learned_is_told():
    configs = [checkpoint_path(name) / "config.json" for name in bundled_checkpoints()]
    classes = {name for path in configs if path.exists() for name in json.loads(path.read_text())["architectures"]}
    assert len(classes) > 15
    assert [name for name in classes if not objective_of(name) or "other tasks" in objective_of(name)] == []


def test_every_bundled_checkpoint_is_of_a_model_of_the_tree_or_has_its_nearest_kin():
    configs = [checkpoint_path(name) / "config.json" for name in bundled_checkpoints()]
    classes = {name for path in configs if path.exists() for name in json.loads(path.read_text())["architectures"]}
    assert [name for name in classes if (model_of(name) is None) == (kin_of(name) is None)] == []


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (
            "Scenes of resources/scenes.py, drawn. Seeds 1 on; 1,000 are measured below, as many not. Free.",
            "Scenes, drawn. Seeds 1 on. Free.",
        ),
        ("1,000 scenes are measured below, and others. The program draws them.", "The program draws them."),
        ("Furniture (resources/furniture.py): solids.", "Furniture: solids."),
        ("wikipedia, bookcorpus", "wikipedia, bookcorpus"),
    ],
)  # fmt: skip
def test_what_stands_elsewhere_in_a_readme_is_left_out(data, shown):
    assert stated(data) == shown


def test_the_lecture_names_them_all():
    names = {model.name for model in MODELS}
    assert {"ELMo", "ULMFiT", "GPT", "GPT-2", "GPT-3", "BERT", "RoBERTa", "XLNet", "SpanBERT", "UNITER", "CBT"} <= names
    assert len(names) == 33


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("BertForPreTraining", "BERT"),
        ("BertLMHeadModel", "BERT"),
        ("GPT2LMHeadModel", "GPT-2"),
        ("OpenAIGPTDoubleHeadsModel", "GPT"),
        ("RobertaForMaskedLM", "RoBERTa"),
        ("XLMWithLMHeadModel", "XLM"),
        ("XLMRobertaForMaskedLM", None),
        ("BertGenerationDecoder", None),
        ("ViTForImageClassification", None),
        ("VideoBert", "VideoBERT"),
        ("VilBert", "ViLBERT"),
        ("Uniter", "UNITER"),
    ],
)
def test_a_class_of_transformers_is_found_in_the_tree(architecture, name):
    found = model_of(architecture)
    assert (found.name if found else None) == name


def test_what_is_said_to_open_opens():
    kinds = {"OpenAIGPT": "openai-gpt", "GPT2": "gpt2", "Bert": "bert"}
    kinds |= {"XLM": "xlm", "Roberta": "roberta", "XLNet": "xlnet"}
    kinds |= {"VisualBert": "visual_bert", "Lxmert": "lxmert"}
    said = {model.prefix for model in MODELS if model.prefix}
    assert said == set(kinds)
    assert set(kinds.values()) <= {*TEXT, *FAMILIES}


def test_no_boxes_meet_and_all_are_there(qapp):
    style = FigureStyle()
    figure = FamilyTree("bert", make_checkpoint_info())
    for width in (830, 1500):
        rect = QRectF(0, 0, width, figure.least_size(width, style).height())
        boxes = list(figure.boxes(rect, style).items())
        assert {key for key, _ in boxes} == set(BY_KEY)
        for number, (key, box) in enumerate(boxes):
            assert rect.contains(box), key
            assert not any(box.intersects(other) for _, other in boxes[number + 1 :]), key


@pytest.fixture
def view(qtbot):
    view = PretrainedView(ViewContext())
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    return view


def test_it_begins_with_the_model_of_the_open_checkpoint(view):
    assert view.figure().chosen == "bert"
    gpt = replace(make_checkpoint_info(name="mine"), architecture="GPT2LMHeadModel")
    view.set_subject(Subject(gpt, text_input("a cat")))
    assert view.figure().chosen == "gpt2"
    shown = texts_of(view.figure())
    assert "Open now: mine, GPT-2" in shown
    assert "opens its checkpoints" in shown
    view.set_subject(Subject(replace(make_checkpoint_info(name="other"), architecture="OPTModel"), text_input("a cat")))
    assert "Open now: other" in texts_of(view.figure())
    assert view.figure().chosen == "gpt2"


def test_a_model_that_is_not_in_the_tree_is_shown_beside_its_nearest_kin(view):
    view.resize(700, 260)
    beit = replace(make_checkpoint_info(name="mine"), architecture="BeitForMaskedImageModeling")
    oscar = replace(make_checkpoint_info(name="yours"), architecture="Oscar")
    for info, name in ((oscar, "VisualBERT"), (beit, "BERT")):
        view.set_subject(Subject(info, text_input("a cat")))
        assert view.figure().model.name == name
        assert f"Open now: {info.name}; nearest kin: {name}" in texts_of(view.figure())
        canvas = view._canvas
        box = view.figure().boxes(canvas.figure_rect(), canvas.style_now)[view.figure().chosen]
        assert canvas.visibleRegion().contains(box.toRect()), "it is on screen"


def test_another_checkpoint_shows_the_tree_from_its_top_as_far_as_its_model_is_there(view, qapp):
    view.resize(700, 400)
    bar = view.findChild(QScrollArea).verticalScrollBar()
    bar.setValue(bar.maximum())
    gpt = replace(make_checkpoint_info(name="mine"), architecture="OpenAIGPTLMHeadModel")
    view.set_subject(Subject(gpt, text_input("a cat")))
    qapp.processEvents()
    assert view.figure().chosen == "gpt"
    assert bar.value() == 0


def test_a_click_tells_what_went_into_a_model_and_keys_go_from_one_to_the_next(view, qtbot):
    canvas = view._canvas
    box = view.figure().boxes(canvas.figure_rect(), canvas.style_now)["roberta"]
    QTest.mouseMove(canvas, box.center().toPoint())
    told = view.findChild(QLabel, "pretrained_read_out").text()
    assert told.startswith("RoBERTa (2019, after BERT: longer, more data, no next sentence)")
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert view.figure().chosen == "roberta"
    assert "RoBERTa (Liu et al. 2019, arXiv)" in view.figure().caption
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.spot == "xlnet"
    seen = {canvas.spot}
    for _ in range(12):
        QTest.keyClick(canvas, Qt.Key.Key_Left)
        seen.add(canvas.spot)
    assert not BY_KEY[canvas.spot].parent


def test_an_open_checkpoint_tells_what_its_readme_states_and_what_is_not_stated(view):
    info = replace(make_checkpoint_info(name="mine"), architecture="RobertaForMaskedLM")
    view.set_subject(Subject(info, text_input("a cat")))
    shown = texts_of(view.figure())
    assert "masked words, from both sides" in shown
    assert shown.count("not stated") == 2  # data and licence
    card = ModelCard("<b>wikipedia</b>, bookcorpus", "mit", "en, de")
    view.set_subject(Subject(replace(info, card=card, architecture="RobertaModel"), text_input("a cat")))
    shown = texts_of(view.figure())
    assert "<b>wikipedia</b>, bookcorpus" in shown
    assert "mit; languages: en, de" in shown
    assert shown.count("not stated") == 1  # what a model without a head was trained for


@pytest.mark.parametrize(
    ("reads", "axis", "n_ctx", "kind", "said"),
    [
        (("image",), "patches", 0, "learned", "images of one size; positions: learned"),
        (("image",), "pixels", 256, "learned", "256 pixels; positions: learned"),
        (("text", "image"), "patches", 40, "learned", "40 tokens; positions: learned"),
        (("mesh",), "coordinates", 0, "learned", "not stated; positions: learned"),
        (("text",), "text", 0, "relative", "no limit; positions: relative"),
        (("text",), "text", 128, "learned", "128 tokens; positions: learned"),
    ],
)
def test_how_much_is_read_at_once_is_told_in_places_of_what_is_read(view, reads, axis, n_ctx, kind, said):
    groups = tuple(replace(group, query_axis=axis, key_axis=axis) for group in make_checkpoint_info().groups)
    info = replace(make_checkpoint_info(), reads=reads, groups=groups, n_ctx=n_ctx, position_kind=kind)
    view.set_subject(Subject(info, text_input("a cat")))
    assert said in texts_of(view.figure())


def test_foreign_names_are_plain(view):
    info = replace(make_checkpoint_info(name="<b>x</b>\n"), architecture="<i>Y</i>")
    view.set_subject(Subject(info, text_input("a cat")))
    shown = texts_of(view.figure())
    assert "Open now: <b>x</b>\u21b5" in shown
    assert "<i>Y</i>" in shown


def test_its_numbers_are_a_row_a_model():
    numbers = FamilyTree("bert").numbers()
    assert len(numbers.rows) == len(MODELS)
    (gpt2,) = (row for row in numbers.rows if row[0] == "GPT-2")
    assert gpt2[:4] == ("GPT-2", 2019, "GPT", "larger, more data")
    assert all(len(row) == len(numbers.header) for row in numbers.rows)


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: PretrainedView(ViewContext()))


def test_the_bundled_checkpoint_of_a_model_is_opened(qtbot):
    context = ViewContext()
    view = PretrainedView(context)
    qtbot.addWidget(view)
    opened = []
    context.checkpoint_requested.connect(opened.append)
    button = view.findChild(QToolButton, "pretrained_open")
    view._choose("bert")
    assert button.isHidden()  # it is not at hand
    context.set_checkpoints(("bert-mini", "vit-scenes"))
    assert not button.isHidden()
    assert button.text() == "Open bert-mini"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert opened == ["bert-mini"]
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="bert-mini"), text_input("a")))
    assert not button.isEnabled()  # it is open
    view._choose("xlnet")
    assert button.isHidden()


def test_what_is_bundled_is_of_its_model():
    for key, name in BUNDLED.items():
        if name in bundled_checkpoints():
            (architecture,) = json.loads((checkpoint_path(name) / "config.json").read_text())["architectures"]
            assert model_of(architecture) is BY_KEY[key]


def test_what_a_readme_states_is_shown_whole(qapp):
    data = "sentences of everyday life, captions of photographs, stories for children, and letters from two centuries; "
    info = replace(make_checkpoint_info(), card=ModelCard((data * 3)[:300], "mit", "en"))
    style = FigureStyle()
    plain, stated = FamilyTree("bert", make_checkpoint_info()), FamilyTree("bert", info)
    for width in (830.0, 1500.0):
        assert stated.least_size(width, style).height() >= plain.least_size(width, style).height()
    assert stated.least_size(830, style).height() > plain.least_size(830, style).height()
    shown = " ".join(texts_of(stated))
    assert "\u2026" not in shown
    assert shown.count("letters from") == 2


def test_what_cuts_texts_into_tokens_is_told_of_the_checkpoint_that_is_open(view):
    view.asked = []
    view.request_changed.connect(view.asked.append)
    info = replace(make_checkpoint_info(), checkpoint="one", has_tokenizer=True)
    view.set_subject(Subject(info, text_input("a cat")))
    assert [type(request) for request in view.asked] == [CutRequest]
    answer(view, CutResult("a", "BertTokenizer", "wordpiece", 8_192, (), (), "a", (), ()))
    assert "8,192 tokens, WordPiece" in texts_of(view.figure())
    other = replace(info, checkpoint="other")
    view.set_subject(Subject(other, text_input("a cat")))
    assert not any("WordPiece" in text and "8,192" in text for text in texts_of(view.figure()))
    fail(view, Failure("refused", "It cannot be read."), CutResult)
    assert view.figure() is not None
    n = len(view.asked)
    view.set_subject(Subject(replace(info, checkpoint="pixels", has_tokenizer=False), text_input("a cat")))
    assert len(view.asked) == n


def test_it_is_seen_from_its_top_again_once_there_is_room(view, qtbot):
    """A low window shows the marked model, which goes back; what the user did stays."""
    bar = view.findChild(QScrollArea).verticalScrollBar()
    view.resize(900, 200)
    view.show()
    qtbot.waitExposed(view)
    QApplication.processEvents()
    assert bar.value() > 0
    view.resize(900, 640)
    QApplication.processEvents()
    assert bar.maximum() > 0
    assert bar.value() == 0
    bar.setValue(bar.maximum() // 2)
    view.resize(900, 620)
    QApplication.processEvents()
    assert bar.value() > 0
    view.set_subject(Subject(replace(make_checkpoint_info(name="another"), architecture="BertModel"), text_input("a")))
    QApplication.processEvents()
    assert bar.value() == 0
