"""Open checkpoints in memory: several at once under a budget, on the device that the user chose."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from inference.checkpoints.free_memory import machine_bytes
from inference.checkpoints.written import Traces, all_traces
from inference.context import Refused
from inference.results.checkpoint import split_precision
from inference.results.devices import WISH, DevicesResult
from inference.results.memory import OpenCheckpoint
from resources import checkpoint_path

if TYPE_CHECKING:
    from pathlib import Path

    from inference.context import Context
    from inference.forward.memory import Memory
    from inference.forward.model import Model


class OpenModels:
    """What is open, that first which was not used for the longest time.

    Attributes
    ----------
    budget
        Bytes of weights that are held at once: a quarter of the machine's memory unless told otherwise. The checkpoint
        that is looked at is held whatever it takes.
    pinned
        Checkpoints that are unloaded last.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._device = os.environ.get(WISH, "")
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._traces: dict[str, Traces] = {}
        self.budget = a_quarter()
        self.pinned: frozenset[str] = frozenset()

    def hold(self, budget: int, pinned: frozenset[str]) -> bool:
        """Hold no more than that from now on; whether something was unloaded for it."""
        self.budget, self.pinned = budget, pinned
        n_open = len(self._models)
        self._keep_to_budget()
        return len(self._models) < n_open

    @property
    def told(self) -> tuple[OpenCheckpoint, ...]:
        """What is open, the one used last comes last."""
        return tuple(OpenCheckpoint(name, model.n_bytes) for name, model in self._models.items())

    def get(self, checkpoint: str, context: Context) -> Model:
        """The model of a checkpoint, read unless it is open. Raises as `inference.forward.opening.load`."""
        if checkpoint not in self._models:
            from inference.forward.opening import load

            # Before it is read: what is written meanwhile makes it another one.
            found = all_traces(_folder(checkpoint))
            model = load(checkpoint, context, self.device, self._make_room)
            model.memory = self._memory
            self._models[checkpoint], self._traces[checkpoint] = model, found
            self._keep_to_budget()
        self._models.move_to_end(checkpoint)
        return self._models[checkpoint]

    def open(self, checkpoint: str, context: Context) -> Model:
        """The same, but read again if its files have changed: they may have been trained on since."""
        if checkpoint in self._models and not (self._traces[checkpoint] == all_traces(_folder(checkpoint)) != ()):
            del self._models[checkpoint]
        return self.get(checkpoint, context)

    @property
    def device(self) -> str:
        """Name of the device that models are run on."""
        from inference.checkpoints.devices import usual_device

        return self._device or usual_device()

    def devices(self) -> DevicesResult:
        """All devices, with the memory that they have now."""
        from inference.checkpoints.devices import devices, find_device

        return DevicesResult(devices(), find_device(self.device).name)

    def move(self, device: str) -> None:
        """Run models elsewhere from now on: what is open moves, the one used last first, and is unloaded without room.

        Raises
        ------
        Refused
            There is no such device, or the checkpoint used last does not fit there: then all stay where they are.
        """
        from inference.checkpoints.devices import check_room, find_device, free_unused

        found = find_device(device)
        if device == self.device:
            self._device = device
            return
        self.drop_runs()
        free_unused()
        latest_first = list(reversed(self._models.items()))
        for at, (name, model) in enumerate(latest_first):
            try:
                check_room(found, model.n_bytes, model.info.name)
                model.move(found)
            except Refused:
                if at == 0:
                    raise
                del self._models[name]
            found = find_device(device)
        self._device = device
        free_unused()

    def drop_runs(self) -> None:
        """Hold nothing of what attention received; what is looked at next is computed again."""
        for run in self._memory.runs:
            run.drop_all()

    def _keep_to_budget(self) -> None:
        """The one that came last stays."""
        self._unload(lambda: sum(model.n_bytes for model in self._models.values()) > self.budget, n_left=1)

    def _make_room(self, n_bytes: int) -> None:
        """Unload what has to make way for so many bytes of weights, on the device and under the budget."""
        from inference.checkpoints.devices import find_device, free_unused

        def is_short() -> bool:
            free_unused()
            held = sum(model.n_bytes for model in self._models.values())
            return held + n_bytes > self.budget or n_bytes > find_device(self.device).n_free

        self._unload(is_short, n_left=0)

    def _unload(self, is_short: Callable[[], bool], n_left: int) -> None:
        while len(self._models) > n_left and is_short():
            candidates = list(self._models)[: len(self._models) - n_left]
            del self._models[next((name for name in candidates if name not in self.pinned), candidates[0])]


def a_quarter() -> int:
    """Of the machine's memory, in bytes."""
    return machine_bytes() // 4


def _folder(checkpoint: str) -> Path:
    return checkpoint_path(split_precision(checkpoint)[0])
