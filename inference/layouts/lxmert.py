"""LXMERT's attentions: language, vision, each within itself and between them (Tan and Bansal 2019, section 2.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor

from inference.capture.attention_call import AttentionCall, Received
from inference.layouts.axis import Group, Stretch, group, tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Titles with the sides of queries and keys, in order of the forward pass.
_SIDES = {
    "Language": ("language", "language"),
    "Vision": ("vision", "vision"),
    "Language to vision": ("language", "vision"),
    "Vision to language": ("vision", "language"),
    "Language, joint layers": ("language", "language"),
    "Vision, joint layers": ("vision", "vision"),
}


def lay_out(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """Language, vision and the two ways between them; one module with the same weights goes one way, then the other."""
    calls: dict[str, list[AttentionCall]] = {title: [] for title in _SIDES}
    for each in received:
        title = _title(each)
        calls[title].append(replace(each.one(), is_cross=" to " in title))
    axes = {
        "language": tokens(inputs["input_ids"].shape[1]),
        "vision": (Stretch("boxes", (inputs["visual_feats"].shape[1],)),),
    }
    return [group(title, axes[q], axes[k], calls[title]) for title, (q, k) in _SIDES.items() if calls[title]]


def _title(received: Received) -> str:
    if ".r_layers." in received.path:
        return "Vision"
    if ".x_layers." not in received.path:
        return "Language"
    if "visual_attention" in received.path:
        return ("Language to vision", "Vision to language")[received.call]
    return "Language, joint layers" if "lang_self_att" in received.path else "Vision, joint layers"
