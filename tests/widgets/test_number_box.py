"""Fields for numbers: what is not allowed is answered with one sentence, and the number that stood stays."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolTip, QVBoxLayout, QWidget

from widgets.kit.number_box import DecimalBox, NumberBox
from widgets.kit.number_slider import NumberSlider

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # tool tips that are raised

ENTER, ESCAPE, DELETE = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Delete


def shown(qtbot, box, low, high, value, title="Seed"):
    box.setRange(low, high)
    box.setValue(value)
    box.setAccessibleName(title)
    box.told, box.changes = [], []
    box.refused.connect(box.told.append)
    box.valueChanged.connect(box.changes.append)
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.addWidget(box)
    layout.addWidget(QLineEdit())
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    box.page = page
    box.setFocus()
    return box


def write(box, text, key=ENTER):
    box.selectAll()
    QTest.keyClick(box, DELETE)
    QTest.keyClicks(box, text)
    if key is not None:
        QTest.keyClick(box, key)


@pytest.fixture
def seed(qtbot):
    return shown(qtbot, NumberBox(), 0, 999, 12)


@pytest.mark.parametrize("typed", ["1000", "-1", "99999999999999999999", "1e3", "abc", "1.5"])
def test_what_is_not_allowed_is_said_and_the_number_stays(seed, typed):
    write(seed, typed)
    assert seed.told == [f"Seed: 0 to 999 is allowed, not “{typed}”; it stays 12."]
    assert (seed.value(), seed.text(), seed.changes) == (12, "12", [])
    assert seed.accessibleDescription() == seed.refusal == seed.told[0]


def test_the_sentence_stands_beneath_the_field(seed, qtbot):
    write(seed, "1000")
    qtbot.waitUntil(QToolTip.isVisible)
    assert "0 to 999 is allowed" in QToolTip.text()
    QTest.keyClicks(seed, "5")
    assert seed.refusal == ""
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_a_field_that_is_left_answers_too(seed):
    write(seed, "1000", key=None)
    assert seed.told == []
    seed.page.findChildren(QLineEdit)[-1].setFocus()
    assert len(seed.told) == 1
    assert seed.value() == 12


def test_a_field_that_was_emptied_keeps_its_number(seed):
    write(seed, "")
    assert seed.told == ["Seed: 0 to 999 is allowed; it stays 12."]
    assert seed.text() == "12"


@pytest.mark.parametrize("typed", ["0", "7", "999", " 40 "])
def test_what_is_allowed_is_taken_with_enter_and_once(seed, typed):
    write(seed, typed)
    assert (seed.value(), seed.told, seed.changes) == (int(typed), [], [int(typed)])


def test_escape_takes_back_what_was_typed_and_then_is_for_others(seed, qtbot):
    write(seed, "77", key=ESCAPE)
    assert (seed.value(), seed.text(), seed.told) == (12, "12", [])
    pressed = []
    seed.page.keyPressEvent = lambda event: pressed.append(event.key())
    QTest.keyClick(seed, ESCAPE)
    assert pressed == [ESCAPE]


def test_units_and_words_for_a_number_are_no_part_of_it(qtbot):
    box = shown(qtbot, NumberBox(), 0, 999, 0, "Size")
    box.setSuffix(" px")
    box.setSpecialValueText("As trained on")
    write(box, "1234")
    assert box.told == ["Size: 0 to 999 is allowed, not “1234”; it stays As trained on."]
    write(box, "12")
    assert box.text() == "12 px"


@pytest.mark.parametrize(
    ("decimals", "typed", "allowed"),
    [(2, "0.123", "0.10 to 5.00 with 2 decimals at most"), (2, "7", "0.10 to 5.00 with 2 decimals at most")],
)
def test_a_number_with_decimals(qtbot, decimals, typed, allowed):
    box = shown(qtbot, DecimalBox(), 0.1, 5, 1, "Temperature")
    write(box, typed)
    assert box.told == [f"Temperature: {allowed} is allowed, not “{typed}”; it stays 1.00."]
    write(box, "0.25")
    assert box.value() == 0.25


def test_a_single_decimal_is_one(qtbot):
    box = shown(qtbot, DecimalBox(), 3.5, 72, 9, "Size")
    box.setDecimals(1)
    write(box, "900")
    assert box.told == ["Size: 3.5 to 72.0 with one decimal at most is allowed, not “900”; it stays 9.0."]


def test_a_share_is_in_whole_per_cent(qtbot):
    box = shown(qtbot, DecimalBox(), 0, 100, 50, "Share")
    box.setDecimals(0)
    box.setSuffix(" %")
    write(box, "120")
    assert box.told == ["Share: 0 to 100 is allowed, not “120”; it stays 50 %."]


def test_a_slider_takes_only_numbers_that_it_can_stand_on(qtbot):
    slider = NumberSlider("side", "Side", 0, 64, step=8)
    qtbot.addWidget(slider)
    slider.set_value(16)
    told = []
    slider.box.refused.connect(told.append)
    write(slider.box, "20")
    assert told == ["Side: 0 to 64 in steps of 8 is allowed, not “20”; it stays 16."]
    assert (slider.value(), slider.slider.value()) == (16, 2)
    write(slider.box, "24")
    assert (slider.value(), slider.slider.value()) == (24, 3)


def test_a_slider_shows_what_is_there_without_a_word(qtbot):
    slider = NumberSlider("layer", "Layer", 0, 0)
    qtbot.addWidget(slider)
    told = []
    slider.value_changed.connect(told.append)
    slider.show_value(5, 0, 3)
    assert (slider.value(), slider.slider.value(), slider.box.maximum(), told) == (3, 3, 3, [])
    slider.set_value(1)
    assert told == [1]


def test_who_asks_for_the_number_hears_of_a_refusal_once(seed):
    write(seed, "1000", key=None)
    assert not seed.takes_typed()
    assert seed.takes_typed()
    assert seed.value() == 12
    write(seed, "40", key=None)
    assert seed.takes_typed()
    assert seed.value() == 40
