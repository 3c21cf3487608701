"""What the menu Run chooses reaches the engine and is kept; what became of it is said."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.window.running.running import MB, Running
from app.window.settings import Settings
from inference.results.checkpoint import in_own_precision
from inference.results.devices import WISH, Device, DevicesResult
from inference.results.memory import MemoryResult, OpenCheckpoint
from tests.factories import make_checkpoint_info
from widgets.panels.status_line import StatusLine

CPU, CARD = Device("cpu", "CPU", 32 * 2**30, 8 * 2**30), Device("cuda:0", "NVIDIA H200", 140 * 2**30, 100 * 2**30)
INFO = replace(make_checkpoint_info(), device="CPU", runs_in="float32")


class FakeController(QObject):
    engine_died, devices_refused = Signal(str), Signal(str)
    memory_told, devices_told = Signal(object), Signal(object)
    elsewhere = None

    def __init__(self):
        super().__init__()
        self.checkpoint, self.asked = INFO, []

    def set_memory_budget(self, budget):
        self.asked.append(("attention", budget))

    def set_checkpoint_memory(self, budget, pinned):
        self.asked.append(("checkpoints", budget, pinned))

    def ask_for_devices(self, device=""):
        self.asked.append(("devices", device))


class FakeOpening(QObject):
    opened = Signal(object)

    def __init__(self):
        super().__init__()
        self.asked = []

    def open(self, checkpoint):
        self.asked.append(checkpoint)

    def set_pinned(self, pinned):
        self.asked.append(pinned)


class FakeTelling(QObject):
    def __init__(self):
        super().__init__()
        self.said = []

    def say(self, sentence, is_warning, about):
        self.said.append((sentence, is_warning, about))


@pytest.fixture
def running(qtbot, monkeypatch):
    monkeypatch.setenv(WISH, "")  # which is put back afterwards
    line, menu = StatusLine(), QMenu()
    for widget in (line, menu):
        qtbot.addWidget(widget)
    running = Running(FakeController(), FakeOpening(), FakeTelling(), line)
    names = "running.look_for_devices", "running.set_own_precision", "running.set_pinned"
    actions = {name: QAction(name, menu) for name in names}
    for action in actions.values():
        action.setCheckable(True)
        menu.addAction(action)
    running.set_actions(actions)
    running.kept_now = []
    running.kept.connect(lambda *one: running.kept_now.append(one))
    running.menu = menu
    return running


def devices_of(menu):
    return {action.text(): action.isChecked() for action in menu.actions() if action.objectName().startswith("device:")}


def test_what_was_chosen_before_is_told_at_the_start(running):
    running.begin(Settings(memory_mb=512, checkpoints_mb=4096, pinned=("/a",), device="cuda:0"))
    assert running._controller.asked == [
        ("attention", 512 * MB),
        ("checkpoints", 4096 * MB, ("/a", in_own_precision("/a"))),
        ("devices", "cuda:0"),
    ]
    assert running._opening.asked == [("/a",)]


def test_the_menu_has_each_device_with_its_memory_and_moves_to_the_one_that_is_chosen(running):
    running.begin(Settings())
    running._controller.devices_told.emit(DevicesResult((CPU, CARD), "cpu"))
    titles = ["CPU: 8.0 of 32.0 GB free", "NVIDIA H200: 100.0 of 140.0 GB free"]
    assert devices_of(running.menu) == {titles[0]: True, titles[1]: False}
    assert os.environ[WISH] == ""
    assert running.kept_now == []
    next(action for action in running.menu.actions() if action.text() == titles[1]).trigger()
    assert running._controller.asked[-1] == ("devices", "cuda:0")
    assert running._telling.said == [("Moving to cuda:0…", False, "device")]
    running._controller.devices_told.emit(DevicesResult((CPU, CARD), "cuda:0"))
    assert devices_of(running.menu) == {titles[0]: False, titles[1]: True}
    assert os.environ[WISH] == "cuda:0"
    assert running.kept_now == [("device", "cuda:0")]
    assert running._line.findChild(QObject, "device").text() == "NVIDIA H200 · float32"


def test_a_device_of_one_session_is_not_kept(running):
    running.begin(Settings(device="cuda:0"), "cpu")
    assert running._controller.asked[-1] == ("devices", "cpu")
    running._controller.devices_told.emit(DevicesResult((CPU, CARD), "cpu"))
    assert running.kept_now == []


def test_a_device_that_cannot_be_had_is_told_and_the_menu_shows_the_one_that_is(running):
    running.begin(Settings(device="cuda:9"))
    running._controller.devices_refused.emit("There is no device cuda:9.")
    assert running._telling.said == [("There is no device cuda:9.", True, "device")]
    assert running._controller.asked[-1] == ("devices", "")
    running._controller.devices_told.emit(DevicesResult((CPU,), "cpu"))
    assert "There is no GPU that torch can use" in [action.text() for action in running.menu.actions()]
    assert (running.kept_now, os.environ[WISH]) == ([], "")


def test_what_was_unloaded_is_said_once(running):
    running.begin(Settings())
    both = tuple(OpenCheckpoint(name, 5) for name in ("/x/a", "/x/b"))
    nothing = MemoryResult(0, 0, 0, 0, 0, True)
    for now in (both, both[1:], both[1:], ()):
        running._controller.memory_told.emit(replace(nothing, checkpoints=now))
    sentence = "a made way in memory, and is read again when it is needed."
    assert [said for said, *_ in running._telling.said] == [sentence, sentence.replace("a made", "b made")]
    running._controller.memory_told.emit(replace(nothing, checkpoints=both))
    running._controller.memory_told.emit(nothing)
    sentence = "a and b made way in memory, and are read again when they are needed."
    assert running._telling.said.pop() == (sentence, False, "unloaded")
    running._controller.engine_died.emit("It crashed.")
    running._controller.memory_told.emit(nothing)
    assert len(running._telling.said) == 2


def test_the_open_checkpoint_is_kept_at_hand(running):
    running.begin(Settings(pinned=("/a",)))
    running._opening.opened.emit(INFO)
    pin = running._actions["running.set_pinned"]
    assert not pin.isChecked()
    running.set_pinned(True)
    assert running.kept_now == [("pinned", ("/a", INFO.checkpoint))]
    assert running._opening.asked[-1] == ("/a", INFO.checkpoint)
    assert running._controller.asked[-1][2][2:] == (INFO.checkpoint, in_own_precision(INFO.checkpoint))
    running._opening.opened.emit(replace(INFO, checkpoint=in_own_precision(INFO.checkpoint)))
    assert pin.isChecked()
    running.set_pinned(False)
    assert running.kept_now[-1] == ("pinned", ("/a",))


def test_the_numbers_of_the_file_are_part_of_the_name(running):
    running.begin(Settings())
    running._controller.checkpoint = replace(INFO, stored_in="float16, int64")
    running.set_own_precision(True)
    assert running._opening.asked[-1] == in_own_precision(INFO.checkpoint)
    running._opening.opened.emit(replace(INFO, checkpoint=in_own_precision(INFO.checkpoint)))
    assert running._actions["running.set_own_precision"].isChecked()


def test_what_is_stored_in_float32_is_not_opened_twice(running):
    running.begin(Settings())
    action = running._actions["running.set_own_precision"]
    running._controller.checkpoint = replace(INFO, stored_in="float32, int64")
    action.setChecked(True)
    running.set_own_precision(True)
    assert (running._opening.asked, action.isChecked()) == ([()], False)
    sentence = f"The numbers of {INFO.name} are stored as float32, and it is run in that already."
    assert running._telling.said[-1] == (sentence, False, "precision")


def test_memory_is_kept_and_told(running):
    running.begin(Settings())
    running.set_memory(256)
    running.set_checkpoint_memory(16384)
    assert running.kept_now == [("memory_mb", 256), ("checkpoints_mb", 16384)]
    assert running._controller.asked[-2:] == [("attention", 256 * MB), ("checkpoints", 16384 * MB, ())]
