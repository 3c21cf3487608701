"""Walking through the heads and layers of a group with the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from inference.results.checkpoint import CheckpointInfo
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
