"""Numbers and spans of positions as they are written."""

from __future__ import annotations

import numpy as np


def span(positions: range) -> str:
    """Such as "120–180": both ends are meant."""
    return f"{positions.start}\N{EN DASH}{positions.stop - 1}" if len(positions) > 1 else str(positions.start)


def exact(value: np.float16) -> str:
    """A number with as many digits as half precision has, and no more."""
    return np.format_float_positional(value, unique=True, trim="-")


def short(value: float) -> str:
    """A number with three digits that count, such as "0.0000697"."""
    return np.format_float_positional(np.float32(value), precision=3, fractional=False, trim="-")
