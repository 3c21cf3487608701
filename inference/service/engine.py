"""The one place that runs analyses: opens checkpoints, keeps the last ones, answers requests."""

from __future__ import annotations

import os
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from inference.context import Cancelled, Context, Refused
from inference.forward.memory import Memory, give_back, keep_freed
from inference.registry import ANALYSES
from inference.results.checkpoint import InspectRequest, OpenRequest
from inference.results.devices import DevicesRequest
from inference.results.events import Failure
from inference.results.memory import MemoryRequest, MemoryResult
from inference.service.lean_import import import_transformers
from inference.service.open_models import OpenModels, a_quarter

if TYPE_CHECKING:
    from inference.results.request import Request

ROOT = Path(__file__).parents[2]


class Engine:
    """Answers requests one at a time. Needs no window, no thread and no process of its own.

    Models are run on the device that the environment wishes (see `inference.results.devices.WISH`), else on the first
    GPU where there is one, until a request chooses another.
    """

    def __init__(self) -> None:
        keep_freed()
        # Before torch comes: threads that spin while they wait starve all else on a busy machine, and each other.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._memory = Memory()
        self._models = OpenModels(self._memory)

    def run(self, request: Request, context: Context) -> object:
        """Compute the result of a request.

        Raises
        ------
        Refused
            If the input is bad; the text is one sentence for the user.
        Cancelled
            If the context says so.
        """
        checkpoint = getattr(request, "checkpoint", None)
        if checkpoint is not None:
            import_transformers()  # before anything else imports more of it
        if isinstance(request, InspectRequest):
            from inference.checkpoints.inspection import inspect

            return inspect(request.checkpoint)
        if isinstance(request, MemoryRequest):
            if request.budget:
                self._memory.budget = request.budget
            if self._models.hold(request.for_checkpoints or a_quarter(), frozenset(request.pinned)):
                _let_go()
            return self._held()
        if isinstance(request, DevicesRequest):
            if request.device:
                self._models.move(request.device)
            return self._models.devices()
        if isinstance(request, OpenRequest):
            return self._models.open(request.checkpoint, context).info
        module, _, name = ANALYSES[type(request).__name__].partition(":")
        function = getattr(import_module(module), name)
        if checkpoint is None:
            return function(request, context)
        model = self._models.get(checkpoint, context)
        if why := model.info.why_missing(request.needs):
            raise Refused(f"{model.info.name} cannot show this: {why}.")
        return function(request, model, context)

    def _held(self) -> MemoryResult:
        memory = self._memory
        if not memory.runs:
            return MemoryResult(memory.held, memory.budget, 0, 0, 0, has_qk=True, checkpoints=self._models.told)
        run = memory.runs[-1]
        calls = [call for group in run.calls.values() for call in group]
        n_held = sum(call.is_held for call in calls)
        has_qk = any(call.has_qk for call in calls)
        return MemoryResult(
            memory.held, memory.budget, len(calls), n_held, run.n_tokens, has_qk, checkpoints=self._models.told
        )

    def free(self) -> str:
        """Give back what was held of forward passes, and what nothing refers to; where that was, for the user."""
        self._models.drop_runs()
        _let_go()
        return self._models.devices().current.title


def answer(engine: Engine, request: Request, context: Context) -> object | None:
    """The result of a request, a `Failure` if there is none, or None if it was cancelled. Never raises."""
    found = _answer(engine, request, context)
    if isinstance(request, OpenRequest) and (found is None or isinstance(found, Failure)):
        with suppress(Exception):
            _let_go()  # what was read of it, and the exceptions of the threads that read, hold each other
    return found


def _let_go() -> None:
    from inference.checkpoints.devices import free_unused

    free_unused()
    give_back()


def _answer(engine: Engine, request: Request, context: Context) -> object | None:
    try:
        return engine.run(request, context)
    except Cancelled:
        return None
    except Refused as refused:
        return Failure("refused", str(refused))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 (tokenizers' PanicException is no Exception)
        details = "".join(traceback.format_exception(error))
        if _is_out_of_memory(error):
            return Failure("error", _freed(engine, error), details)
        return Failure("error", _last_resort(request, error), details)


def _freed(engine: Engine, error: BaseException | None) -> str:
    """One sentence, once what the computation had taken is free again."""
    while error is not None:  # the frames of the traceback hold the tensors that were made on the way
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
    place = "here"
    with suppress(Exception):  # there may be too little left even for that
        place = f"on {engine.free()}"
    return (
        f"There is not enough memory for this {place}, and what it had taken is free again; try a shorter text or a "
        "smaller model."
    )


def _last_resort(request: Request, error: BaseException) -> str:
    """What failed and where, in one sentence; what Python said of it stands in the details."""
    where = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).is_relative_to(ROOT):
            where = f"{Path(frame.filename).relative_to(ROOT).as_posix()}, line {frame.lineno}"
    checkpoint = getattr(request, "checkpoint", None)
    name = Path(str(checkpoint)).name if checkpoint else "this input"
    what = "opened" if isinstance(request, InspectRequest | OpenRequest) else "computed with"
    return f"{name[:100]} could not be {what}: something in it was not foreseen ({where or 'outside Headlight'})."


# What torch, oneDNN, C++ and the system say of it.
_OUT_OF_MEMORY = (
    "not enough memory", "can't allocate memory", "Cannot allocate memory", "out of memory", "bad_alloc",
    "could not create a primitive", "could not create a memory", "can't start new thread",
)  # fmt: skip


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in _OUT_OF_MEMORY)
