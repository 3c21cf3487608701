"""Options of sparse patterns, and their figure on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.layer_times import LayerTimesRequest
from widgets.figure_command import BadOption, FigureCommand, within
from widgets.options import Options, choice, number, switch
from widgets.views.sparse.patterns import PATTERNS, Parameters, Pattern

if TYPE_CHECKING:
    from widgets.kit.figure import Figure

ALL = "all"
_LENGTHS = (
    (128, 256, 512, 1024, 2048),
    (64, 128, 256, 512),
    (256, 512, 1024, 2048, 4096, 8192),
    (1024, 2048, 4096, 8192, 16384),
)
_START = LayerTimesRequest()


@dataclass(frozen=True)
class SparseOptions(Options):
    """Which pattern, its parameters, and what is shown of it."""

    show: Literal["patterns", "cost", "complexity"] = choice(
        "patterns",
        {"patterns": "Patterns", "cost": "Cost", "complexity": "Complexity"},
        "Show",
        "cells and reach, cost, or the complexity of layer types",
    )
    pattern: str = choice(
        ALL,
        {ALL: "All side by side", **{name: kind.title for name, kind in PATTERNS.items()}},
        "Pattern",
        "one of them, or all side by side",
    )
    n: int = number(64, 1, 512, "Tokens n", "Tokens of the text", flag="tokens", is_slider=True)
    layers: int = number(1, 1, 24, "Layers k", "Layers through which information travels", is_slider=True)
    d_model: int = number(
        64, 1, 65_536, "Dimensions d", "Of queries, keys and values, for the cost", step=16, is_slider=True
    )
    window: int = number(
        8, 0, 512, "Window w", "Keys beside the query itself, half of them before it", step=2, is_slider=True
    )
    dilation: int = number(2, 1, 16, "Dilation", "Distance of the keys of a dilated window", is_slider=True)
    n_global: int = number(
        2, 0, 64, "Global g", "The first so many tokens see all and are seen by all", flag="globals", is_slider=True
    )
    n_random: int = number(
        2, 0, 8, "Random r", "Random blocks that each block of queries sees", flag="random", is_slider=True
    )
    block_size: int = number(4, 1, 64, "Block b", "Tokens of a block", flag="block", is_slider=True)
    seed: int = number(0, 0, 999, "Seed", "Of the random blocks", is_slider=True)
    as_in_code: bool = switch(
        False,
        "Random as in the code",
        "The published code draws random blocks from the first 2 r + 5 blocks only, the paper from all of them",
    )

    @property
    def parameters(self) -> Parameters:
        """What a pattern is made of."""
        return Parameters(
            self.n, self.window, self.dilation, self.n_global, self.n_random, self.block_size, self.seed,
            self.as_in_code,
        )  # fmt: skip

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The chosen one, or all."""
        names = tuple(PATTERNS) if self.pattern == ALL else (self.pattern,)
        return tuple(Pattern.of(name, self.parameters) for name in names)


def _title(lengths: tuple[int, ...]) -> str:
    return f"{lengths[0]:,} \N{EN DASH} {lengths[-1]:,}"


@dataclass(frozen=True)
class LayerOptions(Options):
    """Sizes of the layer types that are timed."""

    lengths: int = choice(0, {i: _title(lengths) for i, lengths in enumerate(_LENGTHS)}, "Lengths n", "of the text")
    d: int = number(_START.d_model, 16, 1024, "Dimensions d", "Of what goes in and out", step=16, is_slider=True)
    r: int = number(
        _START.neighbourhood, 2, 512, "Neighbourhood r", "Of restricted self-attention", step=2, is_slider=True
    )
    k: int = choice(3, {k: str(k) for k in (3, 5, 7, 9, 15)}, "Kernel k", "width of the convolution")
    repeats: int = choice(5, {n: str(n) for n in (5, 3, 9, 15)}, "Repetitions", "of which the median is taken")

    @property
    def request(self) -> LayerTimesRequest:
        """What the engine is asked."""
        return LayerTimesRequest(_LENGTHS[self.lengths], self.d, self.k, self.r, self.repeats)


@dataclass(frozen=True)
class KindOptions(Options):
    """What is shown of a checkpoint's map."""

    tint: int = number(
        70, 0, 100, "Tint of kinds", "How strongly the kinds of cells tint the map, in per cent", is_slider=True
    )


def _add_query(parser: ArgumentParser) -> None:
    parser.add_argument("--query", type=int, metavar="POS", help="whose receptive field is shown (default: at a third)")


def _figure(_: None, args: Namespace) -> Figure:
    from widgets.views.sparse.figures.complexity import SparseComplexityFigure
    from widgets.views.sparse.figures.cost import SparseCostFigure
    from widgets.views.sparse.figures.pattern import SparsePatternFigure
    from widgets.views.sparse.figures.patterns import SparsePatternsFigure

    options = SparseOptions.of(args)
    if options.show == "complexity":
        return SparseComplexityFigure(LayerTimesRequest())
    if options.window % 2:
        raise BadOption(f"--window is {options.window}; half of it lies on either side, so it has to be even.")
    patterns = options.patterns
    if options.show == "cost":
        full = Pattern.of("full", options.parameters)
        return SparseCostFigure(patterns if full in patterns else (full, *patterns), options.d_model)
    query = options.n // 3 if args.query is None else within("query", args.query, options.n)
    if len(patterns) == 1:
        return SparsePatternFigure(patterns[0], options.layers, query)
    return SparsePatternsFigure(patterns, options.layers, query)


COMMANDS = {
    "sparse-patterns": FigureCommand(
        "attention patterns: their cells, reach and cost; needs no checkpoint",
        (),
        _figure,
        options=SparseOptions,
        add_arguments=_add_query,
    )
}
