"""Every captured attention of a model, in named groups and in true positions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from torch import Tensor

from inference.capture.attention_call import Received
from inference.layouts.axis import Group
from inference.layouts.by_path import by_path

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Models whose attentions are not all told apart by their path, or are no plain matrix.
_LAYOUTS = {
    "funnel": "funnel",
    "groupvit": "groupvit",
    "lxmert": "lxmert",
    "prophetnet": "prophetnet",
    "swin": "swin",
    "swinv2": "swin",
    "timesformer": "timesformer",
    "xlnet": "xlnet",
}


def lay_out(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """A forward pass in groups, with what lies along their axes.

    Parameters
    ----------
    inputs
        What `forward` was given, batch of one.

    Raises
    ------
    RuntimeError
        Attentions of a group have different lengths.
    """
    name = _LAYOUTS.get(net.config.model_type)
    return (import_module(f"inference.layouts.{name}").lay_out if name else by_path)(received, net, inputs)
