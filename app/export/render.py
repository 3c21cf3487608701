"""Figures as bytes: SVG, PDF and PNG painted by the figure itself, CSV and NPZ from its numbers.

The same figure gives the same bytes each time: no dates, no random ids, no order of a hash.

Text is cleaned here and nowhere else on the way into a file: `_Painter` cleans whatever a figure draws, `csv` and
`npz` every cell. So no figure has to think of it, and all five formats show the same symbols.
"""

from __future__ import annotations

import csv as csv_module
import io
import re
import zipfile
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PySide6.QtCore import QBuffer, QHashSeed, QIODevice, QMarginsF, QPointF, QRectF, QSize, QSizeF, Qt, QUuid
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPdfWriter,
    QPicture,
)
from PySide6.QtSvg import QSvgGenerator

from widgets.figures.lettering import measure, points_font, resized
from widgets.kit.clean import clean, shown
from widgets.kit.figure import Figure, FileLegend, HasLegend, Numbers
from widgets.look.theme import FigureStyle

PNG_DPI = 192  # twice a usual screen
MAX_PIXELS_A_SIDE = 20_000  # 1.6 GB of memory if both sides are that long
MAX_POINTS_A_SIDE = 14_400  # readers of PDF stop at 200 inches
MAX_CAPTION_LINES = 4
_GAP = 8.0  # points between figure and caption, and around both


class TooLarge(ValueError):
    """The picture would be too large; the text is one sentence for the user."""


class _Painter(QPainter):
    """Cleans all text that a figure draws; line breaks stay, a label may have two lines."""

    def drawText(self, *args: Any, **options: Any) -> Any:
        return super().drawText(*map(_clean_if_text, args), **options)


@runtime_checkable
class _Wraps(Protocol):
    """A figure that says how high it is at a width; see `widgets.kit.figure_scroll.SizedFigure`."""

    def least_size(self, width: float, style: FigureStyle) -> QSizeF: ...


@dataclass(frozen=True)
class Sheet:
    """A figure on its paper, with its caption beneath; sizes in points.

    Attributes
    ----------
    figure, style
        What is painted, and how.
    caption
        Drawn under the figure, wrapped to its width; may be empty.
    n_lines
        That the caption may take.
    width
        Of the paper, in points, for letters of a fixed size: the figure is laid out in that room. None: as it is by
        itself.
    """

    figure: Figure
    style: FigureStyle
    caption: str = ""
    n_lines: int = MAX_CAPTION_LINES
    width: float | None = None

    @staticmethod
    def of(
        figure: Figure,
        style: FigureStyle | None = None,
        *,
        transparent: bool = False,
        caption: str = "",
        notes: tuple[str, ...] = (),
        width: float | None = None,
    ) -> Sheet:
        """The sheet of a figure, light by default; the notes stand behind the caption."""
        style = style or FigureStyle()
        font = QFont(style.font)
        if font.pointSizeF() > 0:  # units are points here: a size in them means the same on every device
            font.setPixelSize(max(1, round(font.pointSizeF())))
        # Hinted letters are as wide as whole pixels of the screen: scaled up, they would stand unevenly.
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        style = replace(style, font=font, transparent=style.transparent or transparent)
        said = " ".join((f"{caption.rstrip('.')}." if caption and notes else caption, *notes))
        n_lines = MAX_CAPTION_LINES * (bool(caption) + len(notes))
        return Sheet(figure, style, shown(" ".join(said.split())), n_lines, width)

    @property
    def title(self) -> str:
        return shown(" ".join(self.figure.caption.split()))

    def size(self) -> QSize:
        """Width and height in whole points."""
        inner = self._inner
        height = inner.height() + self._legend_height + (_GAP + self._caption_height() if self.caption else 0.0)
        return QSize(ceil(inner.width() + 2 * _GAP), ceil(height + 2 * _GAP))

    def paint(self, painter: QPainter) -> None:
        """Paint everything; painter coordinates are points."""
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        inner = self._inner
        if not self.style.transparent:
            painter.fillRect(QRectF(QPointF(), QSizeF(self.size())), self.style.theme.paper)
        painter.setFont(self.style.font)
        painter.save()
        try:
            self.figure.paint(painter, QRectF(QPointF(_GAP, _GAP), inner), self.style)
        finally:
            painter.restore()
        if self._legend is not None:
            below = QRectF(_GAP, _GAP + inner.height(), inner.width(), self._legend_height)
            self._legend.paint(painter, below, self.style)
        if self.caption:
            metrics = measure(self._caption_font())
            painter.setFont(points_font(self._caption_font(), painter.device()))
            painter.setPen(self.style.theme.faint)
            top = inner.height() + self._legend_height + 2 * _GAP + metrics.ascent()
            for number, line in enumerate(self._caption_lines):
                painter.drawText(QPointF(_GAP, top + number * metrics.lineSpacing()), line)

    @cached_property
    def _legend(self) -> FileLegend | None:
        return self.figure.legend_beneath() if isinstance(self.figure, HasLegend) else None

    @cached_property
    def _legend_height(self) -> float:
        return self._legend.height(self._inner.width(), self.style) if self._legend is not None else 0.0

    @cached_property
    def _inner(self) -> QSizeF:
        size = self.figure.natural_size(self.style)
        if self.width is not None:
            width = max(self.width - 2 * _GAP, 1.0)
            least = self.figure.least_size(width, self.style) if isinstance(self.figure, _Wraps) else QSizeF()
            # What needs more width, such as a grid of maps, becomes smaller as a whole.
            height = least.height() * min(1.0, width / max(least.width(), 1.0)) if least.isValid() else 0.0
            size = QSizeF(width, height or self._painted_height(width, size))
        return QSizeF(max(1.0, size.width()), max(1.0, size.height()))

    def _painted_height(self, width: float, natural: QSizeF) -> float:
        """Of what a figure paints there. Squares, such as a grid of maps, leave some room empty; rows of text go on
        below it, as they do not become lower."""
        room = natural.height() * width / max(natural.width(), 1.0)
        picture = QPicture()
        painter = _Painter(picture)
        try:
            self.figure.paint(painter, QRectF(0, 0, width, room), self.style)
        finally:
            painter.end()
        painted = picture.boundingRect()
        bottom = float(painted.y() + painted.height()) if painted.isValid() else room
        return min(bottom + _GAP, room) if bottom <= room + 1 else min(bottom, max(room, natural.height()))

    @property
    def least_width(self) -> float:
        """Points that the paper needs so that nothing is cut off or lies over another thing, as far as is known."""
        if not isinstance(self.figure, _Wraps):
            return 0.0
        return self.figure.least_size(self._inner.width(), self.style).width() + 2 * _GAP

    def _caption_font(self) -> QFont:
        return resized(self.style.font, 0.9)

    def _caption_height(self) -> float:
        metrics = measure(self._caption_font())
        return (len(self._caption_lines) - 1) * metrics.lineSpacing() + metrics.height()

    @cached_property
    def _caption_lines(self) -> list[str]:
        return wrapped(self.caption, measure(self._caption_font()), self._inner.width(), self.n_lines)


