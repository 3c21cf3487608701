"""Few-shot: answers are judged as the model would have written them, counted, and shown with their prompts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPicture
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSpinBox, QToolButton

from inference.analyses.few_shot import drawn, few_shot
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.results.events import Failure
from inference.results.few_shot import MOST_SHOTS, TASKS, FewShotRequest, FewShotResult, FewShotTrial
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info
from tests.inference.tiny_checkpoints import save_gpt2
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.look.theme import FigureStyle
from widgets.plots.data import PlotSpot
from widgets.subject import Subject
from widgets.views.few_shot.figure import FewShotFigure
from widgets.views.few_shot.view import FewShotView


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A random one that reads prompts of 64 bytes."""
    return load(str(save_gpt2(tmp_path_factory.mktemp("gpt2"))), Context())


def asked(path="", task="plural", n_trials=6, seed=0):
    return FewShotRequest("", task, str(path), n_trials, seed)


def written(model, prompt, n):
    """What transformers' own `generate` writes behind a prompt, greedily."""
    ids = model.tokenizer(prompt, return_tensors="pt").input_ids
    found = model.net.generate(ids, max_new_tokens=n, do_sample=False, pad_token_id=0)
    return model.tokenizer.decode(found[0, ids.shape[1] :])


@pytest.fixture
def knowing(tmp_path):
    """One that says ` b` and a new line behind `=>`, whatever was asked."""
    model = load(str(save_gpt2(tmp_path)), Context())
    net = model.net
    ids = {sign: model.tokenizer(sign).input_ids[0] for sign in "> b\n"}
    with torch.no_grad():
        for name, weight in net.named_parameters():
            if "c_proj" in name or "wpe" in name:
                weight.zero_()  # what goes in comes out
        embeddings = torch.nn.functional.normalize(torch.randn(net.transformer.wte.weight.shape), dim=1)
        net.transformer.wte.weight.copy_(embeddings)
        following = {">": " ", " ": "b", "b": "\n"}
        head = torch.zeros_like(embeddings)
        for sign, after in following.items():
            head[ids[after]] = embeddings[ids[sign]]
        net.lm_head.weight = torch.nn.Parameter(head)
    return model


def test_an_answer_is_right_where_generate_would_have_written_it(knowing, tmp_path):
    path = tmp_path / "own.tsv"
    answers = ["b", "b", "bb", "c", "B", "b", "bx", "b", "a", "b"]
    path.write_text("".join(f"{given}\t{end}\n" for given, end in zip("acdefghijk", answers, strict=True)))
    found = few_shot(asked(path, n_trials=20), knowing, Context())
    for trial in found.trials:
        for shots, (said, is_right) in enumerate(zip(trial.said, trial.is_right, strict=True)):
            text = written(knowing, trial.prompt(shots), len(trial.answer) + 2)
            rest = text.removeprefix(f" {trial.answer}")
            assert is_right == (rest != text and not rest[:1].isalnum()) == (said == trial.answer)
    assert found.longest > 2
    assert 0 < found.right[0].sum() < found.tried[0].sum()


def test_the_probability_is_that_of_the_whole_answer(model):
    found = few_shot(asked(n_trials=1), model, Context())
    (trial,) = found.trials
    prompt = model.tokenizer(trial.prompt(1)).input_ids
    ids = torch.tensor([model.tokenizer(f"{trial.prompt(1)} {trial.answer}").input_ids])
    with torch.inference_mode():
        log_probs = model.net(ids).logits[0].log_softmax(-1)
    steps = range(len(prompt), ids.shape[1])
    wanted = np.exp(sum(log_probs[at - 1, ids[0, at]].item() for at in steps))
    assert found.probs[0, 1] == pytest.approx(wanted, rel=1e-4)


def test_examples_differ_and_the_control_has_answers_of_others():
    examples = TASKS["opposite"].examples
    for trial in range(20):
        chosen, others = drawn(examples, 3, trial)
        assert len(set(chosen)) == MOST_SHOTS + 1
        assert all(examples[a][1] != examples[b][1] for a, b in zip(chosen, others, strict=False))
    assert drawn(examples, 3, 0) == drawn(examples, 3, 0) != drawn(examples, 4, 0)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.title)
def test_every_task_has_enough_examples_and_none_twice(task):
    assert len(task.examples) > 2 * MOST_SHOTS
    assert len({given for given, _ in task.examples}) == len(task.examples)
    assert all(given and end for given, end in task.examples)


def test_prompts_that_are_too_long_are_not_asked(model):
    found = few_shot(asked(task="to-fr", n_trials=2), model, Context())
    assert found.longest == 0
    assert np.isnan(found.accuracy[0, 1:]).all()
    some = few_shot(asked(task="past", n_trials=12), model, Context())
    assert {len(trial.said) for trial in some.trials} == {some.longest + 1}
    assert set(some.tried[:, : some.longest + 1].ravel()) == {12}
    assert "with an example a prompt is longer than the model reads" in FewShotFigure(found).caption


