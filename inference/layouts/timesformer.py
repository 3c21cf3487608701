"""TimeSformer's attention in time, then in space (Bertasius et al. 2021, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from inference.capture.attention_call import Received
from inference.layouts.axis import AxisStretches, Group, Stretch, group, special
from inference.layouts.by_path import by_path
from inference.layouts.parts import in_parts

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def lay_out(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """Both in the order of the film, frame by frame; in space each frame has a [CLS] of its own, in time is none."""
    config = net.config
    if config.attention_type != "divided_space_time":
        return by_path(received, net, inputs)
    _, n_frames, _, height, width = inputs["pixel_values"].shape
    rows, columns = height // config.patch_size, width // config.patch_size
    columns_of_time = torch.arange(n_frames * rows * columns).reshape(n_frames, -1).T.contiguous()
    frames = torch.arange(n_frames * (1 + rows * columns)).reshape(n_frames, -1)
    is_in_time = ["temporal_attention" in each.path for each in received]
    in_time, in_space = (
        [in_parts(each, places) for each, is_it in zip(received, is_in_time, strict=True) if is_it == wanted]
        for places, wanted in ((columns_of_time, True), (frames, False))
    )
    film: AxisStretches = (Stretch("patches", (n_frames, rows, columns)),)
    film_with_cls: AxisStretches = (*special(1), Stretch("patches", (rows, columns))) * n_frames
    return [group("Time", film, film, in_time), group("Space", film_with_cls, film_with_cls, in_space)]
