"""Runs as the engine would tell of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference.results.training import StepLog, TrainingPlan, TrainingRequest, TrainingResult, Validation

SECONDS_A_STEP = 0.25
LAYERS = ("embedding", "encoder 0", "decoder 0")


def make_request(folder, n_steps=40, **wishes):
    return TrainingRequest(str(folder), plan=TrainingPlan(n_steps), **wishes)


def make_result(n_done, *, first=0, layers=LAYERS, seconds=1.0):
    """Of a reversal of `abc`, by the numbers of its steps alone, from step `first` on."""
    steps = np.arange(n_done)
    log = StepLog(
        first,
        (3.0 / (1 + 0.1 * steps)).astype(np.float32)[first:],
        0.001 / (1 + steps)[first:],
        (np.ones((n_done, len(layers))) * (1 + steps[:, None] % 7) * (1 + np.arange(len(layers))))[first:].astype("f4"),
        SECONDS_A_STEP * (1.0 + steps)[first:],
        np.zeros((n_done - first, 0), np.float32),
    )
    looks = [step for step in range(0, n_done + 1, 10) if step > first or first == 0]
    seen = tuple(
        Validation(
            step,
            3.0 / (1 + step),
            min(1.0, step / 40),
            "cba"[: step // 10],
            _pattern(step),
            SECONDS_A_STEP * step,
            _counts(step),
        )
        for step in looks
    )
    return TrainingResult(
        n_done, seconds, layers, log, seen, "exact match of whole strings", "abc", ("c", "b", "a", "</s>"),
        ("a", "b", "c", "</s>"), (("always the same", 0.1),), ("Strings.",),
    )  # fmt: skip


def make_read(n_done, words=("[CLS]", "a", "cat", "[SEP]"), **changes):
    """Of masked words: the same numbers, with the attention of a sentence to itself."""
    changes = {"watched": "a cat", "watching": "text", "rows": words, "columns": words} | changes
    return replace(make_result(n_done), example="a [MASK]", measure="masked words that are found", **changes)


def _counts(step):
    """Of 3 places, and of 5 in longer strings: the first ones are right first."""
    n_right = step // 10
    within = [[20 if place < n_right else 4 for place in range(3)] + [0, 0], [20, 20, 20, 0, 0]]
    longer = [[10 if place + 2 < n_right else 1 for place in range(5)], [10] * 5]
    return np.array([within, longer], np.int32)


def _pattern(step):
    """[2, 2, 4, 4]: even at first, an anti-diagonal later."""
    sharp = np.zeros((2, 2, 4, 4), np.float32)
    sharp[..., np.arange(4), [2, 1, 0, 3]] = 1.0
    share = min(1.0, step / 40)
    return (share * sharp + (1 - share) / 4).astype(np.float32)
