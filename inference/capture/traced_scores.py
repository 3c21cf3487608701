"""Follows scores that a model writes out, from the product of queries and keys to the softmax.

Every step that is known is noted: scaling, adding a mask or a bias, masking out, changing shape. A step that is not
known ends it, and whatever was noted is checked against the pattern of some rows before it is believed.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.capture.attention_call import Received

_SOFTMAX = {F.softmax, torch.softmax, Tensor.softmax}
_PRODUCTS = {torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.bmm, Tensor.bmm}
_ADDED_PRODUCTS = {torch.baddbmm, Tensor.baddbmm}
_ADD = {torch.add, Tensor.add, Tensor.add_, Tensor.__add__, Tensor.__radd__, Tensor.__iadd__}
_SUB = {torch.sub, Tensor.sub, Tensor.sub_, Tensor.__sub__, Tensor.__isub__}
_MUL = {torch.mul, Tensor.mul, Tensor.mul_, Tensor.__mul__, Tensor.__rmul__, Tensor.__imul__}
_DIV = {torch.div, Tensor.div, Tensor.div_, Tensor.__truediv__, Tensor.__itruediv__}
_MASK = {torch.masked_fill, Tensor.masked_fill, Tensor.masked_fill_}
_SAME = {
    *(Tensor.to, Tensor.float, Tensor.type_as, Tensor.type, Tensor.half, Tensor.bfloat16, Tensor.double),
    *(Tensor.contiguous, Tensor.clone, Tensor.view, Tensor.reshape, torch.reshape, Tensor.unflatten, Tensor.flatten),
    *(F.dropout, torch.dropout),
}
_N_CHECKED_ROWS = 16
_TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5, torch.float16: 5e-3, torch.bfloat16: 4e-2}


def is_softmax(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether it is one over the last axis, of which patterns have it."""
    if func not in _SOFTMAX:
        return False
    scores = args[0] if args else kwargs["input"]
    dim = args[1] if len(args) > 1 else kwargs.get("dim")
    return isinstance(dim, int) and dim in (-1, scores.ndim - 1) and scores.ndim > 2


@dataclass(frozen=True)
class _Scores:
    """[..., query_pos, key_pos] on their way to a softmax: q . k * scale + added, where not hidden.

    `added` and `hidden` may have fewer axes, or axes of length 1.
    """

    q: Tensor
    k: Tensor
    scale: float = 1.0
    added: tuple[Tensor, ...] = ()
    hidden: tuple[Tensor, ...] = ()


@dataclass(frozen=True)
class _Pattern:
    """Of the call of that number, [batch, head, ...] with these first axes."""

    number: int
    lead: torch.Size


