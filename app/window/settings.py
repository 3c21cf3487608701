"""What survives a restart: small JSON files, of which a damaged entry costs no more than itself."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QStandardPaths

from inference.results.devices import is_device
from widgets.look.color_maps import NAMES

N_RECENT = 9
MEMORY_MB = (256, 512, 1024, 2048, 4096, 8192)
CHECKPOINTS_MB = (0, 1024, 4096, 16384, 65536)
MOST_PINNED = 50
MOST_BYTES = 16 * 2**20  # of a file; ours have a few thousand


@dataclass(frozen=True)
class Settings:
    """Attributes are the file's keys.

    Attributes
    ----------
    theme
        `system`, `light` or `dark`.
    font_scale
        Size of all letters against the system's, 0.7-3.
    color_map
        Of the heat maps.
    caption
        Whether exported figures carry a caption line.
    memory_mb
        How much of what attention receives is held, in MB: one of `MEMORY_MB`.
    device
        Name of the device that models are run on; empty: the first GPU where there is one, else the processor.
    checkpoints_mb
        How much the weights of open checkpoints may take together, in MB: one of `CHECKPOINTS_MB`; 0 is a quarter of
        the machine's memory.
    pinned
        Checkpoints that stay at the head of the list and are unloaded last.
    checkpoint, text, text_pair
        What was open and typed.
    recent, recent_images
        Folders of checkpoints, and files of images, the latest first.
    window, docks
        Geometry of the window and arrangement of its panels, base64.
    """

    theme: str = "system"
    font_scale: float = 1.0
    color_map: str = "cividis"
    caption: bool = False
    memory_mb: int = 1024
    checkpoint: str = ""
    text: str = ""
    text_pair: str = ""
    recent: tuple[str, ...] = field(default=())
    window: str = ""
    docks: str = ""
    recent_images: tuple[str, ...] = field(default=())
    device: str = ""
    checkpoints_mb: int = 0
    pinned: tuple[str, ...] = field(default=())

    def with_recent(self, checkpoint: str) -> Settings:
        """The same with a checkpoint at the head of the list."""
        return replace(self, recent=_first(checkpoint, self.recent))

    def with_recent_image(self, path: str) -> Settings:
        """The same with an image at the head of the list."""
        return replace(self, recent_images=_first(path, self.recent_images))


def _first(new: str, old: tuple[str, ...]) -> tuple[str, ...]:
    return (new, *(path for path in old if path != new))[:N_RECENT]


def settings_file() -> Path:
    """`settings.json` in `$HEADLIGHT_HOME`, else in the system's folder for settings."""
    home = os.environ.get("HEADLIGHT_HOME")
    folder = home or QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
    return Path(folder) / "settings.json"


