"""The figures that the command line can make: their options, what they ask the engine, and how they are drawn.

A new figure is one entry of `FIGURES`.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from importlib import import_module

import numpy as np

from app.commands.image_figures import IMAGE_FIGURES
from inference.results.checkpoint import CheckpointInfo
from inference.results.layer_times import LayerTimesRequest
from inference.results.positions import PositionsRequest, PositionsResult, PositionTable
from widgets.figure_command import BadOption as BadOption
from widgets.figure_command import FigureCommand, Requests, within
from widgets.figures.figure import Figure
from widgets.registry import VIEWS

# Requests


def _positions_request(args: Namespace, info: CheckpointInfo) -> PositionsRequest:
    return PositionsRequest(args.checkpoint, args.length)


# Figures; each imports its own module, so that one command waits for no other


def _positions_figure(result: PositionsResult, args: Namespace) -> Figure:
    from widgets.views.positions.figure import PositionsFigure
    from widgets.views.positions.position_grid import PositionGridFigure

    table = _table(result, args)
    n_heads = len(table.similarity)
    if not 0 <= (args.head or 0) < n_heads:
        raise BadOption(f"There is no head {args.head}: {table.name} has {n_heads}, counted from 0.")
    if table.grid is not None:
        return PositionGridFigure(table, args.head or 0, note=result.note)
    return PositionsFigure(table, args.head or 0, note=result.note)


def _sinusoids_figure(_: None, args: Namespace) -> Figure:
    from widgets.views.positions.sinusoids import SinusoidsFigure

    n_pairs = args.d_model // 2
    if args.d_model % 2:
        raise BadOption(f"--d-model is {args.d_model}; sines and cosines come in pairs, so it has to be even.")
    if not 0 <= args.pair < n_pairs:
        raise BadOption(f"There is no pair {args.pair}; there are {n_pairs}, counted from 0.")
    return SinusoidsFigure(args.d_model, args.length, args.pair)


def _sparse_patterns_figure(_: None, args: Namespace) -> Figure:
    from widgets.views.sparse.figures.complexity import SparseComplexityFigure
    from widgets.views.sparse.figures.cost import SparseCostFigure
    from widgets.views.sparse.figures.pattern import SparsePatternFigure
    from widgets.views.sparse.figures.patterns import SparsePatternsFigure
    from widgets.views.sparse.patterns import PATTERNS, Parameters, Pattern

    if args.show == "complexity":
        return SparseComplexityFigure(LayerTimesRequest())
    if args.window % 2:
        raise BadOption(f"--window is {args.window}; half of it lies on either side, so it has to be even.")
    parameters = Parameters(
        args.tokens, args.window, args.dilation, args.globals, args.random, args.block, args.seed, args.as_in_code
    )
    names = tuple(PATTERNS) if args.pattern == "all" else (args.pattern,)
    patterns = tuple(Pattern.of(name, parameters) for name in names)
    if args.show == "cost":
        full = Pattern.of("full", parameters)
        return SparseCostFigure(patterns if full in patterns else (full, *patterns), args.d_model)
    query = args.tokens // 3 if args.query is None else within("query", args.query, args.tokens)
    if len(patterns) == 1:
        return SparsePatternFigure(patterns[0], args.layers, query)
    return SparsePatternsFigure(patterns, args.layers, query)


# Arrays


def _positions_arrays(result: PositionsResult, args: Namespace) -> dict[str, np.ndarray]:
    table = _table(result, args)
    return {"table": table.values, "similarity": table.similarity}


def _table(result: PositionsResult, args: Namespace) -> PositionTable:
    n_tables = len(result.tables)
    if not 0 <= args.table < n_tables:
        raise BadOption(f"There is no table {args.table}; there are {n_tables}, counted from 0. {result.note}".strip())
    return result.tables[args.table]


FIGURES: dict[str, FigureCommand] = {
    "positions": FigureCommand(
        "how the checkpoint encodes positions",
        ("table", "head", "unused_text"),
        _positions_figure,
        _positions_request,
        arrays=_positions_arrays,
    ),
    "sinusoids": FigureCommand("the sinusoids of 2017; needs no checkpoint", ("sinusoids",), _sinusoids_figure),
    "sparse-patterns": FigureCommand(
        "attention patterns: their cells, reach and cost; needs no checkpoint", ("sparse",), _sparse_patterns_figure
    ),
    **IMAGE_FIGURES,
    **{
        name: import_module(f"widgets.views.{entry.name}.command").COMMANDS[name]
        for entry in VIEWS
        for name in entry.figures
    },
}


def answer_all(requests: Requests, ask: Callable[[object], object]) -> object:
    """Ask one after the other, and return what comes of it."""
    result: object = None
    while True:
        try:
            request = requests.send(result)
        except StopIteration as end:
            return end.value
        result = ask(request)
