"""What is attended to at each place of a text: the mean of heads, or one."""

from __future__ import annotations

import numpy as np

from widgets.writing.options import WhoseAttention


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