def svg(sheet: Sheet, width: float | None = None) -> bytes:
    """Scalable, text as text; `width` in points."""
    size, scale = sheet.size(), _vector_scale(sheet, width)
    buffer = _buffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(dpi_of_fonts())
    generator.setSize(size)
    generator.setViewBox(QRectF(QPointF(), QSizeF(size)))
    generator.setTitle(sheet.title)
    generator.setDescription(sheet.caption or sheet.title)
    _paint(sheet, generator)
    # Qt can only write whole pixels, as millimetres.
    return re.sub(
        rb'<svg width="[^"]*" height="[^"]*"',
        f'<svg width="{size.width() * scale:.6g}pt" height="{size.height() * scale:.6g}pt"'.encode(),
        _content(buffer),
        count=1,
    )


def pdf(sheet: Sheet, width: float | None = None) -> bytes:
    """One page of exactly the size of the figure, fonts embedded; `width` in points."""
    scale = _vector_scale(sheet, width)
    page = QSizeF(sheet.size()) * scale
    # Fonts are embedded in the order of a hash.
    QHashSeed.setDeterministicGlobalSeed()
    try:
        buffer = _buffer()
        writer = QPdfWriter(buffer)
        writer.setResolution(dpi_of_fonts())
        writer.setPageLayout(
            QPageLayout(
                QPageSize(page, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch),
                QPageLayout.Orientation.Portrait,
                QMarginsF(),
            )
        )
        writer.setTitle(sheet.title)
        writer.setCreator("Headlight")
        writer.setDocumentId(QUuid.createUuidV5(QUuid(), f"{sheet.title}\n{sheet.caption}".encode()))
        _paint(sheet, writer, scale * writer.resolution() / 72, QPainter.RenderHint.LosslessImageRendering)
    finally:
        QHashSeed.resetRandomGlobalSeed()
    # Dates may be left out, but Qt always writes them. The length must stay: the file holds its own offsets.
    dates = rb'/(?:Creation|Mod)Date \(D:[^)]*\)|xmp:(?:Create|Modify|Metadata)Date="[^"]*"'
    return re.sub(dates, lambda match: b" " * len(match[0]), _content(buffer))


