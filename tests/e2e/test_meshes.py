"""Meshes in the real program: one grows without a click, is scrubbed through, coloured, and completed from its half."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QTabWidget

from inference.results.inputs import Input
from resources import bundled_checkpoints
from tests.inference.tiny_polygen import build
from tests.places import index_of

pytestmark = pytest.mark.xvfb

BUNDLED = "polygen-furniture"
COMPLETE = 2


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """The bundled one; where there is none, a tiny one of random weights, whose masked meshes come to an end, too."""
    if BUNDLED in bundled_checkpoints():
        return BUNDLED
    folder = tmp_path_factory.mktemp("polygen")
    build(max_vertices=8, max_face_tokens=60).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def mesh(start, checkpoint):
    """The program with the view Mesh in front, and its first mesh whole."""
    driver = start(checkpoint)
    driver.wait(lambda: "mesh" in driver.window.area.views)
    driver.view = driver.window.area.views["mesh"]
    driver.wait(lambda: is_whole(driver))
    return driver


def is_whole(driver):
    presenter = driver.view._presenter
    return bool(presenter.growths) and not presenter.is_growing and not driver.window._runner.is_busy


def pixels(viewer):
    image = viewer.image()
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return data[:, :, :3].astype(int)


def choose(driver, name, data):
    """Choose in a combo box with the keys."""
    combo = driver.widget(name, QComboBox)
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(combo.findData(data)):
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert combo.currentData() == data


def test_a_mesh_is_drawn_scrubbed_coloured_and_completed(mesh):
    driver, presenter = mesh, mesh.view._presenter
    viewer, lanes = driver.widget("mesh_viewer"), driver.widget("mesh_lanes")
    # It is what the window looks at, and other views follow.
    growth = presenter.growth
    assert driver.window.area.current == "mesh"
    driver.wait(lambda: driver.window.input_panel.input() == Input(mesh=growth.input()))
    assert viewer.renderer_name.startswith("OpenGL")
    assert not driver.widget("mesh_renderer").isVisible()  # there is nothing to know

    # Scrub with the mouse and the keys.
    QTest.mousePress(lanes, Qt.MouseButton.LeftButton, pos=lanes.place_of(0).toPoint())
    QTest.mouseMove(lanes, lanes.place_of(5).toPoint() + QPoint(1, 0))
    QTest.mouseRelease(lanes, Qt.MouseButton.LeftButton, pos=lanes.place_of(5).toPoint())
    assert presenter.step == 5
    assert index_of(driver.window.selection.now.query) == 5
    assert viewer.scene.objects[0].n_vertices == 2
    few = pixels(viewer)
    QTest.keyClick(lanes, Qt.Key.Key_End)
    assert presenter.step == growth.n_steps - 1
    assert viewer.scene.objects[0].n_faces == len(growth.faces)
    assert np.abs(pixels(viewer) - few).max() > 60
    QTest.keyClick(lanes, Qt.Key.Key_Left)
    assert presenter.step == growth.n_steps - 2

    # Colours.
    surprisal = pixels(viewer)
    choose(driver, "mesh_look_color", "order")
    assert np.abs(pixels(viewer) - surprisal).max() > 60
    choose(driver, "mesh_look_color", "bits")
    assert np.abs(pixels(viewer) - surprisal).max() == 0

    # Half of it, completed in four ways.
    bar = driver.widget("mesh_pages", QTabWidget).tabBar()
    driver.click(bar, bar.tabRect(COMPLETE).center())
    kept = growth.below(driver.widget("mesh_plane").value())
    assert 0 < len(kept.vertex_tokens) < growth.n_coordinates
    driver.click(driver.widget("mesh_above"))
    driver.wait(lambda: len(presenter.growths) == 4 and is_whole(driver))
    n = len(kept.vertex_tokens)
    for one in presenter.growths:
        assert tuple(one.sample.vertices.tokens[:n].tolist()) == kept.vertex_tokens
        assert one.sample.vertices.n_given == n
    assert driver.colors(viewer) > 40
    driver.click(driver.widget("mesh_undo"))
    assert presenter.growth.input() == growth.input()
    assert not driver.message().startswith("Something")
