"""What of a forward pass is held, so that it fits the memory budget."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from inference.capture.storage import storage_bytes, tensors_in

if TYPE_CHECKING:
    from inference.capture.attention_call import Received
    from inference.forward.memory import Memory
    from inference.forward.run import Run

# A view that keeps more than so many times its own bytes alive is copied.
_MOST_WASTE = 1.5


class Enough(Exception):
    """All that was wanted of a forward pass is there; the rest of it need not run."""


def keep_what_fits(run: Run, memory: Memory, n_calls: int) -> Callable[[Received], Received]:
    """For `capture`: hold what is received until the budget is full."""

    def keep(received: Received) -> Received:
        received = compact(_in_budget(received, memory, n_calls))
        if memory.fits(storage_bytes(tensors_in(received)), run):
            return received
        return received.dropped()

    return keep


def keep_only(wanted: Collection[int], memory: Memory, n_calls: int) -> Callable[[Received], Received]:
    """For `capture`: hold those of these numbers, and raise `Enough` behind them."""

    def keep(received: Received) -> Received:
        if received.number > max(wanted):
            raise Enough
        if received.number in wanted:
            return compact(_in_budget(received, memory, n_calls))
        return received.dropped()

    return keep


def make_room(run: Run, n_bytes: int, memory: Memory, near: int) -> None:
    """Drop what is farthest from number `near` in the pass, until so many bytes fit, or nothing is held.

    Layers are looked at side by side or one after the other, in either direction.
    """
    far_first = sorted(run.received, key=lambda received: -abs(received.number - near))
    for received in far_first:
        if memory.fits({-1: n_bytes}, run):
            return
        if received.is_held:
            run.put({received.number: received.dropped()})


def nominal_bytes(received: Received) -> int:
    """What it takes when held, but for masks and biases, which layers share."""
    of_its_own = (received.q, received.k, received.v, received.pattern if received.raw is None else received.raw)
    return sum(tensor.numel() * tensor.itemsize for tensor in of_its_own if tensor is not None)


def _in_budget(received: Received, memory: Memory, n_calls: int) -> Received:
    """Patterns in float16 where the pass does not fit as it is: probabilities lose 0.05 % of their value."""
    raw = received.raw
    if raw is None or raw.numel() * raw.itemsize * max(n_calls, 1) <= memory.budget:
        return received
    half = raw.to(torch.float16)
    pattern = received.pattern
    return replace(received, raw=half, pattern=None if pattern is None else half.reshape(pattern.shape))


def compact(received: Received) -> Received:
    """Copies of views that would keep a whole buffer alive, of which they see a part."""
    views = {name: tensor for name in ("q", "k", "v") if (tensor := getattr(received, name)) is not None}
    seen: dict[int, int] = {}
    for tensor in views.values():
        address = tensor.untyped_storage().data_ptr()
        seen[address] = seen.get(address, 0) + tensor.numel() * tensor.itemsize
    copies = {
        name: tensor.clone()
        for name, tensor in views.items()
        if (storage := tensor.untyped_storage()).nbytes() > _MOST_WASTE * seen[storage.data_ptr()]
    }
    return replace(received, **copies) if copies else received
