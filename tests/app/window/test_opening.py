"""From a wish to open a checkpoint to what all views look at, without an engine."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QListWidget, QWidget

from app.window.opening import Opening
from app.window.session import Restored
from app.window.subject_flow import SubjectFlow
from inference.results.checkpoint import TYPE_IDS, AttentionGroup
from inference.results.events import Failure
from inference.results.inputs import ImageInput, Input
from inference.results.tokenize import TokenizeResult
from resources import bundled_checkpoints
from tests.factories import make_checkpoint_info, make_tokens
from widgets.context import ViewContext
from widgets.panels.gallery import Gallery
from widgets.panels.input_panel import InputPanel
from widgets.selection import Position, Selected, Selection

BERT = make_checkpoint_info()
MESH = replace(BERT, name="polygen", checkpoint="polygen", reads=("mesh",), classes=("chair",))


class FakeController(QObject):
    opened, open_failed, tokenized = Signal(object), Signal(object), Signal(object, str)
    open_cancelled, tokenize_cancelled = Signal(), Signal()
    elsewhere = None

    def __init__(self):
        super().__init__()
        self.checkpoint = None
        self.asked, self.inputs = [], []

    def open(self, checkpoint):
        self.asked.append(checkpoint)

    def tokenize(self, input):
        self.inputs.append(input)

    def answer(self, info):
        self.checkpoint = info
        self.opened.emit(info)


@pytest.fixture
def controller(qapp):
    return FakeController()


# Opening


@pytest.fixture
def opening(controller, qtbot):
    parent, gallery = QWidget(), Gallery()
    qtbot.addWidget(parent)
    qtbot.addWidget(gallery)
    opening = Opening(controller, gallery, ViewContext(), parent)
    opening.texts, opening.hints = [], []
    opening.said.connect(lambda *told: opening.texts.append(told))
    opening.described.connect(lambda text: opening.texts.append((text,)))
    opening.hint_changed.connect(opening.hints.append)
    opening.gallery = gallery
    return opening


def test_a_bundled_name_is_asked_as_it_is_and_a_folder_in_full(opening, controller, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    opening.open("bert-mini")
    opening.open("mine")
    opening.open("")
    assert controller.asked == ["bert-mini", str(tmp_path / "mine")]
    assert opening.hints[0] == "Opening bert-mini…"


def test_elsewhere_names_of_folders_are_left_as_they_are_and_browsed_there(controller, qtbot):
    controller.elsewhere = SimpleNamespace(name="gpu1")
    parent, gallery = QWidget(), Gallery()
    qtbot.addWidget(parent)
    qtbot.addWidget(gallery)
    opening, browsed, said = Opening(controller, gallery, ViewContext(), parent), [], []
    opening.browse_elsewhere.connect(browsed.append)
    opening.said.connect(lambda *told: said.append(told))
    opening.set_recent(("/models/bert",))
    opening.open("~/mine")
    opening.browse()
    opening.open_dropped("/here/x")
    assert controller.asked == ["~/mine"]
    assert browsed == ["/models"]
    assert said[-1] == (
        "x lies on this machine, and this window computes on gpu1: copy it there first.", True, "drop"
    )  # fmt: skip
    tips = [gallery._list.item(row).toolTip() for row in range(gallery._list.count())]
    assert any("/models/bert" in tip for tip in tips)
    assert not any("not found" in tip for tip in tips)


@pytest.mark.parametrize("name", ["~nosuchuser/x", "a\0b", "x" * 5000])
def test_a_name_that_no_file_can_have_is_asked_too_and_refused_there(opening, controller, name):
    opening.open(name)
    assert len(controller.asked) == 1


def test_what_opened_is_told_with_what_the_user_should_know(opening, controller, qtbot):
    with qtbot.waitSignal(opening.opened):
        controller.answer(BERT)
    assert opening.texts == [
        ("bert-test: BertForPreTraining; 1.2 M parameters; Encoder: 4 layers of 4 heads.",),
        ("", True, "notes"),
        ("", False, "notes explained"),
    ]
    controller.answer(replace(BERT, architecture="VilBert"))
    assert opening.texts[-3][0].startswith("bert-test: ViLBERT; ")  # as its paper spells it
    controller.answer(replace(BERT, notes=("It has no head.",)))
    assert ("bert-test: It has no head.", True, "notes") in opening.texts


@pytest.mark.parametrize(
    ("n_heads", "told"),
    [
        (((4, 4, 4), (4, 4)), "layers of 4 heads: Text 3, Regions 2."),
        (((4, 4, 4), (2, 2)), "Text: 3 layers of 4 heads, Regions: 2 layers of 2 heads."),
        (((4, 4, 0), (4, 4)), "Text: attention in 2 of 3 layers (0, 1) of 4 heads, Regions: 2 layers of 4 heads."),
    ],
)
def test_how_many_heads_there_are_is_said_once_where_all_layers_have_as_many(opening, controller, n_heads, told):
    groups = tuple(AttentionGroup(name.lower(), name, n) for name, n in zip(("Text", "Regions"), n_heads, strict=True))
    controller.answer(replace(BERT, groups=groups))
    assert opening.texts[0][0].endswith(f" M parameters; {told}")


def test_only_what_is_amiss_is_a_warning(opening, controller):
    filled, lost = "Every sound is filled up.", "It has no head."
    controller.answer(replace(BERT, notes=(lost, filled), explained=(filled,)))
    assert opening.texts[-2:] == [
        (f"bert-test: {lost}", True, "notes"),
        (f"bert-test: {filled}", False, "notes explained"),
    ]


def test_before_the_window_is_on_screen_it_is_said_what_will_be_opened(opening, controller):
    opening.announce("/models/mine")
    opening.announce("")
    assert opening.hints == ["Opening mine…", f"Opening {bundled_checkpoints()[0]}…"]
    assert controller.asked == []


def test_who_opens_another_need_not_read_any_more_why_the_last_one_could_not_be_opened(opening):
    opening.open("/nowhere")
    assert opening.texts[0] == ("", False, "open")


def test_at_the_first_start_a_failure_opens_what_comes_with_the_program(opening, controller):
    first = bundled_checkpoints()[0]
    opening.open("/nowhere")
    controller.open_failed.emit(Failure("refused", "There is no /nowhere."))
    assert controller.asked == ["/nowhere", first]
    assert ("There is no /nowhere.", True, "open /nowhere") in opening.texts
    assert opening.texts[-1][2] == f"open {first}"  # so that it does not take the refusal's place
    controller.open_failed.emit(Failure("refused", "It is broken."))
    assert controller.asked == ["/nowhere", first]  # not for ever


def test_later_a_failure_leaves_the_open_one(opening, controller):
    controller.answer(BERT)
    opening.open("/nowhere")
    controller.open_failed.emit(Failure("refused", "There is no /nowhere."))
    assert opening.texts[-1] == ("bert-test stays open. There is no /nowhere.", True, "open /nowhere")
    opening.open_again()
    assert controller.asked == ["/nowhere"]  # it was refused, and F5 means what is open


@pytest.mark.parametrize("has_open", [True, False])
@pytest.mark.parametrize("cut_off", ["killed", "cancelled"])
def test_what_was_cut_off_is_opened_when_asked_again(opening, controller, has_open, cut_off):
    if has_open:
        controller.answer(BERT)
    opening.open("/mine")
    if cut_off == "killed":
        controller.open_failed.emit(Failure("engine", "The engine stopped. Press F5."))
    else:
        controller.open_cancelled.emit()
    assert controller.asked == ["/mine"]
    opening.open_again()
    assert controller.asked == ["/mine", "/mine"]
    controller.answer(replace(BERT, checkpoint="/mine"))
    opening.open_again()
    assert controller.asked == ["/mine", "/mine"]


def test_a_tokenizer_that_could_not_be_read_is_read_again(opening, controller):
    lost = replace(BERT, checkpoint="/mine", notes=(f"tokenizer.json is cut off. {TYPE_IDS}",))
    opening.open("/mine")
    controller.answer(lost)
    opening.open("/refused")
    controller.open_failed.emit(Failure("refused", "It is none."))
    opening.open_again()
    assert controller.asked == ["/mine", "/refused", "/mine"]
    controller.answer(replace(lost, notes=()))
    opening.open_again()
    assert controller.asked == ["/mine", "/refused", "/mine"]


def test_a_folder_that_may_have_been_trained_on_is_read_again(opening, controller, tmp_path):
    folder = str(tmp_path)
    opening.open(folder)
    controller.answer(replace(BERT, checkpoint=folder))
    opening.open_again()
    assert controller.asked == [folder, folder]


@pytest.mark.parametrize("folder", ["x" * 5000, "a\0b", "~nosuchuser/x"])
def test_a_list_with_names_that_no_file_can_have_is_shown(opening, folder):
    opening.set_recent((folder,))
    assert opening.gallery.findChild(QListWidget).count() > len(bundled_checkpoints())


# Input, masks, subject


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def panel(selection, qtbot):
    panel = InputPanel(ViewContext(selection), ())
    qtbot.addWidget(panel)
    panel.text.set_text("the cat sat")
    return panel


@pytest.fixture
def flow(controller, selection, panel):
    flow = SubjectFlow(controller, selection, panel)
    flow.subjects, flow.refusals, flow.told = [], [], []
    flow.awaited.connect(flow.told.append)
    flow.subject_changed.connect(flow.subjects.append)
    flow.refused.connect(lambda info, why: flow.refusals.append((info, why)))
    return flow


@pytest.fixture
def begun(flow, controller):
    controller.checkpoint = BERT
    flow.begin(BERT)
    return flow


def test_only_what_has_tokens_becomes_the_subject(begun, controller):
    assert controller.inputs[-1].text.text == "the cat sat"
    assert begun.subjects == []
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    assert begun.subjects[-1].checkpoint is BERT
    assert begun.subjects[-1].input == controller.inputs[-1]
    controller.tokenized.emit(None, "The text is too long.")
    assert len(begun.subjects) == 1
    assert begun.refusals == [(BERT, "The text is too long.")]


def test_until_it_is_known_whether_it_can_be_looked_at_the_views_are_told_to_wait(begun, controller, panel, qtbot):
    assert begun.told == ["Reading the input …"]  # at once: the title names another checkpoint
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    panel.text.look_at("a dog")
    assert len(begun.told) == 1  # mostly the tokens are there before anybody could see it
    qtbot.waitUntil(lambda: len(begun.told) == 2)
    assert begun.told[-1] == "Reading the input …"
    controller.tokenize_cancelled.emit()
    assert begun.told[-1] == "Cancelled; F5 asks again."
    begun.ask_again()
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    n = len(begun.told)
    panel.text.look_at("  ")
    assert begun.told[n:] == ["Type a sentence to look at it."]
    # Also where nothing of this checkpoint was looked at yet: its tabs, layers and heads are to be offered.
    assert begun.refusals == [(BERT, "Cancelled; F5 asks again."), (BERT, "Type a sentence to look at it.")]
    controller.checkpoint = replace(BERT, compares=("text",))
    panel.text.look_at(" ")
    assert begun.told[-1] == "Add a text to look at it.", "there is no line for a sentence"


def test_while_another_checkpoint_opens_what_is_shown_waits_and_after_a_failure_holds_again(begun, controller, panel):
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    begun.await_checkpoint("gpt2")
    assert begun.told[-1] == "Opening gpt2 …"
    panel.text.look_at("a dog")
    controller.tokenized.emit(
        TokenizeResult(make_tokens()), ""
    )  # the new sentence is not to be taken for the new checkpoint's
    assert begun.told[-1] == "Opening gpt2 …"
    controller.open_failed.emit(Failure("refused", "It is broken."))
    assert begun.told[-1] == ""
    controller.tokenized.emit(None, "The text is too long.")
    begun.await_checkpoint("gpt2")
    controller.open_cancelled.emit()
    assert begun.told[-1] == "The text is too long."


def test_what_is_shown_in_place_of_a_refused_input_comes_back_when_another_checkpoint_does_not_open(begun, controller):
    controller.tokenized.emit(None, "Type token ids.")
    begun.await_checkpoint("gpt2")
    controller.open_failed.emit(Failure("refused", "It is broken."))
    assert begun.refusals == [(BERT, "Type token ids.")] * 2  # meanwhile empty views said "Opening gpt2…"
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    controller.open_failed.emit(Failure("refused", "It is broken."))
    assert len(begun.refusals) == 2


def test_nothing_typed_asks_nothing(begun, controller, panel, qtbot):
    with qtbot.waitSignal(begun.tokens_changed) as blocker:
        panel.text.look_at("  ")
    assert blocker.args == [None, ""]
    assert len(controller.inputs) == 1


def test_masks_are_part_of_the_input_until_it_is_another(begun, controller, selection, panel):
    selection.set_masked((2, 1))
    assert controller.inputs[-1].text.masked == (1, 2)
    begun.ask_again()
    assert controller.inputs[-1].text.masked == (1, 2)
    panel.text.look_at("a dog")
    assert controller.inputs[-1].text.masked == ()
    assert selection.masked == ()


IMAGE = replace(BERT, name="beit", checkpoint="beit", reads=("image",), mask_token="")
GPT = replace(BERT, name="gpt", checkpoint="gpt", mask_token="")


def look_with(flow, controller, info, tokens=None):
    """Open a checkpoint and answer with tokens."""
    controller.checkpoint = info
    flow.begin(info)
    controller.tokenized.emit(TokenizeResult(tokens or make_tokens()), "")


@pytest.mark.parametrize("other", [IMAGE, GPT], ids=["image", "no mask token"])
def test_masks_stay_with_their_text_whatever_is_looked_at_meanwhile(begun, controller, selection, other):
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    selection.set_masked((2,))
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    look_with(begun, controller, other)
    assert selection.masked == ()
    assert begun.subjects[-1].checkpoint is other
    look_with(begun, controller, BERT)
    assert selection.masked == (2,)
    assert begun.subjects[-1].input.text.masked == (2,)


def test_masks_do_not_come_back_on_other_words(begun, controller, selection, panel):
    selection.set_masked((2,))
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    look_with(begun, controller, IMAGE)
    other = replace(BERT, name="other", checkpoint="other")
    look_with(begun, controller, other, make_tokens("[CLS] a [MASK] [SEP]"))  # its tokenizer cuts otherwise
    assert selection.masked == ()
    assert controller.inputs[-1].text.masked == ()
    look_with(begun, controller, IMAGE)
    panel.text.set_text("a dog")
    look_with(begun, controller, BERT)
    assert selection.masked == ()  # another text


def test_another_kind_of_checkpoint_gets_another_input(begun, controller):
    controller.checkpoint = MESH
    begun.begin(MESH)
    assert controller.inputs[-1].kinds == ("mesh",)


def test_a_position_that_the_input_has_not_is_given_up(begun, controller, selection):
    selection.update(query=Position("text", 500), key=Position("text", 1))
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    assert (selection.now.query, selection.now.key) == (None, None)
    selection.update(query=Position("image", 500))
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    assert selection.now.query == Position("image", 500)  # of another sequence


def test_steps_end_at_the_edge_and_follow_the_group(begun, selection):
    begun.step(99, 99)
    assert (selection.now.layer, selection.now.head) == (3, 3)
    selection.update(layer=99)
    assert selection.now.layer == 3


RESTORED = Restored(Selected("encoder", 99, 2, Position("text", 1)), (2,), Input())


def test_a_session_comes_back_within_what_there_is(flow, controller, selection):
    controller.checkpoint = BERT
    flow.begin(BERT, RESTORED)
    assert (selection.now.layer, selection.now.head, selection.now.query) == (3, 2, Position("text", 1))
    assert controller.inputs[-1].text.masked == (2,)
    controller.tokenized.emit(TokenizeResult(make_tokens()), "")
    assert flow.subjects[-1].input.text.masked == (2,)


def test_masks_of_another_text_are_given_up(flow, controller, selection):
    controller.checkpoint = BERT
    flow.begin(BERT, RESTORED)
    controller.tokenized.emit(None, "Position 2 is masked; the text has 1 token.")
    assert flow.refusals == []
    assert selection.masked == ()
    assert controller.inputs[-1].text.masked == ()
    controller.tokenized.emit(None, "The text is too long.")
    assert flow.refusals == [(BERT, "The text is too long.")]


def test_an_image_of_the_last_session_is_the_first_input(flow, controller):
    info = replace(BERT, reads=("image",))
    controller.checkpoint = info
    flow.begin(info, RESTORED._replace(input=Input(image=ImageInput(seed=7)), masked=()))
    assert controller.inputs[-1] == Input(image=ImageInput(seed=7))


# What was trained here


def test_runs_of_the_lab_stand_in_the_list_and_open_from_a_view(controller, qtbot, tmp_path):
    parent, gallery = QWidget(), Gallery()
    qtbot.addWidget(parent)
    qtbot.addWidget(gallery)
    context = ViewContext(runs_folder=str(tmp_path))
    opening = Opening(controller, gallery, context, parent)
    (tmp_path / "reversal-1").mkdir()
    (tmp_path / "half-made").mkdir()
    (tmp_path / "reversal-1" / "config.json").write_text("{}")
    opening.set_recent((str(tmp_path / "reversal-1"), "/elsewhere"))
    context.tell_runs_changed()
    listed = gallery.findChild(QListWidget)
    texts = [listed.item(i).text() for i in range(listed.count())]
    assert texts[texts.index("TRAINED HERE") :] == ["TRAINED HERE", "reversal-1", "RECENT", "elsewhere"]
    context.open_checkpoint(str(tmp_path / "reversal-1"))
    assert controller.asked[-1] == str(tmp_path / "reversal-1")


def test_without_runs_nothing_is_said_of_them(opening):
    opening.set_recent(())
    listed = opening.gallery.findChild(QListWidget)
    assert "TRAINED HERE" not in [listed.item(i).text() for i in range(listed.count())]
