"""The colour map of signed numbers: blue below zero, orange above, and zero as the ground: white, or dark on dark."""

from __future__ import annotations

from functools import cache

import numpy as np
from PySide6.QtGui import QColor

N_LEVELS = 255  # an odd number, so that zero has a level of its own
# Blue and orange stay apart for every kind of colour blindness; steps of equal lightness on both sides.
_ON_LIGHT = ("#0B3C7D", "#3A7DBF", "#A3CBE6", "#FFFFFF", "#F9C58D", "#D9741A", "#7A3403")
_ON_DARK = ("#B9DCFA", "#5B9FE0", "#27568A", "#1B222C", "#7D4413", "#DE8433", "#FBD3A4")


@cache
def lookup(*, is_dark: bool = False) -> np.ndarray:
    """The colours from lowest to highest, on a light or dark ground, as Qt's `0xffrrggbb`: read-only uint32 [255]."""
    names = _ON_DARK if is_dark else _ON_LIGHT
    stops = np.array([(color.red(), color.green(), color.blue()) for color in map(QColor, names)], float)
    places = np.linspace(0, len(stops) - 1, N_LEVELS)
    red, green, blue = (np.rint(np.interp(places, range(len(stops)), channel)).astype(np.uint32) for channel in stops.T)
    colors = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
    colors.flags.writeable = False
    return colors


def levels(values: np.ndarray, limit: float) -> np.ndarray:
    """Places in the map: uint8 of the same shape; 0 for `-limit`, 127 for zero, 254 for `limit`; NaN anywhere."""
    places = np.multiply(values, 127 / limit, dtype=np.float32)
    np.clip(places, -127, 127, out=places)
    places += np.float32(127.5)
    with np.errstate(invalid="ignore"):
        return places.astype(np.uint8)
