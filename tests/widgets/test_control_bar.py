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
    wanted, least = combos[0].parentWidget().sizeHint().width(), combos[0].parentWidget().minimumSizeHint().width()
    two_lines = bar.heightForWidth(2 * wanted + 40)
    assert bar.heightForWidth(wanted + 40) > two_lines
    assert bar.heightForWidth(2 * least + 40) == two_lines


def test_what_is_wider_than_the_bar_wraps_in_itself(qtbot):
    bar, many = ControlBar(), QWidget()
    qtbot.addWidget(bar)
    flow = FlowLayout(many)
    for n in range(12):
        button = QToolButton(many)
        button.setText(str(n))
        flow.addWidget(button)
    bar.add_widget(many)
    width = flow.line_width() // 3
    bar.resize(width, bar.heightForWidth(width))
    bar.show()
    qtbot.waitExposed(bar)
    last = flow.itemAt(11).widget()
    assert bar.rect().contains(last.mapTo(bar, last.rect().bottomRight()))
