"""A slider and its number, either of which may be set."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from widgets.kit.number_box import NumberBox
from widgets.kit.plain import PlainLabel, plain_tip


class NumberSlider(QWidget):
    """Whole numbers from `low` to `high` in steps of `step`.

    Signals
    -------
    value_changed(int)
    """

    value_changed = Signal(int)

    def __init__(
        self, name: str, title: str, low: int, high: int, *, step: int = 1, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._step, self._title = step, title
        self.is_explained = False  # whether the tip says what the number is, not from where to where it goes
        self.setObjectName(name)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.box = NumberBox(self, grid=step)
        for control, kind in ((self.slider, "slider"), (self.box, "number")):
            control.setObjectName(f"{name}_{kind}")
            control.setAccessibleName(title)
        self.slider.setMinimumWidth(8 * self.fontMetrics().height())
        label = PlainLabel(title, self)
        label.setBuddy(self.box)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label)
        layout.addWidget(self.slider)
        layout.addWidget(self.box)
        self.set_range(low, high)
        # The slider counts steps, so that it can only stand on numbers that are allowed.
        self.slider.valueChanged.connect(self._on_slider_value_changed)
        self.box.valueChanged.connect(self._on_box_value_changed)

    def value(self) -> int:
        return self.box.value()

    def set_value(self, value: int) -> None:
        """Set another number, as the user would."""
        self.box.setValue(value)

    def show_value(self, value: int, low: int, high: int) -> None:
        """Show a number, or the nearest that is allowed, and allow those from `low` to `high`, without a signal."""
        with QSignalBlocker(self):
            self.set_range(low, high)
            self.set_value(min(max(value, low), high))

    def set_range(self, low: int, high: int) -> None:
        """Allow other numbers; one that is no longer allowed becomes the nearest."""
        if not self.is_explained:
            self.setToolTip(plain_tip(self.tr("{}: from {} to {}").format(self._title, low, high)))
        self.box.setRange(low, high)
        with QSignalBlocker(self.slider):
            self.slider.setRange(low // self._step, high // self._step)
            self.slider.setPageStep(max(1, (high - low) // self._step // 10))
            self.slider.setValue(self.box.value() // self._step)

    def _on_slider_value_changed(self, steps: int) -> None:
        self.box.setValue(steps * self._step)

    def _on_box_value_changed(self, value: int) -> None:
        if value % self._step:
            self.box.setValue(value // self._step * self._step)
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(value // self._step)
        self.value_changed.emit(value)
