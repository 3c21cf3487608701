"""What every control owes its user: a name, a word on hover, room for its text, and letters that stand out."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
    QSlider,
    QWidget,
)

from tests.lettering import LEAST, contrast
from widgets.kit.labels import LineLabel

_CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
_WITH_NUMBERS = (QAbstractSlider, QAbstractSpinBox)
_PARTS = ("qt_", "ScrollLeftButton", "ScrollRightButton")  # Qt's own names begin so


def controls(root: QWidget) -> Iterator[QWidget]:
    """All that a user can do something with, hidden ones as well, but no part of another one."""
    for kind in _CONTROLS:
        for widget in root.findChildren(kind):
            parent = widget.parentWidget()
            is_part = isinstance(parent, QAbstractSpinBox | QComboBox | QAbstractItemView | QLineEdit)
            is_part |= parent is not None and isinstance(parent.parentWidget(), QComboBox)  # its list
            is_part |= isinstance(parent, LineLabel) and not parent.accessibleName()  # one that is never shown
            is_part |= widget.objectName().startswith(_PARTS) or isinstance(widget, QScrollBar)
            if not is_part:
                yield widget


def nameless(root: QWidget) -> list[str]:
    """Controls that a screen reader has no name for."""
    return [
        _named(widget)
        for widget in controls(root)
        if not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]


def rows_of_controls(bar: QWidget) -> int:
    """In how many rows the visible controls of a bar stand."""
    layout = bar.layout()
    assert layout is not None
    layout.activate()
    items = (layout.itemAt(place) for place in range(layout.count()))
    shown = [widget for item in items if item and (widget := item.widget()) and widget.isVisible()]
    bottoms, n_rows = -1, 0
    for top, bottom in sorted((widget.y(), widget.geometry().bottom()) for widget in shown):
        n_rows += top > bottoms
        bottoms = max(bottom, bottoms)
    return n_rows


def untold(root: QWidget) -> list[str]:
    """Numbers and buttons without letters that say nothing on hover."""
    return [
        _named(widget)
        for widget in controls(root)
        if isinstance(widget, _WITH_NUMBERS) or _is_sign(widget)
        if not (widget.toolTip() or _told_around(widget))
    ]


def squeezed(root: QWidget) -> list[str]:
    """Texts of labels and buttons that have less room than they need, and do not say so by an ellipsis."""
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton) or not widget.text():
            continue
        need = widget.minimumSizeHint()
        if isinstance(widget, QLabel) and widget.wordWrap():
            need.setHeight(widget.heightForWidth(widget.width()))
            need.setWidth(0)
        if widget.width() < need.width() - 1 or widget.height() < need.height() - 1:
            size = widget.size()
            found.append(
                f"{_named(widget)} “{widget.text()[:30]}” has {size.width()} x {size.height()} of "
                f"{need.width()} x {need.height()} pixels"
            )
    return found


def pale(root: QWidget) -> list[str]:
    """Labels and controls whose letters stand out too little from what they stand on, enabled or not."""
    roles = QPalette.ColorRole
    found = []
    for widget in root.findChildren(QWidget):
        palette, group = widget.palette(), QPalette.ColorGroup.Active if widget.isEnabled() else None
        if not widget.isVisible() or not isinstance(widget, (QLabel, *_CONTROLS)) or isinstance(widget, QSlider):
            continue  # a slider has no letters
        letters = widget.foregroundRole()
        letters = roles.Text if isinstance(widget, QLineEdit | QAbstractSpinBox | QAbstractItemView) else letters
        behind = roles.Base if letters == roles.Text else roles.Button if isinstance(widget, QAbstractButton) else None
        behind = roles.Window if behind is None else behind
        group = group or QPalette.ColorGroup.Disabled
        ratio = contrast(palette.color(group, letters), _opaque(widget, palette, group, behind))
        if ratio < LEAST:
            found.append(f"{_named(widget)} has a contrast of {ratio:.2f}")
    return found


def _opaque(widget: QWidget, palette: QPalette, group: QPalette.ColorGroup, role: QPalette.ColorRole):
    """What is behind a widget; where that is transparent, what is behind its parent."""
    color, parent = palette.color(group, role), widget.parentWidget()
    if color.alpha() < 255 and parent is not None:
        return _opaque(parent, parent.palette(), group, QPalette.ColorRole.Window)
    return color


def _is_sign(widget: QWidget) -> bool:
    """Whether it is a button with an icon, or with a sign such as +, and no word."""
    if not isinstance(widget, QAbstractButton) or len(widget.text()) > 1:
        return False
    return bool(widget.text()) or not widget.icon().isNull()


def _told_around(widget: QWidget) -> str:
    parent = widget.parentWidget()
    return parent.toolTip() if parent is not None else ""


def _named(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName() or widget.accessibleName()}"
