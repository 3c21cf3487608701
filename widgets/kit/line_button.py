"""A sentence that can be clicked on and reached by the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStyleOptionFocusRect, QWidget


class LineButton(QPushButton):
    """A flat button as wide as there is room. Its letters have the colour of `foregroundRole()`, in every theme.

    Qt's styles write buttons in one colour and in the middle; a palette or a style sheet of the button's own would keep
    the colours of the theme that it was made in.
    """

    def __init__(self, name: str, accessible_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFlat(True)
        self.setAccessibleName(accessible_name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, _event: QPaintEvent) -> None:
        option, focus, style = QStyleOptionButton(), QStyleOptionFocusRect(), self.style()
        self.initStyleOption(option)
        inside = style.subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic
        with QPainter(self) as painter:
            style.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
            style.drawItemText(
                painter, inside, flags, self.palette(), self.isEnabled(), self.text(), self.foregroundRole()
            )
            if self.hasFocus():
                focus.initFrom(self)
                focus.rect = style.subElementRect(QStyle.SubElement.SE_PushButtonFocusRect, option, self)  # type: ignore[attr-defined]
                style.drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, focus, painter, self)
