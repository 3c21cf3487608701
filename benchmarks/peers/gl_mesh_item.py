"""Frames of a mesh that grows, by pyqtgraph: `python -m benchmarks.peers.gl_mesh_item N_FACES N_FRAMES`.

Its GLMeshItem knows triangles only, so each quad is two, and its edges show the diagonals too.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import numpy as np
import pyqtgraph.opengl as gl
from PySide6.QtWidgets import QApplication

from benchmarks.ours.first_paint import wait_for_screen
from benchmarks.ours.window import n_colors, n_differing, screenshot, show
from benchmarks.samples import hills

SIZE = 800


def main() -> None:
    n_faces, n_frames = int(sys.argv[1]), int(sys.argv[2])
    application = QApplication(sys.argv[:1])
    vertices, quads = hills(n_faces)
    n_faces = len(quads)
    # Turned so that the light of its shader falls on the upper side.
    triangles = quads[:, [0, 2, 1, 0, 3, 2]].reshape(-1, 3)
    view = gl.GLViewWidget()
    view.setBackgroundColor("w")
    view.setCameraPosition(distance=3.2, elevation=40, azimuth=-60)
    item = gl.GLMeshItem(
        vertexes=vertices.astype(np.float32), faces=triangles, smooth=False, drawEdges=True, edgeColor=(0, 0, 0, 1),
        color=(0.6, 0.7, 0.85, 1), shader="shaded",
    )  # fmt: skip
    show(view, SIZE, SIZE)

    def seconds(change) -> float:
        cpu.append(-time.process_time())
        started = time.perf_counter()
        change()
        view.repaint()
        application.processEvents()
        wait_for_screen(view)
        cpu[-1] += time.process_time()
        return time.perf_counter() - started

    def grow(frame: int) -> None:
        n = n_faces - (n_frames - frame) * max(1, n_faces // 100)
        item.setMeshData(vertexes=vertices.astype(np.float32), faces=triangles[: 2 * n], smooth=False)

    cpu: list[float] = []
    first = seconds(lambda: view.addItem(item))
    images = [screenshot(view)]
    orbit = [seconds(lambda: view.orbit(3, 0)) for _ in range(n_frames)]
    images.append(screenshot(view))
    seconds(lambda: grow(0))
    images.append(screenshot(view))
    cpu.clear()
    times = [seconds(lambda frame=frame: grow(frame)) for frame in range(1, n_frames + 1)]
    images.append(screenshot(view))
    assert n_differing(*images[:2]) > 10_000, "the camera did not turn"
    assert n_differing(*images[-2:]) > 50, "growing changed nothing"
    assert n_colors(images[-1]) > 50, "the window stayed empty"
    found = {"first_s": first, "orbit_s": median(orbit), "grow_s": median(times), "grow_cpu_s": median(cpu)}
    print(json.dumps(found))


main()
