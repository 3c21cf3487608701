"""Attention over a film, on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Literal

from inference.results.clip import ClipRequest, ClipResult
from inference.results.inputs import ClipInput, Input, TextInput
from inference.results.request import Capability
from widgets.figure_command import BadOption, FigureCommand, Requests, group_of, numbers_of, seed_of, within
from widgets.views.clip.options import ClipOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure

_Query = tuple[int, ...] | Literal["cls"]


def _add_arguments(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "--clip", metavar="FILE", help="a film: GIF, WebP, PNG, MP4 or WebM, or a folder of numbered images"
    )
    either.add_argument("--seed", type=seed_of, metavar="SEED", help="a generated film")
    parser.add_argument("--text", metavar="TEXT", help="a text beside it, for checkpoints that read one")
    parser.add_argument(
        "--frames",
        type=numbers_of,
        default=(),
        metavar="N,...",
        help="frames of the film that the model is shown, as many as it takes (default: spread evenly)",
    )
    parser.add_argument(
        "--query",
        type=_query,
        metavar="FRAME,ROW,COL|FRAME|cls",
        help="which patch or frame attends, from 0 (default: cls, or the patch in the middle)",
    )
    parser.add_argument(
        "--frame", type=int, default=0, metavar="N", help="the one that --show frame shows (default: 0)"
    )
    parser.add_argument(
        "--hidden", type=_share, default=0.9, metavar="SHARE", help="of the places, for models that fill them in"
    )
    parser.add_argument("--hidden-seed", type=seed_of, default=0, metavar="SEED", help="which places these are")


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ArgumentTypeError(f"{text!r} is no share from 0 to 1")
    return share


def _query(text: str) -> _Query:
    if text.lower() == "cls":
        return "cls"
    try:
        place = tuple(int(part) for part in text.split(","))
    except ValueError:
        place = ()
    if len(place) not in (1, 3):
        raise ArgumentTypeError(f"{text!r} is neither a frame, row and column such as 3,1,2, nor a frame, nor cls")
    return place


def _requests(args: Namespace, info: CheckpointInfo) -> Requests:
    path = os.path.abspath(args.clip) if args.clip is not None else ""
    clip = ClipInput(path, args.seed or 0, args.frames, args.hidden, args.hidden_seed)
    reads_text = "text" in info.reads
    if args.text is not None and not reads_text:
        raise BadOption(f"{info.name} reads no texts: leave --text out.")
    reads_what_is_said = {Capability.ORDER, Capability.VISUAL_WORDS} & {*info.capabilities}
    if reads_text and args.text is None and "clip" in info.reads and not reads_what_is_said:
        raise BadOption(f"{info.name} reads a text beside a film: --text is needed.")
    input = Input(text=TextInput(args.text or "") if reads_text else None, clip=clip)
    group, options = group_of(args, info), ClipOptions.of(args)
    with_rollout = options.weights == "rollout" or args.out.suffix.lower() == ".npz"
    result: ClipResult = yield ClipRequest(args.checkpoint, input, group, with_rollout=with_rollout)
    query = _position(args.query, result)
    if query != result.query:
        result = yield ClipRequest(args.checkpoint, input, group, query, with_rollout)
    return result


def _position(query: _Query | None, result: ClipResult) -> int:
    if query is None:
        return result.query
    tokens, cells = result.query_tokens, result.query_cells
    if query == "cls":
        if not tokens.is_special[result.query]:
            raise BadOption("--query cls: there is no [CLS] here; give a frame, a row and a column such as 3,1,2.")
        return result.query
    step = query[0] // result.frames_a_step
    wanted = (step, *query[1:]) if len(query) == 3 else (step, -1, -1)
    for position, cell in enumerate(cells.tolist()):
        if tuple(cell) == wanted and not tokens.is_special[position]:
            return position
    n, (n_rows, n_columns) = len(result.frames), result.grid
    raise BadOption(
        f"--query {','.join(map(str, query))}: nothing there attends in this group; the model is shown {n} frames of "
        f"{n_rows} rows and {n_columns} columns, from 0."
    )


def _figure(result: ClipResult, args: Namespace) -> Figure:
    from widgets.views.clip.figure import ClipFigure

    options = ClipOptions.of(args)
    if options.weights == "rollout" and result.why_no_rollout:
        raise BadOption(f"--weights rollout: {result.why_no_rollout}")
    n_layers, n_heads = result.pattern.shape[:2]
    layer = within("layer", n_layers - 1 if args.layer is None else args.layer, n_layers)
    frame = within("frame", args.frame, len(result.frames))
    return ClipFigure(result, layer, within("head", args.head or 0, n_heads), options, frame)


COMMANDS = {
    "clip": FigureCommand(
        "what a place in a film attends to, over its frames; GIF, WebP and MP4 play it",
        ("group", "layer", "head"),
        _figure,
        _requests,
        ClipOptions,
        _add_arguments,
        has_film=True,
    )
}
