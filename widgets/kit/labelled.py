"""A control behind its title."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget


def labelled(control: QWidget, name: str, title: str) -> QWidget:
    """Both side by side; the title becomes the control's accessible name too."""
    pair = QWidget()
    control.setObjectName(name)
    control.setAccessibleName(title)
    label = QLabel(title, pair)
    label.setBuddy(control)
    layout = QHBoxLayout(pair)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(label)
    layout.addWidget(control)
    return pair
