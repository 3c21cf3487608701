"""The figures that the command line can make: their options, what they ask the engine, and how they are drawn.

A new figure is one entry of `FIGURES`.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from importlib import import_module

from app.commands.image_figures import IMAGE_FIGURES
from inference.results.layer_times import LayerTimesRequest
from widgets.figure_command import BadOption as BadOption
from widgets.figure_command import FigureCommand, Requests, within
from widgets.kit.figure import Figure
from widgets.registry import VIEWS

# Requests


# Figures; each imports its own module, so that one command waits for no other


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


FIGURES: dict[str, FigureCommand] = {
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