class Tracer:
    """Marks tensors with what they are; marks go where the tensors go, and away with them."""

    def __init__(self, catch_values: Callable[[int, Tensor], None]) -> None:
        self._catch_values = catch_values
        self._last_hidden: Tensor | None = None  # layers mask alike: one mask serves them all

    def mark_pattern(self, result: Tensor, number: int, pattern: Tensor | None) -> None:
        if pattern is not None:
            _mark(result, _Pattern(number, pattern.shape[:2]))

    def follow(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], result: Tensor) -> None:
        """Note what a function did to scores or a pattern, if it was given any."""
        if func in _PRODUCTS:
            mark = self._product(*args, **kwargs)
        elif func in _ADDED_PRODUCTS:
            mark = _added_product(*args, **kwargs)
        elif func is torch.einsum:
            mark = self._einsum(*args)
        elif func in _SAME:
            mark = _reshaped(args[0], result)
        else:
            mark = _step(func, args, kwargs)
        if (
            mark is None
            and any(result is arg for arg in args)
            and not isinstance(_mark_of(result), (_Scores, _Pattern))
        ):
            return  # it was there before
        _mark(result, _BORN if mark is None else mark)

    def read(self, scores: Tensor, pattern: Tensor) -> dict[str, Any] | None:
        """What `Received` says of the call whose softmax made `pattern` of `scores`; None where that is not known."""
        mark = _mark_of(scores)
        if not isinstance(mark, _Scores):
            return None
        *lead, n_queries, n_keys = pattern.shape
        if not (
            mark.q.shape[:-2].numel() == math.prod(lead) and (mark.q.shape[-2], mark.k.shape[-2]) == (n_queries, n_keys)
        ):
            return None
        marks = (*mark.added, *mark.hidden)
        parts = [part for tensor in marks if (part := _with_lead(tensor, scores.shape[:-2], lead)) is not None]
        if len(parts) < len(marks) or any(part.shape[-1] != n_keys for part in parts):
            return None
        added, hidden = parts[: len(mark.added)], parts[len(mark.added) :]
        if hidden:  # some models add a large number where they hide
            is_hidden = reduce(operator.or_, hidden)
            added = [tensor for tensor in added if tensor.masked_fill(is_hidden, 0).any()]
        if len(added) > 1:
            added.sort(key=Tensor.numel)
            added = [reduce(operator.add, added[:-1]), added[-1]]
        seen = self._seen(hidden, n_queries, n_keys)
        if len(added) == 2 and isinstance(seen, Tensor):
            return None
        found = {
            "q": mark.q.reshape(*lead, n_queries, -1),
            "k": mark.k.reshape(*lead, n_keys, -1),
            "scale": mark.scale,
            "mask": seen if isinstance(seen, Tensor) else added[0] if len(added) == 2 else None,
            "is_causal": seen is True,
            "bias": added[-1] if added else None,
        }
        return found if _is_right(found, pattern) else None

    def _seen(self, hidden: list[Tensor], n_queries: int, n_keys: int) -> Tensor | bool | None:
        """Which keys are seen, True if all up to the query, None if all."""
        if not hidden:
            return None
        seen = ~reduce(operator.or_, hidden)
        if seen.shape == (1, 1, n_queries, n_keys) and torch.equal(seen, torch.ones_like(seen).tril()):
            return True
        last = self._last_hidden
        if last is None or last.shape != seen.shape or not torch.equal(last, seen):
            self._last_hidden = seen
        return self._last_hidden

    def _product(self, a: Tensor, b: Tensor) -> _Scores | None:
        mark = _mark_of(a)
        if isinstance(mark, _Pattern) and b.shape[:-2].numel() == mark.lead.numel():
            self._catch_values(mark.number, b.reshape(*mark.lead, *b.shape[-2:]))
        elif a.ndim > 2 and a.shape[:-2] == b.shape[:-2]:
            return _Scores(a, b.mT)
        return None

    def _einsum(self, equation: Any, *operands: Any) -> _Scores | None:
        if not isinstance(equation, str) or len(operands) != 2 or "." in equation:
            return None
        ins, _, out = equation.replace(" ", "").partition("->")
        in_a, in_b = ins.split(",")
        a, b = operands
        if isinstance(mark := _mark_of(a), _Pattern):
            new = set(in_b) - set(in_a)
            if len(new) == 1 and {*in_a[:-2], in_a[-1]} == set(in_b) - new and len(in_a) == len(mark.lead) + 2:
                v = b.permute([in_b.index(axis) for axis in (*in_a[:-2], in_a[-1], *new)])
                self._catch_values(mark.number, v)
            return None
        lead, (query, key) = out[:-2], out[-2:]
        summed = set(in_a) - {*lead, query}
        axes_a, axes_b = (*lead, query, *summed), (*lead, key, *summed)
        if len(summed) != 1 or sorted(in_a) != sorted(axes_a) or sorted(in_b) != sorted(axes_b):
            return None
        return _Scores(
            a.permute([in_a.index(axis) for axis in axes_a]), b.permute([in_b.index(axis) for axis in axes_b])
        )


# Of a tensor that was made while attention runs, and is neither scores nor pattern.
_BORN = object()


def _mark(tensor: Tensor, mark: object) -> None:
    tensor._headlight = mark  # type: ignore[attr-defined]


def _mark_of(thing: object) -> object:
    return getattr(thing, "_headlight", None)


