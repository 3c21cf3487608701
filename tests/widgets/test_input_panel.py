"""The input panel: a bar for every kind that the checkpoint reads, and one input made of all of them."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from inference.results.inputs import ClipInput, ImageInput, Input, MeshInput, SoundInput, TextInput
from inference.results.request import Capability
from inference.results.tokenize import TokenizeResult
from tests.answers import answer
from tests.factories import make_checkpoint_info, make_tokens
from tests.film_factories import make_film_info, make_strip
from tests.image_factories import make_image_info, make_image_result
from tests.inputs import image_input, mesh_input, text_input
from widgets.context import ViewContext
from widgets.panels.input_panel import InputPanel

BOTH = replace(make_image_info(name="clip-test"), reads=("text", "image"), has_tokenizer=True)
MESH = replace(make_checkpoint_info(name="polygen"), reads=("mesh",), classes=("chair", "table"))


@pytest.fixture
def panel(qtbot):
    panel = InputPanel(ViewContext(), ("One.",))
    qtbot.addWidget(panel)
    panel.inputs, panel.bars = [], []
    panel.input_changed.connect(panel.inputs.append)
    panel.bar_created.connect(panel.bars.append)
    panel.show()
    panel.set_checkpoint(make_checkpoint_info())
    return panel


def shown(panel):
    return [kind for kind, bar in panel._bars.items() if bar.isVisible()]


def test_of_one_kind_there_is_one_bar(panel):
    for info, kind in ((make_checkpoint_info(), "text"), (make_image_info(), "image"), (MESH, "mesh")):
        panel.set_checkpoint(info)
        assert shown(panel) == [kind]
        assert panel.input().kinds == (kind,)


def test_a_sound_is_opened_beside_a_text(panel):
    panel.set_checkpoint(replace(make_checkpoint_info(name="whisper"), reads=("text", "sound")))
    assert shown(panel) == ["text", "sound"]
    panel.open_sound("/sounds/a.wav")
    assert not panel.inputs  # it is read first
    answer(panel.bars[-1], TokenizeResult(make_tokens()))
    assert panel.inputs[-1] == Input(text=panel.text.input(), sound=SoundInput("/sounds/a.wav"))
    panel.set_input(Input(sound=SoundInput(seed=4)))
    assert panel.input().sound == SoundInput(seed=4)


def test_a_bar_that_is_hidden_takes_no_room(panel, qtbot):
    low = panel.sizeHint().height()
    panel.set_checkpoint(BOTH)
    assert panel.sizeHint().height() > low
    panel.set_checkpoint(make_checkpoint_info())
    qtbot.waitUntil(lambda: panel.sizeHint().height() == low)


def test_the_bar_of_boxes_is_there_with_the_view_that_looks_at_them(panel, qtbot):
    joint = replace(BOTH, capabilities=(*BOTH.capabilities, Capability.JOINT))
    first, later = QWidget(), QWidget()
    for view in (first, later):
        qtbot.addWidget(view)
    first.show()
    panel.set_checkpoint(joint)
    assert shown(panel) == ["text", "image"]
    panel.show_boxes_with(first)
    panel.show_boxes_with(later)
    assert shown(panel) == ["text", "image", "regions"]
    later.show()
    first.hide()
    assert "regions" in shown(panel)
    later.hide()
    assert shown(panel) == ["text", "image"]
    assert panel.input().regions is not None  # what was drawn stays
    panel.set_checkpoint(replace(joint, reads=("text", "image", "regions")))
    assert "regions" in shown(panel)  # of a model that reads them all views need them
    later.show()
    panel.set_checkpoint(make_checkpoint_info())
    assert shown(panel) == ["text"]


def test_of_several_kinds_each_has_its_bar_and_all_are_one_input(panel):
    panel.text.set_text("a red house")
    panel.set_checkpoint(BOTH)
    assert shown(panel) == ["text", "image"]
    assert panel.input() == Input(text=TextInput("a red house"), image=ImageInput())


def test_a_change_in_either_bar_tells_the_whole_input(panel, qtbot):
    panel.set_checkpoint(BOTH)
    panel.text.look_at("a cat")
    assert panel.inputs[-1] == Input(text=TextInput("a cat"), image=ImageInput())
    (bar,) = panel.bars
    answer(bar, make_image_result())
    panel.open_images(["/images/cat.png"])
    answer(bar, make_image_result())
    assert panel.inputs[-1] == Input(text=TextInput("a cat"), image=ImageInput(path="/images/cat.png"))


def test_a_hidden_bar_says_nothing(panel):
    panel.set_checkpoint(BOTH)
    panel.set_checkpoint(make_image_info())
    panel.inputs.clear()
    panel.text.look_at("typed in vain")
    assert panel.inputs == []


def test_what_comes_from_a_view_leaves_the_rest_as_it_is(panel):
    panel.text.set_text("a cat")
    panel.set_checkpoint(BOTH)
    panel.set_input(image_input(seed=7))
    assert panel.inputs == [Input(text=TextInput("a cat"), image=ImageInput(seed=7))]
    assert panel.input() == panel.inputs[-1]
    panel.set_input(text_input("a dog", "a cat"))
    assert panel.inputs[-1] == Input(text=TextInput("a dog", "a cat"), image=ImageInput(seed=7))
    assert panel.text.first.text() == "a dog"


def test_what_the_checkpoint_does_not_read_is_left_out(panel):
    panel.set_input(mesh_input(label=1))
    assert panel.inputs == []
    panel.set_checkpoint(MESH)
    panel.set_input(Input(text=TextInput("a cat"), mesh=MeshInput(label=1)))
    assert panel.inputs == [mesh_input(label=1)]


def test_token_ids_are_written_where_they_are_read(panel):
    panel.set_checkpoint(replace(make_checkpoint_info(), has_tokenizer=False))
    panel.set_input(text_input(token_ids=(5, 17)))
    assert panel.text.first.text() == "5 17"
    assert panel.input() == text_input(token_ids=(5, 17))


def test_is_collected_after_closing(assert_collected):
    def make():
        panel = InputPanel(ViewContext(), ())
        panel.set_checkpoint(BOTH)
        return panel

    assert_collected(make)


def mesh_line(panel):
    return panel.findChild(QLabel, "mesh_line").text()


def test_the_mesh_bar_says_what_can_be_seen_and_what_the_other_views_look_at(panel):
    panel.set_checkpoint(replace(MESH, classes=("table", "chair", "lamp")))
    assert panel.input().mesh.label == 1  # what is sampled without a click
    assert mesh_line(panel) == "Chair: nothing yet. All views look at this mesh."
    panel._context.tell_growing(1)
    assert mesh_line(panel) == "Chair: not finished. The other views look at it when it is."
    panel.set_input(mesh_input(1, (1, 1, 1, 2, 2, 2, 0), (2, 3, 1, 2, 0)))
    assert mesh_line(panel) == "Chair: 2 vertices, 2 faces. All views look at this mesh."
    panel._context.tell_growing(2)
    assert mesh_line(panel) == (
        "Lamp: not finished. Until it is, the other views look at this. Chair: 2 vertices, 2 faces."
    )
    panel._context.tell_growing(None)
    assert mesh_line(panel) == "Chair: 2 vertices, 2 faces. All views look at this mesh."


def test_what_was_written_behind_a_text_does_not_replace_another_that_was_typed_meanwhile(panel):
    written = TextInput("the cat", target_ids=(5, 6, 7))
    panel.text.set_text("the dog", "")
    n_told = len(panel.inputs)
    panel.set_input(Input(text=written))
    assert panel.input().text.text == "the dog"
    assert len(panel.inputs) == n_told
    panel.text.set_text("the cat", "")
    panel.set_input(Input(text=written))
    assert panel.inputs[-1].text == written


def test_words_that_are_read_with_an_image_begin_with_a_sentence_of_its_scene(panel):
    describe = replace(make_image_result(), sentence="a red dog left of a house")
    panel.text.set_text("One.")
    panel.set_checkpoint(BOTH)
    answer(panel._bars["image"], describe)
    assert panel.input().text == TextInput("a red dog left of a house")
    assert panel.inputs[-1] == panel.input()
    answer(panel._bars["image"], replace(describe, sentence="a cat above a tree"))  # of another scene
    assert panel.input().text == TextInput("a cat above a tree")
    answer(panel._bars["image"], replace(describe, sentence=""))  # of a file nothing is known
    assert panel.input().text == TextInput("a cat above a tree")

    # Who reads no image gets the sample back; what somebody typed stays, and so it does where questions are asked
    panel.set_checkpoint(make_checkpoint_info())
    assert panel.input().text == TextInput("One.")
    panel.set_checkpoint(replace(BOTH, capabilities=(*BOTH.capabilities, Capability.ANSWER)))
    answer(panel._bars["image"], describe)
    assert panel.input().text == TextInput("One.")
    panel.text.set_text("typed")
    panel.set_checkpoint(BOTH)
    answer(panel._bars["image"], describe)
    assert panel.input().text == TextInput("typed")


def test_words_that_are_read_with_a_film_are_what_is_said_of_it(panel):
    panel.text.set_text("One.")
    panel.set_checkpoint(replace(make_film_info(), reads=("text", "clip"), has_tokenizer=True))
    bar = panel._bars["clip"]
    answer(bar, make_strip(text="so a small red car enters."))
    assert panel.input().text == TextInput("so a small red car enters.")
    bar.open_file("/films/a.gif")
    answer(bar, make_strip(text="okay the car leaves."))
    # Never the words of one film with another: both came at once
    assert panel.inputs[-2:] == [Input(text=TextInput("okay the car leaves."), clip=ClipInput("/films/a.gif"))] * 2
    panel.text.set_text("")
    answer(bar, make_strip(text="so a small red car enters."))
    assert panel.input().text == TextInput("")  # nothing is what somebody wanted
    panel.text.set_text("okay the car leaves.")
    panel.set_checkpoint(replace(make_film_info(), reads=("text", "clip"), compares=("text",)))
    answer(bar, make_strip(text="another"))
    assert panel.text.first.value() == "One."  # what is compared stands on chips


# Beside the views

EVERYTHING = replace(BOTH, reads=("text", "image", "regions", "sound"))


def beside(panel):
    return [kind for kind, bar in panel._bars.items() if panel.column.isAncestorOf(bar) and bar.isVisible()]


def order(panel):
    bars = [(bar.mapTo(panel, bar.rect().topLeft()).y(), kind) for kind, bar in panel._bars.items() if bar.isVisible()]
    return [kind for _, kind in sorted(bars)]


@pytest.mark.parametrize("is_beside_before", [False, True])
def test_what_is_seen_stands_beside_the_views_and_comes_back(panel, qtbot, is_beside_before):
    """Whether the bars were there before, or are built only then."""
    qtbot.addWidget(panel.column)
    panel.column.setParent(None)
    if not is_beside_before:
        panel.set_checkpoint(EVERYTHING)
        before = order(panel)
    panel.set_beside(True)
    panel.set_checkpoint(EVERYTHING)
    panel.column.resize(240, 700)
    assert panel.column.isVisible()
    qtbot.waitUntil(lambda: beside(panel) == ["image", "regions"])
    assert not panel.column.horizontalScrollBar().maximum()
    given = panel.input()
    panel.set_beside(False)
    assert not panel.column.isVisible()
    qtbot.waitUntil(lambda: shown(panel) == ["text", "image", "regions", "sound"])
    assert panel.input() == given
    assert order(panel)[0] == "text"
    if not is_beside_before:
        qtbot.waitUntil(lambda: order(panel) == before)


def test_without_images_there_is_no_column(panel):
    panel.set_beside(True)
    for info in (make_checkpoint_info(), MESH):
        panel.set_checkpoint(info)
        assert panel.column.isHidden()
    panel.set_checkpoint(BOTH)
    assert not panel.column.isHidden()
    panel.set_checkpoint(make_checkpoint_info())
    assert panel.column.isHidden()


def test_what_is_said_of_a_film_comes_back_with_a_checkpoint_that_had_read_it(panel):
    """Its answer is known, so nothing is asked: a sentence of another checkpoint's image stood there then."""
    film = replace(make_film_info(), reads=("text", "clip"), has_tokenizer=True)
    panel.text.set_text("One.")
    panel.set_checkpoint(film)
    answer(panel.bars[0], make_strip(text="a ball enters."))
    assert panel.input().text.text == "a ball enters."
    panel.set_checkpoint(BOTH)
    answer(panel.bars[1], replace(make_image_result(), sentence="a red ball"))
    assert panel.input().text.text == "a red ball"
    panel.set_checkpoint(film)
    assert panel.input().text.text == "a ball enters."
    panel.set_checkpoint(make_checkpoint_info())
    assert panel.input().text.text == "One."
    panel.text.first.set_value("typed")
    panel.set_checkpoint(film)
    assert panel.input().text.text == "typed"


def test_a_sentence_that_a_view_wrote_gives_way_to_the_next_image_s_and_one_that_was_typed_stays(panel):
    described = replace(make_image_result(), sentence="a red ball")
    panel.text.set_text("One.")
    panel.set_checkpoint(BOTH)
    answer(panel.bars[0], described)
    for typed, kept in (("", "a red ball"), ("typed", "a green cup")):
        if typed:
            panel.text.set_text(typed)
        panel.set_wished(Input(text=TextInput("a green cup")))  # as the view of captions does
        assert panel.input().text.text == "a green cup"
        panel.set_checkpoint(BOTH)
        assert panel.input().text.text == kept
