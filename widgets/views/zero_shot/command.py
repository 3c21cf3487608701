"""Zero-shot classification on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.zero_shot import (
    ZeroShotRequest,
    ZeroShotResult,
    ZeroShotTestRequest,
    ZeroShotTestResult,
)
from widgets.figure_command import FigureCommand, compared_of, image_title
from widgets.views.zero_shot.options import ZeroShotOptions, ZeroShotTestOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


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
    from widgets.views.zero_shot.confusion_figure import ZeroShotTestFigure

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
