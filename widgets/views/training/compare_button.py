"""The button that trains several runs which differ in one thing only."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from inference.results.comparison import COMPARED
from widgets.kit.plain import plain_tip


class CompareButton(QToolButton):
    """A menu of what can be compared.

    Signals
    -------
    chosen(str)
        One of `COMPARED`.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training_compare")
        self.setText(_tr("Compare …"))
        tip = _tr("Train runs one after the other that differ in one thing only, and show them together")
        self.setToolTip(plain_tip(tip))
        self.setAccessibleName(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for compared, title in COMPARED.items():
            action = menu.addAction(_tr(title))
            action.setObjectName(f"training_compare_{compared}")
            action.triggered.connect(partial(self.chosen.emit, compared))
        self.setMenu(menu)


def _tr(text: str) -> str:
    return QCoreApplication.translate("CompareButton", text)
