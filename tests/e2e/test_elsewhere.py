"""A window whose engine is at the end of a line: the whole program there, over a program that stands for ssh."""

from __future__ import annotations

import json
import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from resources import CHECKPOINTS
from tests.fake_ssh import FakeSsh
from tests.house_rules import ROOT

pytestmark = [pytest.mark.xvfb, pytest.mark.own_engine]


def test_its_checkpoints_are_browsed_and_opened_and_a_line_that_is_lost_is_made_again(start, tmp_path, monkeypatch):
    ssh = FakeSsh(tmp_path)
    ssh.does("real " * 20)
    monkeypatch.setenv("HEADLIGHT_SSH", str(ssh.program))
    monkeypatch.setenv("HEADLIGHT_DEVICE", "cuda:7")  # of this machine, and none of that one
    shutil.copytree(CHECKPOINTS / "gpt-mini", tmp_path / "there" / "mine")

    driver = start(engine=f"ssh://lab@gpu1:{ROOT}")
    driver.wait(lambda: driver.window.controller.checkpoint is not None, seconds=180)
    driver.wait(lambda: not driver.window._runner.is_busy, seconds=180)  # an engine of its own starts
    driver.wait(lambda: driver.window.windowTitle() == "bert-mini on gpu1 – Headlight")
    driver.wait(lambda: driver.widget("device").text().startswith("gpu1 · "))
    assert driver.window.context.runs_folder.endswith("/.local/share/headlight/runs")

    driver.keys("Ctrl+O")
    path, tree = driver.widget("folders_path"), driver.widget("folders_tree")
    driver.wait(lambda: path.text())
    path.clear()
    QTest.keyClicks(path, str(tmp_path / "there"))
    QTest.keyClick(path, Qt.Key.Key_Return)
    driver.wait(lambda: tree.topLevelItemCount() == 1 and tree.topLevelItem(0).text(1) == "gpt2")
    tree.setCurrentItem(tree.topLevelItem(0))
    driver.click(driver.widget("folders_open"))
    driver.wait(lambda: driver.window.controller.checkpoint.name == "mine")

    driver.engine._process.kill()
    driver.engine._process.wait()
    driver.window.open("bert-mini")
    driver.wait(lambda: driver.window.controller.checkpoint.name == "bert-mini")
    assert not driver.window.status_line.warnings

    own = json.loads((tmp_path / "home" / "hosts.json").read_text())
    assert own == {"hosts": [f"ssh://lab@gpu1:{ROOT}"]}
    assert not (tmp_path / "home" / "settings.json").exists()  # what is open there is not opened here
