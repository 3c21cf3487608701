"""The figures that the command line can make: their options, what they ask the engine, and how they are drawn.

A new figure is one entry of `FIGURES`.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.results import (
    AttentionRequest,
    AttentionResult,
    CheckpointInfo,
    HeadsRequest,
    HeadsResult,
    LayerTimesRequest,
    MaskedRequest,
    MaskedResult,
    MaskLabRequest,
    MaskLabResult,
    NextSentenceRequest,
    NextSentenceResult,
    PositionsRequest,
    PositionsResult,
    PositionTable,
    ScaledDotRequest,
    ScaledDotResult,
    TextInput,
)
from widgets.figures.figure import Figure


class BadOption(ValueError):
    """An option does not fit the checkpoint or the input; the text is one sentence for the user."""


@dataclass(frozen=True)
class FigureCommand:
    """One figure by its name on the command line.

    Attributes
    ----------
    about
        What it shows, in a line.
    options
        Keys of `app.figure_options.OPTIONS`.
    request
        What the engine is asked; None for a figure that needs no checkpoint.
    figure
        Draws the result (None without a request).
    arrays
        What NPZ holds, where that is not what the picture shows.
    """

    about: str
    options: tuple[str, ...]
    figure: Callable[[Any, Namespace], Figure]
    request: Callable[[Namespace, CheckpointInfo], object] | None = None
    arrays: Callable[[Any, Namespace], dict[str, np.ndarray]] | None = None


# Requests


def _input(args: Namespace) -> TextInput:
    return TextInput(args.text or "", args.text_pair, args.token_ids, getattr(args, "mask", ()))


def _group_of(args: Namespace, info: CheckpointInfo) -> str:
    names = [group.name for group in info.groups]
    if args.group is None and names:
        return names[0]
    if args.group not in names:
        raise BadOption(f"{info.name} has no attention group {args.group!r}; it has {', '.join(names) or 'none'}.")
    return args.group


def _chosen(number: int | None, is_picture: bool) -> tuple[int, ...]:
    """One layer or head for a picture; for numbers all, unless one is asked for."""
    if number is None:
        return (0,) if is_picture else ()
    return (number,)


def _attention_request(args: Namespace, info: CheckpointInfo) -> AttentionRequest:
    is_picture = args.out.suffix.lower() != ".npz"
    heads = _chosen(args.head, is_picture) if args.aggregate == "head" or not is_picture else ()
    layers = _chosen(args.layer, is_picture)
    return AttentionRequest(args.checkpoint, _input(args), _group_of(args, info), layers, heads)


def _arcs_request(args: Namespace, info: CheckpointInfo) -> AttentionRequest:
    heads = _chosen(args.head, is_picture=False)
    return AttentionRequest(args.checkpoint, _input(args), _group_of(args, info), (args.layer or 0,), heads)


def _heads_request(args: Namespace, info: CheckpointInfo) -> HeadsRequest:
    return HeadsRequest(args.checkpoint, _input(args), _group_of(args, info))


def _dot_product_request(args: Namespace, info: CheckpointInfo) -> ScaledDotRequest:
    group = _group_of(args, info)
    return ScaledDotRequest(args.checkpoint, _input(args), group, args.layer or 0, args.head or 0, args.query)


def _masked_request(args: Namespace, info: CheckpointInfo) -> MaskedRequest:
    return MaskedRequest(args.checkpoint, _input(args), args.top_k or 10)


def _mask_lab_request(args: Namespace, info: CheckpointInfo) -> MaskLabRequest:
    return MaskLabRequest(args.checkpoint, _input(args), args.seed, args.rate, args.top_k or 5)


def _next_sentence_request(args: Namespace, info: CheckpointInfo) -> NextSentenceRequest:
    return NextSentenceRequest(args.checkpoint, _input(args))


def _positions_request(args: Namespace, info: CheckpointInfo) -> PositionsRequest:
    return PositionsRequest(args.checkpoint, args.length)


# Figures; each imports its own module, so that one command waits for no other


def _attention_figure(result: AttentionResult, args: Namespace) -> Figure:
    from widgets.figures.attention import AttentionFigure

    return AttentionFigure(
        result,
        result.layers[0],
        result.heads[0],
        aggregate=args.aggregate,
        normalisation=args.normalisation,
        hide_special=args.hide_special,
        merge_words=args.merge_words,
    )


def _heads_figure(result: HeadsResult, args: Namespace) -> Figure:
    from widgets.figures.heads import HeadsFigure

    selected = None
    if args.layer is not None or args.head is not None:
        n_layers, n_heads = result.thumbnails.shape[:2]
        selected = _within("layer", args.layer or 0, n_layers), _within("head", args.head or 0, n_heads)
    return HeadsFigure(result, selected=selected)


def _arcs_figure(result: AttentionResult, args: Namespace) -> Figure:
    from widgets.figures.arcs import ArcsFigure

    return ArcsFigure(result, threshold=args.threshold, hide_special=args.hide_special)


def _dot_product_figure(result: ScaledDotResult, args: Namespace) -> Figure:
    from widgets.figures.scaled_dot import ScaledDotFigure

    return ScaledDotFigure(result)


def _positions_figure(result: PositionsResult, args: Namespace) -> Figure:
    from widgets.figures.positions import PositionsFigure

    table = _table(result, args)
    n_heads = len(table.similarity)
    if not 0 <= (args.head or 0) < n_heads:
        raise BadOption(f"There is no head {args.head}: {table.name} has {n_heads}, counted from 0.")
    return PositionsFigure(table, args.head or 0, note=result.note)


def _sinusoids_figure(_: None, args: Namespace) -> Figure:
    from widgets.figures.sinusoids import SinusoidsFigure

    n_pairs = args.d_model // 2
    if args.d_model % 2:
        raise BadOption(f"--d-model is {args.d_model}; sines and cosines come in pairs, so it has to be even.")
    if not 0 <= args.pair < n_pairs:
        raise BadOption(f"There is no pair {args.pair}; there are {n_pairs}, counted from 0.")
    return SinusoidsFigure(args.d_model, args.length, args.pair)


def _sparse_patterns_figure(_: None, args: Namespace) -> Figure:
    from widgets.figures.sparse_complexity import SparseComplexityFigure
    from widgets.figures.sparse_cost import SparseCostFigure
    from widgets.figures.sparse_pattern import SparsePatternFigure
    from widgets.figures.sparse_patterns import SparsePatternsFigure
    from widgets.sparse.patterns import PATTERNS, Parameters, Pattern

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
    query = args.tokens // 3 if args.query is None else _within("query", args.query, args.tokens)
    if len(patterns) == 1:
        return SparsePatternFigure(patterns[0], args.layers, query)
    return SparsePatternsFigure(patterns, args.layers, query)


def _masked_figure(result: MaskedResult, args: Namespace) -> Figure:
    from widgets.figures.masked import MaskedFigure

    layer = None if args.layer is None else 1 + _within("layer", args.layer, len(result.layer_words) - 1)
    return MaskedFigure(result, layer=layer)


def _mask_lab_figure(result: MaskLabResult, args: Namespace) -> Figure:
    from widgets.figures.mask_lab import MaskLabFigure

    return MaskLabFigure(result)


def _next_sentence_figure(result: NextSentenceResult, args: Namespace) -> Figure:
    from widgets.figures.next_sentence import NextSentenceFigure

    return NextSentenceFigure(result)


def _within(what: str, number: int, n: int) -> int:
    if not 0 <= number < n:
        raise BadOption(f"There is no {what} {number}; there are {n}, counted from 0.")
    return number


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
    "attention": FigureCommand(
        "one head as a heat map; NPZ holds all layers and heads unless some are chosen",
        ("text", "group", "layer", "head", "attention", "special"),
        _attention_figure,
        _attention_request,
    ),
    "heads": FigureCommand(
        "every head of a group at a glance; a chosen one is framed",
        ("text", "group", "layer", "head"),
        _heads_figure,
        _heads_request,
    ),
    "arcs": FigureCommand(
        "the two token columns joined by lines, one head or all of a layer",
        ("text", "group", "layer", "head", "arcs", "special"),
        _arcs_figure,
        _arcs_request,
    ),
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
        _positions_arrays,
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
        _masked_arrays,
    ),
    "mask-lab": FigureCommand(
        "BERT's training task on a sentence", ("text", "seed", "top_k"), _mask_lab_figure, _mask_lab_request
    ),
    "next-sentence": FigureCommand(
        "whether sentence B follows sentence A", ("text",), _next_sentence_figure, _next_sentence_request
    ),
}
