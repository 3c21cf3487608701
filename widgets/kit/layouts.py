"""Layouts: a row that wraps, a column without gaps, a control behind its title."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QLayout, QLayoutItem, QVBoxLayout, QWidget

from widgets.kit.plain import PlainLabel


class Narrowing(QWidget):
    """May be narrower than it likes, down to its least width, where that saves a line."""


class ChoiceBox(QComboBox):
    """As wide as its widest item, and at least as wide as the one that is shown; its list shows all of each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.currentTextChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        hint, width = self.sizeHint(), self.fontMetrics().horizontalAdvance
        widest = max((width(self.itemText(index)) for index in range(self.count())), default=0)
        return QSize(hint.width() - max(widest - width(self.currentText()), 0), hint.height())

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self.sizeHint().width())
        super().showPopup()


class FlowLayout(QLayout):
    """Lines of widgets that wrap like words: large letters or a narrow window never hide a control.

    Those that are `Narrowing` are narrower where that saves a line.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), is_trial=True)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, is_trial=False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def line_width(self) -> int:
        """How wide all of them are in one line."""
        margins = self.contentsMargins()
        widths = [item.sizeHint().width() for item in self._items if not item.isEmpty()]
        gaps = max(self.spacing(), 0) * max(len(widths) - 1, 0)
        return sum(widths) + gaps + margins.left() + margins.right()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, *, is_trial: bool) -> int:
        """Place the widgets; says how high the lines are together."""
        margins, gap = self.contentsMargins(), max(self.spacing(), 0)
        area = rect.marginsRemoved(margins)
        y = area.top()
        widths = self._widths(area.width(), gap)
        for line in self._lines(widths, area.width(), gap):
            sizes = {item: self._size(item, min(widths[item], area.width())) for item in line}
            x, height = area.left(), max(size.height() for size in sizes.values())
            for item, size in sizes.items():
                if not is_trial:
                    item.setGeometry(QRect(QPoint(x, y + (height - size.height()) // 2), size))
                x += size.width() + gap
            y += height + gap
        return max(y - gap, area.top()) - rect.top() + margins.bottom()

    @staticmethod
    def _size(item: QLayoutItem, width: int) -> QSize:
        """Of one; what is in it may wrap, too."""
        height = item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
        return QSize(width, height)

    def _widths(self, width: int, gap: int) -> dict[QLayoutItem, int]:
        """How wide each is: what it likes, or less where that saves a line."""
        wanted = {item: item.sizeHint().width() for item in self._items if not item.isEmpty()}
        spare = {
            item: max(want - item.minimumSize().width(), 0) if isinstance(item.widget(), Narrowing) else 0
            for item, want in wanted.items()
        }
        excess, most = sum(wanted.values()) + gap * (len(wanted) - 1) - width, sum(spare.values())
        if excess <= 0:
            return wanted
        if excess > most:
            least = {item: want - spare[item] for item, want in wanted.items()}
            saves = len(self._lines(least, width, gap)) < len(self._lines(wanted, width, gap))
            return least if saves else wanted
        return {item: want - ceil(spare[item] * excess / most) for item, want in wanted.items()}

    def _lines(self, widths: dict[QLayoutItem, int], width: int, gap: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        left = -1
        for item, wide in widths.items():
            left -= wide + gap
            if not lines or left + gap < 0:
                lines.append([])
                left = width - wide - gap
            lines[-1].append(item)
        return lines


def direction_of(is_narrow: bool) -> QBoxLayout.Direction:
    """How parts follow each other: below each other where there is no width for them beside each other."""
    return QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight


def fill_column(parent: QWidget, tall: QWidget, *widgets: QWidget) -> None:
    """Lay `widgets` out from top to bottom; `tall`, one of them, takes what room there is."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget, 1 if widget is tall else 0)


def labelled(control: QWidget, name: str, title: str) -> QWidget:
    """Both side by side; the title becomes the control's accessible name too."""
    pair = QWidget()
    control.setObjectName(name)
    control.setAccessibleName(title)
    label = PlainLabel(title, pair)
    label.setBuddy(control)
    layout = QHBoxLayout(pair)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(label)
    layout.addWidget(control)
    return pair
