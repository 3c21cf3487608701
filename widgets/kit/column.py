"""Widgets one beneath the other, without gaps."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget


def fill_column(parent: QWidget, tall: QWidget, *widgets: QWidget) -> None:
    """Lay `widgets` out from top to bottom; `tall`, one of them, takes what room there is."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget, 1 if widget is tall else 0)
