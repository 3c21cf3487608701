"""What a decoder attends to in its source: the mean of heads, or one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.tokens import Tokens
from inference.results.translation import TranslationResult
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.token_axis import label
from widgets.writing.options import WhoseAttention


def _tr(text: str) -> str:
    return QCoreApplication.translate("Alignment", text)


def attending_title(result: TranslationResult, attention: WhoseAttention, layer: int, head: int) -> str:
    """Whose attention it is, for a caption."""
    n_layers, n_heads = result.pattern.shape[:2]
    if not n_layers:
        return _tr("attention is not shown")
    if attention == "mean":
        return _tr("attention to the source, mean of {} heads in {} layers").format(n_layers * n_heads, n_layers)
    layer, head = min(layer, n_layers - 1), min(head, n_heads - 1)
    if attention == "layer":
        return _tr("attention to the source in layer {}, mean of {} heads").format(layer, n_heads)
    return _tr("attention to the source in layer {}, head {}").format(layer, head)


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
