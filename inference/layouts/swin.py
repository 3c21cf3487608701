"""Swin's windows (Liu et al. 2021, section 3.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inference.capture.attention_call import AttentionCall, Received
from inference.layouts.axis import AxisStretches, Group, Stretch, group
from inference.layouts.parts import PartsCall, in_parts

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def lay_out(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """One group a stage, as each has patches of its own size; what the model pads at the edges is there."""
    height, width = (length // net.config.patch_size for length in inputs["pixel_values"].shape[-2:])
    calls: dict[int, list[AttentionCall]] = {}
    axes: dict[int, AxisStretches] = {}
    for each in received:
        before, _, after = each.path.partition(".blocks.")
        stage = int(before.rpartition(".")[2])
        # What the model settled on: windows larger than the image shrink, and are not shifted then.
        block: Any = net.get_submodule(f"{before}.blocks.{after.partition('.')[0]}")
        side = int(block.window_size)
        rows, columns = (_rounded_up(_rounded_up(length, 2**stage) // 2**stage, side) for length in (height, width))
        calls.setdefault(stage, []).append(_windowed(each, (rows, columns), side, int(block.shift_size)))
        axes[stage] = (Stretch("patches", (rows, columns)),)
    return [group(f"Stage {stage + 1}", axes[stage], axes[stage], calls[stage]) for stage in calls]


def _windowed(received: Received, grid: tuple[int, int], side: int, shift: int) -> PartsCall:
    """The call in the places of the image.

    What the shift brought from the other edge is hidden. The model writes that as -100 beside its bias, which is not
    to be told from a bias; here it is a mask.
    """
    call = in_parts(received, window_places(*grid, side, shift))
    if not shift:
        return call
    height, width = grid
    rolled = window_places(height, width, side, 0)
    rows, columns = rolled // width, rolled % width
    row_parts = (rows >= height - side).long() + (rows >= height - shift)
    column_parts = (columns >= width - side).long() + (columns >= width - shift)
    region = 3 * row_parts + column_parts  # [window, slot]
    seen = (region[:, :, None] == region[:, None]).to(call.device)
    by_part = tuple(replace(part, mask=seen[i][None], bias=part.mask) for i, part in enumerate(call.by_part))
    return replace(call, by_part=by_part)


def window_places(height: int, width: int, side: int, shift: int) -> Tensor:
    """int64 [window, slot]: row * width + column of the patches in each window.

    Parameters
    ----------
    side
        Of a window, in patches; height and width are multiples of it.
    shift
        How far the windows are shifted; they go round at the edge.
    """
    grid = torch.arange(height * width).reshape(height, width).roll((-shift, -shift), (0, 1))
    windows = grid.reshape(height // side, side, width // side, side).transpose(1, 2)
    return windows.reshape(-1, side * side)


def _rounded_up(n: int, unit: int) -> int:
    return -(-n // unit) * unit
