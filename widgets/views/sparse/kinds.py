"""What kinds of cells are called and coloured; apart for colour-blind people too."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor

from widgets.look.theme import Theme
from widgets.views.sparse.patterns import KIND_NAMES

# Hues for the kind and lightness for those who see no hue; tests simulate the three kinds of colour blindness.
_LIGHT = {"seen": "#8793A3", "window": "#2A62B8", "dilated": "#7CCBF0", "random": "#C2185B", "global": "#F0A202"}
_DARK = {"seen": "#5F6B7B", "window": "#4A94E8", "dilated": "#B8E6FF", "random": "#FF86B4", "global": "#FFC24A"}
_REACHED = {"light": "#1E8A62", "dark": "#5BD6A4"}


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparseKinds", text)


def color(name: str, theme: Theme) -> QColor:
    """Colour of a kind by its name; one that is not known looks like `seen`."""
    if name == "hidden":
        return theme.panel
    colors = _DARK if theme.name == "dark" else _LIGHT
    return QColor(colors.get(name, colors["seen"]))


def reached_color(n_layers: int, n_most: int, theme: Theme) -> QColor:
    """Colour of cells that are reached through so many layers, 2 to `n_most`: the more, the paler."""
    strength = 0.85 - 0.6 * (n_layers - 2) / max(n_most - 2, 1)
    return blend(theme.panel, QColor(_REACHED[theme.name]), strength)


def blend(ground: QColor, color: QColor, strength: float) -> QColor:
    """A colour laid over another; 1 hides the ground."""
    channels = zip(ground.getRgbF()[:3], color.getRgbF()[:3], strict=True)  # type: ignore[index]
    return QColor.fromRgbF(*(a + (b - a) * strength for a, b in channels))


def title(name: str) -> str:
    """For the user."""
    titles = {
        "hidden": _tr("not seen"),
        "seen": _tr("seen"),
        "window": _tr("window"),
        "dilated": _tr("dilated window"),
        "random": _tr("random"),
        "global": _tr("global"),
    }
    return titles.get(name, name)


def titles() -> tuple[str, ...]:
    """In the order of `KIND_NAMES`."""
    return tuple(map(title, KIND_NAMES))
