"""One process at a time trains into a place. The system ends that with the process: a killed one blocks nobody."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from inference.context import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def reserved(lock_file: Path, name: str) -> Iterator[None]:
    """Keep others from training `name`; the file that says so is taken away in the end.

    Raises
    ------
    Refused
        Another process, or another job of this one, trains it; or no file can be made there.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(lock_file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Refused(f"{name} is being trained already, by another process.") from None
    except OSError as error:
        raise Refused(f"{lock_file.parent} cannot be written: {reason(error)}.") from error
    try:
        yield
    finally:
        # While it is held: whoever opened it meanwhile finds that it is gone. Windows takes it away when it is closed.
        with suppress(OSError):
            lock_file.unlink()
        lock.release()


def reason(error: OSError) -> str:
    """Why the system refuses, to stand behind a colon."""
    return (error.strerror or type(error).__name__).lower()