def why_not_kept(file: Path) -> str:
    """A sentence if nothing can be written where settings are kept; empty if it can. Never raises."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            return ""
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return f"Nothing is kept for the next start: {file.parent} cannot be written ({why})."


def load_settings(file: Path) -> tuple[Settings, str]:
    """Settings, and a sentence if the file could not be used in whole; never raises."""
    values, notice = read_entries(file)
    known = {f.name for f in fields(Settings)}
    good = {
        name: clean for name, value in values.items() if name in known and (clean := _clean(name, value)) is not None
    }
    return Settings(**good), notice or left_out([name for name in values if name in known - set(good)], file)


def _clean(name: str, value: Any) -> Any | None:
    default = getattr(Settings(), name)
    if isinstance(default, tuple):
        is_good = isinstance(value, list) and all(is_text(item) for item in value)
        return tuple(value[: MOST_PINNED if name == "pinned" else N_RECENT]) if is_good else None
    if name == "device":
        return value if is_text(value) and (not value or is_device(value)) else None
    allowed = {
        "theme": ("system", "light", "dark"),
        "color_map": NAMES,
        "memory_mb": MEMORY_MB,
        "checkpoints_mb": CHECKPOINTS_MB,
    }
    if value not in allowed.get(name, (value,)):
        return None
    if isinstance(default, float):
        is_good = isinstance(value, int | float) and not isinstance(value, bool) and 0.7 <= value <= 3
        return float(value) if is_good else None
    if isinstance(default, str):
        return value if is_text(value) else None
    return value if type(value) is type(default) else None


def save_settings(
    settings: Settings, file: Path, loaded: Settings | None = None, begun: Settings | None = None
) -> None:
    """Write so that a crash leaves either the old file or the new one. Raises OSError.

    Parameters
    ----------
    loaded
        What this window has read: entries that it did not change are left as another window has written them since.
    begun
        What it made of that by itself, such as a sample where no text was kept; what it has read unless given.
    """
    with locked(file):
        values = asdict(settings)
        if loaded is not None:
            others = load_settings(file)[0]
            values = merged(values, asdict(begun or loaded), asdict(loaded), asdict(others))
            for name in ("recent", "recent_images"):
                own, read, there = (getattr(one, name) for one in (settings, loaded, others))
                if own and own != read:  # none: the user wants the list forgotten
                    values[name] = list(dict.fromkeys((*own, *there)))[:N_RECENT]
        write_entries(file, values)


class KeptSettings:
    """What one window has read of a file of settings, and what it writes there.

    Attributes
    ----------
    begun
        What the window made of it by itself.
    notice
        A sentence if the file could not be used in whole.
    """

    def __init__(self, file: Path) -> None:
        self.begun, self.notice = load_settings(file)
        self._file, self._loaded = file, self.begun

    def save(self, now: Settings) -> None:
        """Write the settings of a window that closes. Raises OSError."""
        save_settings(now, self._file, self._loaded, self.begun)

    def save_looks(self, now: Settings) -> None:
        """Write how a window looks, so that one that is opened now looks the same. Raises OSError."""
        looks: dict[str, Any] = {name: getattr(now, name) for name in ("theme", "font_scale", "color_map")}
        with locked(self._file):
            write_entries(self._file, asdict(load_settings(self._file)[0]) | looks)
        self._loaded, self.begun = replace(self._loaded, **looks), replace(self.begun, **looks)


# Files of entries


def merged(
    own: dict[str, Any], begun: dict[str, Any], loaded: dict[str, Any], others: dict[str, Any]
) -> dict[str, Any]:
    """What a window writes where another one has written since: of each entry, the change that was made last.

    Parameters
    ----------
    own
        Entries as they are in this window; of entries with names in them each is an entry of its own.
    begun
        The same when it began, before the user changed anything.
    loaded
        What it has read then.
    others
        What stands there now.
    """
    values: dict[str, Any] = {}
    for name in dict.fromkeys((*own, *others)):
        now, first, read, there = (entries.get(name, _NONE) for entries in (own, begun, loaded, others))
        if isinstance(now, dict) and isinstance(there, dict):
            values[name] = merged(now, _entries(first), _entries(read), there)
            continue
        kept = there if now == first and there != read else now
        if kept is not _NONE:
            values[name] = kept
    return values


_NONE = object()  # an entry that is not there


def _entries(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def is_text(value: object) -> bool:
    """Whether it is a text that can be encoded, named to the system and shown."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a character
        return False
    return True


def read_entries(file: Path) -> tuple[dict[str, Any], str]:
    """The object in a JSON file, and a sentence if there is none to be had; a file that is missing is empty."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ValueError
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, RecursionError):
        return {}, f"The settings in {file} could not be read; Headlight starts with its own."
    if not isinstance(values, dict):
        return {}, f"The settings in {file} are not an object; Headlight starts with its own."
    return values, ""


def left_out(names: list[str], file: Path) -> str:
    """A sentence about entries that were damaged; empty where none was."""
    return f"The setting {', '.join(names)} in {file} was not understood and is left out." if names else ""


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Keep other windows from writing meanwhile, if they heed it within two seconds. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = QLockFile(str(file.with_name(f".{file.name}.lock")))
    lock.tryLock(2000)
    try:
        yield
    finally:
        lock.unlock()


def write_entries(file: Path, values: dict[str, Any]) -> None:
    """Write so that a crash leaves either the old file or the new one.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as temporary:
        json.dump(values, temporary, indent=1)
        temporary.flush()
        os.fsync(temporary.fileno())
    Path(temporary.name).replace(file)
