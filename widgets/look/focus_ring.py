"""A ring round what the keyboard acts on, wherever the style paints none."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Slot
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenuBar,
    QWidget,
)

_WIDTH = 2.0
_OWN_RING = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QMenuBar)


class FocusRings(QObject):
    """Of a window: a ring lies over what was reached by keys, and over nothing once the mouse chose something.

    Qt says only that the focus has moved: before a key does so, the window is offered it as a shortcut.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._ring: _Ring | None = None
        self._is_by_keys = False
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_application_focus_changed)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            self._is_by_keys = True
        return False

    @Slot(QWidget, QWidget)
    def _on_application_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._is_by_keys = False
        if self._ring is not None and shiboken6.isValid(self._ring):
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = None
        is_here = new is not None and new.window() is self._window
        if new is not None and is_here and self._is_by_keys and not isinstance(new, _OWN_RING):
            self._ring = _Ring(new)


class _Ring(QWidget):
    """A child of the widget that it lies over: what is scrolled away or covered is so with its ring."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("focus_ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._host = host
        host.installEventFilter(self)
        if (around := host.parentWidget()) is not None:  # which gets its size after what is scrolled in it
            around.installEventFilter(self)
        self._fit()
        self.show()

    def _fit(self) -> None:
        """Over what is in sight of a widget that is scrolled."""
        host = self._host
        seen = host.rect() if isinstance(host, QAbstractScrollArea) else host.visibleRegion().boundingRect()
        self.setGeometry(host.rect() if seen.isEmpty() else seen)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show):
            self._fit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.palette().color(self.palette().ColorRole.Highlight), _WIDTH))
            inset = _WIDTH / 2
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 2, 2)
