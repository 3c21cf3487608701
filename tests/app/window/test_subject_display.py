"""Views, details and token row never stand undimmed under an input that is not theirs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.window.subject_flow import SubjectDisplay
from tests.factories import make_checkpoint_info, make_tokens
from tests.inputs import text_input
from widgets.panels.status_line import StatusLine
from widgets.panels.text_bar import TextBar
from widgets.selection import Selection
from widgets.subject import Subject

BERT = make_checkpoint_info()


class FakeFlow(QObject):
    tokens_changed, subject_changed = Signal(object, str), Signal(object)
    refused, awaited = Signal(object, str), Signal(str)


class Told:
    """In place of views and details."""

    def __init__(self) -> None:
        self.checkpoint = BERT
        self.calls: list[tuple[object, ...]] = []

    def __getattr__(self, name):
        return lambda *told: self.calls.append((name, *told))


@pytest.fixture
def window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.flow, window.area, window.details = FakeFlow(window), Told(), Told()
    bar, window.line = TextBar(Selection(window), (), window), StatusLine(window)
    window.row = bar.token_row
    window.display = SubjectDisplay(
        window.flow,
        Told(),
        area=window.area,
        details=window.details,
        text_bar=bar,
        status_line=window.line,
        parent=window,
    )
    window.show()
    return window


def test_what_waits_is_dimmed_until_there_are_tokens(window):
    window.flow.awaited.emit("Reading the input …")
    assert not window.row.veil.is_dimmed  # there is nothing yet
    window.flow.tokens_changed.emit(make_tokens(), "")
    window.flow.awaited.emit("Opening gpt2 …")
    assert window.row.veil.is_dimmed
    assert window.row.veil.text == "Opening gpt2 …"
    assert window.area.calls[-1] == ("hold", "Opening gpt2 …")
    assert window.details.calls[-1] == ("refuse", "Opening gpt2 …")
    window.flow.awaited.emit("")
    assert not window.row.veil.is_dimmed
    window.flow.awaited.emit("Reading the input …")
    window.flow.tokens_changed.emit(make_tokens(), "")
    assert not window.row.veil.is_dimmed


def test_a_refusal_and_a_subject_reach_views_and_details(window):
    window.flow.tokens_changed.emit(None, "Too long.")
    window.flow.refused.emit(BERT, "Too long.")
    assert window.area.calls == [("refuse", BERT, "Too long.")]
    assert window.details.calls == [("set_checkpoint", BERT), ("refuse", "Too long.")]
    assert window.line.warnings == ("Too long.",)
    subject = Subject(BERT, text_input("a cat"))
    window.flow.tokens_changed.emit(make_tokens(), "")
    window.flow.subject_changed.emit(subject)
    assert window.area.calls[-1] == ("set_subject", subject)
    assert window.line.warnings == ()


def test_what_is_read_of_a_text_is_not_told_of_one_that_is_refused(window):
    window.display._text_bar.show_notes(("Of 4,202 tokens of the text, 0 to 125 are read.",))
    notes = window.display._text_bar._notes
    assert notes.isVisible()
    window.flow.tokens_changed.emit(None, "Too long.")
    assert not notes.isVisible()
