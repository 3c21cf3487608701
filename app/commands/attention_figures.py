"""The figures of attention that the command line can make, of texts of any length."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.checkpoint import CheckpointInfo
from inference.results.measures import MeasuresRequest, MeasuresResult
from widgets.figure_command import FigureCommand, group_of, text_of, within

if TYPE_CHECKING:
    from widgets.figures.figure import Figure


# Measures


def _selected(args: Namespace, n_layers: int, n_heads: int) -> tuple[int, int] | None:
    """The head that is framed, if one is asked for."""
    if args.layer is None and args.head is None:
        return None
    return within("layer", args.layer or 0, n_layers), within("head", args.head or 0, n_heads)


def _measures_request(args: Namespace, info: CheckpointInfo) -> MeasuresRequest:
    return MeasuresRequest(args.checkpoint, text_of(args), group_of(args, info))


def _measures_figure(result: MeasuresResult, args: Namespace) -> Figure:
    from widgets.figures.head_measures import Place
    from widgets.views.measures.figure import MeasuresFigure
    from widgets.views.measures.head_scatter import HeadScatter

    selected = _selected(args, *result.measures["entropy"].shape)
    scatter = HeadScatter(result, args.across, args.up, Place(*selected) if selected else None)
    return MeasuresFigure(scatter, args.sort, is_falling=args.sort != "layer")


ATTENTION_FIGURES: dict[str, FigureCommand] = {
    "measures": FigureCommand(
        "measures of every head: a table, and two of them against each other; a chosen head is marked",
        ("text", "group", "layer", "head", "measures"),
        _measures_figure,
        _measures_request,
    ),
}
