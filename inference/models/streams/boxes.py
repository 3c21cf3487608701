"""Boxes as the numbers that models of regions read: four to seven of them."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST_NUMBERS, MOST_NUMBERS_OF_BOX = 4, 7


def box_numbers(boxes: Tensor, n: int) -> Tensor:
    """What a model is told of where regions are, float [..., region, n].

    Parameters
    ----------
    boxes
        [..., region, 4]: left, top, right, bottom in shares of the image's width and height.
    n
        4: the box. 5: with its area (ViLBERT, Unicoder-VL). 6: with its width and height (OSCAR). 7: with these and
        the area (UNITER).

    Raises
    ------
    ValueError
        There is no such way.
    """
    sides = boxes[..., 2:] - boxes[..., :2]
    area = sides.prod(-1, keepdim=True)
    parts = {4: [], 5: [area], 6: [sides], 7: [sides, area]}
    if n not in parts:
        raise ValueError(f"A box is told in {LEAST_NUMBERS} to {MOST_NUMBERS_OF_BOX} numbers, not in {n}.")
    return torch.cat([boxes, *parts[n]], -1)
