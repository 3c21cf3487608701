"""The folder of a run: an ordinary checkpoint, and beside it what the run needs to go on.

    config.json, model.safetensors, tokenizer.json, README.md   opens anywhere
    training/run.json                                           what was asked for, and how far it came
    training/log.npz, validations.npz                           its numbers, step by step
    training/state.pt                                           weights, optimizer, random numbers; not once it is done

Every file is written whole or not at all. The state is written last and read first: numbers of steps behind it are
cut off. Nothing is read with pickle.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import BadZipFile

import numpy as np

from inference.context import Refused
from inference.files.json_file import read_object
from inference.files.json_parts import Misfit, read_part
from inference.results.kept_runs import KeptRun
from inference.results.training import (
    RUN_FILE,
    RowToken,
    StepLog,
    StepTerm,
    TrainingRequest,
    TrainingResult,
    Validation,
    WatchedMaps,
    beyond_limits,
    is_run,
)
from inference.training import reserving
from inference.training.reserving import reason
from inference.training.task import NO_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

INSIDE, RUN = RUN_FILE.parts
LOG, VALIDATIONS, STATE, LOCK = "log.npz", "validations.npz", "state.pt", "lock"
_MOST_JSON = 2**20
_MOST_NUMBERS = 2**27  # bytes
_MOST_RUNS = 500  # that are looked at in one folder
_VERSION = 1


@dataclass(frozen=True)
class RunFacts:
    """What `run.json` holds beside the request; see `TrainingResult`."""

    n_done: int
    seconds: float
    layers: tuple[str, ...]
    measure: str
    example: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    baselines: tuple[tuple[str, float], ...]
    facts: tuple[str, ...]
    parts: tuple[str, ...] = ()  # which earlier versions did not write, as the row
    row: tuple[RowToken, ...] = ()
    terms: tuple[StepTerm, ...] = ()
    watched: str = ""
    watching: WatchedMaps = "source"  # before other tasks than reversal were watched


@contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Keep other processes from training in this folder; see `reserving.reserved`. A new one that stays empty goes.

    Raises
    ------
    Refused
        Another one does, or the folder cannot be made.
    """
    inside = folder / INSIDE
    made = [place for place in (inside, folder) if not place.exists()]
    try:
        inside.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{folder} cannot be written: {reason(error)}.") from error
    try:
        with reserving.reserved(inside / LOCK, folder.name):
            yield
    finally:
        for place in made:  # of what was refused nothing is left
            with suppress(OSError):
                place.rmdir()


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """What goes wrong with the disk, in one sentence."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{folder} cannot be written: {reason(error)}. What was saved before is still there.") from error


def write_whole(file: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file so that a crash leaves either the old one or the new one."""
    partial = file.with_name(f"{file.name}.tmp")
    with partial.open("wb") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """A folder whose files take the places of those in `folder` one by one, once all are written."""
    partial = folder / INSIDE / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    yield partial
    for file in partial.iterdir():
        file.replace(folder / file.name)
    partial.rmdir()


def write_run(folder: Path, request: TrainingRequest, result: TrainingResult) -> None:
    """Request, numbers and facts; all but the state."""
    log, place, validations = result.log, folder / INSIDE, _validation_arrays(result.validations)
    write_whole(place / LOG, lambda stream: _save_log(log, stream))
    write_whole(place / VALIDATIONS, lambda stream: np.savez(stream, allow_pickle=False, **validations))
    facts = {field.name: getattr(result, field.name) for field in fields(RunFacts)}
    facts |= {"row": [asdict(token) for token in result.row], "terms": [asdict(term) for term in result.terms]}
    asked = {name: value for name, value in asdict(request).items() if name != "folder"}
    told = json.dumps({"version": _VERSION, "request": asked, "facts": facts}, indent=1)
    write_whole(place / RUN, lambda stream: stream.write(told.encode()))


def read_run(folder: Path) -> tuple[TrainingRequest, RunFacts]:
    """What was asked for, and how far it came.

    Raises
    ------
    Refused
        It cannot be read, or is of another version.
    """
    told = read_object(folder / INSIDE / RUN, _MOST_JSON)
    try:
        if told.get("version") != _VERSION:
            raise Misfit(f"'version' is not {_VERSION}")
        request = read_part(TrainingRequest, told.get("request"), folder=str(folder))
        facts = read_part(RunFacts, told.get("facts"))
        if why := beyond_limits(request):
            raise Misfit(why.rstrip("."))
        if not 0 <= facts.n_done <= request.plan.n_steps:
            raise Misfit(f"'n_done' is {facts.n_done:,} of {request.plan.n_steps:,} steps")
        return request, facts
    except Misfit as error:
        text = f"{RUN} of {folder.name} is damaged, or another version of Headlight wrote it: {error}."
        raise Refused(text) from error


