"""One forward pass, and what is held of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inference.capture.attention_call import AttentionCall, Received
from inference.capture.storage import storage_bytes, tensors_in

if TYPE_CHECKING:
    from inference.capture.head_changes import HeadChanges
    from inference.family.base import Encoded
    from inference.results.checkpoint import AttentionGroup
    from inference.results.tokens import Tokens

Sort = Callable[[list[Received]], dict[str, list[AttentionCall]]]


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
    changes
        What became of heads on the way; None for nothing.
    """

    encoded: Encoded
    calls: dict[str, list[AttentionCall]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    store: dict[object, object] = field(default_factory=dict)
    sort: Sort | None = None
    changes: HeadChanges | None = None

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

    def tokens(self, group: AttentionGroup) -> tuple[Tokens, Tokens]:
        """Of the queries and of the keys of a group."""
        return self.encoded.sequences[group.query_axis], self.encoded.sequences[group.key_axis]

    @property
    def n_tokens(self) -> int:
        """Longest axis."""
        return max(len(tokens) for tokens in self.encoded.sequences.values())

    def parts(self, call: AttentionCall) -> tuple[int, ...]:
        """Numbers of what a call is made of."""
        return call.parts or tuple(received.number for received in self.received if received.path == call.path)
