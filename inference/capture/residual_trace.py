"""How a layer's parts add up in the residual stream, followed number by number while the model runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

NormPlace = Literal["before", "behind", "on_stream"]
SubLayerKind = Literal["attention", "cross", "mlp", "other"]
# Sums are in the model's precision: what differs by no more than so many times its rounding is the same.
_ROUNDINGS = 4
_FIRST = 4  # tokens


@dataclass(frozen=True, eq=False)
class TracedNorm:
    """A norm, and where it stands: before the sub-layer, behind it on what is added, or on the stream after the sum."""

    module: nn.Module
    path: str
    place: NormPlace
    input: Tensor
    output: Tensor


@dataclass(eq=False)
class TracedStep:
    """What one sub-layer adds.

    Attributes
    ----------
    before, added, sum, after
        [token, d_model]: the stream; what is added to it; both; and what the next one gets, which is the sum unless a
        norm stands on the stream.
    is_parallel
        Whether it reads the same stream as the step before it.
    """

    kind: SubLayerKind
    before: Tensor
    added: Tensor
    sum: Tensor
    after: Tensor
    norms: list[TracedNorm] = field(default_factory=list)
    is_parallel: bool = False


class NotFollowed(Exception):
    """What a layer adds could not be told from what its modules return; the text is half a sentence."""


@dataclass(eq=False)
class _ModuleCall:
    """A module's call within a layer: the states that went in and came out, [token, d_model] each."""

    path: str
    module: nn.Module
    input: Tensor | None
    output: Tensor | None


class BlockTrace:
    """Listens to all modules of a layer during one call of it, and says afterwards what was added to the stream.

    Parameters
    ----------
    kinds
        By the paths of the modules whose call makes a sub-layer what it is.
    """

    def __init__(self, net: nn.Module, path: str, kinds: dict[str, SubLayerKind], batch_axis: int = 0) -> None:
        self.path, self.kinds, self.batch_axis = path, kinds, batch_axis
        self.block = net.get_submodule(path)
        self._begun: list[tuple[str, int]] = []  # sub-layers, and how many calls were over when they began
        self._calls: list[_ModuleCall] = []
        self._shape: torch.Size = torch.Size()
        self._handles: list[Any] = []
        self.input: Tensor | None = None

    def begin(self, state: Tensor) -> None:
        """The layer is about to run on this state."""
        self._shape = state.shape
        self.input = self._state(state)
        for name, module in self.block.named_modules():
            path = f"{self.path}.{name}" if name else self.path
            if not name:
                continue
            self._handles.append(module.register_forward_pre_hook(self._enter(path)))
            self._handles.append(module.register_forward_hook(self._leave(path), with_kwargs=True))

    def end(self, state: Tensor) -> list[TracedStep]:
        """The layer returned this state.

        Raises
        ------
        NotFollowed
            The state is not what came in and what the modules return, added up.
        """
        self.forget()
        output = self._state(state)
        assert self.input is not None
        if output is None:
            raise NotFollowed("its shape changes from what comes in to what goes out")
        return list(_steps(self.input, output, self._calls, self._kinds_begun()))

    def forget(self) -> None:
        """Listen no more."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _kinds_begun(self) -> list[tuple[SubLayerKind, int]]:
        return [(self.kinds[path], at) for path, at in self._begun]

    def _state(self, tensor: object) -> Tensor | None:
        """[token, d_model], where a tensor is a state at all positions; else None."""
        if not isinstance(tensor, Tensor) or tensor.shape[-1] != self._shape[-1]:
            return None
        if tensor.numel() != self._shape.numel():
            return None
        return tensor.detach().reshape(self._shape).select(self.batch_axis, 0).clone()  # the model may write to it

    def _enter(self, path: str) -> Any:
        def enter(_: nn.Module, __: tuple[Any, ...]) -> None:
            if path in self.kinds:
                self._begun.append((path, len(self._calls)))

        return enter

    def _leave(self, path: str) -> Any:
        def leave(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            given = args[0] if args else kwargs.get("hidden_states")
            returned = output[0] if isinstance(output, tuple | list) and output else output
            self._calls.append(_ModuleCall(path, module, self._state(given), self._state(returned)))

        return leave


def is_norm(module: nn.Module) -> bool:
    """Whether it divides a state by its size."""
    return "Norm" in type(module).__name__


def _steps(
    state: Tensor, output: Tensor, calls: list[_ModuleCall], begun: list[tuple[SubLayerKind, int]]
) -> Iterator[TracedStep]:
    """Follow the stream: who reads it as it was, and who reads it with something added."""
    is_post = _ends_with_norm(output, calls)
    stream, since = state, 0
    ahead: list[TracedNorm] = []  # norms that read the stream, for what comes
    at = 0
    while at < len(calls):
        call = calls[at]
        at += 1
        if call.input is None or call.output is None:
            continue
        if torch.equal(call.input, stream):
            if is_norm(call.module) and not is_post:
                ahead.append(TracedNorm(call.module, call.path, "before", call.input, call.output))
            continue
        added = _added(call.input, stream, calls[since : at - 1])
        if added is None:
            continue
        step = _step(stream, call.input, added, calls[since : at - 1], begun, since, at)
        step.norms[:0] = ahead
        ahead, stream, since = [], call.input, at - 1
        if is_norm(call.module) and is_post:
            step.norms.append(TracedNorm(call.module, call.path, "on_stream", call.input, call.output))
            step.after = stream = call.output
        elif is_norm(call.module):
            ahead.append(TracedNorm(call.module, call.path, "before", call.input, call.output))
        yield step
    if torch.equal(output, stream):
        return
    added = _added(output, stream, calls[since:])
    if added is not None:
        step = _step(stream, output, added, calls[since:], begun, since, len(calls) + 1)
        step.norms[:0] = ahead
        yield step
        return
    yield from _parallel(stream, output, calls[since:], begun, since, ahead)


def _ends_with_norm(output: Tensor, calls: list[_ModuleCall]) -> bool:
    """Whether what leaves the layer is what a norm returned."""
    return any(is_norm(call.module) and call.output is not None and torch.equal(call.output, output) for call in calls)


def _step(
    before: Tensor,
    after: Tensor,
    added: _ModuleCall,
    calls: list[_ModuleCall],
    begun: list[tuple[SubLayerKind, int]],
    since: int,
    until: int,
) -> TracedStep:
    """The step between two states of the stream."""
    kinds: list[SubLayerKind] = [kind for kind, at in begun if since <= at < until]
    kind: SubLayerKind = kinds[0] if kinds else "other"
    step = TracedStep(kind, before, after - before, after, after)
    if is_norm(added.module) and added.input is not None and added.output is not None:
        step.norms.append(TracedNorm(added.module, added.path, "behind", added.input, added.output))
    return step


def _added(after: Tensor, before: Tensor, calls: list[_ModuleCall]) -> _ModuleCall | None:
    """The call whose result, or that times a factor a dimension, lies between two states; the last one of several."""
    if torch.equal(before, after):
        return None
    first = _difference(before[:_FIRST], after[:_FIRST])
    whole = None
    for call in reversed(calls):
        # Most do not fit, which the first tokens tell.
        if call.output is None or not _fits(_wide(call.output[:_FIRST]), *first):
            continue
        whole = whole or _difference(before, after)
        if _fits(_wide(call.output), *whole):
            return call
    return None


def _difference(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """What is added, and how far each number may be off, as sums are rounded to the model's precision."""
    room = _ROUNDINGS * torch.finfo(after.dtype).eps * (_wide(before).abs() + _wide(after).abs())
    return _wide(after) - _wide(before), room


