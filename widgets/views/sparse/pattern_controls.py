"""What can be chosen of attention patterns, and of the layer types that are timed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from widgets.kit.control_bar import ControlBar
from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.views.sparse.command import ALL, LayerOptions, SparseOptions
from widgets.views.sparse.patterns import PATTERNS, Parameters

_DRAGGED = {"n": (8, 256), "d_model": (16, 4096)}  # where more is allowed than can be dragged through
_NUMBERS = Parameters.__dataclass_fields__.keys() - {"n"}
_PARAMETERS = tuple(name for name in SparseOptions.declared() if name in _NUMBERS)  # in the order of their controls
_RARE = ("block_size", "seed", "as_in_code")


class PatternControls(ControlBar):
    """Which pattern, and those parameters that it uses; of all patterns side by side they are behind the button More.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.options = OptionControls(self, "sparse", SparseOptions, leave_out=("show",))
        for name in SparseOptions.declared():
            if name != "show" and isinstance(slider := self.options.control(name), NumberSlider):
                slider.slider.setMinimumWidth(4 * self.fontMetrics().height())
                if name in _DRAGGED:
                    slider.set_range(*_DRAGGED[name])
        self._offer()
        self.set_cost(False)
        self.options.changed.connect(self._on_options_changed)

    def value(self) -> SparseOptions:
        """What is chosen."""
        return self.options.value()

    def set_cost(self, is_cost: bool) -> None:
        """Whether costs are shown, for which other numbers matter."""
        for name in ("n", "layers"):  # costs are shown for all lengths, and for one layer
            self.options.control(name).setVisible(not is_cost)
        self.options.control("d_model").setVisible(is_cost)

    def _offer(self) -> None:
        name = self.options.value().pattern
        kinds = list(PATTERNS.values()) if name == ALL else [PATTERNS[name]]
        used = frozenset().union(*(kind.uses for kind in kinds))
        for field in _PARAMETERS:
            self.options.set_shown(field, field in used)
            self.options.set_rare(field, name == ALL or field in _RARE)

    def _on_options_changed(self) -> None:
        self._offer()
        self.changed.emit()


class LayerControls(ControlBar):
    """Sizes of the layers, and the wish to time them.

    Signals
    -------
    changed(), measure_requested()
    """

    changed = Signal()
    measure_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.options = OptionControls(self, "sparse_table", LayerOptions, rare=("r", "k", "repeats"))
        for name in ("d", "r"):
            slider = self.options.control(name)
            assert isinstance(slider, NumberSlider)
            slider.slider.setMinimumWidth(4 * self.fontMetrics().height())
        self._measure = self.add_button(
            "sparse_measure",
            self.tr("Measure"),
            self.tr("Run each layer type on this machine and take the time; if it is cancelled, what came stays."),
        )
        self.options.changed.connect(self.changed)
        self._measure.clicked.connect(self.measure_requested)

    def value(self) -> LayerOptions:
        """What is chosen."""
        return self.options.value()

    def set_measuring(self, is_measuring: bool) -> None:
        """While what is chosen is being measured, it cannot be asked for."""
        self._measure.setEnabled(not is_measuring)
