"""Jobs of a command on another machine: each has a line of its own, and an engine that imports what it needs alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from app.commands.command_engine import answer_of


def answer_elsewhere(request: Any, machine: str, report: Callable[[object], None] = lambda _: None) -> object:
    """What comes of it there; `report` is told of its progress. Raises `Fault`."""
    from app.link.remote.address import parse_address
    from app.link.remote.remote_link import remote_job_link
    from app.link.watchdog import Watchdog

    link = remote_job_link(parse_address(machine))
    watchdog = Watchdog(link.kill_if_hung)
    watchdog.start()
    try:
        return answer_of(link.run, request, report)
    finally:  # also where the user stops it: an engine whose line ends, ends
        watchdog.stop()
        link.close()


def place_elsewhere(path: str, machine: str) -> str:
    """A path there, whole: what is not is below the user's folder. Raises `Fault`."""
    return path if path.startswith("/") else str(PurePosixPath(_home(machine), path.removeprefix("~").lstrip("/")))


def told_place(path: object, machine: str) -> str:
    """A path there, or here where no machine is named, as the user is told of it."""
    return f"{path} at {machine}" if machine else str(path)


@cache
def _home(machine: str) -> str:
    from inference.results.hub import FolderRequest, FolderResult

    found = answer_elsewhere(FolderRequest(""), machine)
    assert isinstance(found, FolderResult)
    return found.folder
