"""The heads of a layer as chips in their colours: a legend that can be switched."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from widgets.kit.layouts import FlowLayout
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.look.theme import FigureStyle
from widgets.views.arcs.lines import chip_pen


class HeadChips(QWidget):
    """One chip a head, with the line that stands for it. A click hides or shows a head, a double click chooses it.

    Signals
    -------
    toggled(tuple)
        The heads that are switched on now, ascending.
    chosen(int)
        The head that was double-clicked.
    """

    toggled = Signal(tuple)
    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: dict[int, QToolButton] = {}
        self._selected: int | None = None
        self._style = FigureStyle.of(self)
        self._title = PlainLabel(self)
        self._flow = FlowLayout(self)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._flow.setSpacing(4)
        self._flow.addWidget(self._title)

    def sizeHint(self) -> QSize:
        """All in one line, where there is room for that."""
        return QSize(self._flow.line_width(), super().sizeHint().height())

    @property
    def heads_on(self) -> tuple[int, ...]:
        """Which heads are switched on."""
        return tuple(head for head, chip in self._chips.items() if chip.isChecked())

    def chip(self, head: int) -> QToolButton:
        """The button of a head."""
        return self._chips[head]

    def set_title(self, title: str, *, shows_chips: bool) -> None:
        """What stands before the chips, or alone."""
        self._title.setText(title)
        self._fit_title()
        for chip in self._chips.values():
            chip.setVisible(shows_chips)

    def set_heads(self, heads: tuple[int, ...]) -> None:
        """Chips for these heads; those there were before stay on or off as they are."""
        if heads == tuple(self._chips):
            return
        was_off = {head for head, chip in self._chips.items() if not chip.isChecked()}
        for chip in self._chips.values():
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = {}
        for head in heads:
            chip = QToolButton(self)
            chip.setObjectName(f"head_{head}")
            chip.setText(str(head))
            chip.setCheckable(True)
            chip.setChecked(head not in was_off)
            chip.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setAccessibleName(self.tr("Head {head}").format(head=head))
            tip = self.tr("Head {head}: click hides or shows it, double click chooses it").format(head=head)
            chip.setToolTip(plain_tip(tip))
            chip.toggled.connect(self._on_chip_toggled)
            chip.installEventFilter(self)
            self._flow.addWidget(chip)
            self._chips[head] = chip
        self._dress()

    def set_selected(self, head: int | None) -> None:
        """Mark the head that is selected everywhere."""
        if head != self._selected:
            self._selected = head
            self._dress()

    def restyle(self, style: FigureStyle) -> None:
        """Take other colours and letters."""
        self._style = style
        self._fit_title()
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_title()

    def _fit_title(self) -> None:
        """As large as its text: with a size of its own, another text of that size lays out nothing anew."""
        size = self._title.sizeHint()
        if size != self._title.minimumSize():
            self._title.setFixedSize(size)

    def _dress(self) -> None:
        """Icons and marks, in the colours and letters of now."""
        theme = self._style.theme
        em = QFontMetricsF(self.font()).height()
        ratio = self.devicePixelRatioF()
        for head, chip in self._chips.items():
            pixmap = QPixmap(round(1.3 * em * ratio), round(0.8 * em * ratio))
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            with QPainter(pixmap) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                if not chip.isChecked():
                    painter.setOpacity(0.25)
                painter.setPen(chip_pen(head, theme, 0.28 * em))
                painter.drawLine(0, round(0.4 * em), round(1.3 * em), round(0.4 * em))
            chip.setIcon(QIcon(pixmap))
            chip.setIconSize(QSize(round(1.3 * em), round(0.8 * em)))
            font = self.font()
            font.setBold(head == self._selected)
            font.setUnderline(head == self._selected)
            chip.setFont(font)

    def _on_chip_toggled(self) -> None:
        self._dress()
        self.toggled.emit(self.heads_on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.chosen.emit(next(head for head, chip in self._chips.items() if chip is watched))
        return super().eventFilter(watched, event)
