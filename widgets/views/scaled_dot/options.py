"""Options of the dot product: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass

from widgets.options import Options, number, switch


@dataclass(frozen=True)
class ScaledDotOptions(Options):
    """Which step is explained, and in which order the keys stand."""

    step: int = number(0, 0, 9, "Step", "the step that is explained, counted from 1; 0 shows all alike")
    by_weight: bool = switch(False, "Sort by weight", "The keys that count most come first")
