"""The colours of thumbnails: one scale for all heads, or one for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication

from widgets.figures.color_bar import ColorBar, bright_level
from widgets.look import raster


@dataclass(frozen=True)
class HeadColors:
    """What the colours say.

    Attributes
    ----------
    thumbnails
        uint8 [layer, head, row, column], 255 times the square root of the attention.
    is_own
        Whether the last colour is the highest weight of each head by itself; otherwise it is one number for all heads.
    """

    thumbnails: np.ndarray
    is_own: bool

    @cached_property
    def highest(self) -> int:
        """Level of the last colour: where all heads attend a little to everything, that is what is told apart."""
        return bright_level(self.thumbnails)

    @property
    def is_clipped(self) -> bool:
        """Whether some weights lie beyond the last colour."""
        return self.highest < int(self.thumbnails.max(initial=0))

    def of(self, levels: np.ndarray, place: tuple[int, int], color_map: str) -> np.ndarray:
        """Colours (uint32) of some levels of a layer's head."""
        highest = max(int(self.thumbnails[place].max(initial=0)), 1) if self.is_own else self.highest
        return raster.colored(levels, color_map, highest)

    @property
    def caption(self) -> str:
        """What the colours say, in a few words."""
        if self.is_own:
            return _tr("colours: square root of attention, up to the highest of each head")
        up_to = _tr("colours: square root of attention, up to {:.2g}")
        if self.is_clipped:
            up_to = _tr("colours: square root of attention, brightest from {:.2g} on")
        return up_to.format((self.highest / 255) ** 2)

    @cached_property
    def bar(self) -> ColorBar:
        """The scale to be painted beside the heads."""
        if self.is_own:
            return ColorBar(1.0, "sqrt", _tr("attention / highest of the head"))
        return ColorBar((self.highest / 255) ** 2, "sqrt", _tr("attention"), is_clipped=self.is_clipped)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadColors", text)
