"""A sentence goes when what it is about goes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Signal

from app.window.application import _Reporter
from app.window.telling import Telling
from widgets.panels.status_line import StatusLine


class Speaker(QObject):
    """Has the signals of all that tell the status line something."""

    described, said, opened = Signal(str), Signal(str, bool, str), Signal(object)
    view_noticed, job_told, settled = Signal(str, str), Signal(str, str, bool), Signal(str)
    engine_died, progressed, memory_told = Signal(str), Signal(object), Signal(object)
    subject_changed, busy_changed, count_changed = Signal(object), Signal(bool), Signal(int)
    changed = Signal(object, object)


@pytest.fixture
def line(qtbot):
    line = StatusLine()
    qtbot.addWidget(line)
    return line


@pytest.fixture
def speaker(line):
    speaker = Speaker()
    names = ("controller", "runner", "jobs", "flow", "opening", "exporting", "selection")
    Telling(line, **dict.fromkeys(names, speaker), parent=speaker)
    return speaker


@pytest.fixture
def report(line, capsys):
    return _Reporter(SimpleNamespace(status_line=line))


def test_a_fault_goes_when_something_else_is_looked_at(line, speaker, report):
    report(ZeroDivisionError, ZeroDivisionError("no such row"), None)
    assert line.warnings == ("Something went wrong: ZeroDivisionError: no such row",)
    speaker.changed.emit(None, None)  # another head is no other input
    assert len(line.warnings) == 1
    speaker.subject_changed.emit(None)
    assert line.warnings == ()


def test_two_faults_are_both_told_and_the_same_one_once(line, report):
    for error in (ZeroDivisionError("a"), KeyError("b"), ZeroDivisionError("a")):
        report(type(error), error, None)
    assert len(line.warnings) == 2


def test_what_a_view_said_goes_with_the_checkpoint(line, speaker):
    speaker.view_noticed.emit("view heads", "Too many heads.")
    speaker.subject_changed.emit(None)
    assert line.warnings == ("Too many heads.",)
    speaker.opened.emit(None)
    assert line.warnings == ()


def test_why_a_command_is_off_is_told_for_a_while_and_is_no_warning(line, speaker):
    telling = speaker.findChild(Telling)
    telling.say_why_off("This machine has one screen.")
    assert (line.message, line.warnings) == ("This machine has one screen.", ())
    line._fading.elapsed.emit()
    assert line._news is None
