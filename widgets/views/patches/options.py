"""Options of attention over patches: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, share, switch

Weights = Literal["raw", "weighted", "rollout"]

Show = Literal["head", "heads", "layers"]


@dataclass(frozen=True)
class PatchesOptions(Options):
    """What is laid over an image, and how."""

    show: Show = choice(
        "head",
        {"head": "One head", "heads": "All heads of the layer", "layers": "All layers of the head"},
        "Show",
        "one head, all of the layer, or all layers of it",
    )
    weights: Weights = choice(
        "raw",
        {"raw": "Attention weights", "weighted": "Weights × value length", "rollout": "Rollout"},
        "Numbers",
        "attention weights, times the length of the values, or rolled out over the layers",
    )
    opacity: float = share(0.6, "Opacity", "of the overlay")
    smooth: bool = switch(False, "Smooth", "Linear between the centres of the patches")
    spotlight: bool = switch(False, "Spotlight", "Darken what is attended to little, instead of colouring")
    grid: bool = switch(True, "Grid", "Lines between the patches")
    shared_scale: bool = switch(False, "One scale", "The same colours for the same numbers in all maps")
