"""What an export was asked for last, to be offered again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.export.page.lengths import NATURAL, BadLength, Length, length_of
from widgets.options import Options, choice, number, switch, words

FILE_NAME = "export.json"  # beside the settings


@dataclass(frozen=True)
class ExportLook(Options):
    """How a figure is written: see `length_of` for widths; without a size of letters they are those of the screen."""

    kind: str = words("svg", "Format", "the kind of file", most=10)
    width: str = words(NATURAL, "Width", "such as 85mm, 640px or column", most=30)
    font_size: float | None = number(
        None, 4, 72, "Letters", "in points; they keep that size at any width", decimals=1, otherwise="as on screen"
    )
    theme: Literal["light", "dark"] = choice("light", {"light": "Light", "dark": "Dark"}, "Background", "of the figure")
    transparent: bool = switch(False, "Transparent", "Without paper behind the figure")

    @property
    def length(self) -> Length | None:
        """The width; None: as wide as the figure is by itself."""
        return length_of(self.width)


def look_of(stored: object) -> ExportLook:
    """What was kept; what of it is not understood is as by default."""
    look, _ = ExportLook.from_json(stored)
    try:
        length_of(look.width)
    except BadLength:
        return ExportLook(look.kind, NATURAL, look.font_size, look.theme, look.transparent)
    return look


def look_file(settings_file: Path) -> Path:
    """Where it is kept."""
    return settings_file.with_name(FILE_NAME)
