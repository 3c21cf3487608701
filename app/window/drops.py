"""What is dropped onto the window: a checkpoint's folder, a picture, a mesh, or a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.commands.text_files import ENDINGS as TEXTS
from app.window import text_dialog
from inference.results.mesh import MESH_ENDINGS

if TYPE_CHECKING:
    from pathlib import Path

    from app.window.main_window import MainWindow

IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}


def take(window: MainWindow, path: Path) -> None:
    """Open what was dropped, or say what is missing for it."""
    suffix = path.suffix.lower()
    kind = window.input_panel.kind
    if suffix in IMAGES and kind == "image":
        window.input_panel.open_image(str(path))
    elif suffix in IMAGES:
        window.status_line.show_message(_tr("{} is a picture; open a checkpoint that reads pictures first.", path))
    elif suffix in MESH_ENDINGS and kind == "mesh":
        assert window.controller.checkpoint is not None
        window.area.open_file("mesh", str(path), window.controller.checkpoint)
    elif suffix in MESH_ENDINGS:
        window.status_line.show_message(_tr("{} is a mesh; open a checkpoint that reads meshes first.", path))
    elif suffix in TEXTS:
        text_dialog.take_file(window, path)
    else:
        window.open(str(path))


def _tr(text: str, path: Path) -> str:
    return QCoreApplication.translate("Drops", text).format(path.name)
