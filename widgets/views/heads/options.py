"""Options of the grid of heads: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass

from widgets.options import Options, choice

# As the user reads them, by their names in results.
MEASURES = {
    "entropy": "Entropy",
    "distance": "Mean distance",
    "previous": "Previous token",
    "next": "Next token",
    "same": "Itself",
    "cls": "[CLS]",
    "sep": "[SEP]",
}


@dataclass(frozen=True)
class HeadsOptions(Options):
    """In which order the heads of a group are shown, and by what they are marked."""

    order: str = choice(
        "layer",
        {"layer": "By layer and head", **MEASURES},
        "Order",
        "by layer and head, or by a measure, the highest first",
    )
    mark: str = choice(
        "nothing",
        {"nothing": "Nothing", **MEASURES},
        "Mark",
        "a measure as bar and number under each head, the highest marked",
    )
