"""Colours and fonts: two themes for the screen, one for paper."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class Theme:
    """Named roles; every text role has a contrast of at least 4.5 on `paper` and `panel`.

    Attributes
    ----------
    paper
        Behind figures. `panel` lies behind controls, `line` parts them.
    ink, faint
        Text, and text that may step back.
    accent
        What is selected; `accent_ink` is text upon it.
    warning
        What the user should notice.
    missing
        NaN and masked cells.
    series
        Ten colours that colour-blind people can tell apart, for heads and curves.
    """

    name: str
    paper: QColor
    panel: QColor
    line: QColor
    ink: QColor
    faint: QColor
    accent: QColor
    accent_ink: QColor
    warning: QColor
    missing: QColor
    series: tuple[QColor, ...]

    @property
    def is_dark(self) -> bool:
        """Whether letters are lighter than what they stand on."""
        return self.paper.lightness() < 128

    def palette(self) -> QPalette:
        """The same as a Qt palette, disabled texts included."""
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: self.panel,
            QPalette.ColorRole.WindowText: self.ink,
            QPalette.ColorRole.Base: self.paper,
            QPalette.ColorRole.AlternateBase: self.panel,
            QPalette.ColorRole.Text: self.ink,
            QPalette.ColorRole.PlaceholderText: self.faint,
            QPalette.ColorRole.Button: self.panel,
            QPalette.ColorRole.ButtonText: self.ink,
            QPalette.ColorRole.BrightText: self.warning,
            QPalette.ColorRole.ToolTipBase: self.paper,
            QPalette.ColorRole.ToolTipText: self.ink,
            QPalette.ColorRole.Highlight: self.accent,
            QPalette.ColorRole.HighlightedText: self.accent_ink,
            QPalette.ColorRole.Link: self.accent,
            QPalette.ColorRole.Mid: self.line,
        }
        for role, color in roles.items():
            palette.setColor(role, color)
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.faint)
        return palette


def _colors(*names: str) -> tuple[QColor, ...]:
    return tuple(QColor(name) for name in names)


# Paul Tol's "bright" and "muted" sets, reordered so that neighbours differ in lightness too.
_SERIES_LIGHT = _colors(
    "#4477AA", "#EE6677", "#228833", "#AA3377", "#997700", "#332288", "#E0440E", "#44AA99", "#5C2E00", "#555555"
)
_SERIES_DARK = _colors(
    "#77AADD", "#EE8866", "#BBCC33", "#FFAABB", "#EEDD88", "#8866EE", "#DD4444", "#44BB99", "#DD88FF", "#CCCCCC"
)

LIGHT = Theme(
    "light",
    paper=QColor("#FFFFFF"),
    panel=QColor("#F4F5F7"),
    line=QColor("#D5D9DF"),
    ink=QColor("#16202C"),
    faint=QColor("#586474"),
    accent=QColor("#1B66C9"),
    accent_ink=QColor("#FFFFFF"),
    warning=QColor("#B3400E"),
    missing=QColor("#D9A8C4"),
    series=_SERIES_LIGHT,
)
DARK = Theme(
    "dark",
    paper=QColor("#14181F"),
    panel=QColor("#1E242D"),
    line=QColor("#3A4452"),
    ink=QColor("#EEF2F7"),
    faint=QColor("#A9B4C2"),
    accent=QColor("#6FB1FF"),
    accent_ink=QColor("#0B1220"),
    warning=QColor("#FFA46B"),
    missing=QColor("#7A4A66"),
    series=_SERIES_DARK,
)


@dataclass(frozen=True)
class FigureStyle:
    """How a figure is painted: colours, letters, and the colour map of its heat maps."""

    theme: Theme = LIGHT
    font: QFont = field(default_factory=lambda: QFont("DejaVu Sans", 10))
    color_map: str = "cividis"
    transparent: bool = False

    @staticmethod
    def of(widget: QWidget, color_map: str = "cividis") -> FigureStyle:
        """The style of what is on screen: the widget's own font, and the theme that its palette belongs to."""
        # By the letters: what lies behind them is another colour where a kind of widget has a palette of its own.
        letters = widget.palette().color(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText)
        is_dark = letters.lightness() > 128
        return FigureStyle(DARK if is_dark else LIGHT, widget.font(), color_map)
