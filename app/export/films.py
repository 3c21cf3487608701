"""What grows, as a film: which steps, how long each is seen, and how it is painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, TypeGuard

from PIL import Image
from PySide6.QtGui import QImage

from app.export import render
from app.export.page.sheet import Sheet
from widgets.kit.figure import Figure
from widgets.look.theme import FigureStyle

FRAMES_A_SECOND = 25
HOLD = 1.5  # seconds that the whole stands at the end
SECONDS = 4.0  # that a figure grows at speed 1
_WIDTH = 800  # pixels, unless another is asked for


@dataclass(frozen=True)
class Shot:
    """A step, and for how many frames of the film it stays."""

    step: int
    n_frames: int


class Film:
    """Steps of what grows, painted one after the other.

    Attributes
    ----------
    shots
        In order.
    """

    def __init__(self, shots: Sequence[Shot], paint: Callable[[int], QImage]) -> None:
        self.shots = tuple(shots)
        self._paint = paint

    @property
    def n_frames(self) -> int:
        return sum(shot.n_frames for shot in self.shots)

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        first = self.image(self.shots[0].step)
        return first.width(), first.height()

    def image(self, step: int) -> QImage:
        """What is seen at a step."""
        return self._paint(step)

    def images(self) -> Iterator[Image.Image]:
        """One for each shot, RGB."""
        for shot in self.shots:
            yield as_pillow(self.image(shot.step))


class GrowingFigure(Figure, Protocol):
    """A figure that can be a film."""

    @property
    def film_steps(self) -> Sequence[int]:
        """Those that are seen, in the last one all of it."""
        ...

    def film_frame(self, step: int) -> Figure:
        """What is seen at a step."""
        ...


def grows(figure: object) -> TypeGuard[GrowingFigure]:
    """Whether there is a film of a figure."""
    return hasattr(figure, "film_steps")


def film_of(
    figure: GrowingFigure,
    style: FigureStyle | None = None,
    width: int | None = None,
    speed: float = 1.0,
    notes: tuple[str, ...] = (),
) -> Film:
    """A figure grows for `SECONDS` by its speed, then stands for a moment; `width` in pixels, the notes beneath it."""
    steps = list(figure.film_steps)
    style = replace(style or FigureStyle(), transparent=False)

    def paint(step: int) -> QImage:
        return render.image(Sheet.of(figure.film_frame(step), style, notes=notes), width or _WIDTH)

    n = len(steps)
    n_frames = max(n, round(SECONDS / speed * FRAMES_A_SECOND)) if n > 1 else 1
    ends = [round((i + 1) * n_frames / n) for i in range(n)]
    lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    lengths[-1] += round(HOLD * FRAMES_A_SECOND)
    return Film([Shot(*shot) for shot in zip(steps, lengths, strict=True)], paint)


def as_pillow(image: QImage) -> Image.Image:
    """The same pixels, RGB."""
    size, stride = (image.width(), image.height()), image.bytesPerLine()
    return Image.frombytes("RGB", size, bytes(image.constBits()), "raw", "BGRX", stride)
