"""What the model is asked to sample: the class, the seed, how it samples, and how many."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtWidgets import QButtonGroup, QDoubleSpinBox, QSpinBox, QToolButton, QVBoxLayout, QWidget

from widgets.kit.control_bar import ControlBar
from widgets.kit.layouts import FlowLayout, labelled
from widgets.kit.plain import PlainLabel

COUNTS = (1, 2, 4, 6, 9, 12, 16)
_MOST_SEED = 999_999
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


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """What the controls say; see `MeshRequest`."""

    label: int | None
    seed: int
    count: int
    temperature: float
    top_p: float
    with_masks: bool


class SampleBar(QWidget):
    """Class chips, and below them the numbers.

    Signals
    -------
    changed()
        Another number.
    class_chosen()
        A class was clicked on, maybe the same again.
    """

    changed = Signal()
    class_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips = QWidget(self)
        self._chips.setAccessibleName(self.tr("Classes"))
        self._chips.setStyleSheet(_CHIPS)
        flow = FlowLayout(self._chips)
        flow.setSpacing(4)
        flow.setContentsMargins(8, 6, 8, 0)
        self._flow = flow
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        controls = ControlBar(self)
        self._seed = QSpinBox()
        self._seed.setRange(0, _MOST_SEED)
        self._seed.setKeyboardTracking(False)
        controls.add_widget(labelled(self._seed, "mesh_seed", self.tr("Seed")))
        self._next = controls.add_button("mesh_next", self.tr("Next"), self.tr("Sample with the next seed (N)"))
        self._temperature = _number(0.1, 2.0, 0.1, 1.0)
        controls.add_widget(labelled(self._temperature, "mesh_temperature", self.tr("Temperature")))
        self._top_p = _number(0.05, 1.0, 0.05, 0.9)
        self._top_p.setToolTip(self.tr("Only the likeliest tokens that together reach this probability are sampled"))
        controls.add_widget(labelled(self._top_p, "mesh_top_p", self.tr("Top-p")))
        self._masks = controls.add_check(
            "mesh_masks",
            self.tr("Masks"),
            self.tr("Forbid tokens that cannot lead to a mesh (Nash et al. 2020, appendix F)"),
        )
        self._masks.setChecked(True)
        self._corrections = PlainLabel()
        self._corrections.setObjectName("mesh_corrections")
        controls.add_widget(self._corrections)
        self._count = controls.add_choice("mesh_count", self.tr("Meshes"), ((str(n), n) for n in COUNTS))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._chips)
        layout.addWidget(controls)

        self._group.idClicked.connect(self._on_group_id_clicked)
        self._seed.valueChanged.connect(self._on_number_changed)
        self._temperature.valueChanged.connect(self._on_number_changed)
        self._top_p.valueChanged.connect(self._on_number_changed)
        self._masks.toggled.connect(self._on_number_changed)
        self._count.currentIndexChanged.connect(self._on_number_changed)
        self._next.clicked.connect(self.next_seed)

    def set_classes(self, names: tuple[str, ...], chosen: int) -> None:
        """Offer these classes; none hides the chips."""
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._flow.removeWidget(button)
            button.deleteLater()
        for number, name in enumerate(names):
            chip = QToolButton(self._chips)
            chip.setText(name)
            chip.setCheckable(True)
            chip.setObjectName(f"mesh_class_{number}")
            chip.setAccessibleName(self.tr("Sample: {}").format(name))
            chip.setChecked(number == chosen)
            self._group.addButton(chip, number)
            self._flow.addWidget(chip)
            chip.show()
        self._chips.setVisible(bool(names))

    def options(self) -> SampleOptions:
        """What the controls say now."""
        label = self._group.checkedId()
        return SampleOptions(
            label if label >= 0 else None,
            self._seed.value(),
            self._count.currentData(),
            round(self._temperature.value(), 2),
            round(self._top_p.value(), 2),
            self._masks.isChecked(),
        )

    def set_seed(self, seed: int) -> None:
        """Show another seed; tells nobody."""
        with QSignalBlocker(self._seed):
            self._seed.setValue(seed)

    def set_count(self, count: int) -> None:
        """Show another number of meshes; tells nobody."""
        with QSignalBlocker(self._count):
            self._count.setCurrentIndex(self._count.findData(count))

    def next_seed(self) -> None:
        """Sample other ones: behind the last seed that was used."""
        self._seed.setValue((self._seed.value() + self._count.currentData()) % (_MOST_SEED + 1))

    def show_corrections(self, n: int) -> None:
        """How often a sampled token was forbidden, in what is shown."""
        text = self.tr("{} corrected") if self._masks.isChecked() else self.tr("{} forbidden sampled")
        self._corrections.setText(text.format(n))
        self._corrections.setToolTip(
            self.tr("Samples that could not lead to a mesh: with masks they are sampled again, without they stay.")
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._chips.setStyleSheet(_CHIPS)  # a style sheet looks its colours up once

    def _on_group_id_clicked(self, _number: int) -> None:
        self.class_chosen.emit()

    def _on_number_changed(self) -> None:
        self.changed.emit()


def _number(low: float, high: float, step: float, value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(low, high)
    box.setSingleStep(step)
    box.setDecimals(2)
    box.setValue(value)
    box.setKeyboardTracking(False)
    return box
