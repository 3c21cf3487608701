"""What holds of an order of frames, and how it is told."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from inference.results.order import OrderResult


def put_back(result: OrderResult, rank: int = 0) -> tuple[int, ...]:
    """The frames in one of the orders of the model, the likeliest being rank 0."""
    return tuple(result.order[i] for i in np.argsort(result.places[rank]).tolist())


def pairs_in_order(order: tuple[int, ...]) -> tuple[int, int]:
    """How many pairs of frames stand as in the film, and how many pairs there are."""
    pairs = list(combinations(order, 2))
    return sum(first < second for first, second in pairs), len(pairs)


def shares(result: OrderResult) -> np.ndarray:
    """float64 [order]: softmax of the scores of all orders."""
    weights = np.exp(result.scores.astype(np.float64) - result.scores.max())
    return weights / weights.sum()


def rank_of_shown(result: OrderResult) -> int:
    """Which rank the order has in which the frames are shown."""
    as_shown = np.arange(len(result.order))
    return int(np.flatnonzero((result.places == as_shown).all(1))[0])


def named(result: OrderResult, rank: int) -> str:
    """One of the orders of the model in letters: numbers of frames in the film, as every view has them."""
    return " ".join(str(result.frames[i]) for i in np.argsort(result.places[rank]).tolist())


def all_numbers(result: OrderResult) -> dict[str, np.ndarray]:
    """Arrays for NPZ, whatever is shown."""
    return {
        "order": np.array(result.order),
        "order_axes": np.array(["place"]),
        "frames": np.array(result.frames),
        "sentences": np.array(result.sentences, np.str_),
        "seen": result.seen,
        "seen_axes": np.array(["place", "pixel row", "pixel column", "red green blue"]),
        "text_frame": result.text_frame,
        "text_frame_axes": np.array(["sentence", "place", "other film, same time, before, after"]),
        "frame_frame": result.frame_frame,
        "frame_frame_axes": np.array(["place", "place", "other film, same time, before, after"]),
        "orders": np.array([put_back(result, rank) for rank in range(len(result.places))]),
        "orders_axes": np.array(["rank", "place"]),
        "scores": result.scores,
        "scores_axes": np.array(["rank"]),
        "cosines": result.cosines,
        "cosines_axes": np.array(["sentence", "place"]),
        "temperature": np.array(result.temperature),
        "words": np.array(result.words.words, np.str_),
        "received": result.received,
        "received_axes": np.array(["word"]),
        "is_top": result.is_top,
        "is_masked": result.is_masked,
    }
