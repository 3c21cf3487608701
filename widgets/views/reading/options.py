"""Options of surprisal over a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, number, switch


@dataclass(frozen=True)
class ReadingOptions(Options):
    """What is shown over the tokens of a text."""

    bars: Literal["surprisal", "entropy"] = choice(
        "surprisal",
        {"surprisal": "Surprisal of the token", "entropy": "Uncertainty before it"},
        "Bars",
        "surprisal: minus the logarithm of the token's probability; uncertainty: entropy of what was expected; in bits",
    )
    has_numbers: bool = switch(True, "Numbers", "Write the bits over each bar.", flag="numbers")
    top_k: int = number(10, 1, 100, "Words expected", "Words told of each place")
