"""Commands of the menu Go where they can do nothing: a sentence says why, and nothing that is not seen changes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QWidget

from app.window.menus.going import Going


class Text:
    """Two lines of text that are hidden or shown."""

    def __init__(self, second=""):
        self.second = SimpleNamespace(value=lambda: second)
        self.done = []

    def swap(self):
        self.done.append("swap")


def going(widget, kinds, second=""):
    said, text = [], Text(second)
    panel = SimpleNamespace(kinds=kinds, text=text, focus_text=lambda: text.done.append("focus"))
    return Going(None, None, panel, None, SimpleNamespace(refuse=said.append), widget), text, said


@pytest.fixture
def widget(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.mark.parametrize("command", ["swap_sentences", "focus_sentence", "open_text"])
def test_where_no_text_is_read_hidden_lines_stay_as_they_are(widget, command):
    commands, text, said = going(widget, ("image",), "another")
    getattr(commands, command)()
    assert said == ["This checkpoint reads no text; open another one first."]
    assert text.done == []


def test_two_sentences_are_swapped_and_one_stays(widget):
    commands, text, said = going(widget, ("text",), "the dog slept")
    commands.swap_sentences()
    assert text.done == ["swap"]
    assert said == [""]
    commands, text, said = going(widget, ("text",), " ")
    commands.swap_sentences()
    assert text.done == []
    assert said[-1] == "There is no second sentence to swap with; type one first."


@pytest.mark.parametrize(
    ("command", "steps", "expected"),
    [
        ("step_head", 1, "This is the last head of its layer."),
        ("step_head", -1, "This is the first head of its layer."),
        ("step_layer", 1, "This is the last layer with attention."),
        ("step_layer", -1, "This is the first layer with attention."),
    ],
)
def test_a_step_beyond_the_edge_has_an_answer(widget, command, steps, expected):
    told, refused, walked = [], [], []
    selection = SimpleNamespace(now=0)

    def walk(layers, heads):
        walked.append((layers, heads))
        return has_heads

    telling = SimpleNamespace(say_why_off=told.append, refuse=refused.append)
    commands = Going(SimpleNamespace(step=walk), selection, None, None, telling, widget)
    has_heads = True
    getattr(commands, command)(steps)
    assert (told, refused) == ([expected], [])
    assert walked == [(0, steps) if command == "step_head" else (steps, 0)]
    has_heads = False
    getattr(commands, command)(steps)
    assert (told, refused) == ([expected], ["No checkpoint with heads is open."])
