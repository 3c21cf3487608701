"""The engines of one command, on this machine or another, and what they answer."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.commands.faults import Fault

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo

# A request and who is told of its progress in, a result, a `Failure` or None out.
EngineCall = Callable[[Any, Callable[[object], None]], object]


class CommandEngine:
    """One engine a machine for all figures of a command, and what it said of their checkpoints.

    A machine is named by its address, see `app.link.remote.address`; empty is this one.
    """

    def __init__(self) -> None:
        self._engines: dict[str, EngineCall] = {}
        self._infos: dict[tuple[str, str], CheckpointInfo] = {}
        self._devices: dict[str, str] = {}  # by machine, where models are run if another device was named
        self._usual: dict[str, str] = {}

    def use(self, device: str = "", machine: str = "") -> EngineCall:
        """The engine, running models on a device; empty is the one that it began with. Raises `Fault`."""
        if machine not in self._engines:
            self._engines[machine] = _elsewhere(machine) if machine else _here()
        engine = self._engines[machine]
        if device != self._devices.get(machine, ""):
            self._usual[machine] = self._usual.get(machine) or _moved(engine, "")
            _moved(engine, device or self._usual[machine])
            self._devices[machine] = device
        return engine

    def info(self, checkpoint: str, machine: str = "") -> CheckpointInfo:
        """Of a checkpoint, inspected once."""
        if (machine, checkpoint) not in self._infos:
            self._infos[machine, checkpoint] = _info(self.use(machine=machine), checkpoint)
        return self._infos[machine, checkpoint]


def _here() -> EngineCall:
    from inference.context import Context
    from inference.service.engine import Engine, answer

    engine = Engine()
    return lambda request, report: answer(engine, request, Context(report))


def _elsewhere(machine: str) -> EngineCall:
    from app.link.remote.address import parse_address
    from app.link.remote.remote_link import remote_link
    from app.link.watchdog import Watchdog

    link = remote_link(parse_address(machine))
    link.AGAIN = ""  # there is no key that asks once more
    watchdog = Watchdog(link.kill_if_hung)
    watchdog.start()
    for end in (watchdog.stop, link.close):  # the last is called first
        atexit.register(end)

    def ask(request: Any, report: Callable[[object], None]) -> object:
        if link.hello is None and sys.stderr.isatty():  # to begin there takes seconds
            print(f"headlight: connecting to {link.address.name} …", file=sys.stderr)
        return link.run(request, report)

    return ask


def _moved(engine: EngineCall, device: str) -> str:
    """Where models are run from now on; where they are run, if no device is named."""
    from inference.results.devices import DevicesRequest, DevicesResult

    told = answer_of(engine, DevicesRequest(device))
    assert isinstance(told, DevicesResult)
    return told.chosen


def _info(engine: EngineCall, checkpoint: str) -> CheckpointInfo:
    from inference.results.checkpoint import CheckpointInfo, InspectRequest

    info = answer_of(engine, InspectRequest(checkpoint))
    assert isinstance(info, CheckpointInfo)
    return info


def answer_of(engine: EngineCall, request: Any, report: Callable[[object], None] = lambda _: None) -> object:
    """What the engine answers, all parts together; `report` is told of its progress.

    Raises `Fault` with the sentence of a failure.
    """
    from inference.results.events import Failure, Partial
    from inference.results.maps import TilesResult

    parts: list[TilesResult] = []

    def keep(reported: object) -> None:
        if isinstance(reported, Partial) and isinstance(reported.result, TilesResult):
            parts.append(reported.result)
        report(reported)

    result = engine(request, keep)
    if isinstance(result, Failure):
        raise Fault(result.message)
    if isinstance(result, TilesResult):  # they come one by one
        return replace(result, tiles=tuple(tile for part in (*parts, result) for tile in part.tiles))
    return result
