"""Options of the grid of heads: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.measures import MEASURES as HEAD_MEASURES
from widgets.options import Options, choice

_TITLES = {measure.name: measure.title for measure in HEAD_MEASURES}
# As the user reads them, by their names in results.
MEASURES = {
    **{name: _TITLES[name] for name in ("entropy", "distance", "previous", "next", "same")},
    "cls": "[CLS]",
    "sep": "[SEP]",
}


@dataclass(frozen=True)
class HeadsOptions(Options):
    """In which order the heads of a group are shown, and by what they are marked; how far their colours reach."""

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
    scale: str = choice(
        "all",
        {"all": "One for all heads", "head": "Each head its own"},
        "Scale",
        "one scale of colours for all heads, or the highest weight of each head brightest",
    )
