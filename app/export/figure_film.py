"""Figures that grow, as films: GIF, animated WebP and MP4."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from app.export import film_files, render
from app.export.export import ExportError, check, replace_file, why_not_written
from app.export.mesh_film import FRAMES_A_SECOND, HOLD, Run, as_pillow
from app.export.render import Sheet
from widgets.figures.figure import Figure
from widgets.look.theme import DARK, LIGHT, FigureStyle

if TYPE_CHECKING:
    from PIL import Image
    from PySide6.QtGui import QImage

FILM_ENDINGS = (".gif", ".webp", ".mp4")
SECONDS = 4.0  # of growth, before the last frame stands for a moment
_WIDTH = 800  # pixels, unless another is asked for


class GrowingFigure(Figure, Protocol):
    """A figure that is a film: its frames, the last one whole."""

    def frames(self) -> tuple[Figure, ...]: ...


def grows(figure: object) -> TypeGuard[GrowingFigure]:
    """Whether there is a film of a figure."""
    return hasattr(figure, "frames")


def is_film(path: str | os.PathLike[str]) -> bool:
    """Whether an ending is a film's."""
    return Path(path).suffix.lower() in FILM_ENDINGS


class FigureFilm:
    """The frames of a figure for `SECONDS`, then the last one for a moment.

    Attributes
    ----------
    runs
        In order: each frame, and for how many pictures of the film it stays.
    size
        Width and height in pixels.
    """

    def __init__(self, figure: GrowingFigure, style: FigureStyle | None = None, width: int | None = None) -> None:
        self._sheets = [
            Sheet.of(frame, replace(style or FigureStyle(), transparent=False)) for frame in figure.frames()
        ]
        self._width = width or _WIDTH
        n = len(self._sheets)
        n_images = max(n, round(SECONDS * FRAMES_A_SECOND)) if n > 1 else 1
        ends = [round((i + 1) * n_images / n) for i in range(n)]
        lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
        lengths[-1] += round(HOLD * FRAMES_A_SECOND)
        self.runs = [Run(step, length) for step, length in enumerate(lengths)]
        first = self.image(0)
        self.size = first.width(), first.height()

    @property
    def n_frames(self) -> int:
        return sum(run.n_frames for run in self.runs)

    def image(self, step: int) -> QImage:
        """One frame."""
        return render.image(self._sheets[step], self._width)

    def images(self) -> Iterator[Image.Image]:
        """One for each run, RGB."""
        for run in self.runs:
            yield as_pillow(self.image(run.step))


def save(
    figure: GrowingFigure,
    path: str | os.PathLike[str],
    style: FigureStyle | None = None,
    width: int | None = None,
    report: film_files.Report = lambda _done, _total: None,
) -> None:
    """Write a film as the ending of `path` says: whole, or not at all.

    Raises
    ------
    ExportError
        It cannot be written, or video not be made here; what was there before is still there then.
    """
    place = check(path, FILM_ENDINGS)
    kind = place.suffix.lower().removeprefix(".")
    try:
        film_files.check_video(kind)
        film = FigureFilm(figure, style, width)
        replace_file(place, _content(film, kind, report))
    except (film_files.NoVideo, render.TooLarge) as error:
        raise ExportError(str(error)) from error
    except MemoryError as error:
        raise ExportError(f"There is not enough memory to write {place.name}.") from error
    except OSError as error:
        raise ExportError(f"{path} could not be written: {why_not_written(error, place)}.") from error


def _content(film: FigureFilm, kind: str, report: film_files.Report) -> bytes:
    if kind == "mp4":
        return film_files.video(film, kind, report)
    return (film_files.gif if kind == "gif" else film_files.webp)(film, report)


def packed(style: FigureStyle) -> dict[str, Any]:
    """Plain values of a style, for another process."""
    return {"theme": style.theme.name, "color_map": style.color_map, "font": style.font.toString()}


def unpacked(values: dict[str, Any]) -> FigureStyle:
    """The style of plain values."""
    from PySide6.QtGui import QFont

    font = QFont()
    font.fromString(values["font"])
    return FigureStyle(DARK if values["theme"] == "dark" else LIGHT, font, values["color_map"])
