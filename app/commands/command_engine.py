"""The engine of one command, and what it answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.commands.faults import Fault

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from inference.service.engine import Engine


class CommandEngine:
    """One engine for all figures of a command, and what it said of their checkpoints."""

    def __init__(self) -> None:
        from inference.service.engine import Engine

        self.engine = Engine()
        self._infos: dict[str, CheckpointInfo] = {}
        self._device = self._usual = ""

    def use(self, device: str) -> Engine:
        """The engine, running models on a device; empty is the one that it began with. Raises `Fault`."""
        if device != self._device:
            self._usual = self._usual or _moved(self.engine, "")
            _moved(self.engine, device or self._usual)
            self._device = device
        return self.engine

    def info(self, checkpoint: str) -> CheckpointInfo:
        """Of a checkpoint, inspected once."""
        if checkpoint not in self._infos:
            self._infos[checkpoint] = _info(self.engine, checkpoint)
        return self._infos[checkpoint]


def _moved(engine: Engine, device: str) -> str:
    """Where models are run from now on; where they are run, if no device is named."""
    from inference.results.devices import DevicesRequest, DevicesResult

    told = answer_of(engine, DevicesRequest(device))
    assert isinstance(told, DevicesResult)
    return told.chosen


def _info(engine: Engine, checkpoint: str) -> CheckpointInfo:
    from inference.results.checkpoint import CheckpointInfo, InspectRequest

    info = answer_of(engine, InspectRequest(checkpoint))
    assert isinstance(info, CheckpointInfo)
    return info


def answer_of(engine: Engine, request: Any) -> object:
    """What the engine answers, all parts together. Raises `Fault` with the sentence of a failure."""
    from inference.context import Context
    from inference.results.events import Failure, Partial
    from inference.results.maps import TilesResult
    from inference.service.engine import answer

    parts: list[TilesResult] = []

    def keep(reported: object) -> None:
        if isinstance(reported, Partial) and isinstance(reported.result, TilesResult):
            parts.append(reported.result)

    result = answer(engine, request, Context(keep))
    if isinstance(result, Failure):
        raise Fault(result.message)
    if isinstance(result, TilesResult):  # they come one by one
        return replace(result, tiles=tuple(tile for part in (*parts, result) for tile in part.tiles))
    return result
