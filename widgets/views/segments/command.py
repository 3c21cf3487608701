"""Options of labels at pixels, and their figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.segments import SegmentsRequest, SegmentsResult
from widgets.figure_command import BadOption, FigureCommand
from widgets.options import check_limits
from widgets.views.segments.options import SegmentsOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> SegmentsRequest:
    from inference.results.inputs import Input, TextInput
    from widgets.figure_command import compared_of

    check_limits(args.low, args.high)
    if "text" in info.compares:
        given = compared_of(args)
    elif args.texts:
        raise BadOption(f"--text names a label; {info.name} knows only its own.")
    else:
        given = Input(images=tuple(args.images or ()))
    if len(given.images) != 1:
        raise BadOption(f"One --image (or --scene, or --portrait) is needed; there are {len(given.images)}.")
    text = TextInput(given.texts[0]) if given.texts else None
    return SegmentsRequest(args.checkpoint, Input(text=text, image=given.images[0]), given.texts)


def _figure(result: SegmentsResult, args: Namespace) -> Figure:
    from widgets.views.segments.figure import SegmentsFigure

    options = SegmentsOptions.of(args)
    if options.show == "change":
        raise BadOption("--show change compares two answers, which only the window has.")
    if options.show == "similarity":
        from widgets.views.segments.similarity_figure import LabelSimilarityFigure

        return LabelSimilarityFigure(result)
    return SegmentsFigure(result, options)


COMMANDS = {
    "segments": FigureCommand(
        "which of the given labels every pixel of an image shows", ("comparison",), _figure, _request, SegmentsOptions
    )
}
