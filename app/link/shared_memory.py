"""Memory that the window's process and the engine's both see, for large arrays."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from pathlib import Path

RING_BYTES = 64 * 2**20
FOLDER = Path("/dev/shm")
_PREFIX = "headlight-"  # of files that versions before 0.2 left when they were killed


class Ring:
    """A block of memory without a name, which goes with the last process that has it open, however that ends.

    Attributes
    ----------
    descriptor
        To be inherited by the other process.
    memory
        The block.
    """

    def __init__(self) -> None:
        """Raises OSError where there is not enough memory."""
        self.descriptor = os.memfd_create("headlight")
        try:
            # Reserve it now: writing later, when memory is short, would end the process with SIGBUS.
            os.posix_fallocate(self.descriptor, 0, RING_BYTES)
            self.memory = memoryview(mmap.mmap(self.descriptor, RING_BYTES))
        except OSError:
            os.close(self.descriptor)
            raise

    @property
    def path(self) -> str:
        """How the process that inherits `descriptor` opens it."""
        return f"/proc/self/fd/{self.descriptor}"

    def close_descriptor(self) -> None:
        """The other process has it now; the memory stays."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def make_ring() -> Ring | None:
    """None where the system has none, or too little memory: then the pipe does."""
    with suppress(OSError, AttributeError):
        return Ring()
    return None


def sweep(folder: Path = FOLDER) -> list[Path]:
    """Delete blocks that dead processes of ours left under names of their own; returns which."""
    swept = []
    with suppress(OSError):
        left = [file for file in folder.glob(f"{_PREFIX}*") if _is_ours(file)]
        in_use = _mapped(folder) if left else ""
        for file in left:
            if str(file) not in in_use:
                with suppress(OSError):
                    file.unlink()
                    swept.append(file)
    return swept


def _is_ours(file: Path) -> bool:
    with suppress(OSError):
        stat = file.lstat()
        return stat.st_uid == os.getuid() and stat.st_size == RING_BYTES and file.is_file() and not file.is_symlink()
    return False


def _mapped(folder: Path) -> str:
    """Lines about files of a folder in the memory maps of all processes that may be looked into."""
    found = []
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with suppress(OSError):
            found += [line for line in maps.read_text(errors="replace").splitlines() if str(folder) in line]
    return "\n".join(found)