def image(sheet: Sheet, width: int | None = None, dpi: float | None = None) -> QImage:
    """Pixels: `width` of them, or as many as `dpi` says; with both, `dpi` is only noted in the file."""
    size = sheet.size()
    scale = width / size.width() if width else (dpi or PNG_DPI) / 72
    n_columns, n_rows = (max(1, round(side * scale)) for side in (size.width(), size.height()))
    if max(n_columns, n_rows) > MAX_PIXELS_A_SIDE:
        raise TooLarge(
            f"A picture of {n_columns:,} x {n_rows:,} pixels is too large; at most {MAX_PIXELS_A_SIDE:,} a side are "
            "written, so choose a smaller width or fewer dots per inch."
        )
    kind = QImage.Format.Format_ARGB32_Premultiplied if sheet.style.transparent else QImage.Format.Format_RGB32
    picture = QImage(n_columns, n_rows, kind)
    if picture.isNull():
        raise TooLarge(f"There is not enough memory for a picture of {n_columns:,} x {n_rows:,} pixels.")
    picture.fill(0 if sheet.style.transparent else sheet.style.theme.paper.rgb())
    _set_dpi(picture, dpi_of_fonts())
    _paint(sheet, picture, scale)
    _set_dpi(picture, dpi or 72 * scale)
    picture.setText("Title", sheet.title)
    picture.setText("Description", sheet.caption or sheet.title)
    return picture


def png(sheet: Sheet, width: int | None = None, dpi: float | None = None) -> bytes:
    """See `image`."""
    buffer = _buffer()
    image(sheet, width, dpi).save(buffer, "PNG")  # type: ignore[call-overload]
    return _content(buffer)


def paint_fitted(sheet: Sheet, device: QPaintDevice, room: QSizeF, largest: float) -> None:
    """Paint onto paper, in the middle of its upper edge: as large as there is room, at most `largest` units a point.

    Parameters
    ----------
    room
        What can be painted on, in units of the device.
    """
    size = sheet.size()
    scale = min(room.width() / size.width(), room.height() / size.height(), largest)
    _paint(sheet, device, scale, left=(room.width() - scale * size.width()) / 2)


def csv(numbers: Numbers, separator: str = ",", notes: tuple[str, ...] = ()) -> bytes:
    """One table; numbers with all their digits and a '.', whatever the language of the system.

    Each note is a line before the header that begins with `# `, as no header does.
    """
    text = io.StringIO()
    # No quotation mark in them: readers of CSV would look for the other one behind the end of the line.
    text.writelines(f"# {clean(' '.join(note.split()))}\n".replace('"', "'") for note in notes)
    writer = csv_module.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerows([_cell(value) for value in row] for row in (numbers.header, *numbers.rows))
    return text.getvalue().encode()


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    """All arrays by name, readable with `np.load(..., allow_pickle=False)`."""
    # As np.savez writes it, but that one notes the time.
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, _plain(array), allow_pickle=False)
    return content.getvalue()


def wrapped(text: str, metrics: QFontMetricsF, width: float, n_lines: int) -> list[str]:
    """The words in at most `n_lines` lines of a width; what does not fit is elided."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < n_lines - 1:
        n = 1
        while n < len(words) and metrics.horizontalAdvance(" ".join(words[: n + 1])) <= width:
            n += 1
        lines.append(" ".join(words[:n]))
        words = words[n:]
    if words:
        lines.append(" ".join(words))
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


def _clean_if_text(value: Any) -> Any:
    return "\n".join(map(clean, value.split("\n"))) if isinstance(value, str) else value


def _paint(
    sheet: Sheet,
    device: QPaintDevice,
    scale: float = 1.0,
    hint: QPainter.RenderHint | None = None,
    *,
    left: float = 0.0,
) -> None:
    painter = _Painter(device)
    try:
        if hint is not None:
            painter.setRenderHint(hint)
        painter.translate(left, 0.0)
        painter.scale(scale, scale)
        sheet.paint(painter)
    finally:
        painter.end()


def _vector_scale(sheet: Sheet, width: float | None) -> float:
    size = sheet.size()
    scale = (width or size.width()) / size.width()
    if max(size.width(), size.height()) * scale > MAX_POINTS_A_SIDE:
        raise TooLarge(
            f"A page of {size.width() * scale:,.0f} x {size.height() * scale:,.0f} points is too large; at most "
            f"{MAX_POINTS_A_SIDE:,} a side can be read everywhere, so choose a smaller width."
        )
    return scale


def dpi_of_fonts() -> int:
    """What a figure's own QFontMetricsF counts with: on a device of the same, text is as wide as it was measured."""
    return round(QGuiApplication.primaryScreen().logicalDotsPerInch())


def _set_dpi(picture: QImage, dpi: float) -> None:
    picture.setDotsPerMeterX(round(dpi / 0.0254))
    picture.setDotsPerMeterY(round(dpi / 0.0254))


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _content(buffer: QBuffer) -> bytes:
    return bytes(buffer.data().data())


def _cell(value: object) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = clean(value)
    # A spreadsheet would take it for a formula.
    return f"'{text}" if value[:1] in tuple("=+-@\t\r") else text


def _plain(array: np.ndarray) -> np.ndarray:
    array = np.asanyarray(array)
    if array.dtype.kind not in "UO":
        return array
    return np.array([clean(str(item)) for item in array.flat], dtype=np.str_).reshape(array.shape)
