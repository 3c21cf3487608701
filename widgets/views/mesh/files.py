"""Files of meshes: which ones may be dropped, and the dialog that asks for one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData
from PySide6.QtWidgets import QFileDialog, QWidget

SUFFIXES = (".obj", ".ply", ".stl", ".off", ".gltf", ".glb")


def dropped_mesh(data: QMimeData) -> str:
    """The first mesh file among what is dragged; empty if there is none."""
    paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    return next((path for path in paths if Path(path).suffix.lower() in SUFFIXES), "")


def ask_for_mesh(parent: QWidget) -> str:
    """A file of the user's choice; empty if he has none."""
    patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
    title = QCoreApplication.translate("MeshFiles", "Open a mesh")
    kinds = QCoreApplication.translate("MeshFiles", "Meshes ({})").format(patterns)
    return QFileDialog.getOpenFileName(parent, title, "", kinds)[0]
