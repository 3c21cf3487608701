"""Options of the classes of an image, and their figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.classes import ClassesRequest, ClassesResult
from widgets.figure_command import FigureCommand, image_of, within
from widgets.options import Options, number

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class ClassesOptions(Options):
    """What is shown of the classes."""

    top_k: int = number(10, 1, 100, "Classes", "Classes that are shown")


def _request(args: Namespace, info: CheckpointInfo) -> ClassesRequest:
    return ClassesRequest(args.checkpoint, image_of(args))


def _figure(result: ClassesResult, args: Namespace) -> Figure:
    from widgets.views.classes.figure import ClassesFigure

    row = None if args.layer is None else 1 + within("layer", args.layer, len(result.probabilities) - 1)
    return ClassesFigure(result, row, args.top_k)


COMMANDS = {
    "classes": FigureCommand(
        "what a model calls an image, layer by layer", ("image", "layer"), _figure, _request, ClassesOptions
    )
}
