"""The controls above a view."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QToolButton, QWidget

from widgets.kit.layouts import ChoiceBox, FlowLayout, Narrowing
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.look.icons import line_icon


class ControlBar(QWidget):
    """Controls that wrap; each has a name for screen readers and for tests.

    Parameters
    ----------
    is_beside
        It stands beside something else, and takes as much of their line as it needs.
    """

    def __init__(self, parent: QWidget | None = None, *, is_beside: bool = False) -> None:
        super().__init__(parent)
        self._is_beside = is_beside
        self._only: dict[QComboBox, PlainLabel] = {}
        self._flow = FlowLayout(self)
        self._flow.setSpacing(8)
        self._flow.setContentsMargins(8, 4, 8, 4)
        self._rare: dict[QWidget, bool] = {}  # whether it has something to say now
        self._more: QToolButton | None = None

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(self._flow.line_width(), hint.height()) if self._is_beside else hint

    def add_choice(self, name: str, title: str, choices: Iterable[tuple[str, object]]) -> QComboBox:
        """A combo box behind its title; `choices` are texts and data."""
        pair = Narrowing(self)
        layout = QHBoxLayout(pair)
        layout.setContentsMargins(0, 0, 0, 0)
        combo = ChoiceBox(pair)
        combo.setObjectName(name)
        combo.setAccessibleName(title)
        for text, data in choices:
            combo.addItem(text, data)
        label = PlainLabel(title, pair)
        label.setBuddy(combo)
        only = PlainLabel(pair)
        only.setObjectName(f"{name}_only")
        only.hide()
        for widget in (label, combo, only):
            layout.addWidget(widget)
        self._append(pair)
        self._only[combo] = only
        return combo

    def settle(self, combo: QComboBox) -> None:
        """Show a choice of one as what it is: a text, not a control that does nothing."""
        only, is_choice = self._only[combo], combo.count() > 1
        only.setText(combo.currentText())
        only.setVisible(not is_choice)
        combo.setVisible(is_choice)

    def add_widget(self, widget: QWidget) -> None:
        """A control of another kind."""
        self._append(widget)

    def add_check(self, name: str, title: str, tip: str) -> QCheckBox:
        """A check box."""
        box = QCheckBox(title, self)
        box.setObjectName(name)
        box.setToolTip(plain_tip(tip))
        box.setAccessibleName(title)
        self._append(box)
        return box

    def add_button(self, name: str, text: str, tip: str, *, is_rare: bool = False) -> QToolButton:
        """A small button; its tool tip is its accessible name too. A rare one stands behind the button More."""
        return self.add_buttons((name, text, tip), is_rare=is_rare)[0]

    def add_buttons(self, *buttons: tuple[str, str, str], is_rare: bool = False) -> list[QToolButton]:
        """Small buttons that wrap together: names, texts and tool tips; all of them rare, or none."""
        group = QWidget(self)
        row = QHBoxLayout(group)
        row.setContentsMargins(0, 0, 0, 0)
        made = []
        for name, text, tip in buttons:
            button = QToolButton(group)
            button.setObjectName(name)
            button.setText(text)
            button.setToolTip(plain_tip(tip))
            button.setAccessibleName(tip)
            row.addWidget(button)
            made.append(button)
        self._append(group)
        if is_rare:
            self.put_behind_more(group)
        return made

    def put_behind_more(self, widget: QWidget) -> None:
        """Show a control only where the user wants to see those that are seldom needed: the button More says so."""
        if self._more is None:
            self._more = QToolButton(self)
            self._more.setObjectName("more_controls")
            self._more.setText(self.tr("More"))
            self._more.setIcon(line_icon("more"))
            self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self._more.setToolTip(self.tr("Show the controls that are seldom needed"))
            self._more.setAccessibleName(self._more.toolTip())
            self._more.setCheckable(True)
            self._more.toggled.connect(self._on_more_toggled)
            self._flow.addWidget(self._more)
        self._rare[widget] = not widget.isHidden()
        self._put_last()
        self.show_widget(widget, self._rare[widget])

    def set_rare(self, widget: QWidget, is_rare: bool) -> None:
        """Put a control behind the button More, or take it from there: what is seldom needed may depend on a choice."""
        if is_rare and widget not in self._rare:
            self.put_behind_more(widget)
        elif not is_rare and widget in self._rare:
            is_shown = self._rare.pop(widget)
            self._put_last()
            self.show_widget(widget, is_shown)
            self._judge_more()

    def _judge_more(self) -> None:
        """The button is there while it has something to show."""
        if self._more is not None:
            self._more.setVisible(any(self._rare.values()))

    def show_widget(self, widget: QWidget, is_shown: bool) -> None:
        """Show or hide a control; one that is seldom needed is shown only while those are."""
        if widget in self._rare:
            self._rare[widget] = is_shown
            self._judge_more()
            is_shown &= self._more is not None and self._more.isChecked()
        widget.setVisible(is_shown)

    def _append(self, widget: QWidget) -> None:
        self._flow.addWidget(widget)
        self._put_last()

    def _put_last(self) -> None:
        """The button, and behind it what it shows."""
        for one in (*filter(None, [self._more]), *self._rare):
            self._flow.removeWidget(one)
            self._flow.addWidget(one)

    def show_all(self) -> None:
        """Show the controls that are seldom needed, too."""
        if self._more is not None:
            self._more.setChecked(True)

    @Slot(bool)
    def _on_more_toggled(self, is_on: bool) -> None:
        for widget, is_needed in self._rare.items():
            widget.setVisible(is_on and is_needed)

    def set_shown(self, control: QComboBox | QToolButton, is_shown: bool) -> None:
        """Show or hide a choice with its title, or a button with those that were added with it."""
        pair = control.parentWidget()
        assert pair is not None
        self.show_widget(pair, is_shown)
