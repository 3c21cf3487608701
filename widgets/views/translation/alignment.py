"""What a decoder attends to in its source, as a map."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.tokens import Tokens
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.token_axis import label


def _tr(text: str) -> str:
    return QCoreApplication.translate("Alignment", text)


def panel(weights: np.ndarray, target: Tokens, source: Tokens, first: int, title: str, row_label: str) -> HeatPanel:
    """A map of rows that begin with token `first` of the target."""
    return HeatPanel(
        weights,
        ColorScale.from_zero(weights),
        title,
        row_label,
        _tr("Source"),
        row_names=tuple(label(word) for word in target.words[first : first + len(weights)]),
        column_names=tuple(map(label, source.words)),
        value_format=".2f",
    )