def _added_product(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> _Scores:
    scores = _Scores(batch1, batch2.mT, alpha)
    return _adding(scores, _unexpanded(input) * beta) if beta else scores


def _step(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Scores | None:
    """What a function of scores and something else makes of the scores."""
    if func is torch.where and len(args) == 3 and isinstance(mark := _mark_of(args[1]), _Scores):
        return _hiding(mark, ~args[0], args[2])
    if func in _MASK and len(args) == 3 and isinstance(mark := _mark_of(args[0]), _Scores):
        return _hiding(mark, args[1], args[2])
    if len(args) != 2 or kwargs:
        return None
    scores, other = args
    if not isinstance(_mark_of(scores), _Scores) and (func in _ADD or func in _MUL):
        scores, other = other, scores
    mark = _mark_of(scores)
    if not isinstance(mark, _Scores) or isinstance(_mark_of(other), _Scores):
        return None
    if not isinstance(other, Tensor) or other.ndim == 0:
        factor = float(other) if func in _MUL else 1 / float(other) if func in _DIV and other else None
        if factor is None:
            return None
        return replace(mark, scale=mark.scale * factor, added=tuple(tensor * factor for tensor in mark.added))
    other = _unexpanded(other)
    is_small = other.ndim < 3 or other.shape[-3] == 1 or 1 in other.shape[-2:]
    if not is_small and _mark_of(other) is _BORN:
        return None  # one of its own for each layer would take more room than the pattern
    if func in _ADD or func in _SUB:
        return _adding(mark, -other if func in _SUB else other)
    if func in _MUL and not mark.added and is_small and ((other == 0) | (other == 1)).all():
        return replace(mark, hidden=(*mark.hidden, other == 0))
    return None


def _adding(mark: _Scores, added: Tensor) -> _Scores:
    """Where it is the lowest number, that stands for minus infinity."""
    if not added.is_floating_point():
        added = added.to(mark.q.dtype)
    low = added <= torch.finfo(added.dtype).min / 2
    if low.any():
        mark = replace(mark, hidden=(*mark.hidden, low))
        added = added.masked_fill(low, 0)
    return replace(mark, added=(*mark.added, added)) if added.any() else mark


def _hiding(mark: _Scores, hidden: Tensor, value: Any) -> _Scores | None:
    hidden = _unexpanded(hidden)
    is_small = hidden.ndim < 3 or hidden.shape[-3] == 1 or 1 in hidden.shape[-2:]
    if float(value) > -1e4 or not is_small:
        return None
    return replace(mark, hidden=(*mark.hidden, hidden.bool()))


def _unexpanded(tensor: Tensor) -> Tensor:
    """Axes along which nothing changes, cut to length 1."""
    for axis, (length, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        if stride == 0 and length > 1:
            tensor = tensor.narrow(axis, 0, 1)
    return tensor


def _reshaped(before: Tensor, after: Tensor) -> _Scores | _Pattern | None:
    """The mark after a change of type, or of the axes in front of queries and keys."""
    mark = _mark_of(before)
    if not isinstance(mark, (_Scores, _Pattern)) or before.shape[-2:] != after.shape[-2:]:
        return None
    if isinstance(mark, _Pattern) or before.shape == after.shape:
        return mark
    added = [_with_lead(tensor, before.shape[:-2], after.shape[:-2]) for tensor in mark.added]
    hidden = [_with_lead(tensor, before.shape[:-2], after.shape[:-2]) for tensor in mark.hidden]
    if any(tensor is None for tensor in (*added, *hidden)):
        return None
    return replace(mark, added=tuple(added), hidden=tuple(hidden))


def _with_lead(tensor: Tensor, old: torch.Size, new: torch.Size | list[int]) -> Tensor | None:
    """The same beside scores with other axes in front; None where it would have to be repeated."""
    tensor = tensor[(None,) * (len(old) + 2 - tensor.ndim)]
    lead = tensor.shape[:-2]
    if lead.numel() == 1:
        return tensor.reshape(*(1 for _ in new), *tensor.shape[-2:])
    if lead == old:
        return tensor.reshape(*new, *tensor.shape[-2:])
    return tensor if tuple(old) == tuple(new) else None


def _is_right(found: dict[str, Any], pattern: Tensor) -> bool:
    """Whether what was found makes the rows of the pattern, of which some are looked at."""
    n_queries = pattern.shape[-2]
    rows = torch.linspace(0, n_queries - 1, min(n_queries, _N_CHECKED_ROWS), device=pattern.device).round().long()
    calls = Received("", 0, False, "softmax", 0, **found).split()
    return all(
        torch.allclose(
            call.patterns(rows=rows), pattern[i][:, rows].to(call.dtype), atol=_TOLERANCE[found["q"].dtype], rtol=0
        )
        for i, call in enumerate(calls)
    )
