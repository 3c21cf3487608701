"""What an engine at the end of a line says first: which Headlight it is, and on what it runs.

One line of JSON behind a word of its own, which any version can read: what follows is only read where both ends are the
same. Before it may stand what a login prints.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import metadata
from pathlib import Path

from inference import results
from inference.service import wire

WORD = b"headlight-engine "
LONGEST = 8192  # bytes of the line
LONGEST_TEXT = 300  # letters of each text in it


@dataclass(frozen=True)
class Hello:
    """An engine and its machine.

    Attributes
    ----------
    version, protocol
        Of Headlight, and of its requests and results: see `protocol`.
    python, torch, transformers
        Versions there; empty where a package is missing.
    machine
        What the machine calls itself.
    n_cores
        Of its processor.
    home
        The user's folder there.
    inbox
        Folder for files of inputs, which goes with the engine.
    """

    version: str
    protocol: str
    python: str
    torch: str
    transformers: str
    machine: str
    n_cores: int
    home: str
    inbox: str

    @property
    def about(self) -> str:
        """All that a user may want to know, as half a sentence."""
        return (
            f"{self.machine}: {self.n_cores} cores, Headlight {self.version}, Python {self.python}, torch {self.torch}"
        )


def own_hello(version: str, inbox: str) -> bytes:
    """The line of this process."""
    hello = Hello(
        version,
        protocol(),
        platform.python_version(),
        _version("torch"),
        _version("transformers"),
        platform.node(),
        os.cpu_count() or 1,
        str(Path.home()),
        inbox,
    )
    return WORD + json.dumps(asdict(hello)).encode() + b"\n"


def read_hello(line: bytes) -> Hello | None:
    """What such a line says; None where it is none, or holds anything else than short plain text."""
    if not line.startswith(WORD) or len(line) > LONGEST:
        return None
    try:
        values = json.loads(line[len(WORD) :])
        hello = Hello(**{f.name: values[f.name] for f in fields(Hello)})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    texts = [value for value in asdict(hello).values() if isinstance(value, str)]
    is_plain = all(text.isprintable() and len(text) <= LONGEST_TEXT for text in texts)
    is_count = type(hello.n_cores) is int and 0 < hello.n_cores < 100_000
    return hello if len(texts) == len(fields(Hello)) - 1 and is_plain and is_count else None


@cache
def protocol() -> str:
    """A digest of what requests and results are made of: the same at both ends, or they do not talk."""
    digest = hashlib.sha256()
    sources = [file for place in results.__path__ for file in sorted(Path(place).glob("*.py"))]
    for file in (*sources, Path(wire.__file__)):
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
