"""Going through the heads and layers of a group: with the arrow keys, and with sliders."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent

from inference.results.checkpoint import CheckpointInfo
from widgets.kit.control_bar import ControlBar
from widgets.kit.number_slider import NumberSlider
from widgets.selection import Selection

_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


def layer_and_head(checkpoint: CheckpointInfo, selection: Selection) -> tuple[str, int, int]:
    """Group, layer and head that are selected, as far as this checkpoint has them."""
    now = selection.now
    group = checkpoint.group(now.group)
    layer = group.nearest(now.layer)
    return group.name, layer, max(0, min(now.head, group.n_heads[layer] - 1))


def walk(event: QKeyEvent, checkpoint: CheckpointInfo, selection: Selection) -> bool:
    """Left and right choose the head beside, up and down the layer; False if the key is none of these."""
    wanted = _STEPS.get(Qt.Key(event.key()))
    if wanted is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    step(checkpoint, selection, *wanted)
    return True


def step(checkpoint: CheckpointInfo, selection: Selection, layers: int, heads: int) -> None:
    """Select what lies that many layers with attention and heads away, or at the edge; (0, 0) stays in the group."""
    name, layer, head = layer_and_head(checkpoint, selection)
    group = checkpoint.group(name)
    layer = group.stepped(layer, layers)
    head = max(0, min(head + heads, group.n_heads[layer] - 1))
    selection.update(group=name, layer=layer, head=head)


class _SelectedNumber(NumberSlider):
    """A number of the selection, among the controls of a view, within what a checkpoint has."""

    def __init__(self, controls: ControlBar, name: str, title: str, selection: Selection) -> None:
        super().__init__(name, title, 0, 0)
        self._selection = selection
        self._checkpoint: CheckpointInfo | None = None
        controls.add_widget(self)
        self.value_changed.connect(self._on_value_changed)
        selection.changed.connect(self._follow)

    def offer(self, checkpoint: CheckpointInfo | None) -> None:
        """Offer what the selected group of a checkpoint has."""
        self._checkpoint = checkpoint if checkpoint is not None and checkpoint.groups else None
        self._follow()

    def _follow(self) -> None:
        if self._checkpoint is not None:
            self._show(self._checkpoint, *layer_and_head(self._checkpoint, self._selection))

    def _show(self, checkpoint: CheckpointInfo, group: str, layer: int, head: int) -> None:
        raise NotImplementedError

    def _on_value_changed(self, value: int) -> None:
        raise NotImplementedError


class LayerSlider(_SelectedNumber):
    """The selected layer; choosing one selects it in all views. Layers that do not attend are passed over."""

    def __init__(self, controls: ControlBar, name: str, selection: Selection) -> None:
        super().__init__(controls, name, QCoreApplication.translate("LayerSlider", "Layer"), selection)

    def _show(self, checkpoint: CheckpointInfo, group: str, layer: int, head: int) -> None:
        self.show_value(layer, 0, checkpoint.group(group).n_layers - 1)

    def _on_value_changed(self, value: int) -> None:
        if self._checkpoint is not None:
            now = self._selection.now
            self._selection.update(layer=self._checkpoint.group(now.group).toward(now.layer, value))
            self._follow()  # where none lies that way, the selection stays, and so has the slider to


class HeadSlider(_SelectedNumber):
    """The selected head; choosing one selects it in all views."""

    def __init__(self, controls: ControlBar, name: str, selection: Selection) -> None:
        super().__init__(controls, name, QCoreApplication.translate("HeadSlider", "Head"), selection)

    def _show(self, checkpoint: CheckpointInfo, group: str, layer: int, head: int) -> None:
        self.show_value(head, 0, checkpoint.group(group).n_heads[layer] - 1)

    def _on_value_changed(self, value: int) -> None:
        self._selection.update(head=value)
