"""Options of the rollout: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, Scale, choice, scale_option, switch


@dataclass(frozen=True)
class RolloutOptions(Options):
    """What is shown of a rollout."""

    show: Literal["map", "query"] = choice(
        "map",
        {"map": "Every query in one layer", "query": "One query in every layer"},
        "Show",
        "every query in one layer, or one query in every layer",
    )
    maps: Literal["both", "rollout", "attention"] = choice(
        "both",
        {"both": "Rollout and mean attention", "rollout": "Rollout", "attention": "Mean attention"},
        "Maps",
        "the rollout, the mean attention that it is made of, or both",
    )
    scale: Scale = scale_option()
    hide_own: bool = switch(
        False,
        "Hide own place",
        "Leave out what is a query's own: most of it the residual stream has carried past the attention.",
    )
