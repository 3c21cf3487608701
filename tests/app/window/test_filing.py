"""Another window."""

from __future__ import annotations

from app.window.application import make_window
from app.window.main_window import MainWindow
from app.window.menus import filing
from app.window.settings import load_settings, settings_file


def test_another_window_finds_how_this_one_looks(qtbot, monkeypatch, tmp_path):
    monkeypatch.setenv("HEADLIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(MainWindow, "_on_first_painted", lambda _window: None)  # no engine is started
    found: list[str] = []

    def begin(_arguments: list[str]) -> bool:
        found.append(load_settings(settings_file())[0].theme)
        return True

    monkeypatch.setattr(filing, "open_another", begin)
    window = make_window()
    qtbot.addWidget(window)
    window.set_theme("dark")
    window.filing.new_window()
    window.set_theme("light")
    window.filing.new_window()
    window.set_theme("system")
    assert found == ["dark", "light"]
