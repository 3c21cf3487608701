"""A caption as numbers."""

from __future__ import annotations

import numpy as np

from inference.results.caption import CaptionResult
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.writing.expected import words_of
from widgets.writing.numbers import (
    expected_words,
    likeliest_cells,
    text_arrays,
    token_cells,
    tree_arrays,
    written_arrays,
)

_HEADER = (
    "place", "token", "id", "origin", "surprisal in bits", "surprisal without the image in bits", "expected",
    "probability of expected", "row looked at most", "column", "attention", "what is there",
)  # fmt: skip


def caption_numbers(result: CaptionResult, weights: np.ndarray) -> Numbers:
    """A row a token in the order of writing, with what was expected there and which patch was looked at most.

    Parameters
    ----------
    weights
        float32 [target, patch]: what was attended to when each token was written; the first row knows nothing.
    """
    written, picture = result.written, result.picture
    words, expected = words_of(written.tokens), expected_words(written)
    rows: list[tuple[str | int | float, ...]] = []
    for place in range(len(words)):
        row: tuple[int, int] | tuple[str, str] = ("", "")
        weight, thing = float("nan"), ""
        if 0 < place < len(weights):
            best = int(np.argmax(weights[place]))
            row, weight = divmod(best, picture.grid[1]), float(weights[place, best])
            thing = thing_at_patch(result, best)
        has_control = place < len(result.blind_surprisal)
        rows.append(
            (
                *token_cells(written, place, words),
                float(result.blind_surprisal[place]) if has_control else float("nan"),
                *likeliest_cells(written, place, expected),
                *row,
                weight,
                thing,
            )
        )
    arrays = {
        "tokens": words,
        **written_arrays(written),
        "blind_surprisal": result.blind_surprisal,
        "pattern": result.pattern.reshape(*result.pattern.shape[:3], *picture.grid),
        "is_from_end": np.array(result.is_from_end),
        "is_blind": np.array(result.is_blind),
        "other_way": np.array(clean(result.other_way), np.str_),
        **tree_arrays(result.tree),
        **text_arrays(result.hypotheses),
    }
    return Numbers(arrays, _HEADER, rows)


def thing_at_patch(result: CaptionResult, patch: int) -> str:
    """What was painted in the middle of a patch; empty where nothing was, or where nobody knows."""
    picture = result.picture
    row, column = divmod(patch, picture.grid[1])
    left, top, right, bottom = picture.box
    x = left + (column + 0.5) / picture.grid[1] * (right - left)
    y = top + (row + 0.5) / picture.grid[0] * (bottom - top)
    return picture.thing_at(x, y)
