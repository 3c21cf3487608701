"""The colours and dashes that tell heads apart, the same in every layer and picture."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from widgets.look.theme import Theme

_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def head_color(head: int, theme: Theme) -> QColor:
    """The colour of a head, the same in every layer."""
    return theme.series[head % len(theme.series)]


def head_dash(head: int, theme: Theme) -> Qt.PenStyle:
    """What tells heads of the same colour apart."""
    return _DASHES[head // len(theme.series) % len(_DASHES)]


def chip_pen(head: int, theme: Theme, width: float) -> QPen:
    """How a head's lines look in a legend."""
    return QPen(head_color(head, theme), width, head_dash(head, theme))
