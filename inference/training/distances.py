"""How far a network carries a letter: what it writes right, by how many tokens lie between reading and writing it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

MOST_LONGER = 32  # letters that a string may have beyond those of training


def longest_string(most: int) -> int:
    """Letters of the longest string that is measured, where training has at most so many."""
    return most + min(most, MOST_LONGER)


def counts_by_place(written: Tensor, letters: Tensor) -> Tensor:
    """Right letters and all letters, int64 [2, place] by their place in the target.

    Parameters
    ----------
    written
        int64 [n, any], what was written.
    letters
        int64 [n, place], what is right; below 0 where there is no letter.
    """
    n = letters.shape[1]
    found = F.pad(written, (0, max(0, n - written.shape[1])), value=-1)[:, :n]
    is_letter = letters >= 0
    return torch.stack([(is_letter & (found == letters)).sum(0), is_letter.sum(0)])


def joined_counts(within: Tensor, longer: Tensor) -> np.ndarray:
    """Both kinds of `counts_by_place` as `Validation.by_distance` has them."""
    n = max(within.shape[1], longer.shape[1])
    return torch.stack([F.pad(part, (0, n - part.shape[1])) for part in (within, longer)]).int().numpy()
