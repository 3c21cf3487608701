"""Writes one mesh in a process of its own, so that painting and encoding a film keeps no window waiting.

It reads one message on its standard input (see `message`) and says in lines of JSON how far it is, and what went wrong.
"""

from __future__ import annotations

import io
import json
import os
import sys

from inference.results.mesh import MeshSample
from inference.service import wire


def message(sample: MeshSample, path: str, kind: str, look: dict[str, object]) -> bytes:
    """What `main` reads; `look` is packed."""
    content = io.BytesIO()
    wire.write(content, {"sample": sample, "path": path, "kind": kind, "look": look})
    return content.getvalue()


def main() -> int:
    """Exit status 0, or 2 after a line with what was wrong."""
    from PySide6.QtGui import QGuiApplication

    from app.export.export import ExportError
    from app.export.mesh_files import write
    from app.export.mesh_look import MeshLook

    read = wire.read(sys.stdin.buffer)
    if read is None:
        _tell(error="It was told nothing.")
        return 2
    asked, _ = read
    if sys.platform != "win32":  # on Windows only its own plugin knows the fonts
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    _app = QGuiApplication(["headlight"])  # kept until the end: fonts are its own
    try:
        write(
            asked["sample"],
            asked["path"],
            asked["kind"],
            MeshLook.unpacked(asked["look"]),
            _tell_progress,
        )
    except ExportError as error:
        _tell(error=str(error))
        return 2
    return 0


def _tell(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _tell_progress(done: int, total: int) -> None:
    _tell(done=done, total=total)


if __name__ == "__main__":
    sys.exit(main())
