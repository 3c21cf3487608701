"""A plain scrubber: a slider, and where it stands in words."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QSlider, QWidget

from widgets.kit.layouts import direction_of
from widgets.kit.plain import PlainLabel


class StepSlider(QWidget):
    """Drag to scrub; it goes no further than what is there. `unit` says what a step is; `n_unseen` of the first steps
    are of nothing that is seen, and are not counted in words.

    Signals
    -------
    step_chosen(int)
    """

    step_chosen = Signal(int)

    def __init__(self, name: str, unit: str, parent: QWidget | None = None, *, n_unseen: int = 0) -> None:
        super().__init__(parent)
        self._unit, self._n_unseen = unit, n_unseen
        self._last = 0  # that is there by now
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setObjectName(f"{name}_slider")
        self._slider.setAccessibleName(unit)
        self._slider.setToolTip(self.tr("Drag to an earlier step, or go one by one with the arrow keys"))
        self._label = PlainLabel(self)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(8, 0, 8, 4)
        self._parts.addWidget(self._slider, 1)
        self._parts.addWidget(self._label)
        self._slider.valueChanged.connect(self._on_slider_value_changed)
        self._slider.sliderPressed.connect(self._on_slider_pressed)
        self._tell()

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column: the words are below the slider."""
        self._parts.setDirection(direction_of(is_narrow))

    def set_range(self, first: int, last: int, expected: int) -> None:
        """There are steps from `first` to `last`, and there will be up to `expected`."""
        self._last = last
        with QSignalBlocker(self._slider):
            self._slider.setRange(first, expected)
            self._slider.setPageStep(max(1, (expected - first) // 10))
        self._tell()

    def show_step(self, step: int) -> None:
        """Mark a step."""
        with QSignalBlocker(self._slider):
            self._slider.setValue(step)
        self._tell()

    def _tell(self) -> None:
        value, most = (max(step - self._n_unseen, 0) for step in (self._slider.value(), self._slider.maximum()))
        self._label.setText(f"{self._unit} {value} / {most}")

    def _on_slider_value_changed(self, value: int) -> None:
        if value > self._last:
            self._slider.setValue(self._last)
        else:
            self._tell()
            self.step_chosen.emit(value)

    def _on_slider_pressed(self) -> None:
        self.step_chosen.emit(self._slider.value())
