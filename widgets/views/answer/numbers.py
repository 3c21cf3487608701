"""An answer as numbers."""

from __future__ import annotations

import numpy as np

from inference.results.answer import AnswerResult
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.views.answer.overlay import token_boxes
from widgets.writing.expected import words_of
from widgets.writing.numbers import expected_words, text_arrays, tree_arrays, written_arrays

_HEADER = (
    "place", "token", "id", "origin", "surprisal in bits", "expected", "probability of expected",
    "attention to the image", "attention to the first token", "image token looked at most", "x0", "y0", "x1", "y1",
    "attention",
)  # fmt: skip


def answer_numbers(result: AnswerResult, weights: np.ndarray) -> Numbers:
    """A row a token: what was expected there, how much of the attention went to the image, and where most of it.

    Parameters
    ----------
    weights
        float32 [target, image token]: what was looked at when each token was written; the first row knows nothing.
    """
    written = result.written
    words, expected = words_of(written.tokens), expected_words(written)
    boxes, of_grid = token_boxes(result)
    first = result.first.mean((0, 1)) if result.first.size else np.empty(0, np.float32)
    rows: list[tuple[str | int | float, ...]] = []
    for place, word in enumerate(words.tolist()):
        looked: tuple[str | int | float, ...] = (float("nan"), float("nan"), "", "", "", "", "", float("nan"))
        if 0 < place < len(weights) and weights.shape[1]:
            best = int(np.argmax(weights[place]))
            box = boxes[best].tolist() if of_grid[best] >= 0 else [""] * 4
            at_first = float(first[place - 1]) if place - 1 < len(first) else float("nan")
            looked = (float(weights[place].sum()), at_first, best, *box, float(weights[place, best]))
        rows.append(
            (
                place,
                word,
                int(written.tokens.ids[place]),
                "given" if place < written.n_given else "written",
                float(written.surprisal[place]),
                str(expected[place, 0]) if place and expected.shape[1] else "",
                float(written.probs[place, 0]) if place and expected.shape[1] else float("nan"),
                *looked,
            )
        )
    arrays = {
        "tokens": words,
        **written_arrays(written),
        "prompt": np.array(clean(result.prompt), np.str_),
        "pattern": result.pattern,
        "pattern_axes": np.array(["layer", "head", "target", "image_token"], np.str_),
        "heads_are": np.array(result.heads_are),
        "attention_to_first_token": result.first,
        "boxes": boxes,
        "grid_of_token": of_grid,
        "image_size": np.array(result.picture.size),
        "relevance": np.empty(0, np.float32) if result.relevance is None else result.relevance,
        "through": np.empty((0, 0), np.float32) if result.through is None else result.through,
        "relevance_of": np.array(result.relevance_of, np.int64),
        **tree_arrays(result.tree),
        **text_arrays(result.hypotheses),
    }
    return Numbers(arrays, _HEADER, rows)
