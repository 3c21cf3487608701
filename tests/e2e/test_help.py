"""Help in the real window: F1 and the button tell of the view, the example opens, the tour leads and Esc ends it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from widgets.kit.plain import OwnPage

pytestmark = pytest.mark.xvfb


def help_window(driver):
    return driver.window.findChild(QWidget, "help")


def test_f1_and_the_button_tell_of_the_view_and_the_example_opens(driver):
    driver.tab("measures")
    driver.keys("F1")
    driver.wait(lambda: help_window(driver) is not None and help_window(driver).isVisible())
    shown = help_window(driver)
    assert shown.page == "measures"
    assert "entropy = " in shown.findChild(OwnPage).toPlainText()
    assert not shown.isModal()
    shown.close()
    driver.click(driver.window.findChild(QToolButton, "measures_help"))
    driver.wait(shown.isVisible)
    shown.show_page("masked")
    driver.click(shown.findChild(QPushButton, "help_example"))
    driver.wait(lambda: driver.window.area.current == "masked" and driver.words().count("[MASK]") == 2)
    shown.show_page("lecture")
    page = shown.findChild(OwnPage)
    page.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(2):  # from link to link, by keys
        QTest.keyClick(page, Qt.Key.Key_Tab)
    QTest.keyClick(page, Qt.Key.Key_Return)
    driver.wait(lambda: driver.window.area.current != "masked")
    shown.close()


def test_the_tour_leads_through_five_real_parts_and_esc_ends_it(driver):
    window = driver.window
    window.actions_by_name["helping.begin_tour"].trigger()
    driver.wait(lambda: window.area.current == "heads" and window.area.views["heads"].figure() is not None)
    callout = driver.widget("tour")
    titles = []
    for _ in range(5):
        assert callout.isVisible()
        titles.append(callout.findChildren(QLabel)[0].text())
        last = titles[-1] == "More views, and help"
        if not last:
            driver.click(driver.widget("tour_forth"))
    assert titles == ["Checkpoints", "What the model reads", "A view: all heads", "Selected", "More views, and help"]
    QTest.keyClick(driver.widget("tour_back"), Qt.Key.Key_Space)
    assert callout.isVisible()
    driver.keys("Esc")
    driver.wait(lambda: not callout.isVisible())
