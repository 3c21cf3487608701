"""Words and image on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

from inference.results.alignment import AlignmentRequest
from inference.results.concepts import ConceptsRequest
from inference.results.grounding import GroundingRequest
from inference.results.hidden_region import HiddenRegionRequest
from inference.results.inputs import PixelBox, RegionsInput, TextInput
from inference.results.joint import JointRequest, JointResult, JointWordsRequest
from widgets.figure_command import BadOption, FigureCommand, image_of, numbers_of, within
from widgets.views.joint.options import JointOptions, told_beside

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from inference.results.inputs import Input
    from widgets.kit.figure import Figure

JointQuestion = (
    AlignmentRequest | ConceptsRequest | GroundingRequest | HiddenRegionRequest | JointRequest | JointWordsRequest
)


def _add_arguments(parser: ArgumentParser) -> None:
    about = "the text that is read with the image; of grounding none is read, which has sentences of its own"
    parser.add_argument("--text", default="", metavar="TEXT", help=about)
    parser.add_argument("--scenes", type=int, default=40, metavar="N", help="drawn scenes that grounding is told on")
    about = (
        "regions of the image: NPZ with boxes (pixels), and features, labels, scores, size where there are any; or TSV"
    )
    parser.add_argument("--regions", metavar="FILE", help=about)
    about = "read the things that were painted in a scene as regions, not what the detector of the checkpoint finds"
    parser.add_argument("--truth", action="store_true", help=about)
    about = "a box in pixels of the image; may be given several times"
    parser.add_argument("--box", dest="drawn", action="append", type=_box, metavar="X0,Y0,X1,Y1", help=about)
    parser.add_argument("--mask", type=numbers_of, default=(), metavar="POS,...", help="positions to mask, such as 3,5")
    parser.add_argument(
        "--level", type=int, default=0, metavar="N", help="level, counted from 0; `inspect` lists groups"
    )
    parser.add_argument("--head", type=int, default=0, metavar="H", help="head, counted from 0")
    about = "region whose vector is hidden, counted from 0"
    parser.add_argument("--hidden", type=int, default=-1, metavar="N", help=about)
    parser.add_argument("--pairs", type=int, default=8, metavar="N", help="images, and as many texts, to be aligned")
    about = "position of a word or part of the image whose attention is shown; may be given several times"
    parser.add_argument("--pin", dest="pins", action="append", type=int, metavar="POS", help=about)


def _box(text: str) -> PixelBox:
    try:
        x0, y0, x1, y1 = (float(number) for number in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no box such as 10,20,110,90") from None
    return x0, y0, x1, y1


def _input(args: Namespace) -> Input:
    path = os.path.abspath(args.regions) if args.regions else ""
    regions = RegionsInput(path, tuple(args.drawn or ()), of_scene=args.image is None, of_detector=not args.truth)
    return replace(image_of(args), text=TextInput(args.text, masked=args.mask), regions=regions)


def _request(args: Namespace, info: CheckpointInfo) -> JointQuestion:
    options = JointOptions.of(args)
    if options.show == "grounding":
        return GroundingRequest(args.checkpoint, args.scenes, of_detector=not args.truth)
    if options.show == "concepts":
        return ConceptsRequest(args.checkpoint, args.scenes, options.projection, of_detector=not args.truth)
    if not args.text.strip():
        raise BadOption("--text is blank; a text is needed that is read with the image.")
    input = told_beside(_input(args), info.told_beside, options)
    if options.show == "answers":
        return JointWordsRequest(args.checkpoint, input)
    if options.show == "hidden":
        return HiddenRegionRequest(args.checkpoint, input, args.hidden)
    if options.show == "alignment":
        return AlignmentRequest(args.checkpoint, input, args.pairs)
    return JointRequest(args.checkpoint, input, args.level)


def _figure(result: object, args: Namespace) -> Figure:
    options = JointOptions.of(args)
    if not isinstance(result, JointResult):
        return _told(result, options)
    head = within("head", args.head, result.n_heads)
    if options.show == "map":
        from widgets.views.joint.map_figure import JointMapFigure

        return JointMapFigure(result, head, options)
    if options.show == "heads":
        from widgets.views.joint.heads_figure import JointHeadsFigure

        return JointHeadsFigure(result, head, options)
    if options.show == "diagram":
        from widgets.views.joint.diagram_figure import JointDiagramFigure

        return JointDiagramFigure(result)
    from widgets.views.joint.figure import JointFigure, JointPlace

    pins = tuple(JointPlace(within("position", pos, len(result.kinds))) for pos in args.pins or ())
    return JointFigure(result, head, pins, options)


def _told(result: object, options: JointOptions) -> Figure:
    """Of all that is not a map."""
    from widgets.selection import Selected
    from widgets.views.joint.pages import Answers, Chosen

    answers = Answers()
    answers.keep(result)
    figure = answers.picture(options, Chosen(), Selected())
    assert figure is not None
    return figure


COMMANDS = {
    "joint": FigureCommand(
        "where in an image the words of a text look, by a model that reads both",
        ("image",),
        _figure,
        _request,
        JointOptions,
        _add_arguments,
    )
}
