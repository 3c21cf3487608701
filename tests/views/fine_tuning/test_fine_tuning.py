"""Fine-tuning: what [CLS] looks at in two checkpoints, numbers that were measured, and numbers that were published."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args, get_type_hints

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QComboBox, QLabel, QTabWidget

from inference.analyses.fine_tuning import STUDY, fine_tuning, labelled_examples, published_table
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.results.checkpoint import AttentionGroup
from inference.results.events import Failure
from inference.results.fine_tuning import (
    FineTuningRequest,
    FineTuningResult,
    LabelledExamplesRequest,
    LabelledExamplesResult,
    MeasuredRuns,
    MeasuredStudy,
    PublishedTableRequest,
)
from inference.results.prediction import PredictionRequest, PredictionResult
from inference.results.request import Capability
from resources import PUBLISHED
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info, make_pattern, make_tokens
from tests.inference.tiny_checkpoints import save_bert, save_gpt2
from tests.inputs import text_input
from tests.lettering import watched as watched_letters
from widgets.context import ViewContext
from widgets.figures.lettering import in_cells
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot
from widgets.subject import Subject
from widgets.views.fine_tuning.attention_figure import FineTunedAttentionFigure
from widgets.views.fine_tuning.examples_figure import ExamplesFigure
from widgets.views.fine_tuning.options import FineTuningOptions, PublishedOptions
from widgets.views.fine_tuning.published_figure import PublishedFigure
from widgets.views.fine_tuning.view import FineTuningView

TEXT = text_input("the cat sat on the mat")


def save_tuned(base, folder, seed=1):
    """An adapter of all queries, as PEFT writes it."""
    from tests.inference.checkpoints.test_adapters import matrices, save_adapter, sequence_head

    paths = [f"bert.encoder.layer.{layer}.attention.self.query" for layer in range(2)]
    return save_adapter(
        folder, matrices(*paths, seed=seed) | sequence_head(), task_type="SEQ_CLS", base_model_name_or_path=str(base)
    )


def attentions(net, ids, pos):
    """What transformers itself says: [layer, head, key_pos]."""
    net.set_attn_implementation("eager")
    with torch.inference_mode():
        found = net(input_ids=torch.tensor(ids)[None], output_attentions=True).attentions
    return np.stack([layer[0, :, pos].numpy() for layer in found])


@pytest.fixture
def bert(tmp_path):
    base = save_bert(tmp_path / "base")
    return base, save_tuned(base, tmp_path / "tuned")


def test_cls_attends_as_transformers_says_in_both(bert):
    base, tuned = bert
    model = load(str(tuned), Context())
    found = fine_tuning(FineTuningRequest(str(tuned), TEXT), model, Context())
    assert (found.names, found.read_pos) == (("base", "tuned"), 0)
    assert found.tokens.words[0] == "[CLS]"
    for side, place in enumerate((base, tuned)):
        wanted = attentions(load(str(place), Context()).net, found.tokens.ids, 0)
        np.testing.assert_allclose(found.pattern[side], wanted, atol=1e-5)
    assert not np.allclose(found.pattern[0], found.pattern[1], atol=1e-3)
    np.testing.assert_allclose(found.pattern.sum(-1), 1, rtol=1e-5)


def test_a_gpt_is_read_at_its_last_token_and_its_base_can_be_named(tmp_path):
    base = save_gpt2(tmp_path / "base")
    model = load(str(save_gpt2(tmp_path / "tuned")), Context())
    with torch.no_grad():
        model.net.transformer.h[0].attn.c_attn.weight.mul_(2)
    found = fine_tuning(FineTuningRequest("", TEXT, str(base)), model, Context())
    assert found.read_pos == len(found.tokens) - 1
    np.testing.assert_allclose(
        found.pattern[0], attentions(load(str(base), Context()).net, found.tokens.ids, -1), atol=1e-5
    )
    assert not np.allclose(found.pattern[0], found.pattern[1], atol=1e-3)


def test_the_base_is_read_once(bert, monkeypatch):
    model = load(str(bert[1]), Context())
    request = FineTuningRequest(str(bert[1]), TEXT)
    first = fine_tuning(request, model, Context())
    monkeypatch.setattr("inference.analyses.fine_tuning.load", None)
    again = fine_tuning(request, model, Context())
    np.testing.assert_array_equal(first.pattern, again.pattern)


def test_what_cannot_be_compared_is_refused_in_a_sentence(bert, tmp_path):
    base, tuned = bert
    plain, adapted = load(str(base), Context()), load(str(tuned), Context())
    with pytest.raises(Refused, match="base does not say what it was fine-tuned from: choose its base"):
        fine_tuning(FineTuningRequest("", TEXT), plain, Context())
    with pytest.raises(Refused, match="base is what is open; choose the checkpoint that it was fine-tuned from"):
        fine_tuning(FineTuningRequest("", TEXT, str(base)), plain, Context())
    other = save_bert(tmp_path / "deeper", num_hidden_layers=3)
    with pytest.raises(Refused, match=r"deeper has other layers and heads than tuned \(3 layers of 4 heads and 2"):
        fine_tuning(FineTuningRequest("", TEXT, str(other)), adapted, Context())
    bare = text_input("")
    bare = replace(bare, text=replace(bare.text, token_ids=(7, 8)))
    with pytest.raises(Refused, match=r"This text of tuned has no \[CLS\]"):
        fine_tuning(FineTuningRequest("", bare), adapted, Context())
    with pytest.raises(Cancelled):
        fine_tuning(FineTuningRequest("", TEXT), adapted, Context(is_cancelled=lambda: True))


def test_numbers_stand_beside_the_bundled_checkpoint_and_nowhere_else():
    result = labelled_examples(LabelledExamplesRequest(), Context())
    found = result.study
    assert (result.name, found.base, found.n_tested) == ("bert-mini-polarity", "bert-mini", 1_074)
    by = {(run.method, run.n_examples): run.accuracies for run in found.runs}
    assert {n for method, n in by if method == "words"} == {100, 500, 2_000, 8_529}
    assert all(0 <= one <= 1 for accuracies in by.values() for one in accuracies)
    assert by["majority", 8_529].mean() == pytest.approx(0.5, abs=0.01)
    assert by["fine-tuned", 8_529].mean() > 0.6
    assert "validation split" in " ".join(found.told)
    with pytest.raises(Refused, match="No numbers come with vit-scenes; there are those of bert-mini-polarity"):
        labelled_examples(LabelledExamplesRequest("vit-scenes"), Context())


def test_spoiled_numbers_are_refused(tmp_path, monkeypatch):
    (tmp_path / STUDY).write_text(json.dumps({"base": "b"}))
    monkeypatch.setattr("inference.analyses.fine_tuning.checkpoint_path", lambda name: tmp_path)
    with pytest.raises(Refused, match=r"fine_tuning\.json of bert-mini is not what it has to be"):
        labelled_examples(LabelledExamplesRequest("bert-mini"), Context())


def test_glue_is_the_published_table():
    found = published_table(PublishedTableRequest(), Context())
    assert found.scores.shape == (len(found.systems), len(found.tasks)) == (5, 10)
    assert "Devlin et al. 2019" in found.source
    # The average of a row is that of its tasks, so a slip of a digit is seen.
    np.testing.assert_allclose(found.scores[:, :-1].mean(1), found.scores[:, -1], atol=0.1)


# Figures


def make_study():
    runs = [("fine-tuned", 100, [0.6, 0.7]), ("fine-tuned", 500, [0.8]), ("words", 100, [0.5]), ("words", 500, [0.7])]
    return MeasuredStudy(
        "mini",
        "does it praise",
        50,
        {"fine-tuned": "fine-tuned", "words": "counted words"},
        tuple(MeasuredRuns(method, n, np.array(each)) for method, n, each in runs),
        ("Measured one day.",),
    )


def make_examples():
    return LabelledExamplesResult("mini-polarity", ("mini-polarity",), make_study())


def make_result():
    tokens = make_tokens("[CLS] the cat sat [SEP]")
    pattern = np.stack([make_pattern(2, 4, 5, 5, seed=seed)[:, :, 0] for seed in (0, 1)])
    return FineTuningResult(("base", "tuned"), tokens, 0, pattern, (0, 1))


def make_told(words="[CLS] the cat sat [SEP]"):
    logits = np.array([0.0, 1.0], np.float32)
    probs = np.array([0.25, 0.75], np.float32)
    return PredictionResult("text", make_tokens(words), "text", ("bad", "good"), logits, probs, "softmax")


def test_dots_say_their_runs_and_bars_are_standard_deviations(qtbot):
    figure = ExamplesFigure(make_study())
    text = figure.describe(PlotSpot(0, 0, 0))
    assert text == ("fine-tuned, 100 examples: 65.0 % right on average of 2 runs (60.0, 70.0), standard deviation 7.1")
    assert figure.describe(PlotSpot(0, 1, 1)) == "counted words, 500 examples: 70.0 % right, one run"
    dots = figure.plots[0].series[0]
    np.testing.assert_allclose(dots.high - dots.y, [np.std([0.6, 0.7], ddof=1), 0])
    arrays = figure.numbers().arrays
    np.testing.assert_array_equal(arrays["accuracy"][1], [0.8, np.nan])
    assert figure.natural_size(FigureStyle()).width() > 100


def test_the_difference_is_after_less_before_and_hidden_tokens_change_no_number(qtbot):
    result = make_result()
    figure = FineTunedAttentionFigure(result, FineTuningOptions(), told=make_told())
    mean = result.pattern.mean(2)
    np.testing.assert_allclose(figure.values, [mean[0], mean[1], mean[1] - mean[0]])
    one = FineTunedAttentionFigure(result, FineTuningOptions("head", hide_special=True), 3)
    np.testing.assert_allclose(one.values[1], result.pattern[1, :, 3, 1:4])
    assert "head 3" in one.caption
    assert figure.describe(Cell(2, 1, 2)).startswith("Layer 1: [CLS] attends to “cat” with ")
    assert figure._classes() == [("good", 0.75), ("bad", 0.25)]
    assert figure.least_size(0, FigureStyle()).height() > one.least_size(0, FigureStyle()).height()
    assert figure.numbers().arrays["pattern"].shape == (2, 2, 4, 5)


def test_every_table_that_comes_with_headlight_can_be_chosen_and_no_other():
    offered = get_args(get_type_hints(PublishedOptions)["table"])
    assert sorted(offered) == sorted(file.stem for file in PUBLISHED.glob("*.json"))
    for name in offered:
        found = published_table(PublishedTableRequest(name), Context())
        assert found.scores.shape == (len(found.systems), len(found.tasks))
        assert found.title
        assert "20" in found.source  # a year
    with pytest.raises(Refused, match="No published table is called 'glu'; there are glue, vilbert, vilt, virtex"):
        published_table(PublishedTableRequest("glu"), Context())


def test_what_was_not_published_is_no_number():
    figure = PublishedFigure(published_table(PublishedTableRequest("vilbert"), Context()))
    assert figure.describe(Cell(0, 0, 1)) == "DFAF, Q→A: not published"
    assert figure.describe(Cell(0, 7, 7)).startswith("ViLBERT, R@1: 58.2 (recall")


def test_a_published_number_says_what_it_is():
    figure = PublishedFigure(published_table(PublishedTableRequest(), Context()))
    text = figure.describe(Cell(0, 3, 5))
    assert text.startswith("BERT base on CoLA: 52.1 (Matthews correlation)")
    assert "8,500 labelled examples" in text
    assert "mean of the tasks" in figure.describe(Cell(0, 0, 9))


# The view


@pytest.fixture
def view(qtbot):
    view = watched(FineTuningView(ViewContext()), qtbot, 1000, 700)
    view.set_subject(Subject(make_checkpoint_info(), TEXT))
    return view


def pages(view):
    return view.findChild(QTabWidget, "fine_tuning_pages")


def with_head(info):
    return replace(info, capabilities=(*info.capabilities, Capability.PREDICTION))


def test_each_page_asks_for_its_own(view):
    assert view.asked == [LabelledExamplesRequest()]
    pages(view).setCurrentIndex(3)
    assert view.asked[-1] == PublishedTableRequest("glue")
    view.findChild(QComboBox, "fine_tuning_published_table").setCurrentIndex(1)
    assert view.asked[-1] == PublishedTableRequest("virtex")
    pages(view).setCurrentIndex(2)
    place = view.subject.checkpoint.checkpoint
    assert view.asked[-1] == FineTuningRequest(place, TEXT)
    assert not any(isinstance(one, PredictionRequest) for one in view.asked)
    view.set_subject(Subject(with_head(view.subject.checkpoint), TEXT))
    assert PredictionRequest(place, TEXT) in view.asked


def test_numbers_that_come_with_the_open_checkpoint_are_shown_first(view):
    answer(view, replace(make_examples(), names=("mini-polarity", "own")))
    asked = len(view.asked)
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="own", name="own"), TEXT))
    assert view.asked[asked:] == [LabelledExamplesRequest("own")]
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="other", name="other"), TEXT))
    assert view.findChild(QComboBox, "fine_tuning_study").currentData() == "own"  # which has none of its own


@pytest.mark.parametrize(
    ("name", "chosen"),
    [("gpt-mini", "gpt-mini-polarity"), ("bert-mini", "bert-mini-polarity"), ("vit-scenes", "virtex-scenes")],
)
def test_numbers_of_the_kin_of_a_checkpoint_are_shown_first(view, name, chosen):
    names = ("bert-mini-polarity", "gpt-mini-polarity", "virtex-scenes")
    answer(view, replace(make_examples(), name=names[0], names=names))
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint=name, name=name), TEXT))
    assert view.findChild(QComboBox, "fine_tuning_study").currentData() == chosen


@pytest.mark.parametrize(
    ("name", "told"), [("bert-mini", ""), ("bert-mini-polarity", ""), ("vit-scenes", "vit-scenes")]
)
def test_numbers_of_another_checkpoint_say_so(view, name, told):
    names = ("bert-mini-polarity", "virtex-scenes")
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint=name, name=name), TEXT))
    answer(view, replace(make_examples(), name=names[bool(told)], names=names))
    caption = view.findChild(QLabel, "fine_tuning_examples_caption").text()
    said = "vit-scenes has no study of its own; this is the one of virtex-scenes. "
    assert caption == (said if told else "") + view.figure().caption


def test_measured_and_published_numbers_never_grow_old(view):
    answer(view, make_examples())
    assert isinstance(view.figure(), ExamplesFigure)
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="other"), TEXT))
    assert view.why_not_current == ""
    pages(view).setCurrentIndex(3)
    answer(view, published_table(PublishedTableRequest(), Context()))
    assert isinstance(view.figure(), PublishedFigure)


def test_the_answer_of_the_head_stands_below_the_maps_of_the_same_text_only(view):
    pages(view).setCurrentIndex(2)
    view.set_subject(Subject(with_head(view.subject.checkpoint), TEXT))
    answer(view, make_told("[CLS] another text [SEP]"))
    answer(view, make_result())
    assert view.figure().told is None
    answer(view, make_told())
    assert view.figure().told is not None
    assert view.why_not_current == ""


def test_a_base_is_chosen_from_what_is_at_hand(view):
    view.context.set_checkpoints(("bert-mini", "/somewhere/my-base"))
    pages(view).setCurrentIndex(2)
    combo = view.findChild(QComboBox, "fine_tuning_base")
    assert [combo.itemText(i) for i in range(combo.count())] == ["as the adapter says", "bert-mini", "my-base"]
    combo.setCurrentIndex(2)
    combo.activated.emit(2)
    assert view.asked[-1].base == "/somewhere/my-base"
    view.context.set_checkpoints(("bert-mini", "/somewhere/my-base", "/new"))
    assert combo.currentData() == "/somewhere/my-base"
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="other"), TEXT))
    assert view.asked[-1].base == "", "another checkpoint has another base"


def test_a_head_is_that_of_the_selection(view):
    group = view.subject.checkpoint.groups[0]
    assert isinstance(group, AttentionGroup)
    pages(view).setCurrentIndex(2)
    answer(view, make_result())
    view._options.set_value(FineTuningOptions("head"))
    view._head.set_value(2)
    assert view.selection.now.head == 2
    assert view.figure().head == 2
    view.selection.update(head=1)
    assert view.figure().head == 1


def test_why_there_is_nothing_is_said_where_the_maps_would_be(view):
    pages(view).setCurrentIndex(2)
    fail(view, Failure("refused", "tuned does not say what it was fine-tuned from."))
    said = view.findChild(QLabel, "fine_tuning_empty").text()
    assert said == "tuned does not say what it was fine-tuned from."
    assert view.figure() is None


def test_the_slider_of_heads_is_there_for_a_single_head_alone(view):
    pages(view).setCurrentIndex(2)
    slider = view._head
    assert not slider.isVisibleTo(view)
    choice = view.findChild(QComboBox, "fine_tuning_heads")
    choice.setCurrentIndex(choice.findData("head"))
    assert slider.isVisibleTo(view)


@pytest.mark.parametrize("name", get_args(get_type_hints(PublishedOptions)["table"]))
def test_tasks_have_their_whole_names_at_the_least_size(qtbot, name):
    figure, style = PublishedFigure(published_table(PublishedTableRequest(name), Context())), FigureStyle()
    rect = QRectF(QPointF(0, 0), figure.least_size(0, style))
    image = QImage(rect.size().toSize(), QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched_letters() as words:
        figure.paint(painter, rect, style)
    assert not [word.text for word in words if "…" in word.text]


@pytest.mark.parametrize("name", get_args(get_type_hints(PublishedOptions)["table"]))
def test_a_table_needs_no_more_width_than_a_small_window_has_beside_an_image_when_it_is_presented(qtbot, name):
    figure, style = PublishedFigure(published_table(PublishedTableRequest(name), Context())), FigureStyle()
    em = QFontMetricsF(style.font).height()
    least = figure.least_size(0, style)
    assert least.width() <= 44 * em
    ((panel, area),) = figure.panels(QRectF(QPointF(0, 0), least), style)
    widest = max((f"{score:.1f}" for score in figure.result.scores.flat), key=len)
    assert in_cells(style.font, widest, panel.cell_rect(0, 0, panel.plot(area, style)).size()) is not None
