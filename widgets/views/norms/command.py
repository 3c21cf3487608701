"""Options of the residual stream, and its figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.norms import QUANTITIES, STAGES, NormsRequest, NormsResult
from widgets.figure_command import FigureCommand, group_of, text_of
from widgets.options import Options, choice, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class NormsOptions(Options):
    """What is shown of the residual stream."""

    show: Literal["curves", "map"] = choice(
        "curves",
        {"curves": "Curves", "map": "Every place"},
        "Show",
        "the stream through the layers beside a drawing of one layer, or every token at every sub-layer as a map",
    )
    quantity: str = choice(
        "norm",
        QUANTITIES,
        "Quantity",
        "of a token's state x of d numbers: its L2 norm √(Σ xᵢ²), their mean μ = Σ xᵢ / d, or their standard deviation "
        "σ = √(Σ (xᵢ − μ)² / d), the root of the variance",
    )
    stage: str = choice(
        "after",
        STAGES,
        "Where",
        "the stream before a sub-layer, what that reads after its norm, what it adds, the sum x + SubLayer(x), or the "
        "stream after it",
    )
    relative: bool = switch(
        False, "Times the median", "Every number as a multiple of that of the median place, so that spikes stand out"
    )


def _request(args: Namespace, info: CheckpointInfo) -> NormsRequest:
    return NormsRequest(args.checkpoint, text_of(args), group_of(args, info))


def _figure(result: NormsResult, args: Namespace) -> Figure:
    from widgets.views.norms.curves_figure import NormsCurvesFigure
    from widgets.views.norms.map_figure import NormsMapFigure

    options = NormsOptions.of(args)
    if options.show == "curves":
        return NormsCurvesFigure(result, options.quantity)
    return NormsMapFigure(result, options.quantity, options.stage, options.relative)


COMMANDS = {
    "norms": FigureCommand(
        "the residual stream: its size at every token, what attention and MLP add, and where the norms stand",
        ("text", "group"),
        _figure,
        _request,
        NormsOptions,
    )
}
