"""What an engine on another machine may say, and what not: no shape of it raises anything but `BadMessage`."""

from __future__ import annotations

import numpy as np
import pytest

from inference.results.events import Failure, Progress
from inference.results.positions import PositionsRequest, PositionsResult
from inference.service.checked import check
from inference.service.wire import BadMessage

_ARRAY = np.zeros(3, np.float32)
_DONE = {"name": "done", "number": 1}


@pytest.mark.parametrize(
    "message",
    [
        {"name": "ready"},
        {"name": "alive"},
        _DONE | {"result": None},
        _DONE | {"result": PositionsResult((), "")},
        _DONE | {"result": Failure("refused", "no")},
        {"name": "report", "number": 1, "event": Progress(1, 2, "half")},
    ],
)
def test_what_an_engine_says_passes(message):
    check(message, PositionsRequest("a"))


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"name": _ARRAY},
        {"name": ("ready",)},
        {"name": "ready", "more": 1},
        _DONE,
        _DONE | {"result": _ARRAY},
        _DONE | {"result": PositionsResult((_ARRAY,), "")},
        _DONE | {"result": PositionsResult((), _ARRAY)},
        _DONE | {"result": Failure(_ARRAY, "no")},
        _DONE | {"result": Failure("engine", "dead")},
        _DONE | {"number": True, "result": None},
        _DONE | {"number": _ARRAY, "result": None},
        {"name": "report", "number": 1, "event": Progress(_ARRAY, 2, "half")},
    ],
)
def test_anything_else_is_refused(message):
    with pytest.raises(BadMessage):
        check(message, PositionsRequest("a"))
