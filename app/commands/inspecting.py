"""What a checkpoint is: told at once.

It takes five seconds where torch and transformers are imported for it, so that is the last resort. What the bundled
checkpoints are was told before they came; most others are told without either (see
`inference.checkpoints.outlines.quick`); what was told of the rest once is read from a file, if nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable

from app import VERSION
from inference.checkpoints.outlines.quick import told
from inference.results.checkpoint import CheckpointInfo, InspectRequest, in_own_precision, split_precision
from resources import ADAPTER_CONFIG, bundled_checkpoints, checkpoint_path
from resources.first_answers import INSPECTED

FILE_NAME = "inspected.bin"  # beside the settings


def inspected(checkpoint: str, ask: Callable[[str], CheckpointInfo]) -> CheckpointInfo:
    """What `ask` says of a checkpoint, most often without asking it; what it raises is raised."""
    name, _ = split_precision(checkpoint)
    request = InspectRequest(_whole(checkpoint))
    if name in bundled_checkpoints():
        from app.link.first_answers import FirstAnswers

        if isinstance(info := FirstAnswers(INSPECTED).answer(request), CheckpointInfo):
            return info
    if (info := told(checkpoint)) is not None:
        return info
    # Imported late: a window's parts, which take longer than the telling.
    from importlib.metadata import version  # takes a tenth of a second to import, and is asked only here

    from PySide6.QtCore import QCoreApplication

    from app.link.result_cache import ResultCache
    from app.window.settings import settings_file

    QCoreApplication.setApplicationName("Headlight")  # which the folder of the settings is named after
    QCoreApplication.setOrganizationName("Headlight")
    kept = ResultCache(settings_file().with_name(FILE_NAME), f"{VERSION}, transformers {version('transformers')}")
    if isinstance(info := kept.answer(request), CheckpointInfo):
        return info
    info = ask(checkpoint)
    if not (checkpoint_path(name) / ADAPTER_CONFIG).exists():  # the base of one lies elsewhere
        kept.keep(request.checkpoint, request, info)
        kept.write()
    return info


def _whole(checkpoint: str) -> str:
    """The same from whatever folder."""
    name, is_own_precision = split_precision(checkpoint)
    place = name if name in bundled_checkpoints() else str(checkpoint_path(name).absolute())
    return in_own_precision(place, is_own=is_own_precision)
