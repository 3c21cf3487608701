"""a is to b as c is to which: a parallelogram of vectors, and the words near its fourth corner."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF

from inference.results.embedding import AnalogyResult
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Bars, Curve, Ink, Plot, PlotSpot, Points, Shown
from widgets.plots.figure import Placed, PlottedFigure
from widgets.views.embedding.map_figure import cosine_text

_GIVEN = 3
_MARGIN = np.array([0.3, 0.12])  # of the plane, for names
_PLANE_SHARE = 0.64  # of the width


def _tr(text: str) -> str:
    return QCoreApplication.translate("AnalogyFigure", text)


@dataclass(frozen=True)
class AnalogyFigure(PlottedFigure):
    """The plane through a, b and c with b - a + c, and what is nearest to that."""

    result: AnalogyResult
    shown: Shown = ALL_SHOWN

    @cached_property
    def given(self) -> tuple[str, str, str]:
        """a, b and c."""
        a, b, c = (clean(word.removeprefix("␣")) for word in self.result.words)
        return a, b, c

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """The answers, best first."""
        return tuple(clean(word.removeprefix("␣")) for word in self.result.candidates)

    @property
    def caption(self) -> str:
        a, b, c = self.given
        best = self.candidates[0] if self.candidates else _tr("nothing")
        text = _tr("{}: {} is to {} as {} to {}, by the cosine with {} − {} + {}")
        return text.format(clean(self.result.name), a, b, c, best, b, a, c)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(60 * em, 30 * em)

    def placed(self, rect: QRectF, style: FigureStyle) -> list[Placed]:
        """The plane has more room than the answers."""
        area = QRectF(self.plots_rect(rect, style))
        area.setTop(self.legend_rect(rect, style).bottom())
        em = QFontMetricsF(style.font).height()
        plane, side = QRectF(area), QRectF(area)
        plane.setWidth(_PLANE_SHARE * area.width())
        side.setLeft(plane.right() + em)
        side.setHeight(min(side.height(), (5 + 1.9 * len(self.candidates)) * em))
        return [Placed(self.plots[0], plane), Placed(self.plots[1], side)]

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        return self._plane(), self._answers()

    def _plane(self) -> Plot:
        a, b, c, target = self.result.places[: _GIVEN + 1]
        names = (*self.given, f"{self.given[1]} − {self.given[0]} + {self.given[2]}")
        given, others = self.result.places[:_GIVEN], self.result.places[_GIVEN + 1 :]

        def line(start: np.ndarray, end: np.ndarray, ink: str, *, is_dashed: bool = False) -> Curve:
            x, y = np.stack([start, end]).T
            return Curve("", x, y, ink, is_guide=True, is_dashed=is_dashed, width=2.6)

        corner = _tr("where the answer should be")
        series = (
            line(a, b, "accent"),
            line(c, target, "accent", is_dashed=True),
            line(a, c, "faint"),
            line(b, target, "faint", is_dashed=True),
            _named(_tr("answers"), others, 1, self.candidates, 0.5),
            _named(_tr("given"), given, "ink", names[:_GIVEN], 0.7),
            _named(corner, target[None], "accent", names[_GIVEN:], 0.7),
        )
        title = _tr("along {} − {}").format(self.given[1], self.given[0])
        low, high = self.result.places.min(0), self.result.places.max(0)
        margin = _MARGIN * np.maximum(high - low, 0.1)
        ends = np.stack([low - margin, high + margin]).T.tolist()
        across = _tr("across, in lengths of a vector")
        return Plot(series, Axis(title, low=ends[0][0], high=ends[0][1]), Axis(across, low=ends[1][0], high=ends[1][1]))

    def _answers(self) -> Plot:
        cosines = np.asarray(self.result.cosines[::-1], float)
        at = np.arange(len(cosines), dtype=float)
        texts = tuple(map(cosine_text, cosines))
        bars = Bars("", at, np.zeros(len(at)), cosines, 1, texts, are_lying=True)
        low = min(0.0, float(cosines.min(initial=0)))
        title = _tr("Nearest to {} − {} + {}").format(self.given[1], self.given[0], self.given[2])
        return Plot((bars,), Axis(_tr("cosine"), low=low, high=1.0), Axis(labels=self.candidates[::-1]), title)

    def answer_at(self, spot: PlotSpot) -> int | None:
        """The answer that is pointed at, from 0; None where it is none."""
        if spot.plot == 1:
            return len(self.candidates) - 1 - spot.point
        return spot.point if self.plots[0].series[spot.series].name == _tr("answers") else None

    def describe(self, spot: PlotSpot) -> str:
        """A point in words; an answer with its cosine and how far it is from the plane."""
        answer = self.answer_at(spot)
        if answer is None:
            return self.label(self.plots[spot.plot], spot)
        text = _tr("{}: cosine {:.3f}, {:.2f} lengths of a vector away from the plane")
        cosine, height = float(self.result.cosines[answer]), float(self.result.heights[answer])
        return text.format(self.candidates[answer], cosine, height)

    def numbers(self) -> Numbers:
        """Places in the plane, and the cosines of the answers."""
        result = self.result
        names = (*result.words, "b - a + c", *result.candidates)
        values = [*[float("nan")] * 4, *result.cosines.tolist()]
        heights = [*[0.0] * 4, *result.heights.tolist()]
        rows: list[tuple[str | int | float, ...]] = [
            (name, *map(float, place), value, height)
            for name, place, value, height in zip(names, result.places, values, heights, strict=True)
        ]
        arrays = {
            "words": np.array(names, np.str_),
            "places": result.places,
            "cosines": result.cosines,
            "heights": result.heights,
        }
        return Numbers(arrays, ("word", "x", "y", "cosine", "height"), rows)


def _named(name: str, places: np.ndarray, ink: Ink, labels: tuple[str, ...], size: float) -> Points:
    return Points(name, places[:, 0], places[:, 1], ink, labels=labels, size=size, has_names=True)
