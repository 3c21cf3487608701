"""A column left of the views for what stands above them else: a wide and low window has more room there."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

_WIDTH = 13  # em, at least


@runtime_checkable
class Narrows(Protocol):
    """A bar that can stand in a column, too."""

    def set_narrow(self, is_narrow: bool) -> None: ...


class MediaColumn(QScrollArea):
    """Bars one above the other; those that need more height than there is are scrolled."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("media_column")
        self.setAccessibleName(self.tr("Images and films"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        content = QWidget()
        outer = QVBoxLayout(content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(8)
        self.bars = QVBoxLayout()
        self.bars.setSpacing(8)
        outer.addLayout(self.bars)
        outer.addStretch(1)
        self.setWidget(content)

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDTH * self.fontMetrics().height(), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()
