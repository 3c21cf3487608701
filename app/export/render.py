"""Figures as bytes: SVG, PDF and PNG painted by the figure itself, CSV and NPZ from its numbers.

The same figure gives the same bytes each time: no dates, no random ids, no order of a hash.

Text is cleaned here and nowhere else on the way into a file: `CleaningPainter` cleans whatever a figure draws, `csv`
and `npz` every cell. So no figure has to think of it, and all five formats show the same symbols.
"""

from __future__ import annotations

import csv as csv_module
import io
import re
import zipfile

import numpy as np
from PySide6.QtCore import QBuffer, QHashSeed, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, QUuid
from PySide6.QtGui import (
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPdfWriter,
)
from PySide6.QtSvg import QSvgGenerator

from app.export.page.sheet import CleaningPainter, Sheet
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers

PNG_DPI = 192  # twice a usual screen
MAX_PIXELS_A_SIDE = 20_000  # 1.6 GB of memory if both sides are that long
MAX_POINTS_A_SIDE = 14_400  # readers of PDF stop at 200 inches


class TooLarge(ValueError):
    """The picture would be too large; the text is one sentence for the user."""


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
    n_columns, n_rows, scale = pixels(sheet, width, dpi)
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


def pixels(sheet: Sheet, width: int | None = None, dpi: float | None = None) -> tuple[int, int, float]:
    """Columns, rows, and pixels a point of an `image`; raises `TooLarge` where it would be."""
    size = sheet.size()
    scale = width / size.width() if width else (dpi or PNG_DPI) / 72
    n_columns, n_rows = (max(1, round(side * scale)) for side in (size.width(), size.height()))
    if max(n_columns, n_rows) > MAX_PIXELS_A_SIDE:
        raise TooLarge(
            f"A picture of {n_columns:,} x {n_rows:,} pixels is too large; at most {MAX_PIXELS_A_SIDE:,} a side are "
            "written, so choose a smaller width or fewer dots per inch."
        )
    return n_columns, n_rows, scale


def png(sheet: Sheet, width: int | None = None, dpi: float | None = None) -> bytes:
    """See `image`."""
    return encoded(image(sheet, width, dpi))


def encoded(picture: QImage) -> bytes:
    """An `image` as PNG."""
    buffer = _buffer()
    picture.save(buffer, "PNG")  # type: ignore[call-overload]
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


def _paint(
    sheet: Sheet,
    device: QPaintDevice,
    scale: float = 1.0,
    hint: QPainter.RenderHint | None = None,
    *,
    left: float = 0.0,
) -> None:
    painter = CleaningPainter(device)
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
