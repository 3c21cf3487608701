"""The viewer without OpenGL: keys and pointer act, a scene that grows keeps the camera, failures are said."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.widgets.mesh_scenes import boxes, chair
from widgets.look.theme import DARK, LIGHT
from widgets.scene3d import viewer as module
from widgets.scene3d.camera import FRONT, SIDE, TOP
from widgets.scene3d.gl_program import NoOpenGL
from widgets.scene3d.picking import Hit
from widgets.scene3d.scene import MeshScene
from widgets.scene3d.viewer import MeshViewer

Key, Button, Shift = Qt.Key, Qt.MouseButton, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def viewer(qtbot):
    viewer = MeshViewer(renderer="painted")
    qtbot.addWidget(viewer)
    viewer.resize(400, 300)
    viewer.show()
    viewer.set_scene(MeshScene((boxes(((0, 0, 0), (1, 1, 1))),)))
    return viewer


def size_of(viewer):
    return float(viewer.width()), float(viewer.height())


def place_of(viewer, *point):
    x, y = viewer.camera.project(np.array([point], float), size_of(viewer))[0][0]
    return QPoint(round(x), round(y))


def drag(viewer, by, button=Button.LeftButton, modifiers=Qt.KeyboardModifier.NoModifier):
    start = viewer.rect().center()
    QTest.mousePress(viewer, button, modifiers, start)
    for share in (1, 2):
        moved = start + by * share / 2
        event = module.QMouseEvent(
            module.QEvent.Type.MouseMove, QPointF(moved), QPointF(moved), Button.NoButton, button, modifiers
        )
        QApplication.sendEvent(viewer, event)
    QTest.mouseRelease(viewer, button, modifiers, start + by)


def turn_wheel(viewer, at, notches):
    event = QWheelEvent(
        QPointF(at), QPointF(at), QPoint(), QPoint(0, 120 * notches), Button.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewer, event)


# What it shows


def test_without_opengl_it_is_painted_and_says_so(qtbot):
    viewer = MeshViewer()
    qtbot.addWidget(viewer)
    assert viewer.renderer_name == "painted, because there is no screen"
    assert MeshViewer(renderer="painted").renderer_name == "painted, because it was asked to be"


def test_the_environment_chooses_too(monkeypatch, qapp):
    monkeypatch.setenv(module.SWITCH, "painted")
    assert MeshViewer().renderer_name == "painted, because it was asked to be"


def test_what_is_on_screen_is_the_figure(viewer):
    figure = viewer.figure()
    assert (figure.scene, figure.camera, figure.mesh_style) == (viewer.scene, viewer.camera, "solid")
    assert figure.aspect == pytest.approx(4 / 3)
    assert viewer.accessibleDescription() == figure.caption == "8 vertices, 6 faces"


def test_the_theme_is_followed(viewer):
    for theme in (DARK, LIGHT):
        viewer.setPalette(theme.palette())
        assert viewer.image().pixelColor(1, 1) == theme.paper


def test_a_growing_scene_keeps_the_camera_another_one_is_fitted(viewer):
    mesh = chair()
    viewer.set_scene(MeshScene((mesh,)))
    viewer.set_camera(viewer.camera.orbited(20, 5))
    before = viewer.camera
    for n in (1, 9, 36):
        viewer.set_scene(MeshScene((replace(mesh, n_visible_faces=n),)))
        assert viewer.camera == before
    viewer.set_scene(MeshScene((replace(mesh, vertices=mesh.vertices * 10),)))
    assert viewer.camera.distance > 5 * before.distance
    assert (viewer.camera.azimuth, viewer.camera.elevation) == (before.azimuth, before.elevation)


def test_a_fitted_scene_stays_fitted_when_the_window_changes(viewer):
    before = viewer.camera
    viewer.resize(200, 300)
    assert viewer.camera.distance > 1.2 * before.distance
    viewer.set_camera(viewer.camera.zoomed(2, (100, 150), size_of(viewer)))
    chosen = viewer.camera
    viewer.resize(400, 300)
    assert viewer.camera == chosen


@pytest.mark.parametrize(("call", "words"), [("set_style", "solid, wireframe"), ("set_projection", "perspective")])
def test_what_there_is_not_is_refused(viewer, call, words):
    with pytest.raises(ValueError, match=f"no .* 'round'; there are {words}"):
        getattr(viewer, call)("round")


# Keys


def test_arrows_turn_and_with_shift_they_move(viewer, qtbot):
    before = viewer.camera
    with qtbot.waitSignal(viewer.camera_changed):
        QTest.keyClick(viewer, Key.Key_Right)
    QTest.keyClick(viewer, Key.Key_Up)
    assert viewer.camera == before.orbited(10, 10)
    QTest.keyClick(viewer, Key.Key_Right, Shift)
    assert viewer.camera.target != before.target
    QTest.keyClick(viewer, Key.Key_Left, Shift)
    np.testing.assert_allclose(viewer.camera.target, before.target)


def test_plus_and_minus_zoom_and_f_and_0_show_all(viewer):
    fitted = viewer.camera
    QTest.keyClick(viewer, Key.Key_Plus)
    assert viewer.camera.distance == pytest.approx(fitted.distance / 1.2)
    QTest.keyClick(viewer, Key.Key_Minus)
    assert viewer.camera.distance == pytest.approx(fitted.distance)
    for key in (Key.Key_F, Key.Key_0):
        QTest.keyClick(viewer, Key.Key_Plus)
        QTest.keyClick(viewer, key)
        assert viewer.camera == fitted


def test_digits_look_from_the_front_the_side_and_above(viewer):
    for key, view in ((Key.Key_1, FRONT), (Key.Key_3, SIDE), (Key.Key_7, TOP)):
        QTest.keyClick(viewer, key)
        assert (viewer.camera.azimuth, viewer.camera.elevation) == view


def test_letters_change_projection_and_style(viewer, qtbot):
    QTest.keyClick(viewer, Key.Key_O)
    assert viewer.camera.projection == "orthographic"
    QTest.keyClick(viewer, Key.Key_O)
    assert viewer.camera.projection == "perspective"
    for key, style in ((Key.Key_W, "wireframe"), (Key.Key_X, "xray"), (Key.Key_X, "solid")):
        with qtbot.waitSignal(viewer.style_changed) as changed:
            QTest.keyClick(viewer, key)
        assert changed.args == [style] == [viewer.mesh_style]


# Pointer


def test_dragging_turns_and_with_shift_or_the_middle_button_moves(viewer):
    before = viewer.camera
    drag(viewer, QPoint(50, 20))
    assert viewer.camera.azimuth == pytest.approx(before.azimuth - 20)
    assert viewer.camera.elevation == pytest.approx(before.elevation + 8)
    assert viewer.camera.target == before.target
    for button, modifiers in ((Button.LeftButton, Shift), (Button.MiddleButton, Qt.KeyboardModifier.NoModifier)):
        before = viewer.camera
        drag(viewer, QPoint(50, 20), button, modifiers)
        place = place_of(viewer, *before.target)
        assert (place - viewer.rect().center()).manhattanLength() == pytest.approx(70, abs=3)
        assert viewer.camera.azimuth == before.azimuth


def test_the_wheel_zooms_towards_the_pointer_and_a_double_click_shows_all(viewer):
    fitted = viewer.camera
    at = QPoint(90, 70)
    point = fitted.under((90, 70), size_of(viewer))
    turn_wheel(viewer, at, 3)
    assert viewer.camera.distance == pytest.approx(fitted.distance / 1.2**3)
    assert place_of(viewer, *point) == at
    QTest.mouseDClick(viewer, Button.LeftButton, pos=at)
    assert viewer.camera == fitted


def test_clicks_tell_vertices_and_faces(viewer, qtbot):
    QTest.keyClick(viewer, Key.Key_1)
    with qtbot.waitSignal(viewer.face_clicked) as clicked:
        QTest.mouseClick(viewer, Button.LeftButton, pos=place_of(viewer, 0.5, 0, 0.5))
    assert clicked.args == [0, 2]
    with qtbot.waitSignal(viewer.vertex_clicked) as clicked:
        QTest.mouseClick(viewer, Button.LeftButton, pos=place_of(viewer, 0, 0, 1))
    assert clicked.args == [0, 4]
    with qtbot.assertNotEmitted(viewer.face_clicked), qtbot.assertNotEmitted(viewer.vertex_clicked):
        QTest.mouseClick(viewer, Button.LeftButton, pos=QPoint(2, 2))
        drag(viewer, QPoint(30, 0))


def test_what_is_pointed_at_is_told_once_and_outlined(viewer):
    told = []
    viewer.hovered.connect(told.append)
    plain = viewer.grab().toImage()
    for step in range(3):
        QTest.mouseMove(viewer, place_of(viewer, 0.5, 0.4 + 0.05 * step, 1))
    assert [(hit.kind, hit.index) for hit in told] == [("face", 1)]
    assert viewer.grab().toImage() != plain
    QTest.mouseMove(viewer, QPoint(2, 2))
    assert told[-1] is None


# OpenGL that fails


class Failing:
    """OpenGL that works until it draws."""

    name = "a card"
    error: Exception = RuntimeError("the card is gone")

    def draw(self, *_):
        raise self.error

    def release(self):
        pass


def test_when_opengl_fails_it_is_painted_and_said(viewer, qtbot, monkeypatch, caplog):
    monkeypatch.setattr(module, "GlRenderer", Failing)
    other = MeshViewer(renderer="opengl")
    qtbot.addWidget(other)
    other.resize(viewer.size())
    other.set_scene(viewer.scene)
    assert other.renderer_name == "OpenGL (a card)"
    with qtbot.waitSignal(other.renderer_changed) as changed:
        assert other.image() == viewer.image()
    assert changed.args == ["painted, because the card is gone"] == [other.renderer_name]
    assert "painted from now on" in caplog.text


def test_a_refused_shader_is_no_opengl(qapp, monkeypatch):
    def refuse():
        raise NoOpenGL("OpenGL refused a shader: no")

    monkeypatch.setattr(module, "GlRenderer", refuse)
    assert MeshViewer().renderer_name == "painted, because OpenGL refused a shader: no"


def test_nothing_is_left_of_a_closed_viewer(qtbot, assert_collected):
    def make():
        viewer = MeshViewer()
        viewer.set_scene(MeshScene((chair(),)))
        viewer.show()
        viewer.grab()
        viewer.hovered.emit(Hit(0, "face", 0, 1.0))
        return viewer

    assert_collected(make)
