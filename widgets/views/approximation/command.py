"""The figure of cheaper attention on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.approximation import (
    ApproximationErrorsRequest,
    ApproximationErrorsResult,
    ApproximationRequest,
    ApproximationResult,
    ApproximationTimesRequest,
)
from widgets.figure_command import FigureCommand, Requests, group_of, layer_of, text_of
from widgets.views.approximation.options import ApproximationOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> object:
    options = ApproximationOptions.of(args)
    of = (args.checkpoint, text_of(args), group_of(args, info), layer_of(args, info), args.head or 0)
    if options.show == "maps":
        return ApproximationRequest(*of, options.method, options.size, options.seed)
    return _errors_and_times(*of)


def _errors_and_times(*of: object) -> Requests:
    errors = yield ApproximationErrorsRequest(*of)  # type: ignore[arg-type]
    times = yield ApproximationTimesRequest(*of)  # type: ignore[arg-type]
    return errors, times


def _figure(result: object, args: Namespace) -> Figure:
    from widgets.views.approximation.errors_figure import ApproximationErrorsFigure
    from widgets.views.approximation.maps_figure import ApproximationMapsFigure

    if isinstance(result, ApproximationResult):
        return ApproximationMapsFigure(result)
    assert isinstance(result, tuple)
    errors, times = result
    assert isinstance(errors, ApproximationErrorsResult)
    return ApproximationErrorsFigure(errors, times, ApproximationOptions.of(args).error)


COMMANDS = {
    "approximation": FigureCommand(
        "a head's attention by Linformer, Performer or Nyström beside the exact one, or their errors, cells and times",
        ("text", "group", "layer", "head"),
        _figure,
        _request,
        ApproximationOptions,
    )
}
