"""What every figure can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter

from widgets.look.theme import FigureStyle

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Numbers:
    """The numbers of a figure.

    Attributes
    ----------
    arrays
        For NPZ: arrays by name; texts as arrays of str.
    header, rows
        For CSV: one table, cells as they are (numbers unrounded).
    """

    arrays: dict[str, np.ndarray]
    header: tuple[str, ...]
    rows: list[tuple[str | int | float, ...]] = field(default_factory=list)


class Figure(Protocol):
    """A picture that paints itself: the one painter for the screen and for every file.

    Immutable: a view builds a new one when its result or its controls change. Text is drawn as text (never as paths or
    pixels), so that it stays text in SVG and PDF. Heat maps are drawn as images with nearest neighbour.
    """

    @property
    def caption(self) -> str:
        """What it shows, in one line: layer, head, normalisation, what is hidden."""
        ...

    def natural_size(self, style: FigureStyle) -> QSizeF:
        """Size in points at which all labels are readable."""
        ...

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint into `rect` (painter coordinates are points); leaves the painter as it was. Does not fill the paper."""
        ...

    def numbers(self) -> Numbers:
        """What is shown, as numbers."""
        ...


class FileLegend(Protocol):
    """What explains colours beneath a figure in a file, where a control does so on screen."""

    def height(self, width: float, style: FigureStyle) -> float:
        """What it takes below a figure of some width, in points."""
        ...

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint into `rect`; leaves the painter as it was."""
        ...


@runtime_checkable
class NeedsWidth(Protocol):
    """A figure that lies over itself, or is cut off, in less room: in a file it becomes smaller as a whole."""

    def least_width(self, style: FigureStyle) -> float:
        """What it needs with these letters, in the unit of `natural_size`; 0: any will do."""
        ...


@runtime_checkable
class HasLegend(Protocol):
    """A figure whose colours are explained outside of it."""

    def legend_beneath(self) -> FileLegend | None:
        """None: nothing is to be explained."""
        ...
