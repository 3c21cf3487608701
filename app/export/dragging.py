"""A figure that is dragged out of the window, as other programs take it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QMetaType, QMimeData, QUrl, Signal
from PySide6.QtGui import QImage

from app.export import render
from app.export.export import MAX_COPIED_CELLS, told_as_export_errors
from app.export.page.sheet import Sheet
from app.export.saving import ExportError, replace_file

_PICTURES = {".svg": "image/svg+xml", ".pdf": "application/pdf", ".png": "image/png"}


class DraggedFigure(QMimeData):
    """A figure as vectors, pixels, numbers and a file, each made when a program takes it, as most take one of them.

    Parameters
    ----------
    file
        What file managers and mail programs get; .svg, .pdf or .png. Its folder is made with it.

    Signals
    -------
    failed(str)
        One sentence: why what was taken could not be made.
    """

    failed = Signal(str)

    def __init__(self, sheet: Sheet, file: Path, notes: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._sheet, self._file = sheet, file
        with told_as_export_errors(file):
            render.pixels(sheet)  # too many are refused at once
        numbers = sheet.figure.numbers()
        self._make: dict[str, Callable[[], bytes | QImage | list[QUrl]]] = {
            "text/uri-list": self._write,
            _PICTURES[".svg"]: partial(render.svg, sheet),
            _PICTURES[".pdf"]: partial(render.pdf, sheet),
            _PICTURES[".png"]: partial(render.png, sheet),
            "application/x-qt-image": partial(render.image, sheet),
        }
        if len(numbers.header) * len(numbers.rows) <= MAX_COPIED_CELLS:
            self._make["text/plain"] = partial(render.csv, numbers, "\t", notes)
        self._made: dict[str, object] = {}  # programs ask again and again while the mouse is over them

    def thumbnail(self, side: int) -> QImage:
        """A small picture, for the pointer: at most `side` pixels wide and high."""
        size = self._sheet.size()
        return render.image(self._sheet, max(1, side * size.width() // max(size.width(), size.height())))

    def formats(self) -> list[str]:
        """The kinds of data, the one that most say more by first."""
        return list(self._make)

    def hasFormat(self, mimetype: str, /) -> bool:  # noqa: N802
        """Whether that kind of data is among them."""
        return mimetype in self._make

    def retrieveData(self, mimetype: str, _preferred: QMetaType | QMetaType.Type, /) -> object:  # noqa: N802
        """Make it now, unless that was done."""
        if mimetype in self._make and mimetype not in self._made:
            try:
                with told_as_export_errors(self._file):
                    made = self._make[mimetype]()
                    self._made[mimetype] = QByteArray(made) if isinstance(made, bytes) else made
            except ExportError as error:
                self._made[mimetype] = None
                self.failed.emit(str(error))
        return self._made.get(mimetype)

    def _write(self) -> list[QUrl]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        content = self.data(_PICTURES[self._file.suffix])
        replace_file(self._file, bytes(content.data()))
        return [QUrl.fromLocalFile(str(self._file))]