def _wide(state: Tensor) -> Tensor:
    """In float32 at least."""
    return state.to(torch.promote_types(state.dtype, torch.float32))


def _fits(returned: Tensor, difference: Tensor, room: Tensor) -> bool:
    """Whether one is the other, or that times a factor.

    A learned factor, of all (Bachlechner et al. 2020) or of each dimension (Touvron et al. 2021), is no module of its
    own everywhere.
    """
    if _is_near(returned, difference, room):
        return True
    products, squares = returned * difference, returned.square()
    factors = [products.sum() / squares.sum().clamp_min(1e-30)]
    if len(returned) > 1:
        factors.append(products.sum(0) / squares.sum(0).clamp_min(1e-30))
    return any(_is_near(returned * factor, difference, room) for factor in factors)


def _is_near(one: Tensor, other: Tensor, room: Tensor) -> bool:
    return bool(((one - other).abs() <= room).all())


def _parallel(
    before: Tensor,
    after: Tensor,
    calls: list[_ModuleCall],
    begun: list[tuple[SubLayerKind, int]],
    since: int,
    norms: list[TracedNorm],
) -> Iterator[TracedStep]:
    """Two sub-layers that read one stream, whose results are added together (Wang and Komatsuzaki 2021)."""
    difference, room = _difference(before, after)
    kinds: list[SubLayerKind] = [kind for kind, at in begun if at >= since]
    states = [call for call in calls if call.output is not None]
    for i, first in enumerate(states):
        for second in states[i + 1 :]:
            assert first.output is not None
            assert second.output is not None
            if not _is_near(_wide(first.output) + _wide(second.output), difference, room):
                continue
            for number, call in enumerate((first, second)):
                assert call.output is not None
                kind: SubLayerKind = kinds[number] if number < len(kinds) else "other"
                own = norms[min(number, len(norms) - 1) :][:1] if norms else []
                yield TracedStep(kind, before, call.output, after, after, own, is_parallel=number > 0)
            return
    raise NotFollowed("what it adds to its stream is not what one or two of its modules return")
