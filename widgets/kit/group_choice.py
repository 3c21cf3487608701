"""Which attention group is looked at: a choice among the controls of a view."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, QSignalBlocker

from inference.results.checkpoint import CheckpointInfo
from widgets.kit.control_bar import ControlBar
from widgets.kit.plain import explain_items
from widgets.selection import Selected, Selection


class GroupChoice(QObject):
    """Offers the groups of a checkpoint; hidden where there is only one. What is chosen is selected everywhere."""

    def __init__(self, controls: ControlBar, name: str, selection: Selection) -> None:
        super().__init__(controls)
        self._controls, self._selection = controls, selection
        self._combo = controls.add_choice(name, QCoreApplication.translate("GroupChoice", "Group"), ())
        self._combo.activated.connect(self._on_combo_activated)
        selection.changed.connect(self._on_selection_changed)
        self.offer(None)

    def offer(self, checkpoint: CheckpointInfo | None) -> None:
        """Offer the groups of a checkpoint."""
        groups = checkpoint.groups if checkpoint else ()
        with QSignalBlocker(self._combo):
            self._combo.clear()
            for group in groups:
                self._combo.addItem(group.title, group.name)
        explain_items(self._combo)
        self._show(self._selection.now)
        self._controls.set_shown(self._combo, len(groups) > 1)

    def _show(self, now: Selected) -> None:
        self._combo.setCurrentIndex(max(0, self._combo.findData(now.group)))

    def _on_combo_activated(self) -> None:
        self._selection.update(group=self._combo.currentData())

    def _on_selection_changed(self, now: Selected, _old: Selected) -> None:
        self._show(now)
