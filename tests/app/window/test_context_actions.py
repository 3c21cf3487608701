"""What views ask of the window: an example is shown with its checkpoint and its input, whatever is open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.window.opening import ContextActions, Opening
from app.window.subject_flow import SubjectFlow
from app.window.view_area import ViewArea
from inference.results.events import Failure
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.request import Capability
from inference.results.tokenize import TokenizeResult
from tests.factories import make_checkpoint_info, make_tokens
from widgets.context import ViewContext, ViewExample
from widgets.panels.gallery import Gallery
from widgets.panels.input_panel import InputPanel
from widgets.selection import Position, Selected
from widgets.view import View
from widgets.view_entry import ViewEntry

BERT = replace(make_checkpoint_info(), checkpoint="bert-mini")
VIT = replace(
    BERT,
    checkpoint="vit-scenes",
    name="vit-scenes",
    reads=("image",),
    mask_token="",
    capabilities=(Capability.ATTENTION, Capability.PATCHES),
)
SENTENCE = "the cat sat on the mat ##tress because it was tired"
ENTRIES = (
    ViewEntry("home", "Home", "", frozenset(), "About.", is_home=True),
    ViewEntry("heads", "Heads", "", frozenset({Capability.ATTENTION}), "About."),
    ViewEntry("masked", "Masked", "", frozenset({Capability.MASKED_LM}), "About."),
    ViewEntry("patches", "Patches", "", frozenset({Capability.PATCHES}), "About."),
)
MASKED = ViewExample(
    "masked",
    "bert-mini",
    Input(text=TextInput(SENTENCE, masked=(2, 6))),
    Selected("encoder", 1, 2, Position("text", 4)),
    {"masked": {"top_k": 5}},
)
PATCHES = ViewExample("patches", "vit-scenes", Input(image=ImageInput(seed=7)))


class ToldView(View):
    """Writes down what it is told."""

    def __init__(self, context):
        super().__init__(context)
        self.states = []

    def requests(self):
        return ()

    def figure(self):
        return None

    def set_options_state(self, stored):
        self.states.append(stored)


class SilentController(QObject):
    """An engine that answers when the test says so."""

    opened, open_failed, tokenized = Signal(object), Signal(object), Signal(object, str)
    open_cancelled, tokenize_cancelled = Signal(), Signal()
    elsewhere = None

    def __init__(self):
        super().__init__()
        self.checkpoint, self.asked, self.inputs = None, [], []

    def open(self, checkpoint):
        self.asked.append(checkpoint)

    def tokenize(self, input):
        self.inputs.append(input)

    def attach(self, _view):
        pass

    def answer(self, info):
        self.checkpoint = info
        self.opened.emit(info)
        self.read()

    def read(self):
        self.tokenized.emit(TokenizeResult(make_tokens(), ()), "")


class Window(QWidget):
    """The parts of a window that an example goes through."""

    def __init__(self):
        super().__init__()
        self.context, self.controller, self.exported = ViewContext(), SilentController(), []
        self.input_panel = InputPanel(self.context, ("a sample",))
        self.opening = Opening(self.controller, Gallery(), self.context, self)
        self.flow = SubjectFlow(self.controller, self.context.selection, self.input_panel, self)
        self.area = ViewArea(self._create, entries=ENTRIES, parent=self)
        self.input_panel.setParent(self)
        self.area.resize(900, 600)
        self.flow.subject_changed.connect(self.area.set_subject)
        self.opening.opened.connect(self.flow.begin)
        self.context_actions = ContextActions(
            self.context, self.controller, self.opening, self, self.input_panel, self.flow, self.area, self
        )

    def _create(self, entry):
        view = ToldView(self.context)
        view.setObjectName(entry.name)
        return view

    def export(self, view, first=""):
        self.exported.append((view, first))


@pytest.fixture
def window(qtbot):
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.area.show_view("home")
    window.controller.answer(BERT)
    return window


def test_an_example_of_the_open_checkpoint_is_shown_at_once(window):
    window.context.open_example(MASKED)
    assert window.controller.asked == []
    assert window.area.current == "masked"
    assert window.context.selection.now == MASKED.selected
    assert window.controller.inputs[-1] == MASKED.input
    window.controller.read()
    view = window.area.views["masked"]
    assert view.subject.input == MASKED.input
    assert view.states[-1] == MASKED.options


def test_an_example_of_another_checkpoint_is_shown_when_that_is_open(window):
    window.context.open_example(PATCHES)
    assert window.controller.asked == ["vit-scenes"]
    assert window.area.current == "home"
    window.controller.answer(VIT)
    assert window.area.current == "patches"
    assert window.area.views["patches"].subject.input == PATCHES.input
    assert "heads" not in window.area.views, "no other view is built on the way"
    assert window.area.views["patches"].states[-1] == {}


def test_what_is_still_told_of_the_old_checkpoint_leads_nowhere(window):
    """A card that is clicked while the first input is still being read opens its view all the same."""
    window.context.open_example(PATCHES)
    window.controller.read()
    assert window.area.current == "home"
    window.controller.answer(VIT)
    assert window.area.current == "patches"


def test_what_is_opened_meanwhile_comes_instead(window):
    window.context.open_example(PATCHES)
    window.context.open_example(MASKED)  # although its checkpoint is still the open one
    assert window.controller.asked == ["vit-scenes", "bert-mini"]
    window.controller.answer(BERT)
    window.controller.read()
    assert window.area.current == "masked"
    assert window.area.views["masked"].subject.input == MASKED.input
    window.context.open_example(PATCHES)
    window.opening.open("bert-mini")
    window.controller.answer(BERT)
    assert window.area.current == "masked"


def test_masks_stay_when_the_engine_tells_of_the_checkpoint_once_more(window):
    """Before it is up, what is remembered of a checkpoint stands for its answer."""
    window.context.open_example(MASKED)
    window.controller.answer(replace(BERT, device="GPU"))
    assert window.controller.inputs[-1] == MASKED.input
    window.controller.read()
    assert window.area.views["masked"].subject.input == MASKED.input


def test_what_is_typed_meanwhile_is_not_taken_back(window):
    window.context.open_example(MASKED)
    window.context.set_input(Input(text=TextInput("the dog")))
    window.controller.answer(replace(BERT, device="GPU"))
    assert window.controller.inputs[-1].text.text == "the dog"
    assert window.context.selection.masked == ()


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_where_its_checkpoint_does_not_open_all_stays(window, end):
    window.context.open_example(PATCHES)
    if end == "failed":
        window.controller.open_failed.emit(Failure("refused", "It is damaged."))
    else:
        window.controller.open_cancelled.emit()
    window.controller.read()
    assert window.area.current == "home"
    window.context.open_example(MASKED)
    assert window.area.current == "masked"


def test_a_checkpoint_that_is_opened_from_home_comes_to_the_front(window):
    window.context.open_checkpoint("vit-scenes")
    window.controller.answer(VIT)
    assert window.area.current == "patches"
    window.area.show_view("home")
    window.controller.answer(replace(VIT, device="GPU"))  # the same one, as the engine tells it
    assert window.area.current == "home"
    window.context.open_checkpoint("bert-mini")
    window.controller.answer(BERT)
    assert window.area.current == "heads"


def test_it_stays_in_another_view_when_a_checkpoint_of_the_kind_is_opened(window):
    window.area.show_view("masked")
    window.controller.answer(replace(BERT, checkpoint="/mine", name="mine"))
    assert window.area.current == "masked"


def test_other_wishes_are_done(window):
    window.context.open_view("heads")
    assert window.area.current == "heads"
    window.context.set_input(Input(text=TextInput("the dog")))
    assert window.controller.inputs[-1].text.text == "the dog"
    window.context.save("a mesh")
    assert window.exported == [(None, "obj")]
    window.input_panel.text.set_text("first", "second")
    window.context.swap_sentences()
    assert window.input_panel.text.sentences() == ("second", "first")
