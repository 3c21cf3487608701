"""What keys do to a camera."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, Qt

from widgets.scene3d.camera import FRONT, SIDE, TOP, Camera

DEGREES_PER_PIXEL = 0.4
ZOOM_STEP = 1.2  # a notch of the wheel
_TURN = 10.0  # degrees
_SHARE = 0.05  # of the picture's height

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_VIEWS = {Qt.Key.Key_1: FRONT, Qt.Key.Key_3: SIDE, Qt.Key.Key_7: TOP}
_NEARER = (Qt.Key.Key_Plus, Qt.Key.Key_Equal)
_FARTHER = (Qt.Key.Key_Minus, Qt.Key.Key_Underscore)


def after_key(camera: Camera, key: Qt.Key, *, is_shifted: bool, size: tuple[float, float]) -> Camera | None:
    """The camera after a key, None if the key is not for cameras: arrows, + and -, 1, 3 and 7, O."""
    if key in _ARROWS:
        right, up = _ARROWS[key]
        if is_shifted:
            step = _SHARE * size[1]
            return camera.panned(-right * step, up * step, size)
        return camera.orbited(right * _TURN, up * _TURN)
    if key in _NEARER or key in _FARTHER:
        factor = ZOOM_STEP if key in _NEARER else 1 / ZOOM_STEP
        return camera.zoomed(factor, (size[0] / 2, size[1] / 2), size)
    if key in _VIEWS:
        return camera.looking(*_VIEWS[key])
    if key == Qt.Key.Key_O:
        is_perspective = camera.projection == "perspective"
        return replace(camera, projection="orthographic" if is_perspective else "perspective")
    return None


def after_drag(camera: Camera, by: QPointF, *, is_panning: bool, size: tuple[float, float]) -> Camera:
    """The camera after the pointer dragged the scene by pixels."""
    if is_panning:
        return camera.panned(by.x(), by.y(), size)
    return camera.orbited(-DEGREES_PER_PIXEL * by.x(), DEGREES_PER_PIXEL * by.y())
