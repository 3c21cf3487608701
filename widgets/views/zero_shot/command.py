"""Options of zero-shot classification, and its figures on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.zero_shot import (
    MOST_TESTED,
    ZeroShotRequest,
    ZeroShotResult,
    ZeroShotTestRequest,
    ZeroShotTestResult,
)
from widgets.figure_command import FigureCommand, compared_of, image_title
from widgets.options import MOST_SEED, Options, number, switch, words

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure

_PARTED = "|"


@dataclass(frozen=True)
class ZeroShotOptions(Options):
    """How labels become texts, and how many are shown."""

    templates: str = words(
        "a photo of a {}", "Templates", "sentences with {} where the label goes; several parted by | are averaged"
    )
    top_k: int = number(5, 1, 20, "Labels", "labels that are shown for each image", flag="top")

    @property
    def each_template(self) -> tuple[str, ...]:
        """The templates one by one."""
        return templates_of(self.templates)


@dataclass(frozen=True)
class ZeroShotTestOptions(Options):
    """What is tested, and how its counts are shown."""

    portraits: int = number(
        200, 2, MOST_TESTED, "Portraits", "generated images of one thing, where no folder is given", step=50
    )
    seed: int = number(0, 0, MOST_SEED, "Seed", "decides which portraits are painted")
    has_numbers: bool = switch(True, "Numbers", "Write the counts into cells that have room.", flag="numbers")


def templates_of(text: str) -> tuple[str, ...]:
    """Templates that were typed in one line; blank ones are left out."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(_PARTED) if part.strip()))


def _request(args: Namespace, info: CheckpointInfo) -> ZeroShotRequest:
    given = compared_of(args)
    return ZeroShotRequest(args.checkpoint, given.images, given.texts, ZeroShotOptions.of(args).each_template)


def _figure(result: ZeroShotResult, args: Namespace) -> Figure:
    from widgets.views.zero_shot.figure import ZeroShotFigure

    given = compared_of(args)
    return ZeroShotFigure(result, tuple(map(image_title, given.images)), given.texts, ZeroShotOptions.of(args))


def _add_test_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--folder", metavar="FOLDER", help="with a folder of images for each label, called as it is")
    usual = ZeroShotOptions().templates
    parser.add_argument("--templates", default=usual, metavar="TEXT", help="as of zero-shot")


def _test_request(args: Namespace, info: CheckpointInfo) -> ZeroShotTestRequest:
    options = ZeroShotTestOptions.of(args)
    folder = os.path.abspath(args.folder) if args.folder else ""
    templates = ZeroShotOptions(args.templates).each_template
    return ZeroShotTestRequest(args.checkpoint, folder, templates, options.portraits, options.seed)


def _test_figure(result: ZeroShotTestResult, args: Namespace) -> Figure:
    from widgets.views.zero_shot.test_figure import ZeroShotTestFigure

    name = os.path.basename(os.path.normpath(args.folder)) if args.folder else ""
    return ZeroShotTestFigure(result, name, ZeroShotTestOptions.of(args))


COMMANDS = {
    "zero-shot": FigureCommand(
        "which of some labels each image is given",
        ("comparison",),
        _figure,
        _request,
        ZeroShotOptions,
    ),
    "zero-shot-test": FigureCommand(
        "how often the right label is told, beside a linear probe",
        (),
        _test_figure,
        _test_request,
        ZeroShotTestOptions,
        _add_test_arguments,
    ),
}
