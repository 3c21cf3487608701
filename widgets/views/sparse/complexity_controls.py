"""What can be chosen of the layer types that are timed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from inference.results.layer_times import LayerTimesRequest
from widgets.kit.control_bar import ControlBar
from widgets.kit.number_slider import NumberSlider

_LENGTHS = (
    (128, 256, 512, 1024, 2048),
    (64, 128, 256, 512),
    (256, 512, 1024, 2048, 4096, 8192),
    (1024, 2048, 4096, 8192, 16384),
)


class ComplexityControls(ControlBar):
    """Sizes of the layers, and the wish to time them.

    Signals
    -------
    changed(), measure_requested()
    """

    changed = Signal()
    measure_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        start = LayerTimesRequest()
        self._lengths = self.add_choice(
            "sparse_lengths",
            self.tr("Lengths n"),
            [(f"{lengths[0]:,} \N{EN DASH} {lengths[-1]:,}", number) for number, lengths in enumerate(_LENGTHS)],
        )
        self._d_model = self._slider("sparse_table_d", self.tr("Dimensions d"), 16, 1024, start.d_model, 16)
        self._neighbourhood = self._slider("sparse_table_r", self.tr("Neighbourhood r"), 2, 512, start.neighbourhood, 2)
        self._kernel = self.add_choice(
            "sparse_table_k", self.tr("Kernel k"), [(str(kernel), kernel) for kernel in (3, 5, 7, 9, 15)]
        )
        self._repeats = self.add_choice("sparse_repeats", self.tr("Repetitions"), [(str(n), n) for n in (5, 3, 9, 15)])
        self._measure = self.add_button(
            "sparse_measure",
            self.tr("Measure"),
            self.tr("Run each layer type on this machine and take the time; if it is cancelled, what came stays."),
        )
        for choice in (self._lengths, self._kernel, self._repeats):
            choice.currentIndexChanged.connect(self._on_control_changed)
        self._measure.clicked.connect(self.measure_requested)

    def _slider(self, name: str, title: str, low: int, high: int, value: int, step: int) -> NumberSlider:
        slider = NumberSlider(name, title, low, high, step=step)
        slider.slider.setMinimumWidth(5 * self.fontMetrics().height())
        slider.set_value(value)
        slider.value_changed.connect(self._on_control_changed)
        self.add_widget(slider)
        return slider

    @property
    def request(self) -> LayerTimesRequest:
        """What is chosen."""
        return LayerTimesRequest(
            _LENGTHS[self._lengths.currentData()],
            self._d_model.value(),
            self._kernel.currentData(),
            self._neighbourhood.value(),
            self._repeats.currentData(),
        )

    def set_measuring(self, is_measuring: bool) -> None:
        """While what is chosen is being measured, it cannot be asked for."""
        self._measure.setEnabled(not is_measuring)

    def _on_control_changed(self) -> None:
        self.changed.emit()