def test_a_measurement_that_was_put_off_goes_on_where_it_was(model):
    whole = few_shot(asked(n_trials=5, seed=3), model, Context())
    model.store.clear()
    seen = []

    def stop_after_two(event):
        seen.append(event)
        if sum(hasattr(one, "result") for one in seen) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        few_shot(asked(n_trials=5, seed=3), model, Context(stop_after_two))
    parts = []
    rest = few_shot(
        asked(n_trials=5, seed=3), model, Context(lambda event: parts.append(getattr(event, "result", None)))
    )
    assert [len(part.trials) for part in parts if part] == [3, 4, 5]
    np.testing.assert_array_equal(rest.right, whole.right)
    np.testing.assert_array_equal(rest.probs, whole.probs)
    assert rest.trials == whole.trials


def test_parts_come_trial_by_trial_and_it_can_be_cancelled(model):
    parts = []
    few_shot(asked(n_trials=3), model, Context(lambda event: parts.append(getattr(event, "result", None))))
    assert [len(part.trials) for part in parts if part] == [1, 2, 3]
    model.store.clear()
    with pytest.raises(Cancelled):
        few_shot(asked(), model, Context(is_cancelled=lambda: True))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a\tb\n" * 8, "own.tsv has 8 examples; 9 to 2,000 are allowed"),
        (b"a\tb\n" * 9 + b"only one\n", "Line 10 of own.tsv is not an input, one tab and an answer"),
        (b"\xff\xfe", r"own.tsv is not UTF-8 text \(byte 0\)"),
        (b"a\tb\n" * 9 + b"a" * 201 + b"\tb", "Line 10 of own.tsv has more than 200 letters"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(model, tmp_path, content, said):
    path = tmp_path / "own.tsv"
    path.write_bytes(content)
    with pytest.raises(Refused, match=said):
        few_shot(asked(path), model, Context())


def test_what_cannot_be_asked_is_refused(model):
    with pytest.raises(Refused, match="There is no task 'chess'; there are copy, plural"):
        few_shot(asked(task="chess"), model, Context())
    with pytest.raises(Refused, match="0 trials were asked for; 1 to 500 are allowed"):
        few_shot(asked(n_trials=0), model, Context())


def test_a_prompt_that_does_not_fit_at_all_is_refused(tmp_path):
    folder = save_gpt2(tmp_path)
    long = tmp_path / "own.tsv"
    long.write_text("".join(f"{'x' * 70}{i}\tb\n" for i in range(9)))
    with pytest.raises(Refused, match="alone is longer than the 64 tokens that the model reads"):
        few_shot(asked(long), load(str(folder), Context()), Context())


def drawn_texts(figure):
    """What is written beside the curves on a page as narrow as the window's smallest."""
    page = QPicture()
    painter = Written(page)
    figure.paint_around(painter, QRectF(0, 0, 860, 520), FigureStyle())
    painter.end()
    return painter.texts


class Written(QPainter):
    """Keeps the texts that are painted with it."""

    def __init__(self, device):
        super().__init__(device)
        self.texts = []

    def drawText(self, place, text):
        self.texts.append(text.strip())
        super().drawText(place, text)


def make_result(n=4, longest=MOST_SHOTS):
    right = np.minimum(np.arange(MOST_SHOTS + 1) // 2, n) * np.array([[1], [0]])
    tried = np.full((2, MOST_SHOTS + 1), n) * (np.arange(MOST_SHOTS + 1) <= longest)
    said = tuple("b" if shots >= 4 else "z" for shots in range(longest + 1))
    trial = FewShotTrial(tuple(f"{c} => {c}" for c in "cdefghij"), "a =>", "b", said, tuple(one == "b" for one in said))
    probs = np.where(tried, 0.25, np.nan).astype(np.float32)
    return FewShotResult("Letters", n, 20, right.astype(np.int32), tried.astype(np.int32), probs, (trial,) * n, longest)


def test_the_interval_is_wilsons():
    low, high = make_result(10).interval[:, 0, 4]  # 2 of 10
    assert (low, high) == (pytest.approx(0.0567, abs=1e-4), pytest.approx(0.5098, abs=1e-4))


def test_its_numbers_and_words(qtbot):
    figure = FewShotFigure(make_result(), shots=4)
    assert figure.numbers().arrays["accuracy"][0].tolist() == [0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1]
    assert figure.describe(PlotSpot(0, 0, 4)).startswith("4 examples, examples as they are: 2 of 4 right (50 %, ")
    assert figure.describe(PlotSpot(0, 1, 1)).startswith("1 example, examples with others' answers: 0 of 4 right")
    assert figure.natural_size(FigureStyle()).width() > 100


def test_a_sentence_that_was_right_and_one_that_was_not_are_both_read_whole(qapp):
    result = make_result()
    said = tuple("Elle est parti" for _ in range(MOST_SHOTS + 1))
    wrong = replace(result.trials[0], said=said, answer="Elle est partie.", is_right=(False,) * len(said))
    texts = drawn_texts(FewShotFigure(replace(result, trials=(wrong,)), shots=2))
    assert "It went on with “Elle est parti”: wrong" in texts
    assert "“Elle est partie.” is right" in texts


LARGE = replace(make_checkpoint_info(), n_parameters=124_000_000)


@pytest.fixture
def view(qtbot):
    view = watched(FewShotView(ViewContext()), qtbot, 1000, 600)
    view.set_subject(Subject(LARGE, text_input("the cat")))
    return view


def press(view, name, qtbot):
    button = view.findChild(QPushButton, name) or view.findChild(QToolButton, name)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_nothing_is_asked_before_it_is_wanted(view, qtbot):
    assert view.asked == []
    view.findChild(QComboBox, "few_shot_task").setCurrentIndex(0)
    view.findChild(QSpinBox, "few_shot_trials").setValue(7)
    assert view.asked == []
    press(view, "few_shot_measure", qtbot)
    assert view.asked[-1] == FewShotRequest(view.subject.checkpoint.checkpoint, "copy", "", 7, 0)


def test_a_small_model_is_asked_at_once_and_the_next_one_too(qtbot):
    view = watched(FewShotView(ViewContext()), qtbot, 1000, 600)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    assert [request.task for request in view.asked] == ["to-fr"]
    answer(view, make_result())
    view.set_subject(Subject(make_checkpoint_info(), text_input("another")))
    assert len(view.asked) == 1
    view.set_subject(Subject(replace(make_checkpoint_info(), checkpoint="other"), text_input("another")))
    assert view.asked[-1].checkpoint == "other"
    answer(view, make_result(3))
    assert view.why_not_current == ""


def test_it_grows_and_a_click_shows_the_prompt_with_so_many_examples(view, qtbot):
    press(view, "few_shot_measure", qtbot)
    answer(view, make_result(2), is_partial=True)
    answer(view, make_result(4))
    assert "4 of 4 trials" in view.findChild(QLabel, "few_shot_caption").text()
    assert view.figure().shots == 2
    view._canvas.spot_chosen.emit(PlotSpot(0, 0, 5))
    assert view.figure().shots == 5
    view.findChild(QSpinBox, "few_shot_trial_number").setValue(3)
    assert view.figure().trial == 2
    assert view.why_not_current == ""


def test_what_was_measured_stays_whatever_is_typed_and_goes_with_its_checkpoint(view, qtbot):
    press(view, "few_shot_measure", qtbot)
    answer(view, make_result())
    view.set_subject(Subject(view.subject.checkpoint, text_input("another")))
    assert (len(view.asked), view.why_not_current) == (1, "")
    view.set_subject(Subject(replace(LARGE, checkpoint="other"), text_input("another")))
    assert view.why_not_current.endswith("Press Measure to ask the model that is open now.")
    press(view, "few_shot_measure", qtbot)
    assert view.asked[-1].checkpoint == "other"
    answer(view, make_result(3))
    assert view.why_not_current == ""


def test_after_a_cancel_its_trials_stay_and_typing_starts_nothing(view, qtbot):
    press(view, "few_shot_measure", qtbot)
    answer(view, make_result(2), is_partial=True)
    view.take_cancellation(view.asked[-1])
    assert (view.why_not_current, view.is_provisional) == ("", False)
    view.set_subject(Subject(view.subject.checkpoint, text_input("another")))
    view.follow()
    assert len(view.asked) == 1
    press(view, "few_shot_measure", qtbot)
    view.take_cancellation(view.asked[-1])  # before the first trial
    view.set_subject(Subject(view.subject.checkpoint, text_input("a third")))
    assert len(view.asked) == 2


def test_examples_of_a_file_are_asked_until_a_task_is_chosen(view, qtbot, tmp_path):
    view.open_examples(str(tmp_path / "own.tsv"))
    assert view.asked[-1].path.endswith("own.tsv")
    why = "own.tsv has 8 examples; 9 to 2,000 are allowed."
    fail(view, Failure("refused", why))
    assert view._page.empty_text == why
    task = view.findChild(QComboBox, "few_shot_task")
    assert task.currentText() == "From a file"
    task.setCurrentIndex(task.findData("plural"))
    press(view, "few_shot_measure", qtbot)
    assert (view.asked[-1].path, view.asked[-1].task) == ("", "plural")


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: FewShotView(ViewContext()))
