"""All that can be found: the actions of the menus, views among them, checkpoints, and samples."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QWidget

from app.window.actions import COMMANDS, Command, plain_title, reason_off
from app.window.opening import Opening
from inference.results.checkpoint import folder_name
from inference.results.inputs import Input, TextInput
from inference.results.late import Late
from widgets.context import ViewContext
from widgets.panels.input_panel import InputPanel

if TYPE_CHECKING:
    from app.window.finding import matching, palette
else:
    matching, palette = Late("app.window.finding.matching"), Late("app.window.finding.palette")

# What other programs call a command.
ALSO = {
    "leaving.close": "quit exit",
    "opening.browse": "load model",
    "filing.open_image": "load picture",
    "filing.export_current": "save as picture",
    "editing.select_nothing": "deselect",
    "tear_current": "detach undock window",
    "show_beside": "split side by side",
    "presentation.set_on": "full screen fullscreen projector",
    "scale_font:1": "zoom in bigger font text size",
    "scale_font:-1": "zoom out font text size",
    "scale_font:0": "reset zoom font text size",
    "set_theme:dark": "night mode",
    "going.focus_sentence": "write input prompt",
    "ask_again": "reload refresh recompute",
    "cancel": "stop abort",
    "show_messages": "log errors warnings",
    "show_shortcuts": "hotkeys keys",
    "helping.show_words": "glossary dictionary",
    "helping.begin_tour": "tutorial introduction",
    "show_about": "version licence license",
}


class Finding(QObject):
    """Lets the user find what can be done by its words."""

    def __init__(
        self,
        context: ViewContext,
        opening: Opening,
        input_panel: InputPanel,
        samples: tuple[str, ...],
        dialog_parent: QWidget,
    ) -> None:
        super().__init__(dialog_parent)
        self._context, self._opening, self._input_panel, self._samples = context, opening, input_panel, samples
        self._dialog_parent = dialog_parent
        self._actions: Mapping[str, QAction] = {}

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Those of the menus, by name."""
        self._actions = actions

    def find(self) -> None:
        """Show the list; what is chosen is done once it is closed."""
        shown = palette.Palette(self.finds(), self._dialog_parent)
        parent = self._dialog_parent
        shown.resize(shown.size().boundedTo(parent.size()))
        above = parent.mapToGlobal(parent.rect().topLeft())
        shown.move(above.x() + (parent.width() - shown.width()) // 2, above.y() + parent.height() // 10)
        chosen = shown.chosen() if shown.exec() == QDialog.DialogCode.Accepted else None
        shown.deleteLater()
        if chosen is not None:
            chosen.do()

    def finds(self) -> list[matching.Find]:
        """All there is now; what is hidden in the menus is left out."""
        return [*self._of_actions(), *self._of_checkpoints(), *self._of_samples()]

    def _of_actions(self) -> list[matching.Find]:
        finds = []
        for command in COMMANDS:
            action = self._actions[command.name]
            if action.isVisible() and command.slot != "finding.find":
                finds.append(
                    matching.Find(
                        plain_title(action),
                        _menu_path(command),
                        ", ".join(keys.toString(QKeySequence.SequenceFormat.NativeText) for keys in action.shortcuts()),
                        self._why_off(action),
                        action.trigger,
                        ALSO.get(command.name, ""),
                    )
                )
        return finds

    def _why_off(self, action: QAction) -> str:
        if action.isEnabled():
            return ""
        return reason_off(action) or self.tr("It cannot be done now.")

    def _of_checkpoints(self) -> list[matching.Find]:
        title, kind = self.tr("Open {}"), self.tr("Checkpoint")
        return [
            matching.Find(title.format(folder_name(one)), kind, do=partial(self._opening.open, one))
            for one in self._context.checkpoints
        ]

    def _of_samples(self) -> list[matching.Find]:
        reads_text = "text" in self._input_panel.kinds
        why = "" if reads_text else self.tr("The open checkpoint reads no text.")
        return [
            matching.Find(sample.replace("\n", "  /  "), self.tr("Sample text"), "", why, partial(self._take, sample))
            for sample in self._samples
        ]

    def _take(self, sample: str) -> None:
        first, _, second = sample.partition("\n")
        self._input_panel.set_input(Input(text=TextInput(first, second or None)))


def _menu_path(command: Command) -> str:
    return command.menu.replace("&", "").replace("/", " › ")
