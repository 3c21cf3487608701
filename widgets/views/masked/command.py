"""Options of masked words and of the mask lab, and their figures on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.results.mask_lab import MaskLabRequest, MaskLabResult
from inference.results.masked import MaskedRequest, MaskedResult
from widgets.figure_command import FigureCommand, text_of, within
from widgets.options import MOST_SEED, Options, number, share

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class MaskedOptions(Options):
    """What is asked about masked words."""

    top_k: int = number(10, 1, 100, "Words for each mask", "Words for each mask")


@dataclass(frozen=True)
class MaskLabOptions(Options):
    """Which tokens the training task chooses, and what is asked about them."""

    seed: int = number(0, 0, MOST_SEED, "Seed", "Which tokens are chosen")
    rate: float = share(0.15, "Chosen", "Share that is chosen")
    top_k: int = number(5, 1, 100, "Words for each mask", "Words for each mask")


def _masked_request(args: Namespace, info: CheckpointInfo) -> MaskedRequest:
    return MaskedRequest(args.checkpoint, text_of(args), args.top_k)


def _masked_figure(result: MaskedResult, args: Namespace) -> Figure:
    from widgets.views.masked.figure import MaskedFigure

    layer = None if args.layer is None else 1 + within("layer", args.layer, len(result.layer_words) - 1)
    return MaskedFigure(result, layer=layer)


def _masked_arrays(result: MaskedResult, args: Namespace) -> dict[str, np.ndarray]:
    return {
        "tokens": np.array(result.tokens.words),
        "positions": result.positions,
        "words": np.array(result.words),
        "ids": result.ids,
        "probs": result.probs,
        "original": np.array(result.original),
        "original_probs": result.original_probs,
        "layer_words": np.array(result.layer_words),
        "layer_probs": result.layer_probs,
    }


def _mask_lab_request(args: Namespace, info: CheckpointInfo) -> MaskLabRequest:
    return MaskLabRequest(args.checkpoint, text_of(args), args.seed, args.rate, args.top_k)


def _mask_lab_figure(result: MaskLabResult, args: Namespace) -> Figure:
    from widgets.views.masked.mask_lab import MaskLabFigure

    return MaskLabFigure(result)


COMMANDS = {
    "masked": FigureCommand(
        "words for every mask, layer by layer",
        ("text", "mask", "layer"),
        _masked_figure,
        _masked_request,
        MaskedOptions,
        arrays=_masked_arrays,
    ),
    "mask-lab": FigureCommand(
        "BERT's training task on a sentence", ("text",), _mask_lab_figure, _mask_lab_request, MaskLabOptions
    ),
}
