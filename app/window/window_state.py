"""Where the window and its panels are, from one start to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow

from app.window.placement import keep_on_screen
from app.window.settings import Settings


def restore_layout(window: QMainWindow, settings: Settings) -> None:
    """Put the window and its panels where they were, within the screen that there is now."""
    window.resize(1280, 800)
    keep_on_screen(window)
    # What cannot be restored, from another version say, is refused by Qt and leaves the layout as it is.
    window.restoreGeometry(QByteArray.fromBase64(settings.window.encode()))
    window.restoreState(QByteArray.fromBase64(settings.docks.encode()))


def check_actions(actions: Mapping[str, QAction], settings: Settings) -> None:
    """Let the menus show what is set."""
    for name, is_on in (
        ("set_caption", settings.caption),
        (f"set_theme:{settings.theme}", True),
        (f"set_color_map:{settings.color_map}", True),
        (f"set_memory:{settings.memory_mb}", True),
    ):
        if name in actions:
            actions[name].setChecked(is_on)


def with_layout(settings: Settings, window: QMainWindow) -> Settings:
    """The same settings, with where the window and its panels are now."""
    return replace(
        settings,
        window=window.saveGeometry().toBase64().toStdString(),
        docks=window.saveState().toBase64().toStdString(),
    )
