"""The layer of the rollout, which begins at the other end than the selection."""

from __future__ import annotations

from PySide6.QtCore import Signal

from inference.results.checkpoint import CheckpointInfo
from widgets.kit.control_bar import ControlBar
from widgets.kit.head_steps import LayerSlider
from widgets.selection import Selection


class RolloutLayer(LayerSlider):
    """The selected layer; the last one until a layer or a head is chosen.

    In the first layer nothing is rolled out yet: both maps would show its attention. The others begin as ever.

    Signals
    -------
    begun
        The selected layer is shown from now on.
    """

    begun = Signal()

    def __init__(self, controls: ControlBar, name: str, selection: Selection) -> None:
        super().__init__(controls, name, selection)
        self._was_chosen = False

    @property
    def is_chosen(self) -> bool:
        """Whether anyone has chosen a layer or a head, as far as can be told: both begin at 0."""
        now = self._selection.now
        self._was_chosen = self._was_chosen or bool(now.layer or now.head)
        return self._was_chosen

    def begin(self) -> None:
        """Show the selected layer, be it the first one."""
        if not self.is_chosen:
            self._was_chosen = True
            self._follow()
            self.begun.emit()

    def _show(self, checkpoint: CheckpointInfo, group: str, layer: int, head: int) -> None:
        last = checkpoint.group(group).n_layers - 1
        self.show_value(layer if self.is_chosen else checkpoint.group(group).nearest(last), 0, last)

    def _on_value_changed(self, value: int) -> None:
        super()._on_value_changed(value)
        self.begin()
