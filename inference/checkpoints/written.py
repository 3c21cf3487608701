"""Checkpoints that a training run writes one after the other, such as `checkpoint-500` and `checkpoint-1000`.

What is being written is not whole yet: its configuration comes after its weights, or its last bytes are missing. A
folder is taken for whole when its headers fit its files and nothing in it has changed between two looks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from inference.checkpoints.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from inference.checkpoints.weights_header import read_header, read_weights
from inference.context import Refused
from inference.files.config_file import CONFIG, read_config
from inference.files.regular_files import is_there

_STEP = re.compile(r"(?:.*[-_])?(?:checkpoint|ckpt|step|steps|iter|iteration|epoch|global_step)[-_]?(\d{1,12})", re.I)
MOST_STEPS = 10_000
Traces = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class TrainingStep:
    """A folder that a run has written.

    Attributes
    ----------
    number
        Of the step, as the folder says.
    """

    number: int
    folder: Path


def step_number(folder: Path) -> int | None:
    """Which step a folder is called after; None where its name says none."""
    found = _STEP.fullmatch(folder.name)
    return int(found[1]) if found else None


def steps_in(folder: Path) -> tuple[TrainingStep, ...]:
    """Folders of steps in the folder of a run, by their numbers; none where it cannot be read."""
    try:
        places = [path for path in folder.iterdir() if step_number(path) is not None and path.is_dir()]
    except (OSError, ValueError):
        return ()
    steps = sorted(
        (TrainingStep(step_number(path) or 0, path) for path in places), key=lambda step: (step.number, step.folder)
    )
    return tuple(steps[-MOST_STEPS:])


def is_whole(folder: Path) -> bool:
    """Whether all that it is opened from is there, by its configuration and the headers of its weights."""
    try:
        if is_there(folder / ADAPTER_CONFIG) and not is_there(folder / CONFIG):
            return bool(read_header(folder / ADAPTER_WEIGHTS))
        read_config(folder)
        return bool(read_weights(folder))
    except (Refused, OSError):
        return False


def traces(folder: Path) -> Traces:
    """Names, sizes and times of its files: where they are the same after a while, nobody writes."""
    try:
        found = [(path.name, path.stat()) for path in folder.iterdir()]
    except OSError:
        return ()
    return tuple(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in found))


def all_traces(folder: Path) -> Traces:
    """The same of a checkpoint; none where its files lie in more than one folder (an adapter), or cannot be told."""
    try:
        return () if is_there(folder / ADAPTER_CONFIG) else traces(folder)
    except (OSError, ValueError, Refused):
        return ()
