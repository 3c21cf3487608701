"""What is exported, as it would be drawn with this and that choice."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtGui import QFont

from app.export.export import room_of
from app.export.page.look import ExportLook
from app.export.page.sheet import Sheet
from widgets.kit.figure import Figure
from widgets.look.theme import DARK, LIGHT, FigureStyle


@dataclass(frozen=True)
class Exported:
    """A figure with all that is written about it.

    Attributes
    ----------
    style
        Of the screen; theme and letters are chosen.
    caption, notes
        The line beneath it where one is wanted; and what was left aside or assumed, which always stands there.
    """

    figure: Figure
    style: FigureStyle
    caption: str = ""
    notes: tuple[str, ...] = ()

    def styled(self, look: ExportLook) -> FigureStyle:
        """The style that was chosen."""
        style = replace(self.style, theme=DARK if look.theme == "dark" else LIGHT)
        if look.font_size is not None:
            font = QFont(style.font)
            font.setPointSizeF(look.font_size)
            style = replace(style, font=font)
        return style

    def sheet(self, look: ExportLook, *, dpi: float | None = None, has_caption: bool = False) -> Sheet:
        """The page as it will be written."""
        keeps_letters = look.font_size is not None
        return Sheet.of(
            self.figure,
            self.styled(look),
            transparent=look.transparent,
            caption=self.caption if has_caption else "",
            notes=self.notes,
            width=room_of(f".{look.kind}", look.length, dpi) if keeps_letters else None,
        )
