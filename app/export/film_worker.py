"""Writes one film of completions in a process of its own, so that painting and encoding keeps no window waiting.

It reads one message on its standard input (see `message`) and says in lines of JSON how far it is, and what went wrong.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

from inference.service import wire
from widgets.views.complete_image.figure import CompleteImageFigure


def message(figure: CompleteImageFigure, path: str, style: dict[str, Any], width: int | None) -> bytes:
    """What `main` reads; `style` is packed."""
    content = io.BytesIO()
    told = {"result": figure.result, "n_given": figure.n_given, "seed": figure.seed, "shows_bits": figure.shows_bits}
    wire.write(content, {**told, "path": path, "style": style, "width": width})
    return content.getvalue()


def main() -> int:
    """Exit status 0, or 2 after a line with what was wrong."""
    from PySide6.QtGui import QGuiApplication

    from app.export.export import ExportError
    from app.export.figure_film import save, unpacked

    read = wire.read(sys.stdin.buffer)
    if read is None:
        return _tell(error="It was told nothing.")
    asked, _ = read
    if sys.platform != "win32":  # on Windows only its own plugin knows the fonts
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    _app = QGuiApplication(["headlight"])  # kept until the end: fonts are its own
    figure = CompleteImageFigure(
        asked["result"], asked["n_given"], asked["seed"], shows_bits=asked["shows_bits"], is_alone=True
    )
    try:
        save(figure, asked["path"], unpacked(asked["style"]), asked["width"], _report)
    except ExportError as error:
        return _tell(error=str(error))
    return 0


def _report(done: int, total: int) -> None:
    _tell(done=done, total=total)


def _tell(**said: object) -> int:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    return 2


if __name__ == "__main__":
    sys.exit(main())
