"""Answers on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

from inference.results.answer import USUAL_QUESTION, AnswerRequest, AnswerResult
from inference.results.inputs import TextInput
from widgets.figure_command import BadOption, FigureCommand, image_name, image_of, within
from widgets.views.answer.options import AnswerOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_arguments(parser: ArgumentParser) -> None:
    about = f"the question (default: “{USUAL_QUESTION}”)"
    parser.add_argument("--text", default=USUAL_QUESTION, metavar="QUESTION", help=about)
    parser.add_argument("--prefix", default="", metavar="TEXT", help="what the answer begins with")
    about = "word of the answer whose looks are shown, counted from 1; may be given several times (default: the last)"
    parser.add_argument("--word", dest="chosen", action="append", type=int, metavar="N", help=about)


def _request(args: Namespace, info: CheckpointInfo) -> AnswerRequest:
    options = AnswerOptions.of(args)
    if options.show == "tree" and options.way != "beam":
        raise BadOption("--show tree needs a beam search: --beams 4, or --decoding beam.")
    if not args.text.strip():
        raise BadOption("--text is blank; a question is needed.")
    chosen = tuple(args.chosen or ())
    if options.attention == "relevance" and not chosen:
        raise BadOption("--attention relevance needs --word, once or several times.")
    group = next((group for group in info.groups if group.query_axis == "text"), info.group(""))
    layer = within("layer", args.layer or 0, group.n_layers)
    head = within("head", args.head or 0, max(group.n_heads))
    looks = {"layer": (layer, None), "head": (layer, head)}.get(options.attention)
    return AnswerRequest(
        args.checkpoint,
        replace(image_of(args), text=TextInput(args.text)),
        options.decoding,
        prefix=args.prefix.strip(),
        most=options.most,
        n_candidates=options.candidates,
        looks=looks,
        relevance_of=chosen if options.attention == "relevance" else (),
    )


def _figure(result: AnswerResult, args: Namespace) -> Figure:
    from widgets.views.answer.figure import ChatAnswerFigure

    n = result.written.n_steps
    for place in args.chosen or ():
        if not 1 <= place < n:
            raise BadOption(f"--word {place} is not there; the answer has words 1 to {n - 1}.")
    options, chosen = AnswerOptions.of(args), tuple(args.chosen or ())
    return ChatAnswerFigure(result, image_name(args), options, n, args.layer or 0, args.head or 0, chosen)


COMMANDS = {
    "answer": FigureCommand(
        "what a chat model that sees answers, and where its words look; GIF, WebP and MP4 show it grow",
        ("image", "layer", "head"),
        _figure,
        _request,
        AnswerOptions,
        _add_arguments,
        has_film=True,
    )
}
