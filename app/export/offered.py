"""A figure as it is offered to other programs, on the clipboard or under the pointer: painted when one takes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

from PySide6.QtCore import QByteArray, QMetaType, QMimeData, QUrl, Signal
from PySide6.QtGui import QClipboard, QImage

from app.export import render
from app.export.export import told_as_export_errors
from app.export.page.sheet import Sheet
from app.export.saving import ExportError
from widgets.kit.figure import Figure
from widgets.look.theme import FigureStyle

MAX_COPIED_CELLS = 10_000  # beside a picture
PICTURES = {".svg": "image/svg+xml", ".pdf": "application/pdf", ".png": "image/png"}
_IMAGE, _TEXT = "application/x-qt-image", "text/plain"

Made = bytes | QImage | list[QUrl]


class OfferedFigure(QMimeData):
    """A figure as vectors, pixels and numbers, each made when a program takes it, as most take one of them.

    A figure never changes, so that what is made later is what was seen when it was offered. To paint all of it at once
    would hold the window up for a quarter of a second.

    Signals
    -------
    failed(str)
        One sentence: why what was taken could not be made.
    """

    failed = Signal(str)

    def __init__(self, sheet: Sheet, name: str, notes: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._sheet, self._name = sheet, name
        with told_as_export_errors(name):
            render.pixels(sheet)  # too many are refused at once
        numbers = sheet.figure.numbers()
        self._make: dict[str, Callable[[], Made]] = {
            PICTURES[".svg"]: partial(render.svg, sheet),
            PICTURES[".pdf"]: partial(render.pdf, sheet),
            PICTURES[".png"]: lambda: render.encoded(self._image),
            _IMAGE: lambda: self._image,
        }
        if len(numbers.header) * len(numbers.rows) <= MAX_COPIED_CELLS:
            self._make[_TEXT] = partial(render.csv, numbers, "\t", notes)
        self._made: dict[str, Made | None] = {}  # programs ask again and again

    @cached_property
    def _image(self) -> QImage:
        return render.image(self._sheet)

    def formats(self) -> list[str]:
        """The kinds of data, the one that most say more by first."""
        return list(self._make)

    def hasFormat(self, mimetype: str, /) -> bool:  # noqa: N802
        """Whether that kind of data is among them."""
        return mimetype in self._make

    def retrieveData(self, mimetype: str, _preferred: QMetaType | QMetaType.Type, /) -> object:  # noqa: N802
        """Make it now, unless that was done."""
        made = self._taken(mimetype)
        return QByteArray(made) if isinstance(made, bytes) else made

    def _taken(self, mimetype: str) -> Made | None:
        if mimetype in self._make and mimetype not in self._made:
            try:
                with told_as_export_errors(self._name):
                    self._made[mimetype] = self._make[mimetype]()
            except ExportError as error:
                self._made[mimetype] = None
                self.failed.emit(str(error))
        return self._made.get(mimetype)

    def whole(self) -> QMimeData:
        """The same with all of it made, which needs nothing of this program any more."""
        whole = QMimeData()
        for mimetype in self._make:
            made = self._taken(mimetype)
            if isinstance(made, bytes):
                whole.setData(mimetype, made)
            elif isinstance(made, QImage):
                whole.setImageData(made)
        return whole


def copy(figure: Figure, style: FigureStyle, clipboard: QClipboard, notes: tuple[str, ...] = ()) -> OfferedFigure:
    """Offer a figure on the clipboard: as picture, SVG and PDF, and as tab-separated numbers unless they are many.

    Raises
    ------
    ExportError
        If the picture would be too large.
    """
    offered = OfferedFigure(Sheet.of(figure, style, notes=notes), "the picture", notes)
    clipboard.setMimeData(offered)
    return offered


def leave(clipboard: QClipboard) -> None:
    """Make all that is only offered, as the program that could make it ends and the clipboard may stay."""
    offered = clipboard.mimeData()
    if isinstance(offered, OfferedFigure):
        clipboard.setMimeData(offered.whole())
