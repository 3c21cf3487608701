"""Options of tokenizers, and their figures on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from inference.results.tokenization import (
    MOST_TRAINING_LETTERS,
    SAMPLE_TEXT,
    CompareRequest,
    CompareResult,
    CutRequest,
    CutResult,
    VocabularyRequest,
    VocabularyResult,
)
from widgets.figure_command import BadOption, FigureCommand, text_of, within
from widgets.views.tokenization.options import ComparisonOptions, VocabularyOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _of_training(parser: ArgumentParser) -> None:
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="a short text to learn from (default: a sample)")
    parser.add_argument("--step", type=int, metavar="N", help="step to show, counted from 0 (default: the last)")


def _vocabulary_request(args: Namespace, info: CheckpointInfo) -> VocabularyRequest:
    options = VocabularyOptions.of(args)
    if options.chosen_by != "count" and options.algorithm != "wordpiece":
        raise BadOption("--chosen-by score goes with --algorithm wordpiece.")
    return VocabularyRequest(_corpus(args.corpus), options.algorithm, options.n_pieces, options.chosen_by)


def _corpus(path: Path | None) -> str:
    if path is None:
        return SAMPLE_TEXT
    most = 4 * MOST_TRAINING_LETTERS  # bytes
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
        text = content.decode("utf-8-sig") if len(content) <= most else ""
    except OSError as error:
        raise BadOption(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadOption(f"{path.name} is no text in UTF-8: byte {error.start:,} is none.") from error
    if not text and content:
        raise BadOption(f"{path.name} has more than {most:,} bytes; so much is not learned from.")
    return text


def _vocabulary_figure(result: VocabularyResult, args: Namespace) -> Figure:
    from widgets.views.tokenization.vocabulary_figure import VocabularyFigure

    last = len(result.steps) - 1
    step = last if args.step is None else within("step", args.step, last + 1)
    return VocabularyFigure(result, VocabularyOptions.of(args), step)


def _of_cutting(parser: ArgumentParser) -> None:
    parser.add_argument("--word", type=int, metavar="N", help="word to draw, counted from 0 (default: the longest)")


def _cut_request(args: Namespace, info: CheckpointInfo) -> CutRequest:
    return CutRequest(args.checkpoint, text_of(args))


def _cut_figure(result: CutResult, args: Namespace) -> Figure:
    from widgets.views.tokenization.cut_figure import CutFigure, most_telling

    word = most_telling(result) if args.word is None else within("word", args.word, len(result.words))
    return CutFigure(result, word)


def _of_comparing(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--with",
        action="append",
        default=[],
        dest="others",
        metavar="NAME_OR_PATH",
        help="another checkpoint",
    )
    parser.add_argument("--own", default="", metavar="TEXT", help="a sentence of yours beside those in 12 languages")
    parser.add_argument("--sentence", type=int, default=0, metavar="N", help="whose tokens are shown, counted from 0")


def _compare_request(args: Namespace, info: CheckpointInfo) -> CompareRequest:
    return CompareRequest((args.checkpoint, *args.others), args.own)


def _compare_figure(result: CompareResult, args: Namespace) -> Figure:
    from widgets.views.tokenization.comparison_figure import ComparisonFigure

    sentence = within("sentence", args.sentence, len(result.texts))
    return ComparisonFigure(result, ComparisonOptions.of(args).measure, sentence)


COMMANDS = {
    "vocabulary": FigureCommand(
        "how a vocabulary of subwords is built from a short text, at one of its steps",
        (),
        _vocabulary_figure,
        _vocabulary_request,
        VocabularyOptions,
        _of_training,
    ),
    "tokenizer": FigureCommand(
        "how the checkpoint's tokenizer cuts the text, and how the tokens of one word come about",
        ("text",),
        _cut_figure,
        _cut_request,
        add_arguments=_of_cutting,
    ),
    "compare-tokenizers": FigureCommand(
        "the same sentences in several languages, cut by the tokenizers of several checkpoints",
        (),
        _compare_figure,
        _compare_request,
        ComparisonOptions,
        _of_comparing,
    ),
}
