"""What a layer of attention costs: by counting cells, and by the complexity table of 2017."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

BYTES = 4  # of a float32


def flops(cells: int, d_model: int) -> int:
    """Q K^T and the weighted sum of V: a multiplication and an addition each, for every cell and dimension.

    The softmax and the projections are left out.
    """
    return 4 * cells * d_model


def map_bytes(cells: int) -> int:
    """Memory of one head's weights in float32, if all are held at once."""
    return BYTES * cells


class LayerType(NamedTuple):
    """A row of the complexity table.

    Attributes
    ----------
    name
        As the engine calls what it times.
    per_layer, sequential, path
        Complexity per layer, sequential operations and maximum path length, as printed.
    operations, path_length
        The expressions behind the first and the last, at (n, d, k, r) and (n, k, r): without any constant factor.
    """

    name: str
    title: str
    per_layer: str
    sequential: str
    path: str
    operations: Callable[[int, int, int, int], int]
    path_length: Callable[[int, int, int], float]


SOURCE = "Vaswani et al. 2017, “Attention Is All You Need”, table 1"
# n is the length of the sequence, d the dimension, k the kernel size, r the size of the neighbourhood.
TABLE: tuple[LayerType, ...] = (
    LayerType(
        "full", "Self-attention", "O(n² · d)", "O(1)", "O(1)",
        lambda n, d, k, r: n * n * d, lambda n, k, r: 1,
    ),
    LayerType(
        "recurrent", "Recurrent", "O(n · d²)", "O(n)", "O(n)",
        lambda n, d, k, r: n * d * d, lambda n, k, r: n,
    ),
    LayerType(
        "convolutional", "Convolutional", "O(k · n · d²)", "O(1)", "O(logₖ(n))",
        lambda n, d, k, r: k * n * d * d, lambda n, k, r: math.log(n, k),
    ),
    LayerType(
        "restricted", "Self-attention (restricted)", "O(r · n · d)", "O(1)", "O(n / r)",
        lambda n, d, k, r: r * n * d, lambda n, k, r: n / r,
    ),
)  # fmt: skip
