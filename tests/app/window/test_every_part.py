"""Every control of the window and of its dialogs: named, told on hover, with room for its letters in both themes."""

from __future__ import annotations

import pytest

from app.export.dialog.export_dialog import ExportDialog
from app.export.formats import OF_FIGURES, OF_FILMS
from app.hub.folders_dialog import FoldersDialog
from app.hub.hub_dialog import HubDialog
from app.hub.watching import Watching
from app.window.about import messages_dialog
from app.window.application import make_window
from app.window.elsewhere.reach_dialog import ReachDialog
from app.window.finding.palette import Palette
from app.window.help.help_window import HelpWindow
from app.window.main_window import MainWindow
from app.window.menus.export_all import FolderDialog
from app.window.text_dialog import TextDialog
from tests.controls import nameless, pale, squeezed, untold


@pytest.fixture
def window(qtbot, monkeypatch):
    """The whole window, before it asks anything: no engine is started."""
    monkeypatch.setattr(MainWindow, "_on_first_painted", lambda _window: None)
    window = make_window()
    qtbot.addWidget(window)
    window.show()
    yield window
    window.appearance.apply("light", 1.0)


def problems(part):
    return nameless(part) + untold(part) + squeezed(part) + pale(part)


@pytest.mark.parametrize(("theme", "scale"), [("light", 0.8), ("light", 1.0), ("dark", 1.4), ("dark", 2.0)])
def test_every_part_of_the_window_has_a_name_a_word_on_hover_and_room(window, qtbot, tmp_path, theme, scale):
    window.appearance.apply(theme, scale)
    parts = {
        "window": window,
        "help": HelpWindow(window),
        "export": ExportDialog("heads", tmp_path, (*OF_FIGURES, *OF_FILMS), parent=window),
        "export all": FolderDialog(tmp_path, "Export all views", "All views are saved.", window),
        "text": TextDialog("the cat sat", tmp_path, window),
        "messages": messages_dialog(window, ["Saved."]),
        "another machine": ReachDialog(window),
        "its folders": FoldersDialog("gpu1", window),
        "find": Palette([], window),
        "checkpoints": HubDialog(Watching(tmp_path / "watched.json", window), window),
    }
    for part in parts.values():
        part.show()

    def all_is_well() -> None:  # once all is laid out anew
        assert {name: what for name, part in parts.items() if (what := problems(part))} == {}

    qtbot.waitUntil(all_is_well, timeout=20_000)
