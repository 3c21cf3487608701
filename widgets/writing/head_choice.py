"""Which layer and head of a group are looked at: two numbers that follow the selection."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, QSignalBlocker
from PySide6.QtWidgets import QWidget

from inference.results.checkpoint import AttentionGroup
from widgets.kit.control_bar import ControlBar
from widgets.kit.layouts import labelled
from widgets.kit.number_box import NumberBox
from widgets.kit.plain import plain_tip
from widgets.selection import Selection


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadChoice", text)


class HeadChoice(QObject):
    """Layer and head, counted from 0; choosing one selects it in all views."""

    def __init__(self, bar: ControlBar, name: str, selection: Selection) -> None:
        super().__init__(bar)
        self._selection = selection
        self._group: AttentionGroup | None = None
        self._layer, self._layer_field = self._spin(bar, f"{name}_layer", _tr("Layer"))
        self._head, self._head_field = self._spin(bar, f"{name}_head", _tr("Head"))
        self.show_numbers(layer=False, head=False)
        selection.changed.connect(self._follow)

    def _spin(self, bar: ControlBar, name: str, title: str) -> tuple[NumberBox, QWidget]:
        spin = NumberBox()
        spin.setToolTip(plain_tip(_tr("Counted from 0; selected in all views")))
        spin.valueChanged.connect(self._on_spin_value_changed)
        field = labelled(spin, name, title)
        bar.add_widget(field)
        return spin, field

    def offer(self, group: AttentionGroup | None) -> None:
        """The group whose heads there are."""
        self._group = group
        self._follow()

    def show_numbers(self, *, layer: bool, head: bool) -> None:
        """Show only what matters."""
        self._layer_field.setVisible(layer)
        self._head_field.setVisible(head)

    @property
    def layer(self) -> int:
        """The selected layer, or the next one that attends."""
        return self._group.nearest(min(self._selection.now.layer, self._group.n_layers - 1)) if self._group else 0

    @property
    def head(self) -> int:
        """The selected head, or the last one that the layer has."""
        return min(self._selection.now.head, self._group.n_heads[self.layer] - 1) if self._group else 0

    def _follow(self) -> None:
        if self._group is None:
            return
        most = (
            (self._layer, self._group.n_layers, self.layer),
            (self._head, self._group.n_heads[self.layer], self.head),
        )
        for spin, n, value in most:
            with QSignalBlocker(spin):
                spin.setRange(0, n - 1)
                spin.setValue(value)

    def _on_spin_value_changed(self) -> None:
        if self._group is not None:
            layer = self._group.toward(self.layer, self._layer.value())  # one that attends, on the way the number went
            self._selection.choose(self._group, group=self._group.name, layer=layer, head=self._head.value())
            self._follow()
