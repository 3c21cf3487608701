"""GroupViT's stages: patches beside group tokens, then what they were grouped into (Xu et al. 2022, section 3.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torch import Tensor

from inference.capture.attention_call import AttentionCall, Received
from inference.layouts.axis import AxisStretches, Group, Stretch, group
from inference.layouts.by_path import by_path

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_STAGE = re.compile(r"\bstages\.(\d+)\.")


def lay_out(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """Each stage by itself, the step in which its groups attend to its segments, and the text.

    The assignment that follows, a softmax over the groups in place of the keys, is no attention and is not here.
    """
    vision = net.config.vision_config
    rows, columns = (length // vision.patch_size for length in inputs["pixel_values"].shape[-2:])
    segments: list[Stretch] = [
        Stretch("patches", (rows, columns)),
        *(Stretch("segments", (n,)) for n in vision.num_output_groups),
    ]
    rest: list[Received] = []
    calls: dict[tuple[int, bool], list[AttentionCall]] = {}
    for each in received:
        if found := _STAGE.search(each.path):
            calls.setdefault((int(found[1]), "pre_assign_attn" in each.path), []).append(each.one())
        else:
            rest.append(each)
    groups = [
        _group(stage, is_step, segments, vision.num_group_tokens[stage], calls[stage, is_step])
        for stage, is_step in calls
    ]
    return [*groups, *by_path(rest, net, inputs)]


def _group(stage: int, is_step: bool, segments: list[Stretch], n_tokens: int, calls: list[AttentionCall]) -> Group:
    if is_step:
        return group(f"Stage {stage + 1}, grouping", (segments[stage + 1],), (segments[stage],), calls)
    axis: AxisStretches = (segments[stage], *([Stretch("group tokens", (n_tokens,))] if n_tokens else []))
    return group(f"Stage {stage + 1}", axis, axis, calls)
