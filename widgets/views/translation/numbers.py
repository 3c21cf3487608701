"""A translation as numbers."""

from __future__ import annotations

import numpy as np

from inference.results.translation import TranslationResult
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.writing.expected import words_of


def translation_numbers(result: TranslationResult, weights: np.ndarray) -> Numbers:
    """A row a token of the target, with what was expected there and what was attended to most.

    Parameters
    ----------
    weights
        float [target, source]: what was attended to when each was written.
    """
    written = result.written
    source, target = words_of(result.source), words_of(written.tokens)
    vocabulary = np.array([*(clean(word) for word in written.vocabulary), ""], np.str_)  # -1 is the last
    expected = vocabulary[written.candidates]
    rows: list[tuple[str | int | float, ...]] = []
    for place, word in enumerate(target.tolist()):
        has_row = 0 < place < len(weights)
        best = int(np.argmax(weights[place])) if has_row else -1
        rows.append(
            (
                place,
                word,
                int(written.tokens.ids[place]),
                "given" if place < written.n_given else "written",
                float(written.surprisal[place]),
                str(expected[place, 0]) if place and expected.shape[1] else "",
                float(written.probs[place, 0]) if place and expected.shape[1] else float("nan"),
                str(source[best]) if has_row else "",
                float(weights[place, best]) if has_row else float("nan"),
            )
        )
    arrays = {
        "source": source,
        "target": target,
        "ids": written.tokens.ids,
        "n_given": np.array(written.n_given),
        "surprisal": written.surprisal,
        "candidates": expected,
        "candidate_ids": written.candidate_ids,
        "probs": written.probs,
        "chances": written.chances,
        "pattern": result.pattern,
        "text": np.array(clean(written.text), np.str_),
    }
    if result.tree is not None:
        tree = result.tree
        arrays |= {
            "node_parents": tree.parents,
            "node_depths": tree.depths,
            "node_ids": tree.ids,
            "node_log_probs": tree.log_probs,
            "node_kinds": tree.kinds,
            "texts": np.array([clean(each.text) for each in result.hypotheses], np.str_),
            "text_scores": np.array([each.score for each in result.hypotheses], np.float32),
            "text_log_probs": np.array([each.log_prob for each in result.hypotheses], np.float32),
        }
    header = (
        "place", "token", "id", "origin", "surprisal in bits", "expected", "probability of expected",
        "attended to most when written", "attention",
    )  # fmt: skip
    return Numbers(arrays, header, rows)
