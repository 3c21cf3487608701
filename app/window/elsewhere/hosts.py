"""Which machines were computed on, and where the settings of a window lie that computes on one."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from app.link.remote.address import BadAddress, MachineAddress, parse_address
from app.window.settings import Settings, is_text, load_settings, locked, read_entries, write_entries

FILE_NAME = "hosts.json"  # beside the settings of this machine
FOLDER = "elsewhere"
MOST_HOSTS = 9
# How a window looks is the same wherever it computes; what was open, and where, is of the machine.
_LOOKS = ("theme", "font_scale", "color_map", "caption", "window", "docks")


def settings_elsewhere(address: MachineAddress, own: Path) -> Path:
    """The file of settings for an engine on another machine; one that is new begins with the looks of this one.

    Sessions, kept answers and what was open lie beside it: they are of checkpoints there.
    """
    import hashlib  # with OpenSSL, which a window that computes here does without

    name = re.sub(r"[^A-Za-z0-9_.-]", "_", address.name)[:40]
    digest = hashlib.sha256(address.text.encode()).hexdigest()[:8]
    file = own.parent / FOLDER / f"{name}-{digest}" / own.name
    if not file.exists():
        looks = asdict(load_settings(own)[0])
        try:
            write_entries(file, asdict(Settings()) | {key: looks[key] for key in _LOOKS})
        except OSError:
            return file  # which the window says by itself
    return file


def recent_hosts(own: Path) -> tuple[str, ...]:
    """Addresses of machines that were computed on, the latest first."""
    values, _ = read_entries(own.with_name(FILE_NAME))
    named = values.get("hosts")
    good = [one for one in named if is_text(one) and _is_address(one)] if isinstance(named, list) else []
    return tuple(good[:MOST_HOSTS])


def keep_host(address: MachineAddress, own: Path) -> None:
    """Put one at the head of the list. Raises OSError."""
    file = own.with_name(FILE_NAME)
    with locked(file):
        others = (one for one in recent_hosts(own) if one != address.text)
        write_entries(file, {"hosts": [address.text, *others][:MOST_HOSTS]})


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except BadAddress:
        return False
    return True
