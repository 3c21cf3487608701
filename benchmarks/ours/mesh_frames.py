"""Frames of a mesh that grows: `python -m benchmarks.ours.mesh_frames RENDERER N_FACES N_FRAMES`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from statistics import median

import numpy as np
from PySide6.QtWidgets import QApplication

from benchmarks.ours.first_paint import wait_for_screen
from benchmarks.ours.window import n_colors, n_differing, screenshot, show
from benchmarks.samples import hills
from widgets.scene3d.scene import MeshObject, MeshScene
from widgets.scene3d.viewer import MeshViewer

SIZE = 800


def main() -> None:
    renderer, n_faces, n_frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    application = QApplication(sys.argv[:1])
    vertices, quads = hills(n_faces)
    n_faces = len(quads)
    faces = tuple(map(tuple, quads.tolist()))
    extent = tuple(map(tuple, (vertices.min(0).tolist(), vertices.max(0).tolist())))
    mesh = MeshObject(vertices.astype(np.float32), faces, show_vertices=False, extent=extent)
    viewer = MeshViewer(renderer=renderer)
    viewer.set_camera(viewer.camera.looking(-60, 40))
    show(viewer, SIZE, SIZE)
    assert viewer.renderer_name.startswith("OpenGL" if renderer == "opengl" else "painted"), viewer.renderer_name

    def seconds(change) -> float:
        cpu.append(-time.process_time())
        started = time.perf_counter()
        change()
        viewer.repaint()
        application.processEvents()
        wait_for_screen(viewer)
        cpu[-1] += time.process_time()
        return time.perf_counter() - started

    def grow(frame: int) -> None:
        # A longer mesh, as a model that draws one gives it.
        n = n_faces - (n_frames - frame) * max(1, n_faces // 100)
        viewer.set_scene(MeshScene((replace(mesh, faces=faces[:n]),)))

    def scrub(frame: int) -> None:
        n = n_faces - (n_frames - frame) * max(1, n_faces // 100)
        viewer.set_scene(MeshScene((replace(mesh, n_visible_faces=n),)))

    cpu: list[float] = []
    first = seconds(lambda: viewer.set_scene(MeshScene((mesh,))))
    images = [screenshot(viewer)]
    found = {"first_s": first, "renderer": viewer.renderer_name}
    orbit = [seconds(lambda: viewer.set_camera(viewer.camera.orbited(3, 0))) for _ in range(n_frames)]
    images.append(screenshot(viewer))
    for name, change in (("grow", grow), ("scrub", scrub)):
        seconds(lambda change=change: change(0))
        images.append(screenshot(viewer))
        cpu.clear()
        times = [seconds(lambda frame=frame, change=change: change(frame)) for frame in range(1, n_frames + 1)]
        images.append(screenshot(viewer))
        assert n_differing(*images[-2:]) > 50, f"{name} changed nothing"
        found |= {f"{name}_s": median(times), f"{name}_cpu_s": median(cpu)}
    assert n_differing(*images[:2]) > 10_000, "the camera did not turn"
    assert n_colors(images[-1]) > 50, "the window stayed empty"
    print(json.dumps(found | {"orbit_s": median(orbit)}))


main()
