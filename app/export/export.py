"""Saving figures, and copying numbers: made in memory, then written. Qt's own writers report success on a full disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QClipboard

from app.export import render
from app.export.page.lengths import POINTS_AN_INCH, Length
from app.export.page.sheet import Sheet
from app.export.saving import ExportError, check_place, replace_file, why_not_written
from widgets.kit.figure import Figure
from widgets.look.theme import FigureStyle

ENDINGS = (".svg", ".pdf", ".png", ".csv", ".npz")
MAX_NUMBERS = 1_000_000  # that were asked for


def save(
    figure: Figure,
    path: str | os.PathLike[str],
    *,
    style: FigureStyle | None = None,
    width: Length | float | None = None,
    dpi: float | None = None,
    keep_letters: bool = False,
    transparent: bool = False,
    caption: str = "",
    arrays: dict[str, np.ndarray] | None = None,
    may_replace: bool = True,
    notes: tuple[str, ...] = (),
) -> str:
    """Write a figure as .svg, .pdf, .png, .csv or .npz, as the ending of `path` says.

    Parameters
    ----------
    style
        Light on white if not given.
    width
        A bare number is pixels for PNG, points for SVG and PDF; the natural size if not given.
    dpi
        Dots per inch of a PNG. With a width in pixels it is only noted in the file.
    keep_letters
        Whether letters are as large as `style` says at any width, and the figure is laid out anew; else all of it is
        scaled.
    transparent
        Leave the paper out.
    caption
        A line under the picture: checkpoint, layer, head, input.
    arrays
        What NPZ holds instead of the figure's own numbers.
    may_replace
        Whether a file that is there goes.
    notes
        What was left aside or assumed: under the picture with or without a caption, in NPZ as `notes`, in CSV as
        lines before the header that begin with `# `.

    Raises
    ------
    ExportError
        If it cannot be written; what was there before is still there then.

    Returns
    -------
    str
        Why letters are smaller than they were asked for, in a sentence; empty if they are not.
    """
    place = check(path, may_replace=may_replace)
    ending, why_smaller = place.suffix.lower(), ""
    with told_as_export_errors(place):
        if ending == ".csv":
            content = render.csv(figure.numbers(), notes=notes)
        elif ending == ".npz":
            held = figure.numbers().arrays if arrays is None else arrays
            content = render.npz({**held, "notes": np.array(notes)} if notes else held)
        else:
            length = Length(width) if isinstance(width, int | float) else width
            room = room_of(ending, length, dpi) if keep_letters else None
            sheet = Sheet.of(figure, style, transparent=transparent, caption=caption, notes=notes, width=room)
            content, why_smaller = _IMAGES[ending](sheet, length, dpi), sheet.why_smaller
        replace_file(place, content, may_replace=may_replace)
    return why_smaller


def room_of(ending: str, length: Length | None, dpi: float | None) -> float | None:
    """Points across in which a figure is laid out whose letters keep their size."""
    if length is None:
        return None
    if ending == ".png":
        dots = dpi or render.PNG_DPI
        return length.pixels(dots) / dots * POINTS_AN_INCH
    return length.points()


@contextmanager
def told_as_export_errors(place: str | os.PathLike[str]) -> Iterator[None]:
    """Raise `ExportError` where a file is too large, for the memory or the disk, or cannot be written there."""
    try:
        yield
    except render.TooLarge as error:
        raise ExportError(str(error)) from error
    except MemoryError as error:
        raise ExportError(f"There is not enough memory to write {Path(place).name}.") from error
    except OSError as error:
        raise ExportError(f"{place} could not be written: {why_not_written(error, Path(place))}.") from error


def check(path: str | os.PathLike[str], endings: Collection[str] = ENDINGS, *, may_replace: bool = True) -> Path:
    """Where a figure would be written, seen before anything is computed.

    Raises
    ------
    ExportError
        If the ending is none of ours, or nothing may be written there.
    """
    place = Path(path)
    if place.suffix.lower() not in endings:
        ending = place.suffix or "no ending"
        raise ExportError(f"{path}: {ending} is not among {', '.join(endings)}.")
    check_place(place, may_replace=may_replace)
    return place


def copy_numbers(figure: Figure, clipboard: QClipboard, notes: tuple[str, ...] = ()) -> int:
    """Put the numbers of a figure on the clipboard: separated by tabs for spreadsheets, and as CSV.

    Returns
    -------
    int
        Rows below the header.

    Raises
    ------
    ExportError
        If they are more than a clipboard is good for.
    """
    numbers = figure.numbers()
    n_cells = len(numbers.header) * len(numbers.rows)
    if n_cells > MAX_NUMBERS:
        raise ExportError(
            f"These are {n_cells:,} numbers; at most {MAX_NUMBERS:,} are copied, so export them as CSV or NPZ instead."
        )
    data = QMimeData()
    data.setText(render.csv(numbers, "\t", notes).decode())
    data.setData("text/csv", render.csv(numbers, ",", notes))
    clipboard.setMimeData(data)
    return len(numbers.rows)


def _png(sheet: Sheet, length: Length | None, dpi: float | None) -> bytes:
    return render.png(sheet, None if length is None else length.pixels(dpi or render.PNG_DPI), dpi)


_IMAGES: dict[str, Callable[[Sheet, Length | None, float | None], bytes]] = {
    ".svg": lambda sheet, length, _: render.svg(sheet, length and length.points()),
    ".pdf": lambda sheet, length, _: render.pdf(sheet, length and length.points()),
    ".png": _png,
}
