"""Presentation mode comes and goes without a trace; panels step aside where there is no room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QWidget

from app.window.placement import keep_on_screen
from app.window.presenting.presentation import Presentation
from app.window.side_panels import LEFT, RIGHT, VIEWS, SidePanels, panel_dock

ROOT = Path(__file__).parents[3]
State = Qt.WindowState
NARROW, MIDDLE, WIDE = VIEWS - 2, VIEWS + LEFT + 2, VIEWS + LEFT + RIGHT + 2


@pytest.fixture
def window(qtbot):
    window = QMainWindow()
    window.setCentralWidget(QLabel("views"))
    qtbot.addWidget(window)
    return window


@pytest.fixture
def panels(window):
    sides = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
    left, right = (panel_dock("Panel", QWidget(), side, window) for side in sides)
    panels = SidePanels(window, left, right)
    window.resize(WIDE * em(window), 400)
    window.show()
    return panels


def em(window):
    return window.fontMetrics().averageCharWidth()


def shown(panels):
    return not panels.left.isHidden(), not panels.right.isHidden()


def set_width(window, letters):
    window.resize(letters * em(window), 400)
    assert window.width() == letters * em(window)


# Presentation


@pytest.mark.parametrize(
    "state",
    [
        State.WindowNoState,
        State.WindowMaximized,
        State.WindowFullScreen,
        State.WindowMaximized | State.WindowFullScreen,
    ],
)
def test_the_window_is_afterwards_what_it_was_before(window, state):
    window.show()
    window.setWindowState(state)
    presentation = Presentation(window, (), lambda is_on: None)
    presentation.set_on(True)
    assert window.isFullScreen()
    presentation.set_on(False)
    assert window.windowState() & ~State.WindowActive == state


def test_only_what_was_visible_comes_back(window, panels):
    bar, other = window.statusBar(), window.menuBar()
    bar.show()
    other.hide()
    panels.show_panel(panels.right, False)
    action = QAction("Leave", window)
    presentation = Presentation(window, (bar, other), panels.put_away)
    presentation.set_actions({"leave": action})
    presentation.set_on(True)
    assert bar.isHidden()
    assert shown(panels) == (False, False)
    assert action in window.actions()  # its shortcut needs no menu
    presentation.set_on(False)
    assert not bar.isHidden()
    assert other.isHidden()
    assert shown(panels) == (True, False)
    assert action not in window.actions()


def test_leaving_what_was_not_entered_does_nothing(window):
    window.showMaximized()
    Presentation(window, (), pytest.fail).set_on(False)
    assert window.isMaximized()


TWO_SCREENS = [
    {"name": name, "x": x, "y": 0, "width": 800, "height": 600, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    for name, x in (("laptop", 0), ("projector", 800))
]
ON_TWO_SCREENS = """
import sys
from PySide6.QtCore import QRect
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMainWindow
from app.window.presenting.presentation import Presentation

