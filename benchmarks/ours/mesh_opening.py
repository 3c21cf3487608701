"""A mesh file, read and shown: `python -m benchmarks.ours.mesh_opening ENDING N_FACES`."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from benchmarks.ours.first_paint import wait_for_screen
from benchmarks.ours.window import n_colors, screenshot, show
from benchmarks.samples import hills
from inference.meshes.files import mesh_bytes, read_mesh
from inference.meshes.mesh import Mesh
from widgets.scene3d.scene import MeshObject, MeshScene
from widgets.scene3d.viewer import MeshViewer

SIZE = 800


def main() -> None:
    ending, n_faces = sys.argv[1], int(sys.argv[2])
    application = QApplication(sys.argv[:1])
    vertices, quads = hills(n_faces)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"hills.{ending}"
        path.write_bytes(mesh_bytes(Mesh(vertices, tuple(map(tuple, quads.tolist()))), ending))
        started = time.perf_counter()
        mesh = read_mesh(path)
        read_s = time.perf_counter() - started
    viewer = MeshViewer()
    show(viewer, SIZE, SIZE)
    started = time.perf_counter()
    viewer.set_scene(MeshScene((MeshObject(mesh.vertices, mesh.faces, show_vertices=False),)))
    viewer.fit()
    viewer.repaint()
    application.processEvents()
    wait_for_screen(viewer)
    first_s = time.perf_counter() - started
    assert n_colors(screenshot(viewer)) > 50, "the window stayed empty"
    print(json.dumps({"read_s": read_s, "first_s": first_s}))


main()
