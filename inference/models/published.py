"""Published weights are read as a whole: each tensor by its name, and none is left over that is not known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from inference.results.counts import count_of, verb

if TYPE_CHECKING:
    from torch import Tensor, nn


def load_published(model: nn.Module, state: Mapping[str, Tensor], named: str, unused: tuple[str, ...] = ()) -> None:
    """Give a model the weights of a state dict of the same names.

    Parameters
    ----------
    named
        What it is, in sentences: "a VirTex".
    unused
        Regular expressions of the names of tensors that may be there, and are of no use.

    Raises
    ------
    ValueError
        A tensor is missing, is not known, or has another shape; says which.
    """
    wanted = model.state_dict()
    missing = [name for name in wanted if name not in state]
    unknown = [name for name in state if name not in wanted and not any(re.fullmatch(one, name) for one in unused)]
    told = []
    if missing:
        told.append(f"{count_of(len(missing), 'tensors')} {verb(len(missing))} missing ({', '.join(missing[:3])})")
    if unknown:
        told.append(f"{len(unknown)} {verb(len(unknown))} not known ({', '.join(unknown[:3])})")
    if told:
        raise ValueError(f"These are not the weights of {named}: {' and '.join(told)}.")
    for name, tensor in wanted.items():
        if tensor.shape != state[name].shape:
            raise ValueError(f"{name} is {tuple(state[name].shape)}, not {tuple(tensor.shape)}.")
    model.load_state_dict({name: state[name] for name in wanted})


def n_layers(state: Mapping[str, Tensor], prefix: str) -> int:
    """How many layers are numbered from 0 on behind a prefix, such as `layers.`."""
    return 1 + max((int(name[len(prefix) :].split(".")[0]) for name in state if name.startswith(prefix)), default=-1)