application = QApplication(sys.argv[:1])
window = QMainWindow()
window.setGeometry(100, 100, 400, 300)
(window.showMaximized if "maximised" in sys.argv else window.show)()
application.processEvents()
laptop, projector = application.screens()
before = window.geometry()
presentation = Presentation(window, (), lambda is_on: None)
action = QAction("Other screen")
presentation.set_actions({"presentation.go_to_other_screen": action})
assert action.isEnabled()
presentation.go_to_other_screen()
application.processEvents()
assert presentation.is_on and window.isFullScreen()
assert window.screen() is projector and window.geometry() == projector.geometry(), window.geometry()
presentation.go_to_other_screen()
application.processEvents()
assert window.screen() is laptop and window.geometry() == laptop.geometry(), window.geometry()
presentation.go_to_other_screen()
application.processEvents()
presentation.set_on(False)
application.processEvents()
assert window.screen() is laptop and window.geometry() == before, window.geometry()
assert window.isMaximized() == ("maximised" in sys.argv) and not window.isFullScreen()
"""


@pytest.mark.parametrize("state", ["usual", "maximised"])
def test_it_is_shown_on_the_other_screen_and_comes_back_from_there(tmp_path, state):
    screens = tmp_path / "screens.json"
    screens.write_text(json.dumps({"screens": TWO_SCREENS}))
    done = subprocess.run(
        [sys.executable, "-P", "-c", ON_TWO_SCREENS, state],
        env=os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={screens}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_where_there_is_one_screen_it_says_so(window):
    action = QAction("Other screen", window)
    presentation = Presentation(window, (), pytest.fail)
    presentation.set_actions({"presentation.go_to_other_screen": action})
    assert not action.isEnabled()
    assert action.toolTip() == "This machine has one screen."
    presentation.go_to_other_screen()
    assert not presentation.is_on


# Panels


def test_panels_step_aside_one_after_the_other_and_come_back(window, panels):
    assert shown(panels) == (True, True)
    set_width(window, MIDDLE)
    assert shown(panels) == (True, False)
    set_width(window, NARROW)
    assert shown(panels) == (False, False)
    set_width(window, WIDE)
    assert shown(panels) == (True, True)


def test_what_the_user_closed_stays_closed(window, panels):
    panels.left.close()
    set_width(window, NARROW)
    set_width(window, WIDE)
    assert shown(panels) == (False, True)


def test_what_the_user_wants_in_a_narrow_window_he_gets(window, panels):
    set_width(window, NARROW)
    panels.show_panel(panels.right, True)
    assert shown(panels) == (False, True)


def test_a_hidden_window_has_not_closed_its_panels(window, panels):
    window.hide()
    window.show()
    set_width(window, NARROW)
    set_width(window, WIDE)
    assert shown(panels) == (True, True)


def test_what_stepped_aside_is_saved_as_wanted(window, panels):
    set_width(window, NARROW)
    panels.fit(is_wide=True)
    state = window.saveState()
    panels.show_panel(panels.left, False)
    assert window.restoreState(state)
    panels.take_over()
    assert shown(panels) == (True, True)


def test_larger_letters_take_room_away(window, panels):
    font = window.font()
    font.setPointSizeF(2 * font.pointSizeF())
    window.setFont(font)
    assert shown(panels) == (False, False)


def test_panels_are_docks_with_names_for_the_saved_state(panels):
    assert isinstance(panels.left, QDockWidget)
    assert panels.left.objectName() != panels.right.objectName()


# The first start


def test_a_window_larger_than_its_screen_is_made_to_fit(window):
    available = window.screen().availableGeometry()
    window.resize(available.width() + 100, available.height() + 100)
    keep_on_screen(window)
    assert window.height() < available.height()  # there is a frame to come
    window.show()
    window.resize(available.width() + 100, available.height() + 100)
    keep_on_screen(window)
    assert available.contains(window.frameGeometry())


def test_a_maximised_window_is_left_alone(window):
    window.showMaximized()
    before = window.geometry()
    keep_on_screen(window)
    assert window.geometry() == before
    assert window.isMaximized()


def test_panels_that_came_back_wider_give_the_room_back(window, panels, qtbot):
    set_width(window, WIDE + 2 * RIGHT)
    before = panels.left.width(), panels.right.width()
    panels.put_away(True)
    panels.right.widget().setMinimumWidth(2 * before[1])  # as large letters need it
    panels.put_away(False)
    qtbot.waitUntil(lambda: panels.right.width() == 2 * before[1])
    panels.right.widget().setMinimumWidth(0)
    window.resize(window.width() + 40, 400)
    qtbot.waitUntil(lambda: (panels.left.width(), panels.right.width()) == before)
    window.resizeDocks([panels.right], [before[1] + 30], Qt.Orientation.Horizontal)
    window.resize(window.width() - 10, 400)
    qtbot.waitUntil(lambda: panels.right.width() == before[1] + 30)  # what the user set stays


def test_letters_that_were_large_for_a_while_leave_the_panels_as_wide_as_before(window, panels, qtbot, qapp):
    set_width(window, WIDE + 4 * RIGHT)
    before, font = (panels.left.width(), panels.right.width()), qapp.font()
    large = QFont(font)
    large.setPointSizeF(1.3 * font.pointSizeF())
    try:
        qapp.setFont(large)
        panels.right.widget().setMinimumWidth(2 * before[1])  # as they need it
        qtbot.waitUntil(lambda: panels.right.width() >= 2 * before[1])
        panels.right.widget().setMinimumWidth(0)
    finally:
        qapp.setFont(font)
    qtbot.waitUntil(lambda: (panels.left.width(), panels.right.width()) == before)


def test_a_panel_that_stepped_aside_comes_back_as_wide_as_before_though_it_learns_late_of_its_letters(
    window, panels, qtbot, qapp
):
    set_width(window, WIDE + RIGHT)
    before, font = (panels.left.width(), panels.right.width()), qapp.font()
    large = QFont(font)
    large.setPointSizeF(1.6 * font.pointSizeF())
    try:
        qapp.setFont(large)
        qtbot.waitUntil(lambda: not shown(panels)[1])
        panels.right.widget().setMinimumWidth(before[1] + 40)
    finally:
        qapp.setFont(font)
    qtbot.waitUntil(lambda: panels.right.width() == before[1] + 40)
    panels.right.widget().setMinimumWidth(0)
    qtbot.waitUntil(lambda: (panels.left.width(), panels.right.width()) == before)
