"""The same numbers for both sides. NumPy only, so that the peers' environment can use it too."""

from __future__ import annotations

import numpy as np

N_LAYERS, N_HEADS = 12, 12


def patterns(n: int, seed: int = 0, n_layers: int = N_LAYERS) -> list[np.ndarray]:
    """Softmax rows: for each layer float32 [head, query_pos, key_pos]."""
    random = np.random.default_rng(seed)
    layers = []
    for _ in range(n_layers):
        weights = np.exp(2 * random.standard_normal((N_HEADS, n, n), np.float32))
        layers.append(weights / weights.sum(-1, keepdims=True))
    return layers


def words(n: int) -> list[str]:
    """`n` tokens, the first and the last special."""
    return ["[CLS]", *(f"word{position}" for position in range(1, n - 1)), "[SEP]"]


def hills(n_faces: int) -> tuple[np.ndarray, np.ndarray]:
    """A hilly surface of about so many quads: vertices float64 [V, 3], z upwards, and corners int64 [F, 4]."""
    side = round(n_faces**0.5)
    x, y = np.meshgrid(np.linspace(-1, 1, side + 1), np.linspace(-1, 1, side + 1))
    vertices = np.stack([x, y, 0.2 * np.sin(5 * x) * np.cos(4 * y)], -1).reshape(-1, 3)
    first = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel()
    return vertices, np.stack([first, first + 1, first + side + 2, first + side + 1], 1)
