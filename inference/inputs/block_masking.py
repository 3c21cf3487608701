"""Which patches BEiT is not shown: rectangles, until about the wanted share is covered."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

LEAST_ASPECT = 0.3
LEAST_SHARE = 16 / 196  # of a rectangle: 16 of the 14 x 14 patches of the paper
_N_TRIES = 10


def block_mask(n_rows: int, n_columns: int, share: float, seed: int) -> np.ndarray:
    """A seeded mask of rectangles, as BEiT is trained with.

    Each rectangle wants an area between `LEAST_SHARE` of the grid and what is still to be masked, and sides in a ratio
    between 0.3 and 1 / 0.3, even in its logarithm; it is laid anywhere, over others too, but never masks more than is
    still to be masked.

    Parameters
    ----------
    share
        Of the patches, 0 to 1; 0.4 in the paper.

    Returns
    -------
    bool [row, column]
        True where a patch is masked: `round(share * n_rows * n_columns)` of them, rarely one or two fewer.

    Raises
    ------
    ValueError
        If the grid is empty or the share lies outside 0 to 1; says which.

    References
    ----------
    Bao, Dong, Piao and Wei 2022, "BEiT: BERT Pre-Training of Image Transformers", algorithm 1; that the last
    rectangles may be smaller, and none masks too much, as in the authors' `masking_generator.py`.
    """
    if n_rows < 1 or n_columns < 1:
        raise ValueError(f"A grid of {n_rows} x {n_columns} patches has none to mask: at least 1 x 1 is needed.")
    if not 0 <= share <= 1:
        raise ValueError(f"The share of masked patches is {share:g}; it must lie between 0 and 1.")
    rng = np.random.default_rng(seed)
    mask = np.zeros((n_rows, n_columns), bool)
    left = round(share * mask.size)
    least = LEAST_SHARE * mask.size
    tries = 0
    while left and tries < _N_TRIES:
        area = rng.uniform(min(least, left), left)
        aspect = exp(rng.uniform(log(LEAST_ASPECT), -log(LEAST_ASPECT)))
        height = min(n_rows, max(1, round(sqrt(area * aspect))))
        width = min(n_columns, max(1, round(sqrt(area / aspect))))
        top, first = rng.integers(n_rows - height + 1), rng.integers(n_columns - width + 1)
        block = mask[top : top + height, first : first + width]
        n_new = int(block.size - block.sum())
        tries += 1
        if 0 < n_new <= left:
            block[:] = True
            left -= n_new
            tries = 0
    return mask
