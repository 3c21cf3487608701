"""What the menu Run chooses: the device, the numbers, and the memory; and which checkpoints are kept at hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from app.link.controller import Controller
from app.window.opening import Opening
from app.window.settings import Settings
from app.window.telling import Telling
from inference.results.checkpoint import CheckpointInfo, folder_name, in_own_precision, split_precision
from inference.results.devices import WISH, DevicesResult
from widgets.kit.plain import plain_tip
from widgets.panels.status_line import StatusLine

if TYPE_CHECKING:
    from inference.results.memory import MemoryResult

MB = 2**20
_USUAL = "float32"


class Running(QObject):
    """Tells the engine what is chosen, says where the open checkpoint runs, and what had to be unloaded.

    Signals
    -------
    kept(str, object)
        Name of a setting, and its new value.
    """

    kept = Signal(str, object)

    def __init__(
        self,
        controller: Controller,
        opening: Opening,
        telling: Telling,
        status_line: StatusLine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._opening, self._telling, self._line = controller, opening, telling, status_line
        self._settings = Settings()
        self._actions: Mapping[str, QAction] = {}
        self._menu: QMenu | None = None
        self._of_devices: tuple[QAction, ...] = ()
        self._open: tuple[str, ...] = ()
        self._hello: object = None  # of the engine on another machine
        self._wanted = ""  # the device that was asked for and is not chosen yet
        self._is_wish_kept = True
        opening.opened.connect(self._on_opening_opened)
        controller.engine_died.connect(self._on_controller_engine_died)
        controller.memory_told.connect(self._on_controller_memory_told)
        controller.devices_told.connect(self._on_controller_devices_told)
        controller.devices_refused.connect(self._on_controller_devices_refused)

    def begin(self, settings: Settings, device: str = "") -> None:
        """Tell the engine what was chosen before; a device of this call goes before that one, and is not kept."""
        self._settings = settings
        self._opening.set_pinned(settings.pinned)
        self._controller.set_memory_budget(settings.memory_mb * MB)
        self._tell_checkpoint_memory()
        self._is_wish_kept = not device
        self._wanted = device or settings.device
        self._controller.ask_for_devices(self._wanted)

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Those of the menus, by name; devices stand above the command that looks for them."""
        self._actions = actions
        menu = actions["running.look_for_devices"].parent()
        assert isinstance(menu, QMenu)
        self._menu = menu
        menu.aboutToShow.connect(self.look_for_devices)
        menu.triggered.connect(self._on_menu_triggered)
        menu.insertSeparator(actions["running.look_for_devices"])

    # Commands

    @Slot()
    def look_for_devices(self) -> None:
        """Ask how much memory is free on each device; the menu shows it when the answer comes."""
        self._controller.ask_for_devices()

    def set_memory(self, megabytes: int) -> None:
        """How much of what attention receives may be held; from the next input on."""
        self._keep("memory_mb", megabytes)
        self._controller.set_memory_budget(megabytes * MB)

    def set_checkpoint_memory(self, megabytes: int) -> None:
        """How much the weights of open checkpoints may take together; 0 is a quarter of the machine's memory."""
        self._keep("checkpoints_mb", megabytes)
        self._tell_checkpoint_memory()

    def set_own_precision(self, is_on: bool) -> None:
        """Run the open checkpoint in the number format of its file, or in float32 again."""
        info = self._controller.checkpoint
        if info is None:
            return
        if is_on and info.stored_in.partition(",")[0] == _USUAL:  # nothing would change but what is held in memory
            self._actions["running.set_own_precision"].setChecked(False)
            sentence = self.tr("The numbers of {} are stored as {}, and it is run in that already.")
            self._telling.say(sentence.format(info.name, _USUAL), False, "precision")
            return
        self._opening.open(in_own_precision(info.checkpoint, is_own=is_on))

    def set_pinned(self, is_on: bool) -> None:
        """Keep the open checkpoint at the head of the list, and unload it last; or no more."""
        if (info := self._controller.checkpoint) is None:
            return
        place, _ = split_precision(info.checkpoint)
        others = tuple(one for one in self._settings.pinned if one != place)
        self._keep("pinned", (*others, place) if is_on else others)
        self._opening.set_pinned(self._settings.pinned)
        self._tell_checkpoint_memory()

    def _keep(self, name: str, value: object) -> None:
        self._settings = replace(self._settings, **{name: value})
        self.kept.emit(name, value)

    def _tell_checkpoint_memory(self) -> None:
        pinned = self._settings.pinned
        both = tuple(in_own_precision(one, is_own=is_own) for one in pinned for is_own in (False, True))
        self._controller.set_checkpoint_memory(self._settings.checkpoints_mb * MB, both)

    # Answers

    @Slot(object)
    def _on_opening_opened(self, info: CheckpointInfo) -> None:
        place, is_own_precision = split_precision(info.checkpoint)
        self._actions["running.set_own_precision"].setChecked(is_own_precision)
        self._actions["running.set_pinned"].setChecked(place in self._settings.pinned)
        self._show_place(info.device, info.runs_in)

    def _show_place(self, device: str, runs_in: str) -> None:
        elsewhere = self._controller.elsewhere
        self._line.set_device(" · ".join(filter(None, (elsewhere.name if elsewhere else "", device, runs_in))))

    @Slot()
    def _on_controller_engine_died(self) -> None:
        """The new one has nothing open, and begins where the environment wishes."""
        self._open = ()

    @Slot(object)
    def _on_controller_memory_told(self, memory: MemoryResult) -> None:
        elsewhere = self._controller.elsewhere
        if elsewhere is not None and elsewhere.hello is not self._hello:  # a line that was made anew ends at a new one
            self._open, self._hello = (), elsewhere.hello
        now = tuple(one.checkpoint for one in memory.checkpoints)
        gone = [folder_name(one) for one in self._open if one not in now]
        self._open = now
        if gone:
            one = self.tr("{} made way in memory, and is read again when it is needed.")
            several = self.tr("{} made way in memory, and are read again when they are needed.")
            self._telling.say((one if len(gone) == 1 else several).format(_listed(gone)), False, "unloaded")

    @Slot(object)
    def _on_controller_devices_told(self, result: DevicesResult) -> None:
        if self._wanted:
            os.environ[WISH] = result.chosen  # jobs are run there, and an engine that has to be started again
            if self._is_wish_kept:
                self._keep("device", result.chosen)
            self._wanted, self._is_wish_kept = "", True
            self._telling.say("", False, "device")
        if (info := self._controller.checkpoint) is not None:
            self._show_place(result.current.title, info.runs_in)
        elsewhere = self._controller.elsewhere
        there = f"{elsewhere.hello.about}. " if elsewhere is not None and elsewhere.hello is not None else ""
        self._line.explain_device(f"{there}{result.current.about}")
        self._show_devices(result)

    @Slot(str)
    def _on_controller_devices_refused(self, sentence: str) -> None:
        self._wanted, self._is_wish_kept = "", True
        self._telling.say(sentence, True, "device")
        self._controller.ask_for_devices()  # the menu shows where models are run after all

    def _show_devices(self, result: DevicesResult) -> None:
        if self._menu is None:
            return
        for action in self._of_devices:
            self._menu.removeAction(action)
            action.deleteLater()
        group, made = QActionGroup(self._menu), []
        first = self._menu.actions()[0]
        for device in result.devices:
            action = QAction(device.about.replace("&", "&&"), self._menu)
            action.setObjectName(f"device:{device.name}")
            action.setData(device.name)
            action.setCheckable(True)
            action.setChecked(device.name == result.chosen)
            action.setToolTip(plain_tip(self.tr("Known as {}").format(device.name)))
            group.addAction(action)
            self._menu.insertAction(first, action)
            made.append(action)
        if len(result.devices) == 1:
            none = QAction(self.tr("There is no GPU that torch can use"), self._menu)
            none.setEnabled(False)
            self._menu.insertAction(first, none)
            made.append(none)
        self._of_devices = tuple(made)

    @Slot(QAction)
    def _on_menu_triggered(self, action: QAction) -> None:
        if action in self._of_devices:
            self._wanted = str(action.data())
            self._telling.say(self.tr("Moving to {}…").format(action.data()), False, "device")
            self._controller.ask_for_devices(self._wanted)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
