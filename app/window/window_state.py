"""The window as it was left: sizes, tabs, looks and what was typed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray

from resources import SAMPLES

if TYPE_CHECKING:
    from app.window.main_window import MainWindow
    from app.window.settings import Settings


def restore(window: MainWindow) -> None:
    """Bring a new window into the state that its settings hold."""
    settings = window.settings
    window.appearance.apply(settings.theme, settings.font_scale)
    window.setProperty("color_map", settings.color_map)
    window.input_bar.set_text(*((settings.text, settings.text_pair) if settings.text else (SAMPLES[0], "")))
    window.resize(1280, 800)
    # What cannot be restored, from another version say, is refused by Qt and leaves the layout as it is.
    window.restoreGeometry(QByteArray.fromBase64(settings.window.encode()))
    window.restoreState(QByteArray.fromBase64(settings.docks.encode()))
    window.area.restoreState(QByteArray.fromBase64(settings.views.encode()))
    for name, is_on in (
        ("set_caption", settings.caption),
        (f"set_theme:{settings.theme}", True),
        (f"set_color_map:{settings.color_map}", True),
        (f"set_memory:{settings.memory_mb}", True),
    ):
        if name in window.actions_by_name:
            window.actions_by_name[name].setChecked(is_on)


def settings_now(window: MainWindow) -> Settings:
    """The settings that bring the window back into the state it is in."""
    return replace(
        window.settings,
        text=window.input_bar.first.value(),
        text_pair=window.input_bar.second.value(),
        window=window.saveGeometry().toBase64().toStdString(),
        docks=window.saveState().toBase64().toStdString(),
        views=window.area.saveState().toBase64().toStdString(),
    )
