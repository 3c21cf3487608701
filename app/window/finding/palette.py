"""A list of all that can be done, which a few typed letters make short."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Slot
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.window.finding.matching import Find, ranked
from widgets.kit.clean import shown
from widgets.kit.plain import PlainLabel, plain_tip

_FIND = Qt.ItemDataRole.UserRole
_KEYS_OF_LIST = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class Palette(QDialog):
    """Type, choose with the arrow keys, Enter. What cannot be done now is greyed and says why."""

    def __init__(self, finds: list[Find], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setWindowTitle(self.tr("Find action"))
        self._finds = finds
        self._line = QLineEdit(self)
        self._line.setObjectName("palette_line")
        self._line.setPlaceholderText(self.tr("What would you like to do? Type a few letters"))
        self._line.setAccessibleName(self.windowTitle())
        self._line.setClearButtonEnabled(True)
        self._list = QListWidget(self)
        self._list.setObjectName("palette_list")
        self._list.setAccessibleName(self.tr("What was found"))
        self._list.setItemDelegate(_FindRow(self._list))
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the line has the keys
        self._none = PlainLabel(self)
        self._none.setObjectName("palette_none")
        self._none.setMargin(8)
        layout = QVBoxLayout(self)
        layout.addWidget(self._line)
        layout.addWidget(self._list)
        layout.addWidget(self._none)
        self._line.installEventFilter(self)
        self._line.textChanged.connect(self._show)
        self._line.returnPressed.connect(self._on_line_return_pressed)
        self._list.itemClicked.connect(self._on_list_item_clicked)
        em = self.fontMetrics().height()
        self.resize(38 * em, 26 * em)
        self._show("")
        self._line.setFocus()

    @property
    def found(self) -> list[Find]:
        """What is listed now, the best first."""
        return [self._list.item(row).data(_FIND) for row in range(self._list.count())]

    def chosen(self) -> Find | None:
        """What the user wants to be done; None: nothing is listed."""
        item = self._list.currentItem()
        return item.data(_FIND) if item is not None else None

    @Slot(str)
    def _show(self, typed: str) -> None:
        found = ranked(typed, self._finds)
        self._list.clear()
        for find in found:
            item = QListWidgetItem(shown(find.title), self._list)
            item.setData(_FIND, find)
            said = ". ".join(filter(None, (find.title, find.why_off or find.where, find.keys)))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, shown(said))
            if find.why_off:
                item.setToolTip(plain_tip(find.why_off))
        self._list.setCurrentRow(0)
        self._list.setVisible(bool(found))
        self._none.setText(self.tr("Nothing is called “{}”; try fewer letters, or another word.").format(typed))
        self._none.setVisible(not found)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the line: keys that walk through the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _KEYS_OF_LIST:
            page = max(1, self._list.viewport().height() // max(self._list.sizeHintForRow(0), 1) - 1)
            by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page}
            row = self._list.currentRow() + by[Qt.Key(event.key())]
            self._list.setCurrentRow(min(max(row, 0), self._list.count() - 1))
            return True
        return False

    @Slot()
    def _on_line_return_pressed(self) -> None:
        find = self.chosen()
        if find is not None and not find.why_off:
            self.accept()

    @Slot(QListWidgetItem)
    def _on_list_item_clicked(self, _item: QListWidgetItem) -> None:
        self._on_line_return_pressed()


class _FindRow(QStyledItemDelegate):
    """Title and shortcut in the first line, where it is found or why it cannot be done in the second."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        find: Find = index.data(_FIND)
        painter.save()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        rect: QRect = option.rect  # type: ignore[attr-defined]
        if is_chosen:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Highlight))
        text = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.Text
        quiet = text if is_chosen else QPalette.ColorRole.PlaceholderText
        font: QFont = option.font  # type: ignore[attr-defined]
        metrics = option.fontMetrics  # type: ignore[attr-defined]
        pad = metrics.height() // 3
        inner = rect.adjusted(2 * pad, pad // 2, -2 * pad, -pad // 2)
        first = QRect(inner.left(), inner.top(), inner.width(), metrics.height())
        painter.setFont(font)
        painter.setPen(palette.color(quiet))
        keys_width = metrics.horizontalAdvance(find.keys) + 2 * pad if find.keys else 0
        painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, find.keys)
        painter.setPen(palette.color(quiet if find.why_off else text))
        elide = Qt.TextElideMode.ElideRight
        painter.drawText(
            first,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(shown(find.title), elide, first.width() - keys_width),
        )
        second = first.translated(0, metrics.height())
        painter.setPen(palette.color(quiet))
        painter.drawText(
            second,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(shown(find.why_off or find.where), elide, second.width()),
        )
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        height = option.fontMetrics.height()  # type: ignore[attr-defined]
        return QSize(10 * height, 2 * height + height // 3)
