"""What image tokens say, laid over the image: on one grid, or summed over two of different scale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from inference.results.answer import AnswerResult, TokenGrid
from widgets.views.answer.options import GridScale


class TokenOverlay(NamedTuple):
    """Numbers of cells, float32 [row, column], NaN where no token is; and where they lie, in shares of the image."""

    values: np.ndarray
    box: tuple[float, float, float, float]


def overlay_of(grids: tuple[TokenGrid, ...], weights: np.ndarray, scale: GridScale) -> TokenOverlay:
    """What is laid over the image.

    Parameters
    ----------
    weights
        float32 [image token].
    scale
        Which of two grids; `sum` shares each coarse cell out among the fine ones that it covers.
    """
    coarse, fine = grids[0], grids[-1]
    if len(grids) == 1 or scale == "whole":
        return TokenOverlay(on_grid(coarse, weights), coarse.box)
    values = on_grid(fine, weights)
    if scale == "sum":
        down, across = (_shares(_edges(coarse, axis), _edges(fine, axis)) for axis in (0, 1))
        values = values + down.T @ np.nan_to_num(on_grid(coarse, weights)) @ across
    return TokenOverlay(values.astype(np.float32), fine.box)


def on_grid(grid: TokenGrid, weights: np.ndarray) -> np.ndarray:
    """float32 [row, column]; NaN where a cell has no token."""
    return np.where(grid.tokens >= 0, weights[grid.tokens], np.float32(np.nan)).astype(np.float32)


def _edges(grid: TokenGrid, axis: int) -> np.ndarray:
    """float64 [cell + 1]: where the rows (0) or columns (1) of a grid begin and end."""
    return np.linspace(grid.box[1 - axis], grid.box[3 - axis], grid.tokens.shape[axis] + 1)


def _shares(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """float64 [coarse, fine]: how much of each coarse length lies in each fine one, told by their edges."""
    low = np.maximum(coarse[:-1, None], fine[None, :-1])
    high = np.minimum(coarse[1:, None], fine[None, 1:])
    return np.clip(high - low, 0, None) / np.diff(coarse)[:, None]


def token_boxes(result: AnswerResult) -> tuple[np.ndarray, np.ndarray]:
    """Of each image token: float32 [token, 4], its box in pixels of the original, NaN for none; int8 [token], the
    number of its grid, -1 for none."""
    boxes = np.full((result.n_image, 4), np.nan, np.float32)
    of_grid = np.full(result.n_image, -1, np.int8)
    width, height = result.picture.size
    for number, grid in enumerate(result.grids if result.through is None else ()):
        left, top, right, bottom = grid.box
        rows, columns = grid.tokens.shape
        xs = np.clip(np.linspace(left, right, columns + 1), 0, 1) * width
        ys = np.clip(np.linspace(top, bottom, rows + 1), 0, 1) * height
        for (row, column), token in np.ndenumerate(grid.tokens):
            if token >= 0:
                boxes[token] = xs[column], ys[row], xs[column + 1], ys[row + 1]
                of_grid[token] = number
    return boxes, of_grid


def thing_at_cell(result: AnswerResult, overlay: TokenOverlay, cell: int) -> str:
    """What was painted in the middle of a cell; empty where nothing was, or where nobody knows."""
    row, column = divmod(cell, overlay.values.shape[1])
    left, top, right, bottom = overlay.box
    x = left + (column + 0.5) / overlay.values.shape[1] * (right - left)
    y = top + (row + 0.5) / overlay.values.shape[0] * (bottom - top)
    return result.picture.thing_at(x, y)
