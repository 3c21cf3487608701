"""The figures that the command line can make: their options, what they ask the engine, and how they are drawn.

A new figure is one entry of `FIGURES`.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from importlib import import_module

import numpy as np

from app.commands.attention_figures import ATTENTION_FIGURES
from app.commands.image_figures import IMAGE_FIGURES
from inference.results.checkpoint import CheckpointInfo
from inference.results.layer_times import LayerTimesRequest
from inference.results.mask_lab import MaskLabRequest, MaskLabResult
from inference.results.masked import MaskedRequest, MaskedResult
from inference.results.next_sentence import NextSentenceRequest, NextSentenceResult
from inference.results.positions import PositionsRequest, PositionsResult, PositionTable
from inference.results.scaled_dot import ScaledDotRequest, ScaledDotResult
from widgets.figure_command import BadOption as BadOption
from widgets.figure_command import FigureCommand, Requests, group_of, text_of, within
from widgets.figures.figure import Figure
from widgets.registry import VIEWS

# Requests


def _dot_product_request(args: Namespace, info: CheckpointInfo) -> ScaledDotRequest:
    group = group_of(args, info)
    return ScaledDotRequest(args.checkpoint, text_of(args), group, args.layer or 0, args.head or 0, args.query)


def _masked_request(args: Namespace, info: CheckpointInfo) -> MaskedRequest:
    return MaskedRequest(args.checkpoint, text_of(args), args.top_k or 10)


def _mask_lab_request(args: Namespace, info: CheckpointInfo) -> MaskLabRequest:
    return MaskLabRequest(args.checkpoint, text_of(args), args.seed, args.rate, args.top_k or 5)


def _next_sentence_request(args: Namespace, info: CheckpointInfo) -> NextSentenceRequest:
    return NextSentenceRequest(args.checkpoint, text_of(args))


def _positions_request(args: Namespace, info: CheckpointInfo) -> PositionsRequest:
    return PositionsRequest(args.checkpoint, args.length)


# Figures; each imports its own module, so that one command waits for no other


def _dot_product_figure(result: ScaledDotResult, args: Namespace) -> Figure:
    from widgets.views.scaled_dot.figure import ScaledDotFigure

    return ScaledDotFigure(result)


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


def _masked_figure(result: MaskedResult, args: Namespace) -> Figure:
    from widgets.views.masked.figure import MaskedFigure

    layer = None if args.layer is None else 1 + within("layer", args.layer, len(result.layer_words) - 1)
    return MaskedFigure(result, layer=layer)


def _mask_lab_figure(result: MaskLabResult, args: Namespace) -> Figure:
    from widgets.views.masked.mask_lab import MaskLabFigure

    return MaskLabFigure(result)


def _next_sentence_figure(result: NextSentenceResult, args: Namespace) -> Figure:
    from widgets.views.next_sentence.figure import NextSentenceFigure

    return NextSentenceFigure(result)


# Arrays


def _positions_arrays(result: PositionsResult, args: Namespace) -> dict[str, np.ndarray]:
    table = _table(result, args)
    return {"table": table.values, "similarity": table.similarity}


def _masked_arrays(result: MaskedResult, args: Namespace) -> dict[str, np.ndarray]:
    return {
        "tokens": np.array(result.tokens.words),
        "positions": result.positions,
        "words": np.array(result.words),
        "ids": result.ids,
        "probs": result.probs,
        "original": np.array(result.original),
        "original_probs": result.original_probs,
        "layer_words": np.array(result.layer_words),
        "layer_probs": result.layer_probs,
    }


def _table(result: PositionsResult, args: Namespace) -> PositionTable:
    n_tables = len(result.tables)
    if not 0 <= args.table < n_tables:
        raise BadOption(f"There is no table {args.table}; there are {n_tables}, counted from 0. {result.note}".strip())
    return result.tables[args.table]


FIGURES: dict[str, FigureCommand] = {
    **ATTENTION_FIGURES,
    "dot-product": FigureCommand(
        "the attention formula with the numbers of one query",
        ("text", "group", "layer", "head", "query"),
        _dot_product_figure,
        _dot_product_request,
    ),
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
    "masked": FigureCommand(
        "words for every mask, layer by layer",
        ("text", "mask", "layer", "top_k"),
        _masked_figure,
        _masked_request,
        arrays=_masked_arrays,
    ),
    "mask-lab": FigureCommand(
        "BERT's training task on a sentence", ("text", "seed", "top_k"), _mask_lab_figure, _mask_lab_request
    ),
    "next-sentence": FigureCommand(
        "whether sentence B follows sentence A", ("text",), _next_sentence_figure, _next_sentence_request
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
