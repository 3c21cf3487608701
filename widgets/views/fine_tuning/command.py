"""Figures of fine-tuning on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.fine_tuning import (
    FineTuningRequest,
    FineTuningResult,
    LabelledExamplesRequest,
    LabelledExamplesResult,
    PublishedTableRequest,
    PublishedTableResult,
)
from inference.results.prediction import PredictionRequest, PredictionResult
from inference.results.request import Capability
from inference.results.transfer import TransferRequest, TransferResult
from widgets.figure_command import FigureCommand, Requests, text_of, within
from widgets.views.fine_tuning.options import FineTuningOptions, PublishedOptions, TransferOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _of_study(parser: ArgumentParser) -> None:
    parser.add_argument("--study", default="", metavar="NAME", help="a bundled checkpoint that comes with such numbers")


def _examples_request(args: Namespace, info: CheckpointInfo) -> LabelledExamplesRequest:
    return LabelledExamplesRequest(args.study)


def _examples_figure(result: LabelledExamplesResult, args: Namespace) -> Figure:
    from widgets.views.fine_tuning.examples_figure import ExamplesFigure

    return ExamplesFigure(result.study)


def _of_base(parser: ArgumentParser) -> None:
    parser.add_argument("--base", default="", metavar="NAME_OR_PATH", help="what it was fine-tuned from, if no adapter")


def _attention_request(args: Namespace, info: CheckpointInfo) -> Requests:
    found = yield FineTuningRequest(args.checkpoint, text_of(args), args.base)
    told = None
    if Capability.PREDICTION in info.capabilities:
        told = yield PredictionRequest(args.checkpoint, text_of(args))
    return found, told


def _attention_figure(results: tuple[FineTuningResult, PredictionResult | None], args: Namespace) -> Figure:
    from widgets.views.fine_tuning.attention_figure import FineTunedAttentionFigure

    found, told = results
    head = within("head", args.head or 0, found.pattern.shape[2])
    options = FineTuningOptions.of(args)
    if args.head is not None:
        options = FineTuningOptions("head", options.hide_special)
    return FineTunedAttentionFigure(found, options, head, told)


def _published_request(args: Namespace, info: CheckpointInfo) -> PublishedTableRequest:
    return PublishedTableRequest(PublishedOptions.of(args).table)


def _published_figure(result: PublishedTableResult, args: Namespace) -> Figure:
    from widgets.views.fine_tuning.published_figure import PublishedFigure

    return PublishedFigure(result)


def transfer_request(checkpoint: str, options: TransferOptions) -> TransferRequest:
    """The job that measures what is chosen."""
    return TransferRequest(
        checkpoint, options.most, options.tested, options.runs, options.label_scenes, options.scratch
    )


def _transfer_request(args: Namespace, info: CheckpointInfo) -> TransferRequest:
    return transfer_request(args.checkpoint, TransferOptions.of(args))


def _transfer_figure(result: TransferResult, args: Namespace) -> Figure:
    from widgets.views.fine_tuning.examples_figure import ExamplesFigure

    return ExamplesFigure(result.study)


COMMANDS = {
    "fine-tuning": FigureCommand(
        "accuracy by the number of labelled examples, with and without pre-training",
        (),
        _examples_figure,
        _examples_request,
        add_arguments=_of_study,
        names_checkpoint=False,
    ),
    "fine-tuned-attention": FigureCommand(
        "what [CLS], or the last token of a GPT, attends to before and after fine-tuning",
        ("text", "head"),
        _attention_figure,
        _attention_request,
        FineTuningOptions,
        _of_base,
        names_checkpoint=False,
    ),
    "published": FigureCommand(
        "a published table of what pre-training buys: GLUE, or VirTex",
        (),
        _published_figure,
        _published_request,
        PublishedOptions,
        names_checkpoint=False,
    ),
    "transfer": FigureCommand(
        "accuracy on portraits by the number of labelled ones: as it is, random, trained on labels, from scratch",
        (),
        _transfer_figure,
        _transfer_request,
        TransferOptions,
    ),
}
