"""From an id to the heads and off the disk again, by mouse, through a process that asks a hub on loopback."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton, QTabWidget

from resources import CHECKPOINTS
from tests.app.hub.test_watching import write_step
from tests.hub_fixtures import MINI, fake_hub  # noqa: F401

pytestmark = pytest.mark.xvfb


def test_an_id_is_looked_up_fetched_opened_and_deleted(driver, fake_hub, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("HF_ENDPOINT", fake_hub.url)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert fake_hub.asked == []
    driver.keys("Ctrl+Shift+O")
    dialog = driver.widget("hub_dialog", QDialog)
    driver.wait(dialog.isVisible)
    QTest.keyClicks(driver.widget("hub_address"), MINI)
    assert fake_hub.asked == []
    driver.click(driver.widget("hub_look"))
    driver.wait(driver.widget("hub_download").isEnabled)
    driver.click(driver.widget("hub_download"))
    driver.wait(driver.widget("hub_open").isEnabled)
    driver.click(driver.widget("hub_open"))
    driver.wait(lambda: driver.window.controller.checkpoint.name == MINI)
    assert not driver.window.controller.checkpoint.is_tokenizer_lost

    driver.window.open("bert-mini")
    driver.widget("hub_tabs", QTabWidget).setCurrentIndex(0)
    tree = driver.widget("machine_tree")
    driver.wait(lambda: tree.topLevelItem(0).childCount() == 1 and tree.topLevelItem(0).child(0).text(0) == MINI)
    tree.setCurrentItem(tree.topLevelItem(0).child(0))

    def agree(box: QDialog) -> None:
        driver.click(next(one for one in box.findChildren(QPushButton) if one.text() == "&Delete"))

    driver.answer_dialog(agree)
    driver.click(driver.widget("machine_delete"))
    driver.wait(lambda: not list((tmp_path / "hub").glob("models--*")))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_same_head_is_followed_over_training_with_one_key(driver, tmp_path):
    for number in (500, 1000):
        write_step(tmp_path / "run", number)
        shutil.copy(CHECKPOINTS / "bert-mini" / "tokenizer.json", tmp_path / "run" / f"checkpoint-{number}")
    driver.window.open(str(tmp_path / "run" / "checkpoint-500"))
    driver.wait(lambda: driver.window.controller.checkpoint.name == "checkpoint-500")
    driver.window.selection.update(layer=2, head=3)
    driver.keys("Alt+PgDown")
    driver.wait(lambda: driver.window.controller.checkpoint.name == "checkpoint-1000")
    driver.wait(lambda: not driver.window._runner.is_busy)
    assert (driver.window.selection.now.layer, driver.window.selection.now.head) == (2, 3)
    driver.keys("Alt+PgDown")
    assert driver.message().endswith("checkpoint-1000 is the last step in run that is whole.")
