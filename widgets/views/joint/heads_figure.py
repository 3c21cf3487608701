"""What every head crosses between words and image: levels against heads, and the heads in order."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.joint import KINDS, JointLevel, JointResult
from widgets.figures.heat_panel import short
from widgets.kit.figure import Numbers
from widgets.views.joint.maps import arrays_of
from widgets.views.joint.options import ENDS, JointOptions
from widgets.views.joint.ranked_heads import RankedHeads


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointHeadsFigure", text)


@dataclass(frozen=True)
class JointHeadsFigure(RankedHeads):
    """A cell for every head; the heads with the highest numbers are listed beside them.

    Attributes
    ----------
    head
        The one that is framed, in the level of the result.
    """

    result: JointResult
    head: int = 0
    options: JointOptions = field(default_factory=JointOptions)

    @property
    def all_values(self) -> np.ndarray:
        return self._all

    @cached_property
    def _all(self) -> np.ndarray:
        """float32 [level, head]: the sum of shares over the kinds; of focus the mean."""
        queries, keys = ([KINDS.index(kind) for kind in end] for end in ENDS[self.options.crossing])
        of = self.result.shares if self.options.measure == "share" else self.result.focus
        found = of[:, :, queries][:, :, :, keys]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing are NaN, as they should be
            by_query = np.nanmean(found, 2)
            if self.options.measure == "focus":
                return np.nanmean(by_query, 2)
            return np.where(np.isfinite(by_query).any(2), np.nansum(by_query, 2), np.nan).astype(np.float32)

    @property
    def all_levels(self) -> tuple[JointLevel, ...]:
        return self.result.levels

    @property
    def framed(self) -> tuple[int, int]:
        return self.result.level, self.head

    @property
    def what(self) -> str:
        """What is measured, in words."""
        texts = {
            "text-image": (_tr("share of the words' attention on the image"), _tr("focus of words within the image")),
            "image-text": (_tr("share of the image's attention on words"), _tr("focus of the image within the words")),
            "text-text": (_tr("share of the words' attention on words"), _tr("focus of words within the words")),
            "image-image": (_tr("share of the image's attention on it"), _tr("focus of the image within itself")),
        }
        return texts[self.options.crossing][self.options.measure == "focus"]

    @property
    def caption(self) -> str:
        if not self.ranked:
            return _tr("No head of this model has such attention")
        level, head, value = self.ranked[0]
        text = _tr("Of every head the {}: highest in {}, head {}, {}")
        return text.format(self.what, self.result.levels[level].title, head, short(value, 3))

    def numbers(self) -> Numbers:
        rows: list[tuple[str | int | float, ...]] = [
            (rank, level, self.result.levels[level].title, head, value)
            for rank, (level, head, value) in enumerate(self.ranked, 1)
        ]
        own = {"heads": self.values, "heads_levels": self.levels}
        header = ("rank", "level", "title", "head", f"{self.options.crossing} {self.options.measure}")
        return Numbers(arrays_of(self.result) | own, header, rows or [(0, "", "", "", "")])
