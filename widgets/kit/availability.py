"""Controls that make no sense now are grey, and say why."""

from __future__ import annotations

from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget

from widgets.kit.plain import plain_tip, tip_with_terms


def set_available(control: QWidget, is_available: bool, why_not: str) -> None:
    """Grey a control, and let its tool tip say why."""
    tip = control.property("tip")
    if tip is None:
        tip = control.toolTip()
        control.setProperty("tip", tip)
    control.setEnabled(is_available)
    control.setToolTip(plain_tip(why_not))
    if is_available:  # as it was set, plain already
        text = control.text().replace("&", "") if isinstance(control, QAbstractButton) else control.accessibleName()
        control.setToolTip(tip_with_terms(tip, text))


def offer(choice: QComboBox, data: object, is_offered: bool, why_not: str) -> None:
    """Grey one item of a choice, and let its tool tip say why."""
    model = choice.model()
    assert isinstance(model, QStandardItemModel)
    item = model.item(choice.findData(data))
    item.setEnabled(is_offered)
    item.setToolTip(tip_with_terms(plain_tip("" if is_offered else why_not), item.text()))
