"""Words in a plane, coloured by group, and the nearest words of one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF

from inference.results.embedding import GROUPS, EmbeddingResult
from widgets.figures.heat_panel import MINUS
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.letters import TALL_ROW
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Bars, Callout, Curve, Ink, Plot, PlotSpot, Points, Series, Shown
from widgets.plots.figure import Placed, PlottedFigure

_INKS = (0, 1, 2, 3, 4, 7)  # of the theme's series, by group
_MAP_SHARE = 0.7  # of the width, where neighbours stand beside it


def _tr(text: str) -> str:
    return QCoreApplication.translate("WordMapFigure", text)


def cosine_text(value: float) -> str:
    """A cosine beside a bar or a word."""
    return f"{value:.2f}".replace("-", MINUS)


def group_title(name: str) -> str:
    """A group of words for the user."""
    titles = {
        "family": _tr("family"),
        "countries": _tr("countries"),
        "months": _tr("months"),
        "numbers": _tr("numbers"),
        "colours": _tr("colours"),
        "animals": _tr("animals"),
    }
    return titles[name]


def group_ink(name: str) -> Ink:
    """The colour of a group; pale for words of none."""
    return _INKS[list(GROUPS).index(name)] if name else "faint"


def group_of(word: str) -> str:
    """The group that a word is of; empty for none."""
    plain = word.removeprefix("␣").lower()
    return next((name for name, words in GROUPS.items() if plain in words), "")


def no_numbers(_value: float) -> str:
    """Of an axis whose numbers mean nothing."""
    return ""


@dataclass(frozen=True)
class WordMapFigure(PlottedFigure):
    """A map of words; the chosen word and its neighbours stand out, and are listed beside it."""

    result: EmbeddingResult
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        result = self.result
        kinds = {"pca": _tr("principal components"), "tsne": _tr("t-SNE")}
        text = _tr("{}: {:,} vectors of {:,} numbers, {:,} words by {}").format(
            clean(result.name), result.n_vectors, result.d_model, len(result.words), kinds[result.projection]
        )
        if result.projection == "pca":
            text += _tr(", which keep {:.0f} % of their variance").format(100 * float(result.explained.sum()))
        return text

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(64 * em, 36 * em)

    def placed(self, rect: QRectF, style: FigureStyle) -> list[Placed]:
        """The map has more room than the neighbours."""
        area = QRectF(self.plots_rect(rect, style))
        area.setTop(self.legend_rect(rect, style).bottom())
        if len(self.plots) == 1:
            return [Placed(self.plots[0], area)]
        em = QFontMetricsF(style.font).height()
        map_area, side = QRectF(area), QRectF(area)
        map_area.setWidth(_MAP_SHARE * area.width())
        side.setLeft(map_area.right() + em)
        side.setHeight(min(side.height(), (5 + TALL_ROW * len(self.result.neighbours)) * em))
        return [Placed(self.plots[0], map_area), Placed(self.plots[1], side)]

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        return tuple(clean(word.removeprefix("␣")) for word in self.result.words)

    @cached_property
    def _near(self) -> frozenset[str]:
        return frozenset((self.result.word, *self.result.neighbours)) if self.result.word else frozenset()

    @cached_property
    def series_members(self) -> tuple[tuple[int, ...], ...]:
        """By series of the map that has words: their places among the words."""
        groups: dict[str, list[int]] = {}
        for place, word in enumerate(self.result.words):
            key = "near" if word in self._near and not group_of(word) else group_of(word)
            groups.setdefault("word" if word == self.result.word else key, []).append(place)
        order = ("", *GROUPS, "near", "word")
        return tuple(tuple(groups[name]) for name in order if name in groups)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        return (self._map(), *([self._neighbours()] if self.result.word else []))

    def _map(self) -> Plot:
        result = self.result
        series: list[Series] = []
        for members in self.series_members:
            name, ink = self._title_and_ink(result.words[members[0]])
            x, y = result.places[list(members)].T
            labels = tuple(self._labels[place] for place in members)
            series.append(Points(name, x, y, ink, labels=labels, size=0.45, has_names=bool(name)))
        if result.word:
            series.append(self._rays())
        titles = [
            _tr("component {}: {:.1f} % of the variance").format(n, 100 * share) if result.projection == "pca" else ""
            for n, share in enumerate(result.explained.tolist(), start=1)
        ]
        axes = (Axis(titles[0], text=no_numbers), Axis(titles[1], text=no_numbers))
        last = len(self.series_members) - 1  # the word itself
        rings = (Callout(last, 0, self._labels[self.series_members[last][0]]),) if result.word else ()
        return Plot(tuple(series), *axes, callouts=rings)

    def _title_and_ink(self, word: str) -> tuple[str, Ink]:
        """Of the series that a word is in."""
        if word == self.result.word:
            return "", "accent"
        if group := group_of(word):
            return group_title(group), group_ink(group)
        return (_tr("neighbours"), "ink") if word in self._near else (_tr("other words"), "faint")

    def _rays(self) -> Curve:
        """From the word to its neighbours."""
        result = self.result
        places = {word: result.places[number] for number, word in enumerate(result.words)}
        start, gap = places[result.word], np.full(2, np.nan)
        line = np.array([point for word in result.neighbours for point in (start, places[word], gap)]).reshape(-1, 2)
        return Curve("", line[:, 0], line[:, 1], "faint", width=1.0, is_guide=True)

    def _neighbours(self) -> Plot:
        result = self.result
        cosines = np.asarray(result.cosines[::-1], float)
        at = np.arange(len(cosines), dtype=float)
        low = min(0.0, float(cosines.min(initial=0)))
        bars = Bars("", at, np.zeros(len(at)), cosines, "accent", tuple(map(cosine_text, cosines)), are_lying=True)
        names = tuple(clean(word.removeprefix("␣")) for word in result.neighbours[::-1])
        title = _tr("Nearest to {}").format(clean(result.word.removeprefix("␣")))
        return Plot((bars,), Axis(_tr("cosine"), low=low, high=1.0), Axis(labels=names), title)

    def word_at(self, spot: PlotSpot) -> str:
        """The word that is pointed at, as the vectors have it."""
        if spot.plot == 1:
            return self.result.neighbours[::-1][spot.point]
        return self.result.words[self.series_members[spot.series][spot.point]]

    def describe(self, spot: PlotSpot) -> str:
        """A word; a neighbour with its cosine."""
        word = clean(self.word_at(spot).removeprefix("␣"))
        if spot.plot == 1:
            cosine = float(self.result.cosines[::-1][spot.point])
            return _tr("{}: cosine {:.3f} with {}; click to see its neighbours").format(
                word, cosine, clean(self.result.word.removeprefix("␣"))
            )
        return _tr("{}; click to see its neighbours").format(word)

    def numbers(self) -> Numbers:
        """Places on the map; NPZ also has the neighbours."""
        result = self.result
        arrays = {
            "words": np.array(result.words, np.str_),
            "places": result.places,
            "explained": result.explained,
            "neighbours": np.array(result.neighbours, np.str_),
            "cosines": result.cosines,
        }
        rows: list[tuple[str | int | float, ...]] = [
            (word, *map(float, place)) for word, place in zip(result.words, result.places, strict=True)
        ]
        return Numbers(arrays, ("word", "x", "y"), rows)
