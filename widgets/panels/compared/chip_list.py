"""A row of chips that wraps: texts, or small images, of which one is chosen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)

from inference.results.inputs import MOST_LETTERS
from widgets.figures.image_geometry import letterbox
from widgets.figures.image_parts import paint_image
from widgets.kit.clean import shown
from widgets.kit.plain import plain_tip
from widgets.look.theme import FigureStyle

_WHOLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_BROKEN = _WHOLE | Qt.TextFlag.TextWordWrap
ChipIndex = QModelIndex | QPersistentModelIndex
_IMAGE = Qt.ItemDataRole.UserRole + 1
_N_LINES, _N_NARROW = 2, 12  # of texts, before one has to scroll; in a column
_TEXT_LINES = 3  # of one text, before it is cut


class ChipList(QListWidget):
    """Chips that are chosen by a click or the arrow keys, edited by a double click or F2, removed by their cross or
    Del, and moved with the mouse or with Alt and an arrow key.

    Signals
    -------
    choice_changed(int)
        The user chose another one.
    edited(int, str)
        What the user wrote in place of a text; it is shown once `set_texts` says so.
    removal_requested(int)
    move_requested(int, int)
        Put the first one where the second is.
    """

    choice_changed = Signal(int)
    edited = Signal(int, str)
    removal_requested = Signal(int)
    move_requested = Signal(int, int)

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSpacing(2)
        self.setUniformItemSizes(False)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setItemDelegate(_ChipDelegate(self))
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.is_narrow = False  # texts that have no room in a line have several then
        self._dragged = -1  # the chip that is under the button of the mouse
        self.currentRowChanged.connect(self._on_current_row_changed)

    def set_texts(self, texts: tuple[str, ...], chosen: int) -> None:
        """Show other texts; the signals are silent."""
        editable = Qt.ItemFlag.ItemIsEditable
        self._fill([(shown(text), None, shown(text), editable) for text in texts], chosen)
        for row, text in enumerate(texts):
            self.item(row).setData(Qt.ItemDataRole.UserRole, text)  # as it was typed

    def set_images(self, images: tuple[np.ndarray | None, ...], names: tuple[str, ...], chosen: int) -> None:
        """Show other images, uint8 [row, column, 3], or their places where they are not there yet."""
        self._fill([("", image, shown(name), None) for image, name in zip(images, names, strict=True)], chosen)

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column, in more lines, or above the views."""
        self.is_narrow = is_narrow
        self.scheduleDelayedItemsLayout()
        self.updateGeometry()

    def _fill(self, chips: list, chosen: int) -> None:
        self.blockSignals(True)
        while self.count() > len(chips):
            self.takeItem(self.count() - 1)
        for row, (text, image, about, flag) in enumerate(chips):
            if row == self.count():
                self.addItem(QListWidgetItem())
            item = self.item(row)
            item.setText(text)
            item.setData(_IMAGE, image)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, about)
            item.setToolTip(plain_tip(about))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | (flag or Qt.ItemFlag(0)))
        self.setCurrentRow(chosen)
        self.blockSignals(False)
        self.updateGeometry()

    def choose(self, row: int) -> None:
        """Mark another one; `choice_changed` is silent."""
        self.blockSignals(True)
        self.setCurrentRow(row)
        self.blockSignals(False)
        self.viewport().update()

    def cross_rect(self, row: int) -> QRect:
        """Where a click removes a chip."""
        return cross_of(self.visualItemRect(self.item(row)), self.fontMetrics().height())

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        height = int((_N_NARROW if self.is_narrow else _N_LINES) * (1.6 * line + 4) + 4)
        if self.is_narrow and self.count():  # no higher than what is in it
            ends = (self.visualItemRect(self.item(row)).bottom() for row in range(self.count()))
            height = min(height, max(ends) + self.verticalScrollBar().value() + 2 * self.spacing() + 1)
        if self.count() and not self.item(0).text():  # images are all of one width: no more room than they need
            bar = self.verticalScrollBar().sizeHint().width()  # Qt keeps its place free
            return QSize(self.count() * (self.image_side() + 2 * self.spacing()) + 4 * self.spacing() + bar, height)
        return QSize(20 * line, height)

    def image_side(self) -> int:
        """Of a small image."""
        return int(2.9 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(8 * self.fontMetrics().height(), self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.indexAt(event.position().toPoint()).row()
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            if self.cross_rect(row).contains(event.position().toPoint()):
                self.removal_requested.emit(row)
                return
            self._dragged = row
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged < 0 or not event.buttons() & Qt.MouseButton.LeftButton:
            super().mouseMoveEvent(event)
            return
        row = self.indexAt(event.position().toPoint()).row()
        if row not in (-1, self._dragged) and self._is_beyond_middle(row, event.position().toPoint()):
            dragged, self._dragged = self._dragged, row
            self.move_requested.emit(dragged, row)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = -1
        super().mouseReleaseEvent(event)

    def _is_beyond_middle(self, row: int, point: QPoint) -> bool:
        """Whether a chip that is dragged over another one has come far enough to take its place, and to stay there."""
        here, there = self.visualItemRect(self.item(self._dragged)), self.visualItemRect(self.item(row))
        if here.top() != there.top():
            return True
        middle = there.center().x()
        return point.x() > middle if row > self._dragged else point.x() < middle

    def event(self, event: QEvent) -> bool:
        """Alt and an arrow move a chip, also where the window has something else for these keys."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _step_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self.currentRow(), event.key()
        if (step := _step_of(event)) and row >= 0:
            if 0 <= row + step < self.count():
                self.move_requested.emit(row, row + step)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and row >= 0:
            self.removal_requested.emit(row)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()  # no chip is wider than the list
        self.updateGeometry()
        if self.currentItem() is not None:
            self.scrollToItem(self.currentItem())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.scheduleDelayedItemsLayout()
            self.updateGeometry()

    def _on_current_row_changed(self, row: int) -> None:
        if row >= 0:
            self.choice_changed.emit(row)


def _step_of(event: QKeyEvent) -> int:
    """How many places a chip is moved by this key; 0 for all but Alt and an arrow."""
    steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
    return steps.get(Qt.Key(event.key()), 0) if event.modifiers() & Qt.KeyboardModifier.AltModifier else 0


def cross_of(chip: QRect, line: int) -> QRect:
    """The cross of a chip: at its right, in the middle of a text and at the top of an image."""
    side = line
    return QRect(
        chip.right() - side - 1, chip.top() + max(1, min(chip.height() - side, int(0.6 * line)) // 2), side, side
    )


def menu_button(name: str, text: str, tip: str, entries: tuple[tuple[str, str], ...], parent: QWidget) -> QToolButton:
    """A button with a menu of actions, whose data are the first words of `entries`."""
    button = QToolButton(parent)
    button.setObjectName(name)
    button.setText(text)
    button.setToolTip(plain_tip(tip))
    button.setAccessibleName(tip)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    for key, title in entries:
        menu.addAction(title).setData(key)
    button.setMenu(menu)
    return button


class _ChipDelegate(QStyledItemDelegate):
    """Paints a chip, and lets its text be edited."""

    def __init__(self, chips: ChipList) -> None:
        super().__init__(chips)
        self._chips = chips

    def sizeHint(self, option: QStyleOptionViewItem, index: ChipIndex) -> QSize:
        line = self._chips.fontMetrics().height()
        image = index.data(_IMAGE)
        text = index.data(Qt.ItemDataRole.DisplayRole) or ""
        if image is not None or not text:
            return QSize(self._chips.image_side(), self._chips.image_side())
        metrics, beside = self._chips.fontMetrics(), int(2.1 * line)
        width = metrics.horizontalAdvance(text) + beside
        most = max(4 * line, self._chips.viewport().width() - 8)
        if width <= most or not self._chips.is_narrow:
            return QSize(min(width, most), int(1.6 * line))
        box = metrics.boundingRect(QRect(0, 0, most - beside, 0), _BROKEN, text)
        return QSize(most, int(0.6 * line) + min(box.height(), _TEXT_LINES * line))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ChipIndex) -> None:
        style = FigureStyle.of(self._chips)
        theme, line = style.theme, self._chips.fontMetrics().height()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        is_chosen = index.row() == self._chips.currentRow()
        has_focus = is_chosen and self._chips.hasFocus()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        image = index.data(_IMAGE)
        box = rect.adjusted(1, 1, -1, -1)
        is_image = image is not None or not index.data(Qt.ItemDataRole.DisplayRole)
        painter.setPen(QPen(theme.accent if is_chosen else theme.line, 2 if is_chosen and is_image else 1))
        painter.setBrush(theme.accent if is_chosen and not is_image else theme.paper)
        painter.drawRoundedRect(box, 4, 4)
        if is_image:
            if image is not None:
                inside = letterbox(image.shape[0], image.shape[1], box.adjusted(2, 2, -2, -2).toRectF())
                paint_image(painter, image, inside)
        else:
            painter.setPen(theme.accent_ink if is_chosen else theme.ink)
            room = box.adjusted(int(0.5 * line), 0, -int(1.3 * line), 0)
            n_lines = round(room.height() / line - 0.6)
            text = self._chips.fontMetrics().elidedText(
                index.data(Qt.ItemDataRole.DisplayRole), Qt.TextElideMode.ElideRight, max(n_lines, 1) * room.width()
            )
            painter.drawText(room, _BROKEN if n_lines > 1 else _WHOLE, text)
        is_under_pointer = bool(state & QStyle.StateFlag.State_MouseOver)
        if not is_image or is_under_pointer or has_focus:
            ink = theme.accent_ink if is_chosen and not is_image else theme.faint
            self._paint_cross(painter, cross_of(rect, line), ink, theme.paper if is_image else None)
        if has_focus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.ink, 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), 3, 3)
        painter.restore()

    def _paint_cross(self, painter: QPainter, rect: QRect, ink: QColor, behind: QColor | None) -> None:
        if behind is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(behind)
            painter.drawRoundedRect(rect, 3, 3)
        painter.setPen(QPen(ink, 1.5))
        arm = rect.adjusted(*(sign * rect.width() // 3 for sign in (1, 1, -1, -1)))
        painter.drawLine(arm.topLeft(), arm.bottomRight())
        painter.drawLine(arm.topRight(), arm.bottomLeft())

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: ChipIndex) -> QWidget:
        line = QLineEdit(parent)
        line.setObjectName("chip_editor")
        line.setAccessibleName(self.tr("Text of the chip"))
        line.setMaxLength(MOST_LETTERS)
        return line

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: ChipIndex) -> None:
        rect: QRect = option.rect  # type: ignore[attr-defined]
        width = min(max(rect.width(), 12 * self._chips.fontMetrics().height()), self._chips.viewport().width() - 4)
        left = min(rect.left(), self._chips.viewport().width() - width - 2)
        editor.setGeometry(QRect(max(2, left), rect.top(), width, max(rect.height(), editor.sizeHint().height())))

    def setEditorData(self, editor: QWidget, index: ChipIndex) -> None:
        assert isinstance(editor, QLineEdit)
        if not editor.isModified():
            editor.setText(index.data(Qt.ItemDataRole.UserRole))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: object, index: ChipIndex) -> None:
        """The owner is told, and shows what becomes of it: a text may be there already."""
        assert isinstance(editor, QLineEdit)
        if editor.isModified():
            self._chips.edited.emit(index.row(), editor.text())

    def eventFilter(self, editor: object, event: QEvent) -> bool:
        """Alt and arrows are the editor's own while it is open, and Tab ends it as Enter does."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Tab:
            assert isinstance(editor, QLineEdit)
            self.commitData.emit(editor)
            self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)
            return True
        return super().eventFilter(editor, event)  # type: ignore[arg-type]