def read_result(folder: Path) -> TrainingResult:
    """All that is known of a run. Raises `Refused` as `read_run`."""
    request, facts = read_run(folder)
    place = folder / INSIDE
    try:
        if sum((place / name).stat().st_size for name in (LOG, VALIDATIONS)) > _MOST_NUMBERS:
            raise ValueError
        with (place / LOG).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            n = len(arrays["loss"])
            seconds = arrays["seconds"] if "seconds" in arrays else np.full(n, np.nan)
            terms = arrays["terms"] if "terms" in arrays else np.zeros((n, 0), np.float32)
            log = StepLog(0, arrays["loss"], arrays["rate"], arrays["gradient"], seconds, terms)
        with (place / VALIDATIONS).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            validations = _validations(dict(arrays))
        if log.gradient.shape != (len(log.loss), len(facts.layers)) or log.rate.shape != log.loss.shape:
            raise ValueError
        looks = {one.pattern.shape for one in validations if one.pattern.size}
        if len(looks) > 1 or {shape[2:] for shape in looks} - {(len(facts.rows), len(facts.columns))}:
            raise ValueError
        if log.seconds.shape != log.loss.shape or log.terms.shape != (len(log.loss), len(facts.terms)):
            raise ValueError
    except (OSError, KeyError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise Refused(f"The numbers of {request.name} cannot be read: they are damaged or missing.") from error
    told = {field.name: getattr(facts, field.name) for field in fields(RunFacts)}
    return TrainingResult(log=log, validations=validations, **told)


def runs_in(folder: Path) -> tuple[KeptRun, ...]:
    """The runs that are kept in a folder, the latest first; what cannot be read is left out."""
    try:
        places = [place for place in folder.iterdir() if is_run(place)][:_MOST_RUNS]
        places.sort(key=lambda place: (place / INSIDE / RUN).stat().st_mtime, reverse=True)
    except OSError:
        return ()
    found = []
    for place in places:
        try:
            request, facts = read_run(place)
        except Refused:
            continue
        found.append(KeptRun(request, facts.n_done, bytes_in(place)))
    return tuple(found)


def bytes_in(folder: Path) -> int:
    """What a folder takes on the disk."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:  # replaced at this moment
                continue
    return total


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """All that is needed to go on."""
    import torch

    write_whole(folder / INSIDE / STATE, lambda stream: torch.save(state, stream))


def read_state(folder: Path) -> dict[str, Any] | None:
    """The same; None where there is none."""
    import torch

    file = folder / INSIDE / STATE
    if not file.is_file():
        return None
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch says it in many ways
        raise Refused(f"{STATE} of {folder.name} is damaged, so that the run cannot go on.") from error


def forget_state(folder: Path) -> None:
    """A run that is done does not go on: what that would need is most of what it takes."""
    (folder / INSIDE / STATE).unlink(missing_ok=True)


def without_folder(request: TrainingRequest) -> TrainingRequest:
    """What was asked for, wherever it lives: folders are moved."""
    return replace(request, folder="")


def remove_run(folder: Path, home: Path) -> None:
    """Delete a run that lives in `home`, and its checkpoint; nothing where it is gone already.

    Raises
    ------
    Refused
        It lives elsewhere, is being trained, or cannot be deleted.
    """
    if not is_run(folder):
        return
    if folder.parent.resolve() != home.resolve() or folder.is_symlink():
        raise Refused(f"{folder} is not in {home}; only runs that are kept there are deleted.")
    with reserved(folder):
        pass
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise Refused(f"{folder} cannot be deleted: {reason(error)}.") from error


def _save_log(log: StepLog, stream: BinaryIO) -> None:
    np.savez(stream, loss=log.loss, rate=log.rate, gradient=log.gradient, seconds=log.seconds, terms=log.terms)


def _validation_arrays(validations: tuple[Validation, ...]) -> dict[str, np.ndarray]:
    # Looks of a version that kept no attention have no pattern, and none of one that did not measure it has places.
    seen = [one.pattern for one in validations if one.pattern.size]
    widest = max((one.by_distance.shape[2] for one in validations), default=0)
    counts = [np.pad(one.by_distance, ((0, 0), (0, 0), (0, widest - one.by_distance.shape[2]))) for one in validations]
    return {
        "step": np.array([one.step for one in validations]),
        "loss": np.array([one.loss for one in validations]),
        "measure": np.array([one.measure for one in validations]),
        "said": np.array([one.said for one in validations], np.str_),
        "pattern": np.array(seen or [one.pattern for one in validations], np.float32),
        "has_pattern": np.array([bool(one.pattern.size) for one in validations], np.bool_),
        "seconds": np.array([one.seconds for one in validations]),
        "by_distance": np.array(counts, np.int32),
        "parts": np.array([one.parts for one in validations], np.float64),
    }


def _validations(arrays: dict[str, Any]) -> tuple[Validation, ...]:
    n = len(arrays["step"])
    old = {"seconds": np.full(n, np.nan), "by_distance": np.zeros((n, 2, 2, 0), np.int32), "parts": np.zeros((n, 0))}
    arrays = old | arrays
    if "has_pattern" in arrays and arrays["has_pattern"].any():
        patterns = dict(zip(np.flatnonzero(arrays["has_pattern"]).tolist(), arrays["pattern"], strict=True))
        arrays["pattern"] = [patterns.get(i, NO_PATTERN) for i in range(n)]
    names = ("step", "loss", "measure", "said", "pattern", "seconds", "by_distance", "parts")
    found = tuple(
        Validation(
            int(step), float(loss), float(measure), str(said), pattern.astype(np.float32), float(seconds),
            counts.astype(np.int32), tuple(right.tolist()),
        )
        for step, loss, measure, said, pattern, seconds, counts, right in zip(
            *(arrays[name] for name in names), strict=True
        )
    )  # fmt: skip
    if any(one.by_distance.ndim != 3 or one.by_distance.shape[:2] != (2, 2) for one in found):
        raise ValueError
    return found
