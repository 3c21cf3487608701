"""Options of n-grams, and their figure on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.ngrams import MOST_ORDER, MOST_SENTENCE_WORDS, NgramsRequest, NgramsResult
from widgets.figure_command import FigureCommand, text_of
from widgets.options import Options, choice, number

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class NgramsOptions(Options):
    """Which n-gram model explains the sentence, and what is guessed."""

    order: int = number(3, 1, MOST_ORDER, "Order", "Words of the longest n-grams")
    smoothing: Literal["interpolated", "back-off"] = choice(
        "interpolated",
        {"interpolated": "Interpolated", "back-off": "Back-off"},
        "Smoothing",
        "interpolated: shorter histories always have a say; back-off: only where the longer ones never saw the word",
    )
    blank: int = number(
        0, 0, MOST_SENTENCE_WORDS, "Blank", "Number of the word to guess; 0 for a typed [MASK] or __, or none"
    )


def _corpus(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--corpus", default="", metavar="FILE", help="a text file to count (default: what comes with Headlight)"
    )


def _request(args: Namespace, info: CheckpointInfo) -> NgramsRequest:
    options = NgramsOptions.of(args)
    corpus = os.path.abspath(args.corpus) if args.corpus else ""
    return NgramsRequest(args.checkpoint, text_of(args), corpus, options.order, options.smoothing, options.blank)


def _figure(result: NgramsResult, args: Namespace) -> Figure:
    from widgets.views.ngrams.figure import NgramsFigure

    return NgramsFigure(result, NgramsOptions.of(args).smoothing, args.checkpoint)


COMMANDS = {
    "ngrams": FigureCommand(
        "the chain rule on a sentence, with n-gram models of a corpus",
        ("text",),
        _figure,
        _request,
        NgramsOptions,
        _corpus,
    )
}
