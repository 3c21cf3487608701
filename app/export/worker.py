"""Writes one film, or one mesh, in a process of its own, so that painting and encoding keeps no window waiting.

It reads one message on its standard input (see `film_message` and `mesh_message`) and says in lines of JSON how far it
is, and what went wrong.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from inference.service import wire
from widgets.options import Options

if TYPE_CHECKING:
    from app.export.films import GrowingFigure
    from app.export.mesh_look import MeshLook
    from inference.results.mesh import MeshSample
    from widgets.look.theme import FigureStyle

_FIGURES = "widgets.views."  # what grows is among them


def film_message(
    figure: GrowingFigure,
    path: str,
    kind: str,
    style: FigureStyle,
    width: int | None,
    speed: float,
    *,
    may_replace: bool = True,
    notes: tuple[str, ...] = (),
) -> bytes:
    """Tell `main` to write the growth of a figure, a dataclass of results, options and plain values."""
    whole: Any = figure.film_frame(figure.film_steps[-1])
    values = {field.name: getattr(whole, field.name) for field in dataclasses.fields(whole)}
    told = {
        "figure": f"{type(whole).__module__}:{type(whole).__name__}",
        "fields": {name: value for name, value in values.items() if not isinstance(value, Options)},
        "options": {
            name: {"class": f"{type(value).__module__}:{type(value).__name__}", "values": dataclasses.asdict(value)}
            for name, value in values.items()
            if isinstance(value, Options)
        },
        "style": packed(style),
        "width": width,
        "speed": speed,
    }
    return _message(path, kind, told | {"may_replace": may_replace, "notes": notes})


def mesh_message(
    sample: MeshSample,
    path: str,
    kind: str,
    look: MeshLook,
    *,
    may_replace: bool = True,
    notes: tuple[str, ...] = (),
) -> bytes:
    """Tell `main` to write a mesh, or its growth."""
    told = {"sample": sample, "look": look.packed(), "may_replace": may_replace, "notes": notes}
    return _message(path, kind, told)


def _message(path: str, kind: str, told: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    wire.write(content, {"path": path, "kind": kind, **told})
    return content.getvalue()


def main() -> int:
    """Exit status 0, or 2 after a line with what was wrong."""
    from PySide6.QtGui import QGuiApplication

    from app.export.saving import ExportError

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is the window's, which ends this process
    read = wire.read(sys.stdin.buffer)
    if read is None:
        return _tell(error="It was told nothing.")
    asked, _ = read
    if sys.platform != "win32":  # on Windows only its own plugin knows the fonts
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    _app = QGuiApplication(["headlight"])  # kept until the end: fonts are its own
    try:
        _write_mesh(asked) if "sample" in asked else _write_film(asked)
    except ExportError as error:
        return _tell(error=str(error))
    return 0


def _write_mesh(asked: dict[str, Any]) -> None:
    from app.export.mesh_files import write
    from app.export.mesh_look import MeshLook

    look, may_replace = MeshLook.unpacked(asked["look"]), asked["may_replace"]
    notes = tuple(asked["notes"])
    write(asked["sample"], asked["path"], asked["kind"], look, _report, may_replace=may_replace, notes=notes)


def _write_film(asked: dict[str, Any]) -> None:
    from app.export.film_files import save

    options = {name: _of_views(said["class"])(**said["values"]) for name, said in asked["options"].items()}
    figure = _of_views(asked["figure"])(**asked["fields"], **options)
    style, width, speed = unpacked(asked["style"]), asked["width"], asked["speed"]
    may_replace = asked["may_replace"]
    save(
        figure, asked["path"], asked["kind"],
        style=style, width=width, speed=speed, report=_report, may_replace=may_replace, notes=tuple(asked["notes"]),
    )  # fmt: skip


def _of_views(name: str) -> Any:
    module, _, cls = name.partition(":")
    if not module.startswith(_FIGURES):
        raise wire.BadMessage(f"{name} is no part of a view")
    return getattr(import_module(module), cls)


def _report(done: int, total: int) -> None:
    _tell(done=done, total=total)


def _tell(**said: object) -> int:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    return 2


def packed(style: FigureStyle) -> dict[str, Any]:
    """Plain values of a style, for another process."""
    return {"theme": style.theme.name, "color_map": style.color_map, "font": style.font.toString()}


def unpacked(values: dict[str, Any]) -> FigureStyle:
    """The style of plain values."""
    from PySide6.QtGui import QFont

    from widgets.look.theme import DARK, LIGHT, FigureStyle

    font = QFont()
    font.fromString(values["font"])
    return FigureStyle(DARK if values["theme"] == "dark" else LIGHT, font, values["color_map"])


if __name__ == "__main__":
    sys.exit(main())
