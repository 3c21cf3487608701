"""Catches what every attention of a forward pass receives, while the model runs on its fast path.

Models that ask transformers for their attention function are given ours, which keeps the queries, keys and values and
calls the fused attention of torch. In models that write their attention out, the softmax, or a call of the fused
attention, is caught on its way through torch. A model may do both.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from inference.capture.attention_call import Received
from inference.capture.head_changes import HeadChanges
from inference.capture.interface import route_through_interface
from inference.capture.modules import listen_in_modules
from inference.capture.recorder import Change, Keep, Recorder, active
from inference.capture.tap import tap

if TYPE_CHECKING:
    from inference.context import Context

__all__ = ["Change", "Keep", "capture"]

# Two captures of one model would undo each other's settings: the second waits.
_locks: WeakKeyDictionary[nn.Module, threading.RLock] = WeakKeyDictionary()
_locks_lock = threading.Lock()
_PATIENCE = 0.1  # seconds between looks at whether anybody still waits


@contextmanager
def capture(
    net: nn.Module,
    context: Context,
    n_calls: int = 0,
    change: Change | None = None,
    keep: Keep = lambda received: received,
    received: list[Received] | None = None,
    heads: HeadChanges | None = None,
) -> Iterator[list[Received]]:
    """Collect every attention of the forward passes within the block.

    Whatever ends the block, the model is left as it was: names of attention functions, hooks, modes, `training`
    switches; and so is the state of the random generators.

    Parameters
    ----------
    context
        One checkpoint an attention: a cancelled pass ends within a layer.
    n_calls
        How many are expected, for the progress; 0 if not known.
    change
        What the model goes on with in place of a pattern, [batch, head, query_pos, key_pos]; given the pattern itself
        back, nothing changes. Patterns are then written out, which takes n * n numbers a head.
    keep
        Makes of what was received what is held of it, such as `Received.dropped()`.
    received
        Where the calls go; a new list if None.
    heads
        What becomes of the outputs of single heads; what they attend to is recorded as it is.

    Yields
    ------
    The calls so far, in the order of the forward pass.
    """
    recorder = Recorder(net, context, n_calls, change, keep, received, heads)
    with ExitStack() as stack:
        _lock(net, context, stack)
        stack.callback(active.reset, active.set(recorder))
        _put_back_switches(net, stack)
        _put_back_random_state(net, stack)
        if isinstance(net, PreTrainedModel):
            route_through_interface(net, stack)
        tap(net, recorder, stack)
        listen_in_modules(net, recorder, stack)
        yield recorder.received


def _lock(net: nn.Module, context: Context, stack: ExitStack) -> None:
    with _locks_lock:
        lock = _locks.setdefault(net, threading.RLock())
    while not lock.acquire(timeout=_PATIENCE):
        context.checkpoint()
    stack.callback(lock.release)


def _put_back_switches(net: nn.Module, stack: ExitStack) -> None:
    was_training = [(part, part.training) for part in net.modules()]

    def put_back() -> None:
        for part, training in was_training:
            part.training = training

    stack.callback(put_back)


def _put_back_random_state(net: nn.Module, stack: ExitStack) -> None:
    """Some models sample numbers, BigBird from NumPy."""
    gpus = {parameter.device for parameter in net.parameters() if parameter.device.type == "cuda"}
    stack.enter_context(torch.random.fork_rng(sorted(gpus, key=str)))  # of several GPUs, torch asks for which
    stack.callback(random.setstate, random.getstate())
    stack.callback(np.random.set_state, np.random.get_state())
