"""One forward pass, and what is held of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from inference.capture.attention_call import AttentionCall, Received
from inference.capture.storage import storage_bytes, tensors_in

if TYPE_CHECKING:
    from inference.family import Encoded
    from inference.forward.memory import Memory

Sort = Callable[[list[Received]], dict[str, list[AttentionCall]]]

# A view that keeps more than so many times its own bytes alive is copied.
_MOST_WASTE = 1.5


class Enough(Exception):
    """All that was wanted of a forward pass is there; the rest of it need not run."""


@dataclass(eq=False)
class Run:
    """One forward pass with what its attention received, by group and layer.

    Attributes
    ----------
    calls
        Some have no numbers, because they would not fit: ask `Model.call` and `Model.each_call`.
    received
        What they are made of, in the order of the forward pass.
    store
        For what analyses work out and want to find again; gone with the run. Its tensors count as held.
    """

    encoded: Encoded
    calls: dict[str, list[AttentionCall]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    store: dict[object, object] = field(default_factory=dict)
    sort: Sort | None = None

    def n_layers(self, group: str) -> int:
        return len(self.calls[group])

    def storages(self) -> dict[int, int]:
        """See `Memory`."""
        return storage_bytes(tensors_in([self.received, self.store]))

    def drop_all(self) -> None:
        """See `Memory`."""
        self.store.clear()
        self.put({received.number: received.dropped() for received in self.received})

    def put(self, received: dict[int, Received]) -> None:
        """Replace some, by their number."""
        self.received = [received.get(old.number, old) for old in self.received]
        if self.sort is not None:
            self.calls = self.sort(self.received)

    @property
    def n_tokens(self) -> int:
        """Longest axis."""
        return max(len(tokens) for tokens in self.encoded.sequences.values())

    def parts(self, call: AttentionCall) -> tuple[int, ...]:
        """Numbers of what a call is made of."""
        return call.parts or tuple(received.number for received in self.received if received.path == call.path)

    def make_room(self, n_bytes: int, memory: Memory, near: int) -> None:
        """Drop what is farthest from number `near` in the pass, until so many bytes fit, or nothing is held.

        Layers are looked at side by side or one after the other, in either direction.
        """
        far_first = sorted(self.received, key=lambda received: -abs(received.number - near))
        for received in far_first:
            if memory.fits({-1: n_bytes}, self):
                return
            if received.is_held:
                self.put({received.number: received.dropped()})


def keep_what_fits(run: Run, memory: Memory, n_calls: int) -> Callable[[Received], Received]:
    """For `capture`: hold what is received until the budget is full."""

    def keep(received: Received) -> Received:
        received = _compact(_in_budget(received, memory, n_calls))
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
            return _compact(_in_budget(received, memory, n_calls))
        return received.dropped()

    return keep


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


def _compact(received: Received) -> Received:
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
