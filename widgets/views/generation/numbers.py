"""A text that was written on, as numbers."""

from __future__ import annotations

import numpy as np

from inference.results.decoding import Cut
from inference.results.generation import GenerationResult
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.writing.expected import words_of
from widgets.writing.numbers import expected_words, likeliest_cells, text_arrays, token_cells, written_arrays

_HEADER = (
    "place", "token", "id", "origin", "surprisal in bits", "probability", "chosen with", "expected",
    "probability of expected", "cut off", "attended to most when chosen", "attention",
)  # fmt: skip


def generation_numbers(result: GenerationResult, weights: np.ndarray) -> Numbers:
    """A row a token, with what was expected there and what was attended to most.

    Parameters
    ----------
    weights
        float32 [pos, key_pos]: what was attended to when each was chosen; the first row knows nothing.
    """
    written, words = result.written, words_of(result.written.tokens)
    expected = expected_words(written)
    rows: list[tuple[str | int | float, ...]] = []
    for place in range(len(words)):
        has_row = 0 < place < len(weights)
        best = int(np.argmax(weights[place])) if has_row else -1
        taken = int(written.taken[place])
        rows.append(
            (
                *token_cells(written, place, words),
                float(2.0 ** -written.surprisal[place]),
                float(written.chances[place, taken]) if taken >= 0 else float("nan"),
                *likeliest_cells(written, place, expected),
                int((written.cuts[place] != Cut.NONE).sum()),
                str(words[best]) if has_row else "",
                float(weights[place, best]) if has_row else float("nan"),
            )
        )
    arrays = {
        "tokens": words,
        **written_arrays(written),
        "cuts": written.cuts,
        "pattern": result.pattern,
        "layers": np.array(result.layers),
        "cache_bytes": np.array(result.cache_bytes),
        **text_arrays(result.hypotheses),
    }
    if result.prompt:
        arrays["prompt"] = np.array(clean(result.prompt), np.str_)
    return Numbers(arrays, _HEADER, rows)
