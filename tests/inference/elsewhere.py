"""A GPU made of the CPU, for machines without one: as strict about which tensors may meet.

Its tensors have no numbers for NumPy and do not mix with those of the CPU; what is computed with them is right.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

ELSEWHERE = torch.device("xpu")
_TO_NUMPY = (torch.Tensor.numpy, torch.Tensor.__array__)
_MOVES = (torch.Tensor.to, torch.Tensor.cpu, torch.Tensor.copy_)


class _There(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func == torch.Tensor.device.__get__:
            return ELSEWHERE
        if func in _TO_NUMPY:
            raise TypeError("can't convert a tensor of a GPU to numpy; copy it to the CPU first")
        if func not in _MOVES:
            _check_together(func, args, kwargs)
        is_moved_home = func is torch.Tensor.cpu or (func is torch.Tensor.to and torch.device("cpu") in args)
        args, kwargs = _on_cpu(args), _on_cpu(kwargs)
        with torch._C.DisableTorchFunctionSubclass():
            result = func(*args, **kwargs)
        return _as(torch.Tensor if is_moved_home else cls, result)


class Elsewhere(TorchFunctionMode):
    """Within it tensors can be made there, and brought there."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        is_there = any(isinstance(thing, torch.device) and thing == ELSEWHERE for thing in (*args, *kwargs.values()))
        result = func(*_on_cpu(args), **_on_cpu(kwargs))
        return _as(_There, result) if is_there else result


def _on_cpu(things: Any) -> Any:
    return tree_map(lambda thing: torch.device("cpu") if isinstance(thing, torch.device) else thing, things)


def _as(cls: Any, things: Any) -> Any:
    def one(thing: Any) -> Any:
        if type(thing) not in (torch.Tensor, _There) or type(thing) is cls:
            return thing
        with torch._C.DisableTorchFunctionSubclass():
            return thing.as_subclass(cls)

    return things if isinstance(things, torch.Size) else tree_map(one, things)


def _check_together(func: Any, *things: Any) -> None:
    """Single numbers go anywhere."""
    tensors = [thing for thing in tree_flatten(things)[0] if isinstance(thing, torch.Tensor)]
    are_there = {isinstance(tensor, _There) for tensor in tensors if _n_axes(tensor)}
    if len(are_there) > 1:
        raise RuntimeError(f"{func}: expected all tensors to be on the same device, but found one on the CPU")


def _n_axes(tensor: torch.Tensor) -> int:
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.ndim


def taken_there(thing: Any) -> Any:
    """A call, or anything made of tensors, with all of them there."""
    if isinstance(thing, torch.Tensor):
        return thing.as_subclass(_There)
    if is_dataclass(thing):
        return replace(thing, **{field.name: taken_there(getattr(thing, field.name)) for field in fields(thing)})
    return tuple(map(taken_there, thing)) if isinstance(thing, tuple) else thing
