"""The figure of the next sentence on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.next_sentence import NextSentenceRequest, NextSentenceResult
from widgets.figure_command import FigureCommand, text_of

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> NextSentenceRequest:
    return NextSentenceRequest(args.checkpoint, text_of(args))


def _figure(result: NextSentenceResult, args: Namespace) -> Figure:
    from widgets.views.next_sentence.figure import NextSentenceFigure

    return NextSentenceFigure(result)


COMMANDS = {"next-sentence": FigureCommand("whether sentence B follows sentence A", ("text",), _figure, _request)}
