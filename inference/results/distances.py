"""How far a network carries what it has read: in tokens, as far as it is right, and in operations on the way.

The length of a path is the number of operations between reading a token and what is written of it. An operation is what
a sublayer computes at one place: a step of an LSTM, an attention, a network of two layers, or the matrix of the head.
Norms belong to their sublayer, and sums pass on what they are given: a residual connection is no operation. A test
counts the same along torch's own graph of a network that is written out place by place.

References
----------
Vaswani et al. 2017, section 4 and table 1 (maximum path length: 1 of self-attention, n of a recurrent network);
Bahdanau et al. 2015, section 1 (a sentence in one state of fixed length).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from inference.results.training import ModelSizes, Task

SOLVED = 0.95  # of the letters at a distance


def distance_of_place(place: int) -> int:
    """Tokens from a letter to where it is written, both the end of the source and the start of the target counted.

    A string is written backwards: what is written at `place`, from 0, was read so many letters before the end.
    """
    return 2 * (place + 1)


def longest_solved(counts: np.ndarray) -> int:
    """The longest distance that is solved: there and at every shorter one, `SOLVED` of the letters are right; else 0.

    Parameters
    ----------
    counts
        int [2, place]: right letters, and all letters that were measured, by their place in the target.
    """
    solved = 0
    for place, (n_right, n) in enumerate(counts.T.tolist()):
        if n and n_right < SOLVED * n:
            break
        if n:
            solved = distance_of_place(place)
    return solved


def distances(task: Task, n: int) -> tuple[int, ...]:
    """The distances of which paths are told, from the shortest one, up to the letters or tokens of a text of `n`."""
    if task == "reversal":
        return tuple(distance_of_place(place) for place in range(n))
    return tuple(range(1, n + 1))


def path_length(task: Task, sizes: ModelSizes, distance: int) -> int:
    """Operations on the shortest path from a token to what is written so many tokens later.

    Parameters
    ----------
    distance
        One of `distances`. In a reversal it is that of the first letter of a string, which is written last.
    """
    if sizes.architecture == "transformer":
        # All layers pass the token on; one attention carries it over, unless it is told where it was read.
        return 1 if task == "causal" and distance == 1 else 2
    if task == "causal":
        return state_path_length(task, sizes, distance)
    return sizes.n_layers + 3  # up the encoder; attention, output and head


def state_path_length(task: Task, sizes: ModelSizes, distance: int) -> int:
    """The same past the attention: through the states of a recurrent network alone."""
    if task == "causal":
        return distance - 1 + sizes.n_layers + 1  # from state to state; up the layers, and the head
    n = distance // 2
    # Up the encoder, into the first state of the decoder, on from state to state and up; output and head.
    return sizes.n_layers + 1 + n + (sizes.n_layers - 1) + 2
