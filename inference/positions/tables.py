"""Finds the position encodings in an open model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from inference.positions.image_positions import image_table
from inference.results.positions import PositionTable

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from inference.context import Context

_ABSOLUTE = {"position_embeddings", "position_embedding", "embed_positions", "wpe", "positions_embed"}
_COSINE = "Cosine similarity"
_BIAS = "Added to the score"


def tables(
    net: PreTrainedModel,
    length: int,
    context: Context,
    slopes: list[float] | None = None,
    grid: tuple[int, int] | None = None,
    grid_kind: str = "learned",
) -> tuple[PositionTable, ...]:
    """All position encodings, in the order of the forward pass.

    Parameters
    ----------
    length
        Positions of each, where it has so many.
    context
        One checkpoint a table.
    slopes
        Of the heads, where scores fall with the distance by fixed ones.
    grid, grid_kind
        Rows and columns of patches or pixels, where positions are places in an image, and what their tables are.
    """
    if slopes is not None:
        return (_alibi(np.array(slopes)[:, None], length),)
    found: list[PositionTable] = []
    with torch.inference_mode():
        for name, module in net.named_modules():
            context.checkpoint()
            found += image_table(grid, grid_kind, name, module) if grid else _of_module(name, module, length)
    return tuple(_without_repeats(found))


def _of_module(name: str, module: nn.Module, length: int) -> Iterator[PositionTable]:
    own = name.rpartition(".")[2]
    if type(module).__name__ == "RoFormerSinusoidalPositionalEmbedding":  # sines, then cosines, of which it makes turns
        sines, cosines = module.weight[:length].chunk(2, dim=1)  # type: ignore[index]
        yield _rotary(name, cosines, sines)
    elif own in _ABSOLUTE and (rows := _absolute_rows(module)) is not None:
        kind = "sinusoidal" if "Sinusoidal" in type(module).__name__ else "learned"
        yield _vectors(name, kind, rows[:length], "Position")
    elif isinstance(getattr(module, "rel_embeddings", None), nn.Embedding):  # DeBERTa, which may norm them
        rows = module.get_rel_embedding()  # type: ignore[operator]
        yield _vectors(f"{name}.rel_embeddings", "learned", rows, "Relative position, in buckets")
    elif hasattr(module, "relative_positional_encoding"):  # XLNet: query minus key, from `length` on down
        rows = module.relative_positional_encoding(length, length)  # type: ignore[operator]
        yield _vectors(f"{name}.relative_positional_encoding", "sinusoidal", rows[:, 0], f"{length:,} minus distance")
    elif type(module).__name__ == "FunnelAttentionStructure":
        yield _vectors(name, "sinusoidal", _funnel_rows(module, length), f"Distance plus {length - 1:,}")
    elif hasattr(module, "relative_attention_bias"):
        yield _relative(f"{name}.relative_attention_bias", module, length)
    for buffer_name, buffer in module.named_buffers(prefix=name, recurse=False):
        own = buffer_name.rpartition(".")[2]
        if own.endswith("inv_freq") and not own.endswith("original_inv_freq"):
            angles = torch.arange(length, device=buffer.device)[:, None] * buffer.float()
            yield _rotary(buffer_name, angles.cos(), angles.sin())
        elif own == "pos_encoding":  # CTRL
            yield _vectors(buffer_name, "sinusoidal", buffer[:length], "Position")
        elif own == "embed_positions":  # GPT-J keeps sines, then cosines
            sines, cosines = buffer[:length].chunk(2, dim=1)
            yield _rotary(buffer_name, cosines, sines)


def _funnel_rows(module: Any, length: int) -> Tensor:
    """Sines, then cosines, of every distance of two places, [2 * length - 1, d_model].

    References
    ----------
    Dai et al. 2020, appendix A.2.1; transformers' `FunnelAttentionStructure.get_position_embeds`.
    """
    half = module.config.d_model // 2
    frequencies = 10_000.0 ** -(torch.arange(half) / half)
    angles = torch.arange(1 - length, length)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _absolute_rows(module: nn.Module) -> Tensor | None:
    """Rows of a table that positions use, [position, d_model]; some tables begin with rows that none uses."""
    rows = module.weight if isinstance(module, nn.Embedding) else getattr(module, "weights", None)
    if not isinstance(rows, Tensor):
        return None
    padding_idx = getattr(module, "padding_idx", None)
    behind_padding = padding_idx + 1 if padding_idx is not None else 0
    return rows[getattr(module, "offset", behind_padding) :]


def _vectors(name: str, kind: str, rows: Tensor, row_label: str) -> PositionTable:
    values = _array(rows)
    # A vector of length 0 is like no other, and not like itself.
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return PositionTable(name, kind, values, row_label, "Dimension", 0, (unit @ unit.T)[None], _COSINE)


def _rotary(name: str, cosines: Tensor, sines: Tensor) -> PositionTable:
    """Angles of two positions differ by the angle of their distance; scaling of the length is in the frequencies."""
    values = _array(torch.cat([cosines, sines], dim=1))  # [position, 2 * frequency]
    by_distance = values[:, : cosines.shape[1]].mean(axis=1)
    similarity = by_distance[np.abs(_distances(len(values)))]
    return PositionTable(
        name, "rotary", values, "Position", "Cosines, then sines", 0, similarity[None], "Mean cosine of the angle"
    )


def _relative(name: str, module: Any, length: int) -> PositionTable:
    if hasattr(module, "compute_bias"):  # T5
        bias = module.compute_bias(length, length)
    else:  # MPNet asks a state for its size
        n_buckets = module.relative_attention_bias.num_embeddings
        device = module.relative_attention_bias.weight.device
        bias = module.compute_position_bias(torch.empty(1, length, 1, device=device), num_buckets=n_buckets)
    similarity = _array(bias[0])  # [head, query_pos, key_pos]
    values = np.concatenate([similarity[:, -1, :], similarity[:, 0, 1:]], axis=1)
    return PositionTable(name, "relative", values, "Head", "Key minus query position", 1 - length, similarity, _BIAS)


def _alibi(slopes: np.ndarray, length: int) -> PositionTable:
    distances = _distances(length)
    similarity = np.where(distances < 0, np.nan, -slopes[:, :, None] * distances).astype(np.float32)
    return PositionTable(
        "ALiBi", "alibi", slopes.astype(np.float32), "Head", "Slope", 0, similarity, f"{_BIAS}, future hidden"
    )


def _distances(length: int) -> np.ndarray:
    """Query minus key position, int64 [query_pos, key_pos]."""
    return np.subtract.outer(np.arange(length), np.arange(length))


def _without_repeats(found: list[PositionTable]) -> Iterator[PositionTable]:
    """The first of equal tables: some models keep a copy in each layer."""
    seen: list[PositionTable] = []
    for table in found:
        if not any(other.kind == table.kind and np.array_equal(other.values, table.values) for other in seen):
            seen.append(table)
            yield table


def _array(tensor: Tensor) -> np.ndarray:
    return np.array(tensor.detach().float().cpu().numpy(), order="C")
