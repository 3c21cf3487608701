"""What is computed beforehand: what the very first window shows, and what the bundled checkpoints are.

Which files hold it, and of which checkpoint it is.
"""

from __future__ import annotations

import json
from pathlib import Path

from resources import ADAPTER_CONFIG, CONFIG, ROOT, bundled_checkpoints, checkpoint_path

# Made by `python -m resources.recipes.first_answers`: what the first window asks, and what `inspect` is asked.
FILE, INSPECTED = ROOT / "first_answers.bin", ROOT / "inspected.bin"


def content_hash(folder: Path) -> str:
    """Of all files of a checkpoint that say what it computes, its card left out: whoever installed them, and when.

    Those of the base that comes with an adapter are among them. Raises OSError if they cannot be read.
    """
    import hashlib  # with OpenSSL, which nobody needs before the window is on screen

    told = hashlib.sha256()
    if (base := _bundled_base(folder)) is not None:
        told.update(content_hash(base).encode())
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"):
        content = file.read_bytes()
        told.update(f"{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        told.update(content)
    return told.hexdigest()


def _bundled_base(folder: Path) -> Path | None:
    """Of an adapter; None where it has another one, or is none."""
    if (folder / CONFIG).exists() or not (folder / ADAPTER_CONFIG).exists():
        return None
    try:
        named = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (ValueError, AttributeError):
        return None
    # A base has a configuration of its own, so that no adapter leads to another one.
    is_bundled = named in bundled_checkpoints() and (checkpoint_path(named) / CONFIG).exists()
    return checkpoint_path(named) if is_bundled else None
