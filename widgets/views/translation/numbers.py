"""A translation as numbers."""

from __future__ import annotations

import numpy as np

from inference.results.translation import TranslationResult
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


def translation_numbers(result: TranslationResult, weights: np.ndarray) -> Numbers:
    """A row a token of the target, with what was expected there and what was attended to most.

    Parameters
    ----------
    weights
        float [target, source]: what was attended to when each was written.
    """
    written = result.written
    source, target = words_of(result.source), words_of(written.tokens)
    expected = expected_words(written)
    rows: list[tuple[str | int | float, ...]] = []
    for place in range(len(target)):
        has_row = 0 < place < len(weights)
        best = int(np.argmax(weights[place])) if has_row else -1
        rows.append(
            (
                *token_cells(written, place, target),
                *likeliest_cells(written, place, expected),
                str(source[best]) if has_row else "",
                float(weights[place, best]) if has_row else float("nan"),
            )
        )
    arrays = {
        "source": source,
        "target": target,
        **written_arrays(written),
        "pattern": result.pattern,
        **tree_arrays(result.tree),
        **text_arrays(result.hypotheses),
    }
    header = (
        "place", "token", "id", "origin", "surprisal in bits", "expected", "probability of expected",
        "attended to most when written", "attention",
    )  # fmt: skip
    return Numbers(arrays, header, rows)
