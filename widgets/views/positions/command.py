"""Options of position encodings, and their figures on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from inference.results.positions import PositionsRequest, PositionsResult, PositionTable
from widgets.figure_command import BadOption, FigureCommand
from widgets.options import Options, choice, number

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class PositionsOptions(Options):
    """What is shown of a checkpoint's encoding."""

    show: Literal["grid", "both", "values", "similarity"] = choice(
        "grid",
        {
            "grid": "Maps on the image's grid",
            "both": "Table and similarity",
            "values": "Table",
            "similarity": "Similarity",
        },
        "Show",
        "maps on the image's grid, where positions lie in an image, else the table and how alike positions are",
    )
    length: int = number(512, 1, 4096, "Positions", "Positions")


@dataclass(frozen=True)
class SinusoidsOptions(Options):
    """How large the table of sinusoids is. Which pair of its dimensions is looked at is chosen in the picture."""

    d_model: int = number(128, 2, 4096, "Dimensions", "Dimensions", step=2, is_slider=True)
    length: int = number(64, 1, 4096, "Positions", "Positions", is_slider=True)


def _add_table(parser: ArgumentParser) -> None:
    parser.add_argument("--table", type=int, default=0, metavar="N", help="which encoding, if there are several")


def _request(args: Namespace, info: CheckpointInfo) -> PositionsRequest:
    return PositionsRequest(args.checkpoint, args.length)


def _table(result: PositionsResult, args: Namespace) -> PositionTable:
    n_tables = len(result.tables)
    if not 0 <= args.table < n_tables:
        raise BadOption(f"There is no table {args.table}; there are {n_tables}, counted from 0. {result.note}".strip())
    return result.tables[args.table]


def _figure(result: PositionsResult, args: Namespace) -> Figure:
    from widgets.views.positions.figure import PositionsFigure
    from widgets.views.positions.position_grid import PositionGridFigure

    table, show = _table(result, args), PositionsOptions.of(args).show
    n_heads = len(table.similarity)
    if not 0 <= (args.head or 0) < n_heads:
        raise BadOption(f"There is no head {args.head}: {table.name} has {n_heads}, counted from 0.")
    if show == "grid" and table.grid is not None:
        return PositionGridFigure(table, args.head or 0, note=result.note_of(table))
    return PositionsFigure(table, args.head or 0, "both" if show == "grid" else show, result.note_of(table))


def _arrays(result: PositionsResult, args: Namespace) -> dict[str, np.ndarray]:
    table = _table(result, args)
    return {"table": table.values, "similarity": table.similarity}


def _add_pair(parser: ArgumentParser) -> None:
    parser.add_argument("--pair", type=int, default=0, metavar="I", help="dimensions shown as waves (default: 0)")


def _sinusoids_figure(_: None, args: Namespace) -> Figure:
    from widgets.views.positions.sinusoids import SinusoidsFigure

    n_pairs = args.d_model // 2
    if args.d_model % 2:
        raise BadOption(f"--d-model is {args.d_model}; sines and cosines come in pairs, so it has to be even.")
    if not 0 <= args.pair < n_pairs:
        raise BadOption(f"There is no pair {args.pair}; there are {n_pairs}, counted from 0.")
    return SinusoidsFigure(args.d_model, args.length, args.pair)


COMMANDS = {
    "positions": FigureCommand(
        "how the checkpoint encodes positions",
        ("head", "unused_text"),
        _figure,
        _request,
        PositionsOptions,
        _add_table,
        _arrays,
    ),
    "sinusoids": FigureCommand(
        "the sinusoids of 2017; needs no checkpoint",
        (),
        _sinusoids_figure,
        options=SinusoidsOptions,
        add_arguments=_add_pair,
    ),
}
