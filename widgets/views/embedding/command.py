"""The figures of word vectors on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.counts import count_of
from inference.results.embedding import (
    AnalogyRequest,
    AnalogyResult,
    EmbeddingRequest,
    EmbeddingResult,
    SlidingWindowRequest,
    SlidingWindowResult,
    VectorSource,
)
from widgets.figure_command import BadOption, FigureCommand, text_of
from widgets.views.embedding.options import AnalogyOptions, SlidingWindowOptions, WordMapOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def words_in(text: str) -> tuple[str, ...]:
    """Words between commas or spaces, each once."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _source_arguments(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    about = "word vectors: Headlight's .npz, word2vec's text or binary, GloVe, fastText .vec, each also .gz"
    either.add_argument("--vectors", metavar="FILE", help=f"{about} (default: those that come with Headlight)")
    either.add_argument("--tokens", action="store_true", help="the token embeddings of the checkpoint instead")


def _source_of(args: Namespace) -> VectorSource:
    if args.tokens:
        return VectorSource("tokens")
    return VectorSource("file", os.path.abspath(args.vectors)) if args.vectors else VectorSource()


def _map_arguments(parser: ArgumentParser) -> None:
    _source_arguments(parser)
    parser.add_argument("--words", default="", metavar="WORD,...", help="what is on the map, with --show typed")
    parser.add_argument("--near", dest="word", default="", metavar="WORD", help="list the nearest words of this one")


def _map_request(args: Namespace, info: CheckpointInfo) -> EmbeddingRequest:
    options, typed = WordMapOptions.of(args), words_in(args.words)
    if options.show == "typed" and not typed:
        raise BadOption("--show typed needs --words, such as --words king,queen,man,woman.")
    if typed and options.show != "typed":
        raise BadOption("--words goes with --show typed.")
    return EmbeddingRequest(
        args.checkpoint,
        _source_of(args),
        options.words(typed),
        options.frequent,
        options.projection,
        args.word,
        options.near,
        options.seed,
    )


def _map_figure(result: EmbeddingResult, args: Namespace) -> Figure:
    from widgets.views.embedding.map_figure import WordMapFigure

    return WordMapFigure(result)


def _analogy_arguments(parser: ArgumentParser) -> None:
    _source_arguments(parser)
    about = "A is to B as C is to which?"
    parser.add_argument("--words", default="man,woman,king", metavar="A,B,C", help=f"{about} (default: man,woman,king)")


def _analogy_request(args: Namespace, info: CheckpointInfo) -> AnalogyRequest:
    words = [word for word in args.words.replace(",", " ").split() if word]
    if len(words) != 3:
        raise BadOption(f"--words has {count_of(len(words), 'words')}; an analogy needs three, such as man,woman,king.")
    a, b, c = words
    return AnalogyRequest(args.checkpoint, _source_of(args), a, b, c, AnalogyOptions.of(args).answers)


def _analogy_figure(result: AnalogyResult, args: Namespace) -> Figure:
    from widgets.views.embedding.analogy_figure import AnalogyFigure

    return AnalogyFigure(result)


def _window_arguments(parser: ArgumentParser) -> None:
    _source_arguments(parser)
    parser.add_argument("--place", type=int, default=0, metavar="N", help="place of the window, from 0 (default: 0)")


def _window_request(args: Namespace, info: CheckpointInfo) -> SlidingWindowRequest:
    options = SlidingWindowOptions.of(args)
    of = (args.checkpoint, text_of(args), _source_of(args))
    return SlidingWindowRequest(*of, options.window, options.negatives, options.sample, options.seed)


def _window_figure(result: SlidingWindowResult, args: Namespace) -> Figure:
    from widgets.views.embedding.window_figure import SlidingWindowFigure

    if args.place and not 0 <= args.place < len(result.steps):
        raise BadOption(f"There is no place {args.place}; the window has {len(result.steps)}, counted from 0.")
    return SlidingWindowFigure(result, args.place)


COMMANDS = {
    "embedding": FigureCommand(
        "a map of words by their vectors, and the nearest words of one",
        (),
        _map_figure,
        _map_request,
        WordMapOptions,
        _map_arguments,
        names_checkpoint=False,
    ),
    "analogy": FigureCommand(
        "a is to b as c is to which: a parallelogram of word vectors",
        (),
        _analogy_figure,
        _analogy_request,
        AnalogyOptions,
        _analogy_arguments,
        names_checkpoint=False,
    ),
    "sliding-window": FigureCommand(
        "what word2vec makes of a text at one place of its window",
        ("text",),
        _window_figure,
        _window_request,
        SlidingWindowOptions,
        _window_arguments,
        names_checkpoint=False,
    ),
}
