"""What is computed beforehand: what the very first window shows, and what the bundled checkpoints are.

Which files hold it, and of which checkpoint it is.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from resources import ROOT

# Made by `python -m resources.recipes.first_answers`: what the first window asks, and what `inspect` is asked.
FILE, INSPECTED = ROOT / "first_answers.bin", ROOT / "inspected.bin"


def content_hash(folder: Path) -> str:
    """Of all files of a checkpoint that say what it computes, its card left out: whoever installed them, and when.

    Raises OSError if they cannot be read.
    """
    told = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"):
        content = file.read_bytes()
        told.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        told.update(content)
    return told.hexdigest()
