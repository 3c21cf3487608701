"""What a fine-tuned model predicts, on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.prediction import PredictionRequest, PredictionResult
from widgets.figure_command import FigureCommand, text_of
from widgets.views.prediction.options import PredictionOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> PredictionRequest:
    options = PredictionOptions.of(args)
    return PredictionRequest(args.checkpoint, text_of(args), options.top_k, options.longest)


def _figure(result: PredictionResult, args: Namespace) -> Figure:
    from widgets.views.prediction.figure import prediction_figure

    return prediction_figure(result, PredictionOptions.of(args))


COMMANDS = {
    "prediction": FigureCommand(
        "what a fine-tuned model predicts: the class of a text, a label for each token, or an answer",
        ("text", "mask"),
        _figure,
        _request,
        PredictionOptions,
    )
}
