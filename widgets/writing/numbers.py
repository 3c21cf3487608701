"""A text that a model has written, as arrays for files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.results.decoding import BeamTree, Hypothesis, Written
from widgets.kit.clean import clean


def expected_words(written: Written) -> np.ndarray:
    """str [pos, k]: what was expected at each place, the likeliest first; empty where nothing is known."""
    vocabulary = np.array([*(clean(word) for word in written.vocabulary), ""], np.str_)  # -1 is the last
    return vocabulary[written.candidates]


def token_cells(written: Written, place: int, words: np.ndarray) -> tuple[str | int | float, ...]:
    """A row of a table: place, token, id, whether it was given, and its surprisal in bits."""
    origin = "given" if place < written.n_given else "written"
    return place, str(words[place]), int(written.tokens.ids[place]), origin, float(written.surprisal[place])


def likeliest_cells(written: Written, place: int, expected: np.ndarray) -> tuple[str, float]:
    """What was expected most there, and its probability; `expected` is `expected_words(written)`."""
    if not place or not expected.shape[1]:
        return "", float("nan")
    return str(expected[place, 0]), float(written.probs[place, 0])


def written_arrays(written: Written) -> dict[str, np.ndarray]:
    """Tokens, and what was expected at each place; see `Written`."""
    return {
        "ids": written.tokens.ids,
        "n_given": np.array(written.n_given),
        "surprisal": written.surprisal,
        "candidates": expected_words(written),
        "candidate_ids": written.candidate_ids,
        "probs": written.probs,
        "chances": written.chances,
        "text": np.array(clean(written.text), np.str_),
    }


def text_arrays(hypotheses: Sequence[Hypothesis]) -> dict[str, np.ndarray]:
    """The best texts of a beam search; nothing without one."""
    if not hypotheses:
        return {}
    return {
        "texts": np.array([clean(each.text) for each in hypotheses], np.str_),
        "text_scores": np.array([each.score for each in hypotheses], np.float32),
        "text_log_probs": np.array([each.log_prob for each in hypotheses], np.float32),
    }


def tree_arrays(tree: BeamTree | None) -> dict[str, np.ndarray]:
    """All nodes of a beam search; nothing without one."""
    if tree is None:
        return {}
    return {
        "node_parents": tree.parents,
        "node_depths": tree.depths,
        "node_ids": tree.ids,
        "node_log_probs": tree.log_probs,
        "node_kinds": tree.kinds,
    }
