"""Options of logit attribution, and its figure on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.attribution import MOST_WORDS, AttributionRequest, AttributionResult
from widgets.figure_command import BadOption, FigureCommand, text_of
from widgets.options import Options, choice, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure

_WORDS = {"1": "Likeliest", **{str(rank): f"Number {rank}" for rank in range(2, MOST_WORDS + 1)}, "true": "True one"}


@dataclass(frozen=True)
class AttributionOptions(Options):
    """Which logit is taken apart."""

    word: str = choice("1", _WORDS, "Word", "whose logit is taken apart, by its rank, or the one that is true")
    against: str = choice(
        "none", {"none": "Nothing", **_WORDS}, "Minus", "word whose logit is taken off: what tells one from the other"
    )
    has_numbers: bool = switch(True, "Numbers", "Write what each part adds, where there is room.", flag="numbers")

    def place_of(self, word: str, result: AttributionResult) -> int | None:
        """Which word of a result `word` or `against` means; None where it has none such."""
        if word == "true":
            return None if result.target < 0 else result.target
        return int(word) - 1 if word != "none" and int(word) <= len(result.words) else None


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--position", type=int, metavar="POSITION", help="token at which the word is told (default: the last)"
    )


def _request(args: Namespace, info: CheckpointInfo) -> AttributionRequest:
    return AttributionRequest(args.checkpoint, text_of(args), args.position)


def _figure(result: AttributionResult, args: Namespace) -> Figure:
    from widgets.views.attribution.figure import AttributionFigure

    options = AttributionOptions.of(args)
    for name, word in (("word", options.word), ("against", options.against)):
        if word != "none" and options.place_of(word, result) is None:
            has = (
                "the text does not say which word is true" if word == "true" else f"{len(result.words)} words are told"
            )
            raise BadOption(f"--{name} {word} was asked for; at position {result.position} {has}.")
    return AttributionFigure(result, options)


COMMANDS = {
    "attribution": FigureCommand(
        "what every part of a model adds to the logit of a word",
        ("text", "mask"),
        _figure,
        _request,
        AttributionOptions,
        _add_arguments,
    )
}
