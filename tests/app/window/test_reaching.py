"""A machine is asked whether it answers before a window is opened that computes there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QWidget

from app.link.jobs import Jobs
from app.link.remote.address import parse_address
from app.window.elsewhere import reaching
from app.window.elsewhere.hosts import keep_host, recent_hosts
from app.window.elsewhere.reaching import Reaching
from tests.fake_ssh import FakeSsh
from tests.house_rules import ROOT


class Here(QObject):
    """What it needs of a window that computes on this machine."""

    devices_told = Signal(object)
    elsewhere = None


@pytest.fixture
def page(qtbot, tmp_path, monkeypatch):
    ssh = FakeSsh(tmp_path)
    monkeypatch.setenv("HEADLIGHT_SSH", str(ssh.program))
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    keep_host(parse_address("ssh://gpu2"), tmp_path / "settings.json")
    opened: list[list[str]] = []
    monkeypatch.setattr(reaching, "open_another", lambda arguments: opened.append(arguments) or True)
    part = Reaching(Here(), None, None, tmp_path / "settings.json", window)
    part.show_dialog()

    class Page:
        def __getattr__(self, name):
            return window.findChild(QWidget, name)

        def connect(self, address):
            self.reach_address.setText(address)
            QTest.mouseClick(self.reach_connect, Qt.MouseButton.LeftButton)

    Page.ssh, Page.opened, Page.part = ssh, opened, part
    yield Page()
    part.shutdown()


def test_a_machine_that_answers_is_kept_and_a_window_opens_there(page, qtbot, tmp_path):
    assert page.reach_address.text() == "ssh://gpu2"
    page.ssh.does("real")
    page.connect(f"gpu1:{ROOT}")
    assert page.reach_said.text() == "Connecting to gpu1 …"
    assert not page.reach_connect.isEnabled()
    qtbot.waitUntil(lambda: bool(page.opened), timeout=30_000)
    assert page.opened == [["--engine", f"ssh://gpu1:{ROOT}"]]
    assert recent_hosts(tmp_path / "settings.json") == (f"ssh://gpu1:{ROOT}", "ssh://gpu2")
    assert not page.reach_dialog.isVisible()


def test_why_a_machine_cannot_be_reached_is_told_and_another_can_be_tried(page, qtbot):
    page.ssh.does("refused")
    page.connect("gpu1")
    qtbot.waitUntil(page.reach_connect.isEnabled, timeout=30_000)
    assert page.reach_said.text() == "gpu1 cannot be reached (ssh: connect to host gpu1 port 22: Connection refused)."
    page.connect("-oProxyCommand=x")
    assert "names no machine" in page.reach_said.text()
    page.connect("")
    assert "Type the name of a machine first" in page.reach_said.text()
    page.ssh.does("silent")
    page.connect("gpu2")
    qtbot.waitUntil(lambda: len(page.part.findChildren(Jobs)) == 1, timeout=30_000)  # the first lane is gone
    assert page.opened == []


def test_one_that_says_nothing_can_be_given_up(page, qtbot):
    page.ssh.does("silent")
    page.connect("gpu1")
    QTest.mouseClick(page.reach_cancel, Qt.MouseButton.LeftButton)
    assert page.reach_said.text() == "Given up."
    assert page.reach_connect.isEnabled()
    QTest.keyClick(page.reach_dialog, Qt.Key.Key_Escape)
    assert not page.reach_dialog.isVisible()
