"""What folders hold, told of their names and configurations alone."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from inference.checkpoints.adapters import ADAPTER_CONFIG
from inference.context import Context, Refused
from inference.files.config_file import CONFIG, MAX_CONFIG
from inference.files.json_file import read_object
from inference.files.model_card import card_text
from inference.files.regular_files import is_there
from inference.results.hub import FolderEntry, FolderRequest, FolderResult
from resources import checkpoint_path

MOST_ENTRIES = 2_000
_DIGITS = re.compile(r"(\d+)")


def folder(request: FolderRequest, context: Context) -> FolderResult:
    """Checkpoints and folders in a folder, by name, numbers in names by their value.

    Raises
    ------
    Refused
        It is no folder, or cannot be read.
    """
    place = checkpoint_path(request.folder) if request.folder else Path.home()
    try:
        place = place.resolve()
        names = [entry.name for entry in os.scandir(place) if not entry.name.startswith(".") and entry.is_dir()]
    except (OSError, RuntimeError, ValueError) as error:
        why = (getattr(error, "strerror", "") or "it has a name that no folder can have").lower()
        raise Refused(f"{request.folder[:200]} cannot be read: {why}.") from error
    names.sort(key=_by_number)
    entries = []
    for name in names[:MOST_ENTRIES]:
        context.checkpoint(len(entries), len(names), "Looking into folders")
        entries.append(_entry(place / name))
    parent = str(place.parent) if place.parent != place else ""
    card = card_text(place) if _config(place) else ""
    return FolderResult(str(place), parent, tuple(entries), len(names) - len(entries), card)


def _entry(place: Path) -> FolderEntry:
    config = _config(place)
    if not config:
        return FolderEntry(place.name, str(place), is_checkpoint=False)
    return FolderEntry(place.name, str(place), is_checkpoint=True, kind=_kind(place / config), n_bytes=_size(place))


def _config(place: Path) -> str:
    return next((name for name in (CONFIG, ADAPTER_CONFIG) if is_there(place / name)), "")


def _kind(config: Path) -> str:
    try:
        values = read_object(config, MAX_CONFIG)
    except Refused:
        return ""
    return str(values.get("model_type") or values.get("peft_type") or "")[:80]


def _size(place: Path) -> int:
    """Files that vanish meanwhile, as a training run has them, do not count."""
    total = 0
    try:
        for entry in os.scandir(place):
            try:
                found = entry.stat()  # of what a link leads to, as in the cache of the hub
            except OSError:
                continue
            total += found.st_size if stat.S_ISREG(found.st_mode) else 0
    except OSError:
        return 0
    return total


def _by_number(name: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(
        (0, int(part), "") if part.isdecimal() and len(part) < 20 else (1, 0, part.lower())
        for part in _DIGITS.split(name)
    )
