"""A slow turn around a scene."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, QTimer

from widgets.scene3d.viewer import MeshViewer

_TURN = 14.0  # degrees a second
_TICK = 33  # ms


class Turntable(QObject):
    """Turns the camera of a viewer while that is seen."""

    def __init__(self, viewer: MeshViewer) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=_TICK)
        self._timer.timeout.connect(self._on_timer_timeout)

    def set_turning(self, is_on: bool) -> None:
        """Turn around, or stand still."""
        if is_on != self._timer.isActive():
            if is_on:
                self._clock.start()
                self._timer.start()
            else:
                self._timer.stop()

    def _on_timer_timeout(self) -> None:
        if self._viewer.isVisible():
            degrees = _TURN * min(self._clock.restart(), 200) / 1000
            self._viewer.set_camera(self._viewer.camera.orbited(degrees, 0))
