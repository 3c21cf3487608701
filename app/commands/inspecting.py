"""What a checkpoint is, from the last time that anybody asked if nothing of it has changed since.

Telling it takes some seconds, because the class that the weights fit is found by building it without storage, by torch
and transformers. What was told once is read from a file, and neither of them is imported; what the bundled checkpoints
are was told before they came.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from app import VERSION
from app.link.first_answers import FirstAnswers
from app.link.result_cache import ResultCache
from app.window.settings import settings_file
from inference.results.checkpoint import CheckpointInfo, InspectRequest, in_own_precision, split_precision
from resources import ADAPTER_CONFIG, bundled_checkpoints, checkpoint_path
from resources.first_answers import INSPECTED

FILE_NAME = "inspected.bin"  # beside the settings


def inspected(checkpoint: str, ask: Callable[[str], CheckpointInfo]) -> CheckpointInfo:
    """What `ask` says of a checkpoint, or has said of the same files by the same versions; what it raises is raised."""
    request = InspectRequest(_whole(checkpoint))
    if isinstance(info := FirstAnswers(INSPECTED).answer(request), CheckpointInfo):
        return info
    from importlib.metadata import version  # takes a tenth of a second to import, and is asked only here

    QCoreApplication.setApplicationName("Headlight")  # which the folder of the settings is named after
    QCoreApplication.setOrganizationName("Headlight")
    kept = ResultCache(settings_file().with_name(FILE_NAME), f"{VERSION}, transformers {version('transformers')}")
    if isinstance(info := kept.answer(request), CheckpointInfo):
        return info
    info = ask(checkpoint)
    name, _ = split_precision(checkpoint)
    if not (checkpoint_path(name) / ADAPTER_CONFIG).exists():  # the base of one lies elsewhere
        kept.keep(request.checkpoint, request, info)
        kept.write()
    return info


def _whole(checkpoint: str) -> str:
    """The same from whatever folder."""
    name, is_own_precision = split_precision(checkpoint)
    place = name if name in bundled_checkpoints() else str(checkpoint_path(name).absolute())
    return in_own_precision(place, is_own=is_own_precision)
