"""A second screen is plugged in: RandR divides the one of Xvfb into a laptop's and, right of it, a projector's."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication

XVFB_OUTPUT = "screen"  # as Xvfb calls the only one it has
_MM = 25.4 / 96  # a pixel
_INTERN_ATOM, _QUERY_EXTENSION = 16, 98  # requests of X11
_GET_MONITORS, _SET_MONITOR, _DELETE_MONITOR = 42, 43, 44  # of RandR 1.5


class _Server:
    """The X server, in its own words: libxcb cannot set a monitor, and the program `xrandr` is not everywhere."""

    def __init__(self) -> None:
        number = os.environ["DISPLAY"].partition(":")[2].partition(".")[0]
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(f"/tmp/.X11-unix/X{number}")
        self._socket.sendall(struct.pack("<cxHHHHxx", b"l", 11, 0, 0, 0))
        is_welcome, length = struct.unpack("<B5xH", self._read(8))
        told = self._read(4 * length)
        assert is_welcome, told
        vendor, n_formats = struct.unpack_from("<H3xB", told, 16)
        (self._root,) = struct.unpack_from("<I", told, 32 + (vendor + 3) // 4 * 4 + 8 * n_formats)
        self._randr = self._ask(_QUERY_EXTENSION, 0, struct.pack("<Hxx5s3x", 5, b"RANDR"))[9]

    def output(self) -> int:
        """The number of the only output."""
        return struct.unpack_from("<I", self._ask(self._randr, _GET_MONITORS, struct.pack("<II", self._root, 1)), 56)[0]

    def set_monitor(self, name: str, place: QRect, *outputs: int) -> None:
        is_primary, is_automatic = bool(outputs), False
        sizes = place.x(), place.y(), place.width(), place.height()
        sizes_mm = round(place.width() * _MM), round(place.height() * _MM)
        about = is_primary, is_automatic, len(outputs), *sizes, *sizes_mm
        layout = f"<IIBBHhhHHII{len(outputs)}I"
        self._say(self._randr, _SET_MONITOR, struct.pack(layout, self._root, self._atom(name), *about, *outputs))
        self._atom(name)  # whose answer comes after a complaint

    def delete_monitor(self, name: str) -> None:
        self._say(self._randr, _DELETE_MONITOR, struct.pack("<II", self._root, self._atom(name)))
        self._atom(name)

    def close(self) -> None:
        self._socket.close()

    def _atom(self, name: str) -> int:
        padded = name.encode().ljust((len(name) + 3) // 4 * 4, b"\0")
        return struct.unpack_from("<I", self._ask(_INTERN_ATOM, 0, struct.pack("<Hxx", len(name)) + padded), 8)[0]

    def _say(self, code: int, detail: int, more: bytes) -> None:
        self._socket.sendall(struct.pack("<BBH", code, detail, 1 + len(more) // 4) + more)

    def _ask(self, code: int, detail: int, more: bytes) -> bytes:
        self._say(code, detail, more)
        answer = self._read(32)
        kind, error, length = struct.unpack_from("<BBxxI", answer)
        assert kind == 1, f"X11 error {error}"
        return answer + self._read(4 * length)

    def _read(self, size: int) -> bytes:
        return self._socket.recv(size, socket.MSG_WAITALL) if size else b""


@contextmanager
def plugged_in(qtbot) -> Iterator[None]:
    """There are two screens meanwhile: "laptop" on the left, two fifths of all the width, and "projector"."""
    screens = [screen.name() for screen in QGuiApplication.screens()]
    if screens != [XVFB_OUTPUT]:
        pytest.skip(f"a real display ({', '.join(screens)}) is left as it is: ./run test starts an Xvfb to divide")
    whole = QGuiApplication.primaryScreen().geometry()
    laptop, projector = QRect(whole), QRect(whole)
    laptop.setWidth(whole.width() * 2 // 5)
    projector.setLeft(laptop.right() + 1)

    def wait_for(*names: str) -> None:
        qtbot.waitUntil(lambda: [screen.name() for screen in QGuiApplication.screens()] == list(names))

    server = _Server()
    try:
        server.set_monitor("laptop", laptop, server.output())
        server.set_monitor("projector", projector)
        wait_for("laptop", "projector")
        yield
    finally:
        for name in ("projector", "laptop"):
            server.delete_monitor(name)
        wait_for(XVFB_OUTPUT)
        server.close()
