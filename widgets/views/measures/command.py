"""Options of the measures of heads, and their figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.measures import MEASURES, MeasuresRequest, MeasuresResult
from widgets.figure_command import FigureCommand, group_of, layer_of, text_of, within
from widgets.options import Options, choice

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure

_TITLES = {measure.name: measure.title for measure in MEASURES}


@dataclass(frozen=True)
class MeasuresOptions(Options):
    """Which measures stand against each other, and the order of the table: names of measures."""

    sort: str = choice(
        "layer", {"layer": "Layer", "head": "Head", **_TITLES}, "Sort by", "order of the table, highest first"
    )
    across: str = choice("entropy", _TITLES, "Across", "measure from left to right")
    up: str = choice("distance", _TITLES, "Up", "measure from bottom to top")

    @property
    def is_falling(self) -> bool:
        """Whether the highest come first: of measures, unless the user turns the order round."""
        return self.sort not in ("layer", "head")


def _request(args: Namespace, info: CheckpointInfo) -> MeasuresRequest:
    layer_of(args, info)  # refuses what is not there before anything is computed
    return MeasuresRequest(args.checkpoint, text_of(args), group_of(args, info))


def _figure(result: MeasuresResult, args: Namespace) -> Figure:
    from widgets.figures.head_measures import HeadIndex, places_of
    from widgets.views.measures.figure import MeasuresFigure
    from widgets.views.measures.head_scatter import HeadScatter

    options, selected = MeasuresOptions.of(args), None
    if args.layer is not None or args.head is not None:
        n_layers, n_heads = result.measures["entropy"].shape
        first = places_of(result)[0].layer
        layer = within("layer", first if args.layer is None else args.layer, n_layers)
        selected = HeadIndex(layer, within("head", args.head or 0, n_heads))
    scatter = HeadScatter(result, options.across, options.up, selected)
    return MeasuresFigure(scatter, options.sort, is_falling=options.is_falling)


COMMANDS = {
    "measures": FigureCommand(
        "measures of every head: a table, and two of them against each other; a chosen head is marked",
        ("text", "group", "layer", "head"),
        _figure,
        _request,
        MeasuresOptions,
    )
}
