"""What is attended to at each place of a text: the mean of heads, or one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from widgets.figures.counts import number_of
from widgets.writing.options import WhoseAttention


def _tr(text: str) -> str:
    return QCoreApplication.translate("Attending", text)


def attending_title(pattern: np.ndarray, attention: WhoseAttention, layer: int, head: int, to: str) -> str:
    """Whose attention it is, for a caption; `to` is what is attended to, such as `the source`.

    Parameters
    ----------
    pattern
        float32 [layer, head, query_pos, key_pos].
    """
    n_layers, n_heads = pattern.shape[:2]
    heads = number_of(n_heads, "heads")
    if not n_layers:
        return _tr("attention is not shown")
    if attention == "mean" and n_layers == 1:
        return _tr("attention to {}, mean of {}").format(to, heads)
    if attention == "mean":
        return _tr("attention to {}, mean of {} in {}").format(
            to, number_of(n_layers * n_heads, "heads"), number_of(n_layers, "layers")
        )
    layer, head = min(layer, n_layers - 1), min(head, n_heads - 1)
    if attention == "layer":
        return _tr("attention to {} in layer {}, mean of {}").format(to, layer, heads)
    return _tr("attention to {} in layer {}, head {}").format(to, layer, head)


def weights_of(pattern: np.ndarray, attention: WhoseAttention, layer: int, head: int) -> np.ndarray:
    """float32 [query_pos, key_pos] of all heads, a layer's, or one; of a layer or head beyond the last, the last."""
    n_layers, n_heads = pattern.shape[:2]
    if not n_layers:
        return np.empty((0, pattern.shape[3]), np.float32)
    of_layer = pattern[min(layer, n_layers - 1)]
    if attention == "mean":
        return pattern.mean((0, 1))
    return of_layer.mean(0) if attention == "layer" else of_layer[min(head, n_heads - 1)]


def when_written(weights: np.ndarray) -> np.ndarray:
    """A row for each token of the target: what was attended to at the place before, where it was chosen; NaN for the
    first one."""
    return np.concatenate([np.full((1, weights.shape[1]), np.nan, np.float32), weights])
