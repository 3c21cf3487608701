"""How weak the lines are that are still drawn."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from widgets.kit.plain import PlainLabel

# What is offered: fine where weak lines crowd, coarse where few are left.
THRESHOLDS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class ThresholdSlider(QWidget):
    """A slider over `THRESHOLDS`, between its title and its value.

    Signals
    -------
    value_changed(float)
        The user wants another weakest line.
    """

    value_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("arcs_threshold")
        self._slider.setRange(0, len(THRESHOLDS) - 1)
        self._slider.setPageStep(1)
        self._slider.setAccessibleName(self.tr("Weakest line shown"))
        self._slider.setToolTip(self.tr("Weakest line shown, as a share of what a token gives away"))
        self._text = PlainLabel(self)
        title = PlainLabel(self.tr("Weakest &line"), self)
        title.setBuddy(self._slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (title, self._slider, self._text):
            row.addWidget(widget)
        self.fit_letters()
        self._slider.valueChanged.connect(self._on_slider_value_changed)

    def set_value(self, threshold: float) -> None:
        """Stand at the nearest that is offered; says nothing of it."""
        place = min(range(len(THRESHOLDS)), key=lambda place: abs(THRESHOLDS[place] - threshold))
        with QSignalBlocker(self._slider):
            self._slider.setValue(place)
        self._text.setText(f"{100 * threshold:.1f} %")

    def fit_letters(self) -> None:
        """Take the room that the letters of now need."""
        metrics = QFontMetricsF(self.font())
        self._slider.setFixedWidth(round(8 * metrics.height()))
        self._text.setFixedWidth(math.ceil(metrics.horizontalAdvance("90.0 %") + 0.2 * metrics.height()))

    def _on_slider_value_changed(self, place: int) -> None:
        self._text.setText(f"{100 * THRESHOLDS[place]:.1f} %")
        self.value_changed.emit(THRESHOLDS[place])
