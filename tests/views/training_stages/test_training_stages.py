"""What a model looked at while it learned: read as it was kept, refused where it does not fit, shown stage by stage."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox
from safetensors.numpy import save_file

from inference.analyses.training_stages import training_stages
from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.results.checkpoint import AttentionGroup
from inference.results.request import Capability
from inference.results.training_stages import TrainingStagesRequest
from tests.answers import answer, watched
from tests.factories import make_checkpoint_info
from tests.inference.tiny_checkpoints import save_transformer
from tests.inputs import text_input
from tests.training_stages_files import N_HEADS, N_LAYERS, STEPS, pattern_of, save_training_stages, told
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.subject import Subject
from widgets.views.training_stages.figure import TrainingStagesFigure
from widgets.views.training_stages.options import TrainingStagesOptions
from widgets.views.training_stages.view import TrainingStagesView


def read(folder, sentence=0):
    model = SimpleNamespace(info=SimpleNamespace(checkpoint=str(folder)))
    return training_stages(TrainingStagesRequest(str(folder), sentence), model, Context())


def test_numbers_are_those_that_were_kept(tmp_path):
    found = read(save_training_stages(tmp_path), 1)
    assert found.sentences == ("the cat sat", "a dog")
    assert (found.source_tokens, found.target_tokens) == (("a", "dog"), ("un", "chien", "noir"))
    assert [stage.step for stage in found.stages] == list(STEPS)
    assert [stage.translation for stage in found.stages] == ["", "un ", "un un "]
    for number in range(len(STEPS)):
        np.testing.assert_array_equal(found.pattern[number], pattern_of(number, 1).astype(np.float32))


def test_a_checkpoint_says_whether_it_keeps_any(tmp_path):
    save_transformer(tmp_path)
    without = inspect(str(tmp_path))
    assert Capability.TRAINING_STAGES not in without.capabilities
    assert "kept beside its weights" in without.why_missing(TrainingStagesRequest.needs)
    save_training_stages(tmp_path)
    assert Capability.TRAINING_STAGES in inspect(str(tmp_path)).capabilities


def spoiled_stage(**changes):
    first, *rest = told()["stages"]
    return {"stages": [first | changes, *rest]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sentences": []}, "'sentences' in along.json is not a list of 1 to 100"),
        ({"sentences": "many"}, "'sentences' in along.json is not a list"),
        ({"stages": [{}]}, "'on_diagonal' in along.json is not a list"),
        (spoiled_stage(step=77), "do not ascend: 77, 10, 1200"),
        (spoiled_stage(step=True), "'step' in along.json is 'True'"),
        (spoiled_stage(loss="low"), "'loss' in along.json is 'low'"),
        (spoiled_stage(translations=["one"]), "has 1 translations of 2 sentences"),
        (spoiled_stage(on_diagonal=[[0.1], [0.1, 0.2]]), "not a table of numbers"),
        (spoiled_stage(on_diagonal=[[0.1, 0.2]]), "do not all have the same layers and heads"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path, changes, said):
    with pytest.raises(Refused, match=said):
        read(save_training_stages(tmp_path, changes))


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({}, "holds no tensor '0/0'"),
        ({"0/0": np.zeros((N_LAYERS, N_HEADS, 2, 9), np.float16)}, r"is F16 \(2, 4, 2, 9\); \(2, 4, 2, 3\) is needed"),
        ({"0/0": np.zeros((N_LAYERS, N_HEADS, 2, 3), np.int32)}, "'0/0' in patterns.safetensors is I32"),
        ({"0/0": np.full((N_LAYERS, N_HEADS, 2, 3), np.nan, np.float16)}, "numbers that are not finite"),
    ],
)
def test_patterns_that_are_not_of_the_sentence_are_refused(tmp_path, tensors, said):
    save_training_stages(tmp_path)
    fine = {f"{step}/0": pattern_of(number, 0) for number, step in enumerate(STEPS)}
    save_file((fine | tensors) if tensors else {"x": pattern_of(0, 0)}, tmp_path / "along" / "patterns.safetensors")
    with pytest.raises(Refused, match=said):
        read(tmp_path)


def test_no_other_sentence_can_be_asked_for(tmp_path):
    with pytest.raises(Refused, match="There is no sentence 2; there are 2, counted from 0"):
        read(save_training_stages(tmp_path), 2)


@pytest.fixture
def result(tmp_path):
    return read(save_training_stages(tmp_path))


@pytest.mark.parametrize(("attention", "layer_and_head"), [("diagonal", (1, 3)), ("head", (0, 2)), ("mean", (0, None))])
def test_the_maps_are_of_the_head_that_is_wanted(result, attention, layer_and_head):
    figure = TrainingStagesFigure(result, TrainingStagesOptions(attention), layer=0, head=2)
    assert figure.shown == layer_and_head
    layer, head = layer_and_head
    wanted = result.pattern[:, layer].mean(1) if head is None else result.pattern[:, layer, head]
    for panel, pattern in zip(figure._maps, wanted, strict=True):
        np.testing.assert_array_equal(panel.values, pattern)
    of_stages = [stage.on_diagonal[layer] for stage in result.stages]
    shares = [share.mean() if head is None else share[head] for share in of_stages]
    assert [panel.title for panel in figure._maps] == [
        f"{step} · {100 * share:.2g} % diagonal"
        for step, share in zip(("Before training", "Step 10", "Step 1,200"), shares, strict=True)
    ]


def test_a_cell_and_the_numbers_say_what_was_kept(result):
    figure = TrainingStagesFigure(result, TrainingStagesOptions())
    value = result.pattern[2, 1, 3, 1, 0]
    assert figure.describe(Cell(2, 1, 0)) == (
        f"After 1,200 steps, to write “chat”: {value:.3g} of the attention on “the”"
    )
    numbers = figure.numbers()
    assert numbers.rows[2] == (1200, 7.0, 20.0, pytest.approx(0.7), "le le ")
    assert numbers.arrays["pattern"].shape == (3, N_LAYERS, N_HEADS, 2, 3)


@pytest.fixture
def view(qtbot):
    view = watched(TrainingStagesView(ViewContext()), qtbot, 900, 600)
    groups = (AttentionGroup("cross", "Cross", (N_HEADS,) * N_LAYERS, query_axis="target", key_axis="source"),)
    view.set_subject(Subject(make_checkpoint_info(groups=groups), text_input("hello")))
    return view


def test_another_sentence_is_asked_for_and_shown(view, result, tmp_path):
    answer(view, result)
    assert view.figure().result is result
    sentences = view.findChild(QComboBox, "training_stages_sentence")
    assert [sentences.itemText(i) for i in range(sentences.count())] == ["the cat sat", "a dog"]
    sentences.setCurrentIndex(1)
    sentences.activated.emit(1)
    assert view.asked[-1].sentence == 1
    answer(view, read(tmp_path, 1))
    assert "“a dog”" in view.findChild(QLabel, "training_stages_caption").text()
    assert view.why_not_current == ""


def test_what_is_typed_changes_nothing_as_it_is_of_the_checkpoint(view, result):
    answer(view, result)
    view.set_subject(Subject(view.subject.checkpoint, text_input("another one")))
    assert (len(view.asked), view.why_not_current) == (1, "")


def test_a_head_that_is_chosen_is_selected_everywhere(view, result):
    answer(view, result)
    options = view.findChild(QComboBox, "training_stages_attention")
    options.setCurrentIndex(options.findData("head"))
    view.findChild(QSpinBox, "training_stages_head_number").setValue(2)
    assert (view.selection.now.group, view.selection.now.head) == ("cross", 2)
    assert view.figure().shown == (0, 2)


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: TrainingStagesView(ViewContext()))
