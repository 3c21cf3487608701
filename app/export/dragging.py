"""A figure that is dragged out of the window, as other programs take it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage

from app.export import render
from app.export.offered import PICTURES, OfferedFigure
from app.export.page.sheet import Sheet
from app.export.saving import replace_file


class DraggedFigure(OfferedFigure):
    """A figure that is a file, too, which is written when a program takes it.

    Parameters
    ----------
    file
        What file managers and mail programs get; .svg, .pdf or .png. Its folder is made with it.
    """

    def __init__(self, sheet: Sheet, file: Path, notes: tuple[str, ...] = ()) -> None:
        super().__init__(sheet, str(file), notes)
        self._file = file
        self._make = {"text/uri-list": self._write, **self._make}

    def thumbnail(self, side: int) -> QImage:
        """A small picture, for the pointer: at most `side` pixels wide and high."""
        size = self._sheet.size()
        return render.image(self._sheet, max(1, side * size.width() // max(size.width(), size.height())))

    def _write(self) -> list[QUrl]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        content = self.data(PICTURES[self._file.suffix])
        replace_file(self._file, bytes(content.data()))
        return [QUrl.fromLocalFile(str(self._file))]
