"""What can be chosen of attention patterns."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from widgets.kit.availability import set_available
from widgets.kit.control_bar import ControlBar
from widgets.kit.number_slider import NumberSlider
from widgets.views.sparse.patterns import PATTERNS, Parameters, Pattern

ALL = "all"
MOST_TOKENS = 256
MOST_LAYERS = 24


class PatternControls(ControlBar):
    """Which pattern, and its parameters; those that it does not use are grey and say why.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        titles = [(self.tr("All side by side"), ALL), *((kind.title, name) for name, kind in PATTERNS.items())]
        self._pattern = self.add_choice("sparse_pattern", self.tr("Pattern"), titles)
        start = Parameters()
        self._n = self._slider("n", self.tr("Tokens n"), 8, MOST_TOKENS, start.n)
        self._n.setToolTip(self.tr("Tokens of the text."))
        self._layers = self._slider("layers", self.tr("Layers k"), 1, MOST_LAYERS, 1)
        self._layers.setToolTip(self.tr("Layers through which information travels."))
        self._d_model = self._slider("d_model", self.tr("Dimensions d"), 16, 4096, 64, step=16)
        self._d_model.setToolTip(self.tr("Of queries, keys and values."))
        self._by_field: dict[str, QWidget] = {}
        for field, title, low, high, step, tip in (
            ("window", self.tr("Window w"), 0, 512, 2, self.tr("Keys beside the query itself, half before it.")),
            ("dilation", self.tr("Dilation"), 1, 16, 1, self.tr("Distance of the keys of a dilated window.")),
            ("n_global", self.tr("Global g"), 0, 64, 1, self.tr("The first g tokens see all and are seen by all.")),
            ("n_random", self.tr("Random r"), 0, 8, 1, self.tr("Random blocks that each block of queries sees.")),
            ("block_size", self.tr("Block b"), 1, 64, 1, self.tr("Tokens of a block.")),
            ("seed", self.tr("Seed"), 0, 999, 1, self.tr("Other random blocks.")),
        ):  # fmt: skip
            self._by_field[field] = self._slider(field, title, low, high, getattr(start, field), step=step)
            self._by_field[field].setToolTip(tip)
        as_in_code = self.add_check(
            "sparse_as_in_code",
            self.tr("Random as in the code"),
            self.tr(
                "The published code draws random blocks from the first 2 r + 5 blocks only, the paper from all of them."
            ),
        )
        self._by_field["as_in_code"] = self._as_in_code = as_in_code
        self._offer()
        self.set_cost(False)
        self._pattern.currentIndexChanged.connect(self._on_pattern_changed)
        as_in_code.toggled.connect(self._on_control_changed)

    def _slider(self, field: str, title: str, low: int, high: int, value: int, *, step: int = 1) -> NumberSlider:
        slider = NumberSlider(f"sparse_{field}", title, low, high, step=step)
        slider.slider.setMinimumWidth(5 * self.fontMetrics().height())
        slider.set_value(value)
        slider.value_changed.connect(self._on_control_changed)
        self.add_widget(slider)
        return slider

    # What is chosen

    @property
    def parameters(self) -> Parameters:
        values = {field: c.value() for field, c in self._by_field.items() if isinstance(c, NumberSlider)}
        return Parameters(n=self._n.value(), as_in_code=self._as_in_code.isChecked(), **values)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The chosen one, or all."""
        name = self._pattern.currentData()
        return tuple(Pattern.of(each, self.parameters) for each in (PATTERNS if name == ALL else (name,)))

    @property
    def n_layers(self) -> int:
        return self._layers.value()

    @property
    def d_model(self) -> int:
        return self._d_model.value()

    def choose(self, name: str) -> None:
        """Choose a pattern as the user would."""
        self._pattern.setCurrentIndex(self._pattern.findData(name))

    def set_cost(self, is_cost: bool) -> None:
        """Whether costs are shown, for which other numbers matter."""
        self._n.setVisible(not is_cost)  # costs are shown for all lengths, and for one layer
        self._layers.setVisible(not is_cost)
        self._d_model.setVisible(is_cost)

    def _offer(self) -> None:
        name = self._pattern.currentData()
        kinds = list(PATTERNS.values()) if name == ALL else [PATTERNS[name]]
        used = frozenset().union(*(kind.uses for kind in kinds))
        for field, control in self._by_field.items():
            users = ", ".join(kind.title for kind in PATTERNS.values() if field in kind.uses)
            set_available(control, field in used, self.tr("Not part of this pattern, but of: {}.").format(users))

    def _on_pattern_changed(self) -> None:
        self._offer()
        self.changed.emit()

    def _on_control_changed(self) -> None:
        self.changed.emit()
