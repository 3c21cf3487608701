"""Options of attention over a film: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, share, switch

ClipWeights = Literal["head", "mean", "rollout"]
ClipShow = Literal["frames", "frame"]


@dataclass(frozen=True)
class ClipOptions(Options):
    """What is laid over a film, and how."""

    show: ClipShow = choice(
        "frames",
        {"frames": "All frames", "frame": "One frame"},
        "Show",
        "all frames that the model is shown, or one, large",
    )
    weights: ClipWeights = choice(
        "head",
        {"head": "One head", "mean": "Mean of heads", "rollout": "Rollout"},
        "Numbers",
        "attention weights of a head, their mean over the heads, or rolled out over the layers",
    )
    opacity: float = share(0.6, "Opacity", "of the overlay")
    smooth: bool = switch(False, "Smooth", "Linear between the centres of the patches")
    spotlight: bool = switch(False, "Spotlight", "Darken what is attended to little, instead of colouring")
    grid: bool = switch(True, "Grid", "Lines between the patches")
