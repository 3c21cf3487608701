"""Plots with all that a plot can have."""

import numpy as np

from widgets.plots.data import Axis, Bars, Callout, Curve, Level, Plot, Points
from widgets.plots.figure import PlotFigure
from widgets.plots.ticks import count_text, length_text

_N = np.array([64.0, 256, 1024, 4096])
_TIME = np.linspace(0, 10, 60)
_NAMES = ("one a", "one b", "one c", "one d")
_SOME = np.array([1.0, 4.0, 7.0])
_AT = np.array([2.0, 1, 0])

LOG = Plot(
    (Curve("full", _N, _N**2, 0, has_dots=True), Curve("window", _N, _N * 8, 1, width=2.6)),
    Axis("tokens", True, 2, text=length_text),
    Axis("operations", True, text=count_text),
    "Cells",
    "counted",
)
CURVES = Plot(
    (
        Curve("full", _TIME, np.sin(_TIME), 0, np.sin(_TIME) - 0.2, np.sin(_TIME) + 0.2, note="sine"),
        Points("window", _SOME, np.cos(_SOME), 1, np.cos(_SOME) - 0.1, np.cos(_SOME) + 0.1, ("a", "b", "c")),
        Level("chance", 0.3),
    ),
    Axis("time"),
    Axis("value"),
    callouts=(Callout(1, 2, "best"),),
)
SCATTER = Plot(
    (
        Points("one", np.array([1.0, 2, 3, 4]), np.array([10.0, 20, 5, 40]), 0, labels=_NAMES),
        Points("two", np.array([1.5, 2.5, 3.5]), np.array([30.0, 12, 25]), 2),
    ),
    Axis("across"),
    Axis("up"),
    callouts=(Callout(0, 1, "one b"),),
)
BARS = Plot(
    (
        Bars("coordinates", _AT, np.zeros(3), np.array([3.0, 5, 8]), 3, are_lying=True),
        Bars("faces", _AT, np.array([3.0, 5, 8]), np.array([4.0, 8, 12]), 4, ("4.00", "8.00", "12.00"), are_lying=True),
    ),
    Axis("bits per vertex", low=0),
    Axis(labels=("all tokens", "allowed tokens", "this model")),
    "Bits",
)
EVERYTHING = PlotFigure((LOG, CURVES, BARS), "three plots")
