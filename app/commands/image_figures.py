"""The figures about pictures that the command line can make."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.checkpoint import CheckpointInfo
from inference.results.classes import ClassesRequest, ClassesResult
from inference.results.complete_image import CompleteImageRequest, CompleteImageResult
from inference.results.image import ImageRequest, ImageResult
from inference.results.masked_image import MaskedImageRequest, MaskedImageResult
from inference.results.patches import PatchesRequest, PatchesResult
from inference.results.probe import ProbeRequest, ProbeResult
from widgets.figure_command import BadOption, FigureCommand, Requests, group_of, image_of, within

if TYPE_CHECKING:
    from widgets.figures.figure import Figure


@dataclass(frozen=True)
class _Patches:
    """One query's row of every map; for numbers those of all queries too."""

    row: PatchesResult
    whole: AttentionResult | None


def image_name(args: Namespace) -> str:
    """The same for a caption."""
    if args.image is not None:
        return os.path.basename(args.image)
    return f"scene {args.scene}" if args.scene is not None else f"portrait {args.portrait}"


# Requests


def _patches_requests(args: Namespace, info: CheckpointInfo) -> Requests:
    group, picture = group_of(args, info), image_of(args)
    row: PatchesResult = yield PatchesRequest(args.checkpoint, picture, group, 0)
    query = _query(args, row)
    if query:
        row = yield PatchesRequest(args.checkpoint, picture, group, query)
    whole = None
    if args.out.suffix.lower() == ".npz":
        layers, heads = (() if number is None else (number,) for number in (args.layer, args.head))
        whole = yield AttentionRequest(args.checkpoint, picture, group, layers, heads)
    return _Patches(row, whole)


def _query(args: Namespace, row: PatchesResult) -> int:
    """Position of the query."""
    n_rows, n_columns = row.grid
    if args.query == "cls" and not row.n_special:
        raise BadOption("--query cls: this checkpoint has no class token; give a row and a column such as 3,5.")
    if isinstance(args.query, tuple):
        at_row, at_column = args.query
        if not (0 <= at_row < n_rows and 0 <= at_column < n_columns):
            raise BadOption(
                f"There is no patch {at_row},{at_column}; there are {n_rows} rows and {n_columns} columns, from 0."
            )
        return row.n_special + at_row * n_columns + at_column
    return 0 if row.n_special else n_rows // 2 * n_columns + n_columns // 2


def _classes_request(args: Namespace, info: CheckpointInfo) -> ClassesRequest:
    return ClassesRequest(args.checkpoint, image_of(args))


def _masked_image_request(args: Namespace, info: CheckpointInfo) -> MaskedImageRequest:
    return MaskedImageRequest(args.checkpoint, image_of(args), args.mask, args.share, args.seed, args.top_k)


def _complete_image_requests(args: Namespace, info: CheckpointInfo) -> Requests:
    picture = image_of(args)
    if args.keep is None:
        seen: ImageResult = yield ImageRequest(args.checkpoint, picture)
        n_rows, n_columns = seen.grid
        args.keep = n_rows // 2 * n_columns
    result: CompleteImageResult = yield CompleteImageRequest(
        args.checkpoint, picture, args.keep, args.count, args.seed, args.temperature, args.top_p
    )
    return result


def _probe_request(args: Namespace, info: CheckpointInfo) -> ProbeRequest:
    return ProbeRequest(args.checkpoint, args.train, args.test, args.seed)


# Figures; each imports its own module, so that one command waits for no other


def _patches_figure(result: _Patches, args: Namespace) -> Figure:
    from widgets.figures.image_parts import Look
    from widgets.views.patches.figure import PatchesFigure

    row = result.row
    n_layers, n_heads = row.pattern.shape[:2]
    weights: Literal["raw", "weighted", "rollout"] = args.weights
    if weights != "raw" and not (row.weighted if weights == "weighted" else row.rollout).size:
        raise BadOption(f"--weights {weights}: {' '.join(row.notes) or 'not known for this checkpoint.'}")
    if weights == "rollout" and args.show == "heads":
        raise BadOption("--show heads: a rollout goes over all heads; show head or layers.")
    return PatchesFigure(
        row,
        within("layer", n_layers - 1 if args.layer is None else args.layer, n_layers),
        within("head", args.head or 0, n_heads),
        weights,
        args.show,
        Look(args.opacity, args.smooth, not args.no_grid, args.spotlight),
    )


def _classes_figure(result: ClassesResult, args: Namespace) -> Figure:
    from widgets.views.classes.figure import ClassesFigure

    row = None if args.layer is None else 1 + within("layer", args.layer, len(result.probabilities) - 1)
    return ClassesFigure(result, row, args.top_k)


def _masked_image_figure(result: MaskedImageResult, args: Namespace) -> Figure:
    from widgets.views.masked_image.figure import MaskedImageFigure

    patch = None
    if args.patch is not None:
        row, column = args.patch
        patch = row * result.grid[1] + column
        if not (0 <= column < result.grid[1] and patch in result.masked):
            raise BadOption(f"Patch {row},{column} is not masked, so nothing is expected there.")
    return MaskedImageFigure.of(result, patch)


def _complete_image_figure(result: CompleteImageResult, args: Namespace) -> Figure:
    from widgets.views.complete_image.figure import CompleteImageFigure

    return CompleteImageFigure(result, args.keep, shows_surprisal=args.surprise)


def _probe_figure(result: ProbeResult, args: Namespace) -> Figure:
    from widgets.views.complete_image.probe import ProbeFigure

    return ProbeFigure(result)


# Arrays


def _patches_arrays(result: _Patches, args: Namespace) -> dict[str, np.ndarray]:
    row, whole = result.row, result.whole
    if whole is None:  # no NPZ is written
        return {}
    return {
        "pattern": whole.pattern,
        "layers": np.array(whole.layers),
        "heads": np.array(whole.heads),
        "tokens": np.array(whole.key_tokens.words),
        "grid": np.array(row.grid),
        "n_special": np.array(row.n_special),
        "query": np.array(row.query),
        "weighted": row.weighted,
        "rollout": row.rollout,
        "seen": row.seen,
    }


IMAGE_FIGURES: dict[str, FigureCommand] = {
    "patches": FigureCommand(
        "what a patch of a picture looks at, over the picture; NPZ holds the pattern of all queries",
        ("image", "group", "layer", "head", "patch_query", "overlay"),
        _patches_figure,
        _patches_requests,
        arrays=_patches_arrays,
    ),
    "classes": FigureCommand(
        "what a model calls a picture, layer by layer",
        ("image", "layer", "classes"),
        _classes_figure,
        _classes_request,
    ),
    "masked-image": FigureCommand(
        "what a model expects behind masked patches",
        ("image", "masked_image"),
        _masked_image_figure,
        _masked_image_request,
    ),
    "complete-image": FigureCommand(
        "how an Image GPT goes on with a picture; GIF, WebP and MP4 show it grow",
        ("image", "complete_image"),
        _complete_image_figure,
        _complete_image_requests,
        has_film=True,
    ),
    "probe": FigureCommand(
        "how much a linear classifier reads from each layer of an Image GPT",
        ("probe",),
        _probe_figure,
        _probe_request,
    ),
}
