"""Options of n-grams, and their figure on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

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
    unit: Literal["words", "tokens"] = choice(
        "words",
        {"words": "Words", "tokens": "Tokens"},
        "Of",
        "words and signs in lower case, or the tokens of the checkpoint, counted in a text file of yours",
        flag="unit",
    )
    blank: int = number(
        0, 0, MOST_SENTENCE_WORDS, "Blank", "Number of the word to guess; 0 for a typed [MASK] or __, or none"
    )

    def asked(self) -> dict[str, Any]:
        """The same for a request."""
        return asdict(self)


def _corpus(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--corpus", default="", metavar="FILE", help="a text file to count (default: what comes with Headlight)"
    )


def _request(args: Namespace, info: CheckpointInfo) -> NgramsRequest:
    options = NgramsOptions.of(args)
    corpus = os.path.abspath(args.corpus) if args.corpus else ""
    return NgramsRequest(args.checkpoint, text_of(args), corpus, **options.asked())


def _figure(result: NgramsResult, args: Namespace) -> Figure:
    from widgets.views.ngrams.figure import NgramsFigure

    options = NgramsOptions.of(args)
    return NgramsFigure(result, options.smoothing, args.checkpoint, options.unit)


COMMANDS = {
    "ngrams": FigureCommand(
        "the chain rule on a sentence, with n-gram models of a corpus",
        ("text",),
        _figure,
        _request,
        NgramsOptions,
        _corpus,
        aliases=("ngram",),
    )
}
