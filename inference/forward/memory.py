"""How much may be held of forward passes. Needs no torch, so that it can be asked before a checkpoint is opened."""

from __future__ import annotations

import ctypes
import sys
import weakref
from typing import TYPE_CHECKING

from inference.checkpoints.free_memory import machine_bytes
from inference.context import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inference.forward.run import Run

_DEFAULT = 2**30
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h


class Memory:
    """A budget for what is held of the forward passes of all open checkpoints.

    A gigabyte, or a quarter of the machine's memory where that is less: enough for a bert-base at 8,192 tokens, and
    little beside the weights of a model whose layers are larger. It is what is held between two looks; while a model
    runs, it takes what it takes, and the layer that is looked at is there whatever the budget.
    """

    def __init__(self, budget: int = 0) -> None:
        self._budget = budget or min(_DEFAULT, machine_bytes() // 4)
        self._runs: list[weakref.ref[Run]] = []

    @property
    def budget(self) -> int:
        """Bytes. Setting it raises `Refused` unless it is between 1 and what the machine has."""
        return self._budget

    @budget.setter
    def budget(self, budget: int) -> None:
        if not 0 < budget <= machine_bytes():
            raise Refused(
                f"{budget / 2**30:.1f} GB were asked for to hold layers in; this machine has "
                f"{machine_bytes() / 2**30:.1f} GB."
            )
        self._budget = budget

    @property
    def runs(self) -> list[Run]:
        """Those of open checkpoints; the one used last comes last."""
        return [run for ref in self._runs if (run := ref()) is not None]

    @property
    def held(self) -> int:
        """Bytes."""
        return sum(self._storages().values())

    def use(self, run: Run) -> None:
        """From now on it counts, and is the last to be dropped."""
        self._runs = [*(weakref.ref(other) for other in self.runs if other is not run), weakref.ref(run)]

    def fits(self, storages: Mapping[int, int], run: Run) -> bool:
        """Whether a run can hold more; others make way for it, that first which was not used for the longest time.

        Parameters
        ----------
        storages
            Bytes by address, see `inference.capture.storage.storage_bytes`.
        """
        while True:
            if sum((self._storages() | dict(storages)).values()) <= self._budget:
                return True
            others = [other for other in self.runs if other is not run and other.storages()]
            if not others:
                return False
            others[0].drop_all()

    def _storages(self) -> dict[int, int]:
        held: dict[int, int] = {}
        for run in self.runs:
            held |= run.storages()
        return held


def keep_freed() -> None:
    """Let glibc keep what is freed for what comes next, until `give_back`.

    It would return each block of a map to the system and page the next one in: a third of the time of such work.
    """
    if allocator := _glibc():
        # Blocks of maps come from the heap; what is larger, as activations of long texts are, would leave holes there.
        allocator.mallopt(_M_MMAP_THRESHOLD, 12 * 2**20)
        allocator.mallopt(_M_TRIM_THRESHOLD, 128 * 2**20)  # that much may lie free at its end


def give_back() -> None:
    """Return to the system what was freed; glibc would keep much of it, in pieces."""
    if allocator := _glibc():
        allocator.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    return library if hasattr(library, "malloc_trim") else None
