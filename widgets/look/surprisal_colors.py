"""The colours of surprisal: from a mesh's own colour, where all was expected, to glowing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from widgets.look.theme import Theme

N_LEVELS = 256
TOKEN_TOP = 8.0  # bits, of one token: as if it were one of 256 that are alike

_SPREAD = 0.7
# Steps of lightness in one direction, away from the paper; told apart by every kind of colour blindness.
_STOPS = {
    "light": ("#B4C7DB", "#DDB568", "#E0842B", "#C4400F", "#7E1606"),
    "dark": ("#4F6F94", "#8F6A5C", "#D97B33", "#F9AE4A", "#FFEFA6"),
}


@dataclass(frozen=True)
class SurprisalScale:
    """Bits as heat, from 0 to `top`; the lower ones are spread, as most tokens surprise little."""

    top: float

    def places(self, bits: np.ndarray) -> np.ndarray:
        """0 to 1."""
        return np.clip(np.asarray(bits) / self.top, 0, 1) ** _SPREAD

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """0, some in between, and the top, which stands for more, too."""
        between = [value for value in (1, 2, 4, 8, 16, 32) if value < 0.7 * self.top]
        marks = [(0.0, "0"), *(((value / self.top) ** _SPREAD, str(value)) for value in between[-3:])]
        return (*marks, (1.0, f"≥ {self.top:.0f}"))


@cache
def heat(theme_name: str) -> np.ndarray:
    """From nothing to much: read-only uint8 [256, 3]."""
    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in _STOPS[theme_name]], float)
    places = np.linspace(0, len(stops) - 1, N_LEVELS)
    colors = np.stack([np.interp(places, range(len(stops)), channel) for channel in stops.T], -1)
    colors = np.rint(colors).astype(np.uint8)
    colors.flags.writeable = False
    return colors


def heated(places: np.ndarray, theme: Theme) -> np.ndarray:
    """Places 0 to 1 as colours: uint8 [N, 3]."""
    name = theme.name if theme.name in _STOPS else "light"
    return heat(name)[np.rint(np.clip(places, 0, 1) * (N_LEVELS - 1)).astype(np.int64)]


def salient(colors: np.ndarray, theme: Theme) -> np.ndarray:
    """The same for what is small: further away from the paper."""
    strong = colors * 0.7 if theme.paper.lightness() > 127 else colors * 0.65 + 0.35 * 255
    return np.rint(strong).astype(np.uint8)
