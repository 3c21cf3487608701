"""Options of attention over patches, and its figure on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.patches import PatchesRequest, PatchesResult
from widgets.figure_command import BadOption, FigureCommand, Requests, group_of, image_of, row_and_column, within
from widgets.views.patches.options import PatchesOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class _OfImage:
    """One query's row of every map; for numbers those of all queries too."""

    row: PatchesResult
    whole: AttentionResult | None


def _add_query(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--query",
        type=_patch_or_cls,
        metavar="ROW,COL|cls",
        help="which patch attends, from 0 (default: cls, or the middle patch)",
    )


def _patch_or_cls(text: str) -> tuple[int, int] | Literal["cls"]:
    return "cls" if text.lower() == "cls" else row_and_column(text)


def _requests(args: Namespace, info: CheckpointInfo) -> Requests:
    group, image = group_of(args, info), image_of(args)
    row: PatchesResult = yield PatchesRequest(args.checkpoint, image, group)
    query = _query(args, row)
    if query != row.query:
        row = yield PatchesRequest(args.checkpoint, image, group, query)
    whole = None
    if args.out.suffix.lower() == ".npz":
        layers, heads = (() if number is None else (number,) for number in (args.layer, args.head))
        whole = yield AttentionRequest(args.checkpoint, image, group, layers, heads)
    return _OfImage(row, whole)


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
    return 0 if args.query == "cls" else row.query


def _figure(result: _OfImage, args: Namespace) -> Figure:
    from widgets.views.patches.figure import PatchesFigure

    row, options = result.row, PatchesOptions.of(args)
    n_layers, n_heads = row.pattern.shape[:2]
    weights = options.weights
    if weights != "raw" and not (row.weighted if weights == "weighted" else row.rollout).size:
        raise BadOption(f"--weights {weights}: {' '.join(row.notes) or 'not known for this checkpoint.'}")
    if weights == "rollout" and options.show == "heads":
        raise BadOption("--show heads: a rollout goes over all heads; show head or layers.")
    layer = within("layer", n_layers - 1 if args.layer is None else args.layer, n_layers)
    return PatchesFigure(row, layer, within("head", args.head or 0, n_heads), options)


def _arrays(result: _OfImage, args: Namespace) -> dict[str, np.ndarray]:
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


COMMANDS = {
    "patches": FigureCommand(
        "what a patch of an image attends to, over the image; NPZ holds the pattern of all queries",
        ("image", "group", "layer", "head"),
        _figure,
        _requests,
        PatchesOptions,
        _add_query,
        _arrays,
    )
}
