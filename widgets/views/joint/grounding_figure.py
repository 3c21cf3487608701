"""How often every head finds what a word is about, on drawn scenes, with what chance would find beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.grounding import GroundingResult
from inference.results.joint import JointLevel
from widgets.figures.heat_panel import short
from widgets.figures.prediction_cards import percent
from widgets.kit.figure import Numbers
from widgets.views.joint.ranked_heads import RankedHeads


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointGroundingFigure", text)


@dataclass(frozen=True)
class JointGroundingFigure(RankedHeads):
    """A cell for every head that words look at the image with.

    Attributes
    ----------
    level, head
        The one that is framed.
    way
        Whether words look at regions themselves, or by way of the tags, where there are any.
    """

    result: GroundingResult
    level: int = 0
    head: int = 0
    way: Literal["direct", "tags"] = "direct"

    @property
    def all_values(self) -> np.ndarray:
        through = self.result.through_tags if self.way == "tags" else None
        return self.result.scores if through is None else through

    @property
    def all_levels(self) -> tuple[JointLevel, ...]:
        return self.result.levels

    @property
    def framed(self) -> tuple[int, int]:
        return self.level, self.head

    @property
    def what(self) -> str:
        return _tr("share of words that find their thing")

    @property
    def list_title(self) -> str:
        return _tr("Highest first; chance {}").format(short(self.result.chance, 3))

    @property
    def caption(self) -> str:
        if not self.ranked:
            return _tr("No head of this model goes from words to the image")
        level, head, value = self.ranked[0]
        text = _tr("Best is {}, head {}: {} of {} words in {} drawn scenes find their thing; at random {}")
        title, n, n_scenes = self.result.levels[level].title, self.result.n_words, self.result.n_scenes
        chance, through = percent(self.result.chance), self.result.through_tags
        if through is None:
            told = text.format(title, head, percent(value), n, n_scenes, chance)
            return told + (_tr("; this model reads no tags") if self.way == "tags" else "")
        direct, by_tags = (percent(float(np.nanmax(each))) for each in (self.result.scores, through))
        text = _tr("Best head from word to region: {} of {} words find their thing; through tags {}; at random {}")
        return text.format(direct, n, by_tags, chance)

    def numbers(self) -> Numbers:
        """A row a head, the highest first, and chance as the last one."""
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (rank, level, result.levels[level].title, head, value)
            for rank, (level, head, value) in enumerate(self.ranked, 1)
        ]
        arrays = {
            "grounding": result.scores,
            "grounding_axes": np.array(["level", "head"]),
            "levels": np.array([level.title for level in result.levels]),
            "chance": np.array(result.chance),
            **({} if result.through_tags is None else {"through_tags": result.through_tags}),
            "n_words": np.array(result.n_words),
            "n_left_out": np.array(result.n_left_out),
        }
        rows.append(("", "", "chance", "", result.chance))
        return Numbers(arrays, ("rank", "level", "title", "head", "grounding"), rows)
