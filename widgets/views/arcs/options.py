"""Options of arcs: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, number, switch


@dataclass(frozen=True)
class ArcsOptions(Options):
    """Which lines of the shown heads are drawn."""

    threshold: float = number(0.02, 0, 1, "Weakest line", "weakest line drawn", decimals=3)
    segments: Literal["all", "AA", "AB", "BA", "BB"] = choice(
        "all",
        {"all": "All", "AA": "A → A", "AB": "A → B", "BA": "B → A", "BB": "B → B"},
        "Sentences",
        "Only lines from one sentence to another, where the input has two",
    )
    hide_special: bool = switch(False, "Hide special tokens", "Leave out lines from and to [CLS], [SEP] and their like")


@dataclass(frozen=True)
class ArcsOnly(Options):
    """What of the selection alone is shown; on the command line a head is named instead."""

    head: bool = switch(False, "Only this head", "Draw the lines of one head of the layer")
    token: bool = switch(False, "Only one place", "Draw only the lines of the query or key that was clicked last")
