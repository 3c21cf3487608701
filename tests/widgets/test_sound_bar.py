"""The bar of sounds looks at a file once it was read, and takes nothing away for one that cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel

from inference.results.events import Failure
from inference.results.inputs import Input, SoundInput
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from tests.answers import answer, fail
from tests.factories import make_checkpoint_info, make_tokens
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.panels.sound_bar import SoundBar

TEXT = text_input("a word").text


@pytest.fixture
def bar(qtbot):
    bar = SoundBar(ViewContext(), lambda: Input(text=TEXT))
    qtbot.addWidget(bar)
    bar.chosen = []
    bar.input_changed.connect(bar.chosen.append)
    bar.show()
    bar.set_checkpoint(replace(make_checkpoint_info(name="whisper"), reads=("text", "sound")))
    return bar


def told(bar, name):
    return bar.findChild(QLabel, f"sound_{name}").text()


def test_a_file_is_read_beside_what_else_there_is(bar):
    bar.open_file("/sounds/a.wav")
    sound = SoundInput("/sounds/a.wav")
    assert bar.requests() == (TokenizeRequest("whisper", Input(text=TEXT, sound=sound)),)
    assert told(bar, "message") == "Reading a.wav …"
    answer(bar, TokenizeResult(make_tokens("a")))
    assert bar.chosen == [sound]
    assert told(bar, "line") == "Sound: a.wav"
    assert not told(bar, "message")


def test_a_file_that_cannot_be_read_takes_nothing_away(bar):
    bar.set_input(SoundInput(seed=4))
    bar.open_file("/sounds/notes.wav")
    fail(bar, Failure("refused", "notes.wav is no WAV file."))
    assert not bar.chosen
    assert bar.input() == SoundInput(seed=4)
    assert told(bar, "line") == "Sound: four tones, number 4"
    assert told(bar, "message") == "notes.wav is no WAV file."


def test_what_was_chosen_meanwhile_counts(bar):
    bar.open_file("/sounds/a.wav")
    bar._other.click()
    answer(bar, TokenizeResult(make_tokens("a")))
    assert bar.chosen == [SoundInput(seed=1)]
