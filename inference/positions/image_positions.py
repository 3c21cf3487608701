"""Finds the position encodings of models that read images: tables of places on a grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, nn

from inference.results.positions import PositionTable

_TABLES = ("position_embeddings", "decoder_pos_embed")
_MOST_SIDE = 64  # of a grid; of larger ones evenly spaced places are shown
_MOST_BYTES = 2**24  # of the biases of all pairs of places of one table


def image_table(grid: tuple[int, int], kind: str, name: str, module: nn.Module) -> Iterator[PositionTable]:
    """The tables that a module itself holds.

    Places in front of the grid ([CLS], registers, start) are left out. Where Image GPT's pixels lie is told by the
    place that is guessed: its first position, at the start token, is that of the first pixel.
    """
    for own in _TABLES:
        parameter = getattr(module, own, None)
        if isinstance(parameter, nn.Parameter):
            yield from _on_grid(f"{name}.{own}", kind, parameter[0], grid)
    if name.rpartition(".")[2] in ("position_embedding", "wpe") and isinstance(module, nn.Embedding):
        yield from _on_grid(name, kind, module.weight, grid)
    bias = getattr(module, "relative_position_bias_table", None)
    if isinstance(bias, nn.Parameter):
        yield _relative(f"{name}.relative_position_bias_table", bias, _pair(module.window_size))


def _on_grid(name: str, kind: str, table: Tensor, grid: tuple[int, int]) -> Iterator[PositionTable]:
    n_special = len(table) - grid[0] * grid[1]
    if n_special < 0:
        return
    values = _array(table[n_special:]).reshape(*grid, -1)
    step = max(-(-length // _MOST_SIDE) for length in grid)
    values = values[::step, ::step]
    shape = values.shape[:2]
    values = np.ascontiguousarray(values.reshape(-1, values.shape[-1]))
    # A vector of length 0 is like no other, and not like itself.
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    label = "Place, row by row" if step == 1 else f"Place, row by row, every {step}th"
    yield PositionTable(
        name, kind, values, label, "Dimension", 0, (unit @ unit.T)[None], "Cosine similarity", grid=shape
    )


def _relative(name: str, table: Tensor, grid: tuple[int, int]) -> PositionTable:
    """What is added for a distance in rows and columns; BEiT's last three entries, of [CLS], are left out.

    References
    ----------
    Bao et al. 2022 (BEiT) and Liu et al. 2021 (Swin), who both count query minus key.
    """
    n_rows, n_columns = (2 * length - 1 for length in grid)
    by_offset = _array(table[: n_rows * n_columns]).T.reshape(-1, n_rows, n_columns)[:, ::-1, ::-1]
    n_heads, n_places = len(by_offset), grid[0] * grid[1]
    similarity = np.empty((n_heads, 0, 0), np.float32)
    if 4 * n_heads * n_places**2 <= _MOST_BYTES:
        rows, columns = np.divmod(np.arange(n_places), grid[1])
        down = rows[None] - rows[:, None] + grid[0] - 1  # [query, key]
        right = columns[None] - columns[:, None] + grid[1] - 1
        similarity = np.ascontiguousarray(by_offset[:, down, right])
    return PositionTable(
        name,
        "relative",
        np.ascontiguousarray(by_offset.reshape(n_heads, -1)),
        "Head",
        "Key minus query, row by row",
        0,
        similarity,
        "Added to the score",
        grid=grid,
    )


def _pair(length: Any) -> tuple[int, int]:
    if isinstance(length, list | tuple):
        return int(length[0]), int(length[1])
    return int(length), int(length)


def _array(tensor: Tensor) -> np.ndarray:
    return np.array(tensor.detach().float().cpu().numpy(), np.float32, order="C")
