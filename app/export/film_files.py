"""Films as files: one file, or a folder of numbered PNGs."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from app.export import export, film_encoding
from app.export.film_encoding import ReportFrames
from app.export.films import Film, GrowingFigure, film_of
from app.export.formats import FORMATS, ending_of
from app.export.saving import ExportError, check_place, replace_file
from widgets.look.theme import FigureStyle

ENDINGS = tuple(ending_of(kind) for kind, one in FORMATS.items() if one.holds == "film" and kind != "frames")


def is_film(path: str | os.PathLike[str]) -> bool:
    """Whether an ending is a film's."""
    return Path(path).suffix.lower() in ENDINGS


def check(path: str | os.PathLike[str], kind: str = "", *, may_replace: bool = True) -> tuple[Path, str]:
    """Where a film would be written, and as what, seen before anything is computed.

    Parameters
    ----------
    kind
        Of `FORMATS`; if not given, the ending of `path` says it.

    Raises
    ------
    ExportError
        The ending is none of a film, the folder is missing, or what it takes to make such a film.
    """
    place = Path(path)
    kind = kind or place.suffix.lower().removeprefix(".")
    if kind == "frames" and place.suffix.lower() != ".frames":
        if place.is_dir() and any(place.iterdir()):
            raise ExportError(f"{path} could not be written: the folder is not empty.")
        if not place.is_dir():
            check_place(place, may_replace=False)  # a folder never takes the place of a file
        return place, kind
    film_encoding.check_video(kind)
    return export.check(place, {ending_of(kind)} if kind in FORMATS else ENDINGS, may_replace=may_replace), kind


def save(
    figure: GrowingFigure,
    path: str | os.PathLike[str],
    kind: str = "",
    *,
    style: FigureStyle | None = None,
    width: int | None = None,
    speed: float = 1.0,
    report: ReportFrames = lambda _done, _total: None,
    may_replace: bool = True,
    notes: tuple[str, ...] = (),
) -> None:
    """Write the growth of a figure as the ending of `path`, or `kind`, says: whole, or not at all.

    Parameters
    ----------
    notes
        What was left aside or assumed: under each image.

    Raises
    ------
    ExportError
        It cannot be written, or video not be made here; what was there before is still there then.
    """
    place, kind = check(path, kind, may_replace=may_replace)
    with export.told_as_export_errors(place):
        write(film_of(figure, style, width, speed, notes), place, kind, report, may_replace=may_replace)


def write(film: Film, place: Path, kind: str, report: ReportFrames, *, may_replace: bool) -> None:
    """Put a film where it was checked to be possible. Raises `OSError`, `NoVideo`."""
    if kind == "frames":
        _write_folder(place, film_encoding.pngs(film, report))
    else:
        replace_file(place, film_encoding.encode(film, kind, report), may_replace=may_replace)


def _write_folder(place: Path, files: dict[str, bytes]) -> None:
    temporary = place.parent / f".headlight-{secrets.token_hex(4)}.tmp"
    try:
        temporary.mkdir()
        for name, content in files.items():
            with (temporary / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if place.is_dir():
            place.rmdir()  # it is empty, or this fails
        temporary.rename(place)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(temporary)
        raise
