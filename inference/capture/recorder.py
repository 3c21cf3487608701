"""Collects what the attentions of one forward pass receive, in their order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from inference.capture.attention_call import Received
from inference.capture.head_changes import HeadChanges
from inference.capture.relative_bias import RelativeBiases

if TYPE_CHECKING:
    from inference.context import Context

_CROSS = re.compile(r"encoder_?attn|enc_?dec_?attention|cross_?att", re.IGNORECASE)

# What became of a pattern: [batch, head, query_pos, key_pos] to the same shape.
Change = Callable[[Received, Tensor], Tensor]
Keep = Callable[[Received], Received]


class Recorder:
    """Of one capture.

    Parameters
    ----------
    n_calls
        How many calls are expected, for the progress; 0 if not known.
    change
        What the model goes on with in place of a pattern.
    keep
        Makes of what was received what is held of it.
    received
        Where the calls go; a new list if None.
    heads
        What becomes of the outputs of single heads.
    """

    def __init__(
        self,
        net: nn.Module,
        context: Context,
        n_calls: int = 0,
        change: Change | None = None,
        keep: Keep = lambda received: received,
        received: list[Received] | None = None,
        heads: HeadChanges | None = None,
    ) -> None:
        self.received: list[Received] = [] if received is None else received
        self.change = change
        self.heads = heads or HeadChanges()
        self.is_muted = False
        self.biases = RelativeBiases()
        self._path_by_module = {module: name for name, module in net.named_modules()}
        self._context = context
        self._n_calls = n_calls
        self._keep = keep
        self._n_by_path: Counter[str] = Counter()

    def path(self, module: nn.Module) -> str:
        return self._path_by_module[module]

    def knows(self, module: nn.Module) -> bool:
        return module in self._path_by_module

    @contextmanager
    def muted(self) -> Iterator[None]:
        """While we compute an attention ourselves: the steps of that are not another one."""
        self.is_muted = True
        try:
            yield
        finally:
            self.is_muted = False

    def begin(self, path: str, source: str, **tensors: Any) -> Received:
        """What an attention received. Raises `Cancelled`, so nobody waits for more than one layer."""
        number = len(self.received)
        label = f"Layer {number + 1} of {self._n_calls}" if number < self._n_calls else ""
        self._context.checkpoint(number, self._n_calls, label)
        tensors = {name: thing.detach() if isinstance(thing, Tensor) else thing for name, thing in tensors.items()}
        call = self._n_by_path[path]
        self._n_by_path[path] += 1
        return Received(path, call, bool(_CROSS.search(path)), source, number, **tensors)

    def finish(self, received: Received) -> None:
        self.received.append(self._keep(received))

    def changed(self, received: Received, pattern: Tensor) -> tuple[Received, Tensor]:
        """The pattern that the model goes on with, and what is to be told of that call."""
        if self.change is None:
            return received, pattern
        changed = self.change(received, pattern)
        if changed is pattern:
            return received, pattern
        shown = changed.detach()
        plain = dict.fromkeys(("q", "k", "mask", "bias", "relative", "soft_cap"))
        return replace(received, **plain, is_causal=False, pattern=shown, raw=shown), changed

    def catch_values(self, number: int, v: Tensor) -> None:
        """The values that a pattern was multiplied with; they come after it."""
        received = self.received[number]
        if received.is_held:
            self.received[number] = self._keep(replace(received, v=v.detach()))
        else:
            self.received[number] = replace(received, v=v.detach().to("meta"))


def attend(received: Received, recorder: Recorder) -> tuple[Received, Tensor]:
    """pattern @ V written out, for what the fused attention cannot do.

    Returns
    -------
    What is to be told of that call, and [batch, head, query_pos, d_head] in the dtype of the values.
    """
    assert received.v is not None
    calls = received.split()
    if recorder.change is None:  # in blocks: no whole pattern is ever there
        return received, torch.stack([call.output() for call in calls]).to(received.v.dtype)
    received, pattern = recorder.changed(received, torch.stack([call.patterns() for call in calls]))
    assert received.v is not None
    v = received.v.repeat_interleave(pattern.shape[1] // received.v.shape[1], 1)
    return received, pattern.to(v.dtype) @ v


# Of this thread: threads that run other models, or the same one without capture, have none.
active: ContextVar[Recorder | None] = ContextVar("recorder", default=None)
