"""Options of the family tree, and its figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from widgets.figure_command import FigureCommand
from widgets.options import Options, choice
from widgets.views.pretrained.models import MODELS

if TYPE_CHECKING:
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class PretrainedOptions(Options):
    """Whose card stands below the tree."""

    model: str = choice(
        "bert", {model.key: model.name for model in MODELS}, "Model", "of which is told what went into it"
    )


def _figure(_result: None, args: Namespace) -> Figure:
    from widgets.views.pretrained.figure import FamilyTree

    return FamilyTree(PretrainedOptions.of(args).model)


COMMANDS = {
    "family-tree": FigureCommand(
        "pretrained language models, 2015 to 2020, and what went into one of them",
        (),
        _figure,
        options=PretrainedOptions,
    )
}
