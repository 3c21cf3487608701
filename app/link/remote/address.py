"""Addresses of engines on other machines: `ssh://host`, `ssh://user@host:folder`."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCHEME = "ssh://"
_LONGEST = 1000  # letters
# Neither may begin with a dash, which ssh would take for an option of its own.
_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])")


class BadAddress(ValueError):
    """A text is no such address; why, in one sentence."""


@dataclass(frozen=True)
class MachineAddress:
    """Where an engine is to be started.

    Attributes
    ----------
    host
        What ssh knows the machine by: a name, perhaps of the user's configuration of ssh, or an address; perhaps with
        the name of the user there before it.
    folder
        Where Headlight lies there: absolute, below `~`, or from the user's folder; empty where its command is to be
        found, or it lies in `~/headlight`.
    """

    host: str
    folder: str = ""

    @property
    def text(self) -> str:
        """As it is typed."""
        return f"{SCHEME}{self.host}{':' if self.folder else ''}{self.folder}"

    @property
    def target(self) -> str:
        """As ssh is given it: without the brackets that keep an address apart from the folder."""
        return self.host.replace("[", "").replace("]", "")

    @property
    def name(self) -> str:
        """What the user is told: the machine without the user there."""
        return self.host.rpartition("@")[2]


def parse_address(text: str) -> MachineAddress:
    """The address that a text is, with or without its `ssh://`. Raises `BadAddress`."""
    given = text.strip().removeprefix(SCHEME)
    if len(given) > _LONGEST:
        raise BadAddress(f"This address has {len(given):,} letters; at most {_LONGEST:,} are read.")
    if not given.isprintable():
        raise BadAddress("This address holds a letter that no name of a machine or folder has.")
    found = _HOST.match(given)
    rest = given[found.end() :] if found else ""
    if not found or (rest and not rest.startswith(":")) or rest.startswith("://"):
        if found and rest.startswith("/"):
            raise BadAddress(f"{text.strip()!r}: a folder stands after a colon, as in ssh://host:/opt/headlight.")
        if any(letter.isalpha() and not letter.isascii() for letter in given.partition(":")[0]):
            raise BadAddress(f"{text.strip()!r}: ssh knows machines by letters from a to z; name it in ~/.ssh/config.")
        raise BadAddress(f"{text.strip()!r} names no machine; write ssh://host, or ssh://user@host:folder.")
    folder = rest[1:]
    if (port := folder.partition("/")[0]).isdecimal():
        raise BadAddress(
            f"{port} would be a folder; a port is told to ssh itself, in ~/.ssh/config (for a folder write ./{folder})."
        )
    if folder.startswith("-"):
        raise BadAddress(f"The folder {folder!r} begins with a dash; write ./{folder}.")
    return MachineAddress(found.group(), folder)
