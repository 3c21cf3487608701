"""Meshes drawn by OpenGL on a real screen: the same picture as the painted one."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from shiboken6 import delete

from tests.widgets.mesh_scenes import chair, face_numbers_as_colors, random_boxes
from widgets.look.theme import DARK, LIGHT
from widgets.scene3d.camera import PROJECTIONS
from widgets.scene3d.scene import STYLES, Guide, Links, MeshScene, in_grid
from widgets.scene3d.viewer import MeshViewer

pytestmark = pytest.mark.xvfb


@pytest.fixture
def viewers(qtbot):
    """One drawn by OpenGL, one painted."""
    made = []
    for renderer in ("opengl", "painted"):
        viewer = MeshViewer(renderer=renderer)
        qtbot.addWidget(viewer)
        viewer.resize(480, 360)
        viewer.show()
        made.append(viewer)
    assert made[0].renderer_name.startswith("OpenGL ("), made[0].renderer_name
    return made


def pixels(viewer):
    image = viewer.image()
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return data[:, :, :3].astype(int)


def share_differing(one, other):
    """Pixels that differ clearly: more than smoothing explains."""
    return float((np.abs(one - other).max(-1) > 60).mean())


def scenes():
    mesh = chair(ring=(36, 37, 39), links=Links(np.array([[0, 36], [3, 46]]), 4.0), guides=(Guide((0.9,), 0.7),))
    pierced = random_boxes(8, 3)
    return {
        "marks": MeshScene((replace(mesh, selected_faces=(25,), n_visible_faces=30),)),
        "pierced": MeshScene((replace(pierced, face_colors=face_numbers_as_colors(48)),)),
        "grid": MeshScene(in_grid([chair(title="one"), chair(n_visible_faces=20), random_boxes(3, 1)])),
    }


@pytest.mark.parametrize("name", ["marks", "pierced", "grid"])
def test_both_renderers_draw_the_same_picture(viewers, name):
    for theme in (LIGHT, DARK):
        for style in STYLES:
            for projection in PROJECTIONS:
                images = []
                for viewer in viewers:
                    viewer.setPalette(theme.palette())
                    viewer.set_scene(scenes()[name])
                    viewer.set_style(style)
                    viewer.set_projection(projection)
                    viewer.fit()
                    images.append(pixels(viewer))
                empty = np.abs(images[0] - images[0][0, 0]).max(-1) < 8
                assert empty.mean() < 0.95
                assert share_differing(*images) < 0.02, (theme.name, style, projection)


def test_growing_by_counts_and_by_longer_meshes_give_the_same_pictures(viewers):
    opengl, painted = viewers
    mesh = chair()
    for n in (0, 5, 18, 36, 12):
        opengl.set_scene(MeshScene((replace(mesh, n_visible_faces=n, n_visible_vertices=n),)))
        counted = pixels(opengl)
        painted.set_scene(opengl.scene)
        painted.set_camera(opengl.camera)
        assert share_differing(counted, pixels(painted)) < 0.02
        opengl.set_scene(MeshScene((replace(mesh, faces=mesh.faces[:n], n_visible_vertices=n),)))
        assert share_differing(counted, pixels(opengl)) == 0


def test_many_faces_keep_their_edges(viewers):
    """Above a number of faces the edges are drawn with the faces."""
    side = 60
    x, y = np.meshgrid(np.linspace(0, 1, side + 1), np.linspace(0, 1, side + 1))
    first = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel()
    quads = np.stack([first, first + 1, first + side + 2, first + side + 1], 1)
    mesh = replace(
        chair(), vertices=np.stack([x, y, 0 * x], -1).reshape(-1, 3), faces=tuple(map(tuple, quads.tolist()))
    )
    for viewer in viewers:
        viewer.set_scene(MeshScene((replace(mesh, show_vertices=False),)))
        QTest.keyClick(viewer, Qt.Key.Key_7)
    shades = [len(np.unique(pixels(viewer).reshape(-1, 3), axis=0)) for viewer in viewers]
    assert min(shades) > 20
    one, other = (pixels(viewer).mean() for viewer in viewers)
    assert one == pytest.approx(other, abs=12)


def test_a_context_that_is_lost_leaves_a_painted_picture(viewers, qtbot):
    opengl, painted = viewers
    for viewer in viewers:
        viewer.set_scene(MeshScene((chair(),)))
    opengl.image()
    opengl._gl._context = type(opengl._gl._context)()  # one that was never made
    opengl.set_scene(MeshScene((chair(n_visible_faces=30),)))
    with qtbot.waitSignal(opengl.renderer_changed) as changed:
        images = pixels(opengl)
    assert changed.args == ["painted, because OpenGL was lost"]
    painted.set_scene(opengl.scene)
    np.testing.assert_array_equal(images, pixels(painted))


@pytest.mark.parametrize("first", ["_array", "_face_program", "_surface", "_context"])
def test_at_the_end_of_the_program_qt_may_delete_its_parts_in_any_order_before_it_is_released(viewers, first):
    viewers[0].image()
    renderer = viewers[0]._gl
    part = getattr(renderer, first)
    viewers[0].destroyed.disconnect(renderer.release)
    delete(getattr(part, "shaders", part))
    renderer.release()


def test_nothing_is_left_of_a_closed_viewer(qtbot, assert_collected):
    def make():
        viewer = MeshViewer(renderer="opengl")
        viewer.set_scene(MeshScene((chair(),)))
        viewer.show()
        viewer.grab()
        assert viewer.renderer_name.startswith("OpenGL")
        return viewer

    assert_collected(make)


def test_the_end_of_the_application_before_the_viewers_is_silent():
    """Qt then deletes what only Python owns in an order of its own: of several one is found half gone."""
    program = textwrap.dedent(
        """
        import sys
        from PySide6.QtWidgets import QApplication
        from widgets.scene3d.viewer import MeshViewer

        application = QApplication(sys.argv[:1])
        viewers = [MeshViewer(renderer="opengl") for _ in range(12)]
        for viewer in viewers:
            viewer.resize(40, 40)
            viewer.grab()
            assert viewer.renderer_name.startswith("OpenGL"), viewer.renderer_name
        application.shutdown()
        """
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
