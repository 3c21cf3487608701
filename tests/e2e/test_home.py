"""Home in the real window: a card opens its checkpoint, its input and its view; the menu does the same."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from widgets.views.home.cards import BY_NAME

pytestmark = pytest.mark.xvfb


def is_shown(driver, name) -> bool:
    """Whether a card's view is in front, with its checkpoint and input, and all is computed."""
    example, view = BY_NAME[name].example, driver.window.area.views.get(BY_NAME[name].example.view)
    if view is None or view.subject is None or driver.window.area.current != example.view:
        return False
    subject = view.subject
    is_of_it = subject.checkpoint.checkpoint == example.checkpoint
    is_its_input = all(getattr(subject.input, kind) == getattr(example.input, kind) for kind in example.input.kinds)
    return is_of_it and is_its_input and view.figure() is not None and not view.why_not_current


def click_card(driver, name) -> None:
    home = driver.window.area.views["home"]
    canvas = home._canvas
    while canvas.spot != name:  # with the keys, which bring it into sight
        canvas.setFocus()
        QTest.keyClick(canvas, Qt.Key.Key_Right)
    box = home.figure().boxes(canvas.figure_rect(), canvas.style_now)[name]
    driver.click(canvas, box.center().toPoint())


def test_cards_open_what_they_show_and_the_menu_and_the_key_do_too(start):
    driver = start()
    driver.wait(lambda: "home" in driver.window.area.views)
    click_card(driver, "masked")
    driver.wait(lambda: is_shown(driver, "masked"))
    assert driver.words().count("[MASK]") == 2
    driver.keys("Alt+Home")
    driver.wait(lambda: driver.window.area.current == "home")
    click_card(driver, "classes")
    driver.wait(lambda: is_shown(driver, "classes"))
    driver.window.actions_by_name["open_card:analogy"].trigger()
    driver.wait(lambda: is_shown(driver, "analogy"))
    assert driver.window.area.views["embedding"].options_state()["pages"] == {"page": "Analogy"}
    assert not driver.window.actions_by_name["open_card:heads"].shortcut().toString()
    driver.window.close()
    again = start()
    again.wait(lambda: again.window.area.current == "embedding")  # not at home: where it was left
