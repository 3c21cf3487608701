"""The status line keeps every message and shows the last one that still holds."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from inference.results.events import Progress
from inference.results.memory import MemoryResult
from widgets.look.theme import DARK, LIGHT
from widgets.panels.status_line import StatusLine


@pytest.fixture
def line(qtbot):
    line = StatusLine()
    qtbot.addWidget(line)
    line.resize(900, 30)
    line.show()
    return line


def shown(line) -> str:
    return line._message.text() if line._message.isVisible() else ""


def warned(line) -> str:
    return line._warning.text() if line._warning.isVisible() else ""


def test_a_warning_has_a_sign_and_stands_beside_what_comes_after_it(line):
    line.show_message("Broken.")
    assert (warned(line), shown(line)) == ("⚠ Broken.", "")
    line.show_message("Saved.", is_warning=False)
    assert (warned(line), shown(line)) == ("⚠ Broken.", "Saved.")
    assert line.messages == ["Broken.", "Saved."]


def test_a_warning_stands_until_it_is_read(line):
    line.show_message("There is no /nowhere.", about="open /nowhere")
    line.show_message("bert-mini: 4 layers.", is_warning=False, about="open bert-mini")
    line.show_message("The disk is full.")
    assert warned(line) == "⚠ The disk is full. (and 1 more)"
    assert line.warnings == ("There is no /nowhere.", "The disk is full.")
    line.mark_read()
    assert (warned(line), shown(line)) == ("", "bert-mini: 4 layers.")
    assert len(line.messages) == 3


def test_a_newer_message_about_the_same_thing_takes_the_place_of_a_warning(line):
    line.show_message("There is no /nowhere.", about="open /nowhere")
    line.show_message("nowhere: 4 layers.", is_warning=False, about="open /nowhere")
    assert line.warnings == ()
    line.show_message("Too long.", about="view heads")
    line.show_message("Far too long.", about="view heads")
    line.show_message("Far too long.")  # said twice it need not be read twice
    assert line.warnings == ("Far too long.",)
    line.show_message("The engine stopped.", about="engine")
    line.settle("engine")
    assert line.warnings == ("Far too long.",)


def test_what_is_settled_stands_no_longer_but_is_kept_among_the_messages(line):
    line.show_message("The head broke.", about="view heads HeadsRequest")
    line.show_message("The arcs broke.", about="view arcs ArcsRequest")
    line.show_message("The disk is full.", about="export")
    line.settle("view arcs")
    assert line.warnings == ("The head broke.", "The disk is full.")
    line.settle("view head")  # no part of a word
    line.settle("")
    assert line.warnings == ("The head broke.", "The disk is full.")
    line.settle("view")
    assert line.warnings == ("The disk is full.",)
    line.show_message("", about="export")
    assert line.warnings == ()
    assert line.messages == ["The head broke.", "The arcs broke.", "The disk is full."]


def test_the_checkpoint_is_described_wherever_there_are_no_news(line, qtbot):
    line.show_message("Opening bert-mini…", is_warning=False, about="open bert-mini")
    line.describe("bert-mini: 4 layers.")
    assert shown(line) == "bert-mini: 4 layers."
    line.show_message("Cancelled. Press F5 to ask again.", is_warning=False, about="cancelled")
    line.show_message("The disk is full.", about="export")
    assert shown(line) == "Cancelled. Press F5 to ask again."
    line.settle("cancelled")
    assert (shown(line), warned(line)) == ("bert-mini: 4 layers.", "⚠ The disk is full.")
    line.mark_read()
    line.show_message("Layer times: done.", is_warning=False, about="job Layer times")
    assert shown(line) == "Layer times: done."
    line.show_message("", is_warning=False, about="job Layer times")  # it is measured again
    assert shown(line) == "bert-mini: 4 layers."


def test_news_step_back_after_a_while_but_what_still_holds_stands(line, qtbot):
    line.describe("bert-mini: 4 layers.")
    line._fading._timer.setInterval(0)
    line.show_message("Saved a.svg", is_warning=False, about="export")
    qtbot.waitUntil(lambda: shown(line) == "bert-mini: 4 layers.")
    line.show_message("Saved b.svg", is_warning=False, about="export")
    line.show_message("Cancelled. Press F5 to ask again.", is_warning=False, about="cancelled")
    assert not line._fading._timer.isActive()
    assert shown(line) == "Cancelled. Press F5 to ask again."


@pytest.mark.parametrize(("order"), [(LIGHT, DARK), (DARK, LIGHT)], ids=["dark comes", "light comes"])
def test_letters_have_the_colours_of_the_theme_that_is_on_now(line, order):
    line.describe("bert-mini: 4 layers.")
    line.show_message("The disk is full.")
    for theme in order:
        line.setPalette(theme.palette())
    assert _is_written_in(line._message, order[-1].faint)
    assert _is_written_in(line._warning, order[-1].warning)


def _is_written_in(widget, color) -> bool:
    """Whether some pixel of the letters has just that colour, and none that of the other theme."""
    image = widget.grab().toImage()
    found = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    others = {one.name() for theme in (LIGHT, DARK) for one in (theme.faint, theme.warning, theme.ink)} - {color.name()}
    return color.name() in found and not found & others


def test_the_list_of_messages_can_be_opened_from_both(line, qtbot):
    line.show_message("Broken.")
    line.show_message("Saved.", is_warning=False)
    for button in (line._warning, line._message):
        with qtbot.waitSignal(line.log_requested):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_problem_of_the_input_goes_when_the_input_is_right(line):
    line.show_problem_of_input("Too long.")
    line.show_problem_of_input("")
    assert warned(line) == ""
    line.show_message("Saved.", is_warning=False)
    line.show_problem_of_input("")
    assert shown(line) == "Saved."


def test_a_long_message_is_elided_and_whole_in_the_tool_tip(line, qtbot):
    line.resize(300, 30)
    line.show_message("<b>word</b> " * 50)
    qtbot.waitUntil(lambda: warned(line).endswith("…"))
    assert "&lt;b&gt;" in line._warning.toolTip()
    line.resize(6000, 30)
    qtbot.waitUntil(lambda: not warned(line).endswith("…"))


def test_what_is_open_makes_way_for_a_warning_that_needs_the_room_and_news_do_not(line, qtbot):
    line.describe("bert-mini: 4 layers.")
    warning = "There is no other step: the open checkpoint is no step of a training run."
    line.show_message(warning, about="command")
    line.resize(line.fontMetrics().horizontalAdvance(warning) + 120, 30)
    qtbot.waitUntil(lambda: (shown(line), warned(line)) == ("", f"⚠ {warning}"))
    line.resize(2 * line.width(), 30)
    qtbot.waitUntil(lambda: (shown(line), warned(line)) == ("bert-mini: 4 layers.", f"⚠ {warning}"))
    line.resize(line.width() // 2, 30)
    line.show_message("Saved.", is_warning=False)
    qtbot.waitUntil(lambda: shown(line) == "Saved.")


def test_progress_and_cancel_are_there_only_while_something_runs(line, qtbot):
    assert not line._cancel.isVisible()
    line.set_busy(True)
    line.show_progress(Progress(2, 12, "Layer 3 of 12"))
    assert (line._bar.value(), line._bar.maximum(), line._label.text()) == (2, 12, "Layer 3 of 12")
    with qtbot.waitSignal(line.cancel_requested):
        qtbot.mouseClick(line._cancel, Qt.MouseButton.LeftButton)
    line.set_busy(False)
    assert not line._bar.isVisible()


def test_progress_is_painted_with_all_else_not_at_once(line, qtbot):
    painted = []
    line.set_busy(True)
    line._bar.paintEvent = lambda event: painted.append(line._bar.value())
    qtbot.waitUntil(lambda: bool(painted))
    painted.clear()
    for done in range(1, 7):
        line.show_progress(Progress(done, 6, f"Layer {done} of 6"))
    assert painted == []
    qtbot.waitUntil(lambda: bool(painted))
    assert painted[-1] == 6


def test_what_is_held_is_told_and_why_some_is_not(line):
    line.show_memory(MemoryResult(held=36 * 2**20, budget=2**30, n_calls=12, n_held=12, n_tokens=4096, has_qk=True))
    assert line._memory.text() == "36 MB of 1 GB held"
    assert "queries and keys of 12 of 12 attentions over 4,096 tokens" in line._memory.toolTip()
    line.show_memory(MemoryResult(held=2**30, budget=2**30, n_calls=12, n_held=5, n_tokens=4096, has_qk=False))
    assert line._memory.text() == "1 GB of 1 GB held"
    assert "patterns of 5 of 12" in line._memory.toolTip()
    assert "computed again" in line._memory.toolTip()
    line.show_memory(MemoryResult(held=0, budget=2**30, n_calls=0, n_held=0, n_tokens=0, has_qk=True))
    assert line._memory.text() == ""


def test_the_number_of_jobs_is_there_while_there_are_any_and_leads_to_the_list(line, qtbot):
    assert not line._jobs.isVisible()
    line.show_job_count(1)
    assert line._jobs.text() == "1 job"
    line.show_job_count(3)
    assert line._jobs.text() == "3 jobs"
    assert line._jobs.accessibleName() == "3 jobs: go to the list"
    with qtbot.waitSignal(line.jobs_requested):
        qtbot.mouseClick(line._jobs, Qt.MouseButton.LeftButton)
    line.show_job_count(0)
    assert not line._jobs.isVisible()


def test_that_something_is_computed_is_not_told_where_the_answer_comes_at_once(line, qtbot):
    parts = line._label, line._bar, line._cancel
    line.set_busy(True)
    line.set_busy(False)
    assert not any(part.isVisible() for part in parts)
    line.set_busy(True)
    assert not any(part.isVisible() for part in parts)
    qtbot.waitUntil(lambda: all(part.isVisible() for part in parts))
    line.set_busy(False)
    assert not any(part.isVisible() for part in parts)
