"""Every command stands once in the table and does something; views have shortcuts in the order of their tabs."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDockWidget, QMainWindow, QMenu, QTextEdit

import widgets
from app.hub.hub import Hub
from app.window.about import shortcuts_html
from app.window.actions import COMMANDS, MOST_NUMBERS, LastKeys, build_menus, set_view_shortcuts
from app.window.editing.editing import Editing
from app.window.elsewhere.reaching import Reaching
from app.window.finding.finding import Finding
from app.window.help.helping import Helping
from app.window.main_window import MainWindow
from app.window.menus.filing import Filing
from app.window.menus.going import Going
from app.window.menus.leaving import Leaving
from app.window.menus.panel_round import PanelRound
from app.window.opening import Opening
from app.window.presenting.presentation import Presentation
from app.window.running.running import Running
from app.window.side_panels import SidePanels
from widgets.registry import VIEWS as ALL_VIEWS

VIEWS = tuple(view for view in ALL_VIEWS if not view.is_home)


class Recorder(QMainWindow):
    """Has every slot of the table, and writes down what is called."""

    def __init__(self):
        super().__init__()
        self.called = []

    def __getattr__(self, name):
        if name in {command.slot for command in COMMANDS}:
            return lambda *args: self.called.append((name, *args))
        slots = [command.slot for command in COMMANDS if command.slot.startswith(f"{name}.")]
        if not slots:
            raise AttributeError(name)
        return SimpleNamespace(**{slot.partition(".")[2]: getattr(self, slot) for slot in slots})


@pytest.fixture
def window(qtbot):
    window = Recorder()
    qtbot.addWidget(window)
    return window


def test_every_command_is_a_method_of_the_window():
    parts = {
        "helping": Helping,
        "editing": Editing,
        "filing": Filing,
        "finding": Finding,
        "hub": Hub,
        "leaving": Leaving,
        "going": Going,
        "opening": Opening,
        "reaching": Reaching,
        "panels": SidePanels,
        "presentation": Presentation,
        "round": PanelRound,
        "running": Running,
        "": MainWindow,
    }
    for command in COMMANDS:
        part, _, method = command.slot.rpartition(".")
        assert callable(getattr(parts[part], method, None)), command.slot


def test_no_shortcut_and_no_name_stands_twice():
    shortcuts = Counter(keys for command in COMMANDS if command.shortcut for keys in command.shortcut.split("; "))
    names = Counter((command.slot, command.value) for command in COMMANDS)
    assert {key: n for key, n in (shortcuts | names).items() if n > 1} == {}


def test_no_control_of_the_window_takes_the_letter_of_a_menu():
    """Of two with one letter, Alt and the letter would meet either one or the other."""
    letters = {command.menu[command.menu.index("&") + 1].lower() for command in COMMANDS}
    controls = {
        (path.name, letter)
        for path in Path(widgets.__file__).parent.rglob("*.py")
        for letter in re.findall(r'tr\("[^"]*?&(\w)', path.read_text(encoding="utf-8"))
    }
    assert len(controls) > 5
    assert {(name, letter) for name, letter in controls if letter.lower() in letters} == set()


def test_a_command_is_called_with_its_value(window):
    actions = build_menus(window)
    actions["scale_font:1"].trigger()
    actions["set_theme:dark"].trigger()
    actions["ask_again"].trigger()
    assert window.called[:2] == [("scale_font", 1), ("set_theme", "dark")]
    assert window.called[2][0] == "ask_again"


def test_choices_exclude_each_other(window):
    actions = build_menus(window)
    actions["set_theme:dark"].trigger()
    actions["set_theme:light"].trigger()
    assert not actions["set_theme:dark"].isChecked()
    actions["set_color_map:magma"].trigger()
    assert actions["set_theme:light"].isChecked()


def test_views_are_numbered_as_their_tabs_and_say_why_they_are_off(window):
    actions = build_menus(window)
    offered = tuple(view.name for view in VIEWS[1:])
    set_view_shortcuts(actions, {VIEWS[0].name: "It is off."}, offered)
    assert actions[f"show_view:{VIEWS[1].name}"].shortcut() == QKeySequence("Ctrl+1")
    off = actions[f"show_view:{VIEWS[0].name}"]
    assert not off.isEnabled()
    assert off.toolTip() == "It is off."
    assert off.shortcut().isEmpty()
    numbered = [
        action for action in actions.values() if action.shortcut().toString()[-2:] in {f"+{n}" for n in range(1, 10)}
    ]
    assert len(numbered) == min(MOST_NUMBERS, len(offered))


def test_a_view_with_a_tab_that_is_off_has_no_number_and_says_why(window):
    actions = build_menus(window)
    offered = tuple(view.name for view in VIEWS)
    set_view_shortcuts(actions, {offered[0]: "It is off."}, offered)
    first, second = (actions[f"show_view:{name}"] for name in offered[:2])
    assert (first.isEnabled(), first.toolTip()) == (False, "It is off.")
    assert (second.isEnabled(), second.shortcut()) == (True, QKeySequence("Ctrl+1"))


def test_no_menu_is_taller_than_a_small_screen(window):
    build_menus(window)
    menus = window.findChildren(QMenu)
    assert len(menus) > 6
    assert {menu.title(): menu.sizeHint().height() for menu in menus if menu.sizeHint().height() > 700} == {}


def test_the_list_of_shortcuts_is_made_of_the_actions(window):
    actions = build_menus(window)
    set_view_shortcuts(actions, {}, (VIEWS[0].name,))
    html = shortcuts_html(actions)
    assert all(keys in html for command in COMMANDS if command.shortcut for keys in command.shortcut.split("; "))
    assert f"<td>{VIEWS[0].title}</td><td>&nbsp;&nbsp;<b>Ctrl+1</b>" in html
    assert {"File", "Edit", "Go"} <= set(re.findall(r"<br><b>(\w+)", html))


# There, windows cannot be raised, nor told how large they may be.
_OFF_SCREEN = pytest.mark.qt_log_ignore("This plugin does not support")


class Ending(QTextEdit):
    """Has something of its own that Esc ends, once."""

    n_left = 1

    def keyPressEvent(self, event):
        if event.key() == Qt.Key.Key_Escape and self.n_left:
            self.n_left -= 1
        else:
            event.ignore()


@pytest.fixture
def floating(window, qtbot):
    """Of a window with its commands, a list, a field and a dock that floats."""
    dock = QDockWidget(window)
    dock.setWidget(QComboBox())
    window.setCentralWidget(QComboBox())
    window.centralWidget().addItems(["one", "two"])
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.actions_by_name = build_menus(window)
    LastKeys(window.actions_by_name.values(), window.called.append, window).watch(window, dock)
    window.show()
    dock.setFloating(True)
    qtbot.waitExposed(window)
    return dock


def press_escape(widget):
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_Escape)


@_OFF_SCREEN
def test_escape_closes_a_list_before_it_cancels(window, floating):
    choice = window.centralWidget()
    choice.showPopup()
    press_escape(choice.view())
    assert not choice.view().isVisible()
    assert window.called == []
    press_escape(choice)
    assert window.called == [("cancel",)]


@_OFF_SCREEN
def test_escape_ends_what_the_focus_is_in_before_it_cancels(window, floating):
    window.setCentralWidget(ending := Ending())
    press_escape(ending)
    assert window.called == []
    press_escape(ending)
    assert window.called == [("cancel",)]


@_OFF_SCREEN
def test_escape_in_a_dock_that_floats_cancels(window, floating):
    press_escape(floating.widget())
    assert window.called == [("cancel",)]


@_OFF_SCREEN
def test_escape_does_nothing_where_nothing_runs(window, floating):
    window.actions_by_name["cancel"].setEnabled(False)
    press_escape(window.centralWidget())
    assert window.called == []


def test_a_menu_shows_the_key_of_what_comes_last(window):
    assert build_menus(window)["cancel"].shortcut() == QKeySequence("Esc")


@_OFF_SCREEN
def test_the_key_of_a_command_that_is_off_says_why(window, floating):
    action = window.actions_by_name["presentation.go_to_other_screen"]
    action.setEnabled(False)
    QTest.keySequence(window.centralWidget(), "Shift+F11")
    assert window.called == []  # it gives no reason
    action.setToolTip("There is one screen.")
    QTest.keySequence(window.centralWidget(), "Shift+F11")
    assert window.called == ["There is one screen."]
