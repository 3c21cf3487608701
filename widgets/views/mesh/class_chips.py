"""The classes of which a model samples meshes, to click on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QButtonGroup, QToolButton, QWidget

from widgets.kit.layouts import FlowLayout

_CHIPS = """
QToolButton {
    padding: 0.2em 0.45em; border: 1px solid palette(mid); border-radius: 0.7em;
    background: palette(base); color: palette(text);
}
QToolButton:hover, QToolButton:focus { border: 1px solid palette(highlight); }
QToolButton:checked {
    background: palette(highlight); color: palette(highlighted-text); border-color: palette(highlight);
}
QToolButton:checked:focus { border: 2px solid palette(text); }
"""


class ClassChips(QWidget):
    """One chip a class, one of which is chosen; they wrap.

    Signals
    -------
    class_chosen()
        A class was clicked on, maybe the same again.
    """

    class_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Classes"))
        self.setStyleSheet(_CHIPS)
        self._flow = FlowLayout(self)
        self._flow.setSpacing(4)
        self._flow.setContentsMargins(8, 2, 8, 4)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idClicked.connect(self._on_group_id_clicked)

    @property
    def label(self) -> int | None:
        """The chosen class; None where there is none to choose."""
        label = self._group.checkedId()
        return label if label >= 0 else None

    def set_classes(self, names: tuple[str, ...], chosen: int) -> None:
        """Offer these classes; none hides the chips."""
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._flow.removeWidget(button)
            button.deleteLater()
        for number, name in enumerate(names):
            chip = QToolButton(self)
            chip.setText(name)
            chip.setCheckable(True)
            chip.setObjectName(f"mesh_class_{number}")
            chip.setAccessibleName(self.tr("Sample: {}").format(name))
            chip.setChecked(number == chosen)
            self._group.addButton(chip, number)
            self._flow.addWidget(chip)
            chip.show()
        self.setVisible(bool(names))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.setStyleSheet(_CHIPS)  # a style sheet looks its colours up once

    def _on_group_id_clicked(self, _number: int) -> None:
        self.class_chosen.emit()
