"""How sure a share is that was counted."""

from __future__ import annotations

import numpy as np

_Z = 1.959964  # of 95 % of a normal distribution


def wilson(n_right: np.ndarray, n_tried: np.ndarray) -> np.ndarray:
    """float64 [2, ...], the ends of Wilson's 95 % interval of `n_right / n_tried` (Wilson 1927); NaN where none was.

    It stays between 0 and 1, and is of use for few trials, too.
    """
    n = np.where(n_tried > 0, n_tried, np.nan).astype(float)
    p = n_right / n
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return np.clip(np.stack([middle - half, middle + half]), 0.0, 1.0)
