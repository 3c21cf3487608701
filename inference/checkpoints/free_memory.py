"""What memory there is, and whether a checkpoint fits. Needs no torch."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inference.context import Refused

if TYPE_CHECKING:
    from inference.checkpoints.weights_header import StoredTensor

_FLOAT32 = 4


def machine_bytes() -> int:
    """Memory that is built in."""
    if sys.platform == "win32":
        total = ctypes.c_ulonglong()
        ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(total))
        return total.value * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def free_bytes() -> int:
    """Memory that can be had now; where the system does not say, what is built in."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        said = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
        return said["MemAvailable"] + said["SwapFree"]
    except (OSError, ValueError, KeyError, IndexError):
        return machine_bytes()


def running_bytes(stored: dict[str, StoredTensor], *, is_own_precision: bool = False) -> int:
    """What these tensors take while a model is run: as they are stored, or in float32."""
    return sum(
        _FLOAT32 * tensor.n_elements if tensor.is_float and not is_own_precision else tensor.end - tensor.begin
        for tensor in stored.values()
    )


def check_fits(stored: dict[str, StoredTensor]) -> None:
    """Raise `Refused` where reading these tensors, and making them float32, takes more than there is."""
    read = sum(tensor.end - tensor.begin for tensor in stored.values())
    made = sum(_FLOAT32 * tensor.n_elements for tensor in stored.values() if tensor.is_float and tensor.dtype != "F32")
    free = free_bytes()
    if read + made > free:
        raise Refused(
            f"Opening these weights takes {(read + made) / 2**30:,.1f} GB of memory; {free / 2**30:,.1f} GB are free."
        )
