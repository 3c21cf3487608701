"""Controls that make no sense now are grey, and say why."""

from __future__ import annotations

from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QWidget

from widgets.kit.plain import plain_tip


def set_available(control: QWidget, is_available: bool, why_not: str) -> None:
    """Grey a control, and let its tool tip say why."""
    tip = control.property("tip")
    if tip is None:
        tip = control.toolTip()
        control.setProperty("tip", tip)
    control.setEnabled(is_available)
    control.setToolTip(plain_tip(why_not))
    if is_available:
        control.setProperty("toolTip", tip)  # as it was set, plain already


def offer(choice: QComboBox, data: object, is_offered: bool, why_not: str) -> None:
    """Grey one item of a choice, and let its tool tip say why."""
    model = choice.model()
    assert isinstance(model, QStandardItemModel)
    item = model.item(choice.findData(data))
    item.setEnabled(is_offered)
    item.setToolTip(plain_tip("" if is_offered else why_not))
