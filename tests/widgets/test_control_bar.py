"""Controls stand in one line where what they show fits, and wrap where it does not."""

from PySide6.QtWidgets import QToolButton, QWidget

from widgets.kit.control_bar import ControlBar
from widgets.kit.layouts import FlowLayout


def bar_of_three(qtbot):
    bar = ControlBar()
    qtbot.addWidget(bar)
    combos = [bar.add_choice(f"c{n}", "Kind", [("A", 0), ("a much longer one", 1)]) for n in range(3)]
    return bar, combos


def test_choices_narrow_to_what_they_show_before_they_wrap(qtbot):
    bar, combos = bar_of_three(qtbot)
    wide, height = bar.layout().line_width(), bar.heightForWidth(5000)
    spare = combos[0].sizeHint().width() - combos[0].minimumSizeHint().width()
    assert spare > 0
    assert bar.heightForWidth(wide - 2 * spare) == height
    bar.resize(wide - 2 * spare, height)
    bar.show()
    qtbot.waitExposed(bar)
    assert all(combo.width() >= combo.minimumSizeHint().width() for combo in combos)
    assert {combo.mapTo(bar, combo.rect().topLeft()).y() for combo in combos} == {combos[0].parentWidget().y()}
    assert bar.heightForWidth(wide - 4 * spare) > height


def test_a_choice_that_shows_more_asks_for_its_room(qtbot):
    _, combos = bar_of_three(qtbot)
    least = combos[0].minimumSizeHint().width()
    combos[0].setCurrentIndex(1)
    assert combos[0].minimumSizeHint().width() > least


def test_choices_narrow_where_that_saves_one_of_several_lines(qtbot):
    bar, combos = bar_of_three(qtbot)
    least = combos[0].parentWidget().minimumSizeHint().width()
    enough = 2 * least + 8 + 2 * 8  # for two of the three beside each other, with the gap and the margins
    assert bar.heightForWidth(enough) < bar.heightForWidth(enough - 1)


def test_what_is_wider_than_the_bar_wraps_in_itself(qtbot):
    bar, many = ControlBar(), QWidget()
    qtbot.addWidget(bar)
    flow, buttons = FlowLayout(many), [QToolButton(many) for _ in range(12)]
    for button in buttons:
        button.setText("12")
        flow.addWidget(button)
    bar.add_widget(many)
    width = flow.line_width() // 3
    bar.resize(width, bar.heightForWidth(width))
    bar.show()
    qtbot.waitExposed(bar)
    assert bar.rect().contains(buttons[-1].mapTo(bar, buttons[-1].rect().bottomRight()))
