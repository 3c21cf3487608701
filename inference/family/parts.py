"""Families whose attentions are told apart by the paths of their modules, in groups that a table lists."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from inference.family.base import Encoded, Family, check_count
from inference.family.components import Components
from inference.layouts.parts import in_parts
from inference.results.checkpoint import AttentionGroup

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened

# What is not supported for such models, in words: by the kind of input that they must read for it to be worth a word.
_NOT_READ: dict[str, dict[str, str]] = {
    "text": {
        "unembedding": "reading the layers of {} as words is not supported",
        "linear_unembedding": "reading the layers of {} as words is not supported",
        "next_token": "predicting the next word is not supported for {}",
        "masked_lm": "filling in masked words is not supported for {}",
        "next_sentence": "telling whether one sentence follows another is not supported for {}",
        "prediction": "classes and answers are not supported for {}",
    },
    "image": {
        "patches": "{} is of several parts: see its patches in Attention and Arcs",
        "classes": "classes of images are not supported for {}",
        "masked_image": "masked patches are not supported for {}",
        "next_pixel": "{} was not trained to go on pixel by pixel",
        "masked_pixels": "masked pixels are not supported for {}",
        "segments": "{} gives pixels no labels",
    },
}


@dataclass(frozen=True)
class AttentionPart:
    """An attention group, and the modules that it is made of.

    Attributes
    ----------
    path
        Regular expression that is found in the paths of its modules, and in no others.
    is_cross
        None for what the path says.
    call
        Which call of its modules it is, of those that are called several times in a pass; None for all.
    """

    group: AttentionGroup
    path: str
    is_cross: bool | None = None
    call: int | None = None


def part(
    title: str,
    path: str,
    n_layers: int,
    n_heads: int,
    axes: str | tuple[str, str] = "text",
    *,
    is_causal: bool = False,
    has_qk: bool = True,
    call: int | None = None,
) -> AttentionPart:
    """A part of layers that all have as many heads.

    Parameters
    ----------
    axes
        Of queries and keys, or one for both.
    call
        As in `AttentionPart`.
    """
    query_axis, key_axis = (axes, axes) if isinstance(axes, str) else axes
    name = title.lower().replace(" ", "_").replace(",", "")
    group = AttentionGroup(name, title, (n_heads,) * n_layers, is_causal, has_qk, query_axis, key_axis)
    return AttentionPart(group, path, None if query_axis == key_axis else True, call)


class PartsFamily(Family):
    """Models of several parts, of which attention is shown; what is read from their heads is for each family to say."""

    # What lies along each axis, where it is not tokens.
    axis_units: ClassVar[dict[str, str]] = {}

    @abstractmethod
    def parts(self, config: PreTrainedConfig) -> tuple[AttentionPart, ...]:
        """Its groups in order of the forward pass, from the configuration alone."""

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        return tuple(each.group for each in self.parts(config))

    def units(self, config: PreTrainedConfig) -> dict[str, str]:
        axes = {axis for group in self.groups(config) for axis in (group.query_axis, group.key_axis)}
        return {axis: self.axis_units.get(axis, "token") for axis in axes}

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return 0

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "learned"

    def lacks(self, opened: Opened) -> dict[str, str]:
        """What is not read from models of several parts; a family that has it, or knows better why not, says so."""
        lacking = {
            capability: why.format(opened.name)
            for kind, sentences in _NOT_READ.items()
            if kind in self.reads
            for capability, why in sentences.items()
        }
        tells_parts_apart = type(self).components is not PartsFamily.components
        return lacking | {
            "positions": f"positions are not supported for {opened.name}",
            "residual_stream": "" if tells_parts_apart else f"single layers are not supported for {opened.name}",
        }

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors, with_head=True)

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        """See `Attends.sort_calls`. A batch of several, made by the model of one, attends within itself."""
        return self.sort_by_path(received, self.parts(net.config), encoded)

    def sort_by_path(
        self, received: list[Received], parts: tuple[AttentionPart, ...], encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        """Calls by group of some of the parts, told apart by the paths of their modules."""
        calls: dict[str, list[AttentionCall]] = {}
        for each in parts:
            found = (one for one in received if re.search(each.path, one.path))
            own = [one for one in found if each.call in (None, one.call)]
            laid_out = [replace(self.lay_out(one, each.group, encoded), is_cross=bool(each.is_cross)) for one in own]
            calls[each.group.name] = check_count(laid_out, each.group)
        return calls

    def lay_out(self, received: Received, group: AttentionGroup, encoded: Encoded) -> AttentionCall:
        """What an attention received, in the positions of its axes; those of a batch lie one behind the other."""
        tensor: Any = received.q if received.q is not None else received.pattern
        if tensor is None or len(tensor) == 1:
            return received.one()
        n_parts, n = len(tensor), tensor.shape[2]
        return in_parts(received, torch.arange(n_parts * n).reshape(n_parts, n))

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`: nothing of it is asked for."""
        why = "the parts of such a model are not told apart"
        return Components(None, {}, "", "", lacking=dict.fromkeys(("embedding", "blocks", "unembedding"), why))
