"""word2vec while it learns: the loss, a map that moves, and neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.embedding import GROUPS
from inference.results.train_word2vec import Objective, TrainWord2VecResult
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Plot, PlotSpot, Points, Series, Shown
from widgets.plots.figure import Placed, PlottedFigure
from widgets.plots.ticks import percent_text
from widgets.views.embedding.map_figure import cosine_text, group_ink, group_of, group_title, no_numbers

_MAP_SHARE = 0.62
_ROW = 1.5  # em, of the neighbours


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingFigure", text)


def _loss_title(objective: Objective) -> str:
    return _tr("loss of a pair") if objective == "skip-gram" else _tr("loss of a place")


def _map_and_loss(plots: tuple[Plot, ...], area: QRectF, style: FigureStyle) -> list[Placed]:
    """The map on the left, which needs more room, and the loss beside it."""
    map_area, side = QRectF(area), QRectF(area)
    map_area.setWidth(_MAP_SHARE * area.width())
    side.setLeft(map_area.right() + QFontMetricsF(style.font).height())
    return [Placed(plots[0], map_area), Placed(plots[1], side)]


@dataclass(frozen=True)
class AwaitedTrainingFigure(PlottedFigure):
    """The same axes before a run has begun, and what will be seen there.

    Attributes
    ----------
    objective
        What is chosen.
    text
        What will be learned from, in words.
    stopped
        Name of the file of a run that can go on; empty: there is none.
    """

    objective: Objective
    text: str
    stopped: str = ""
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        if self.stopped:
            return _tr("{} was stopped before its end: Go on trains on. Train learns anew from {}").format(
                self.stopped, self.text
            )
        return _tr("Nothing was learned yet. Train learns from {}").format(self.text)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        words = _tr(
            "Words will stand here in a plane, and move while they learn: those with like vectors near each other. "
            "Beneath them the nearest words of those that are watched."
        )
        loss = _tr("How badly words are guessed will be drawn here: it falls while it learns.")
        titles = [_tr("component {}").format(n) for n in (1, 2)]
        done = Axis(_tr("done"), low=0.0, high=1.0, text=percent_text)
        return (
            Plot((), Axis(titles[0], text=no_numbers), Axis(titles[1], text=no_numbers), empty=words),
            Plot((), done, Axis(_loss_title(self.objective)), empty=loss),
        )

    def placed(self, rect: QRectF, style: FigureStyle) -> list[Placed]:
        return _map_and_loss(self.plots, rect, style)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(64 * em, 30 * em)

    def numbers(self) -> Numbers:
        """None yet."""
        return Numbers({}, (), [])


@dataclass(frozen=True)
class TrainingFigure(PlottedFigure):
    """The plane of the largest variance of some words, the loss so far, and the nearest words of those watched."""

    result: TrainWord2VecResult
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        result = self.result
        kinds = {"skip-gram": _tr("skip-gram"), "cbow": _tr("CBOW")}
        # How far it is comes first: at the end of a long line it would be cut off.
        loss = _tr(", loss {:.3f}").format(float(result.losses[-1])) if len(result.losses) else ""
        text = _tr("word2vec, {:.0f} % done{}: {}, {} numbers a word, on {} ({:,} words, {:,} different ones)")
        return text.format(
            100 * result.share,
            loss,
            kinds[result.settings.objective],
            result.settings.d_model,
            clean(result.text) or _tr("sentences drawn from the bundled n-grams"),
            result.n_words,
            result.n_vocabulary,
        )

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(64 * em, (30 + _ROW * len(self.result.watched)) * em)

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        em = QFontMetricsF(style.font).height()
        return rect.adjusted(0, 0, 0, -(_ROW * len(self.result.watched) + 0.8) * em)

    def placed(self, rect: QRectF, style: FigureStyle) -> list[Placed]:
        """The map has more room than the loss."""
        area = QRectF(self.plots_rect(rect, style))
        area.setTop(self.legend_rect(rect, style).bottom())
        return _map_and_loss(self.plots, area, style)

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """The watched words with their neighbours, a line each."""
        metrics = QFontMetricsF(style.font)
        em, bold = metrics.height(), resized(style.font, bold=True)
        top = self.plots_rect(rect, style).bottom() + 0.8 * em
        left = max((QFontMetricsF(bold).horizontalAdvance(clean(word)) for word in self.result.watched), default=0) + em
        painter.save()
        for number, word in enumerate(self.result.watched):
            baseline = top + number * _ROW * em + metrics.ascent()
            painter.setFont(bold)
            painter.setPen(style.theme.accent)
            painter.drawText(QPointF(rect.left(), baseline), clean(word))
            painter.setFont(style.font)
            painter.setPen(style.theme.ink)
            text = metrics.elidedText(self.neighbours_of(number), Qt.TextElideMode.ElideRight, rect.width() - left)
            painter.drawText(QPointF(rect.left() + left, baseline), text)
        painter.restore()

    def neighbours_of(self, watched: int) -> str:
        """The nearest words with their cosines, in a line."""
        pairs = zip(self.result.neighbours[watched], self.result.cosines[watched].tolist(), strict=True)
        return ",  ".join(f"{clean(word)} {cosine_text(cosine)}" for word, cosine in pairs)

    @cached_property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """By series of the map: places among its words."""
        groups: dict[str, list[int]] = {}
        for place, word in enumerate(self.result.words):
            groups.setdefault(group_of(word), []).append(place)
        return tuple(tuple(groups[name]) for name in ("", *GROUPS) if name in groups)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        result = self.result
        series: list[Series] = []
        for members in self.members:
            group = group_of(result.words[members[0]])
            x, y = result.places[list(members)].T
            labels = tuple(clean(result.words[place]) for place in members)
            name = group_title(group) if group else _tr("other words")
            series.append(Points(name, x, y, group_ink(group), labels=labels, size=0.45, has_names=True))
        titles = [
            _tr("component {}: {:.1f} % of the variance").format(n, 100 * share)
            for n, share in enumerate(result.explained.tolist(), start=1)
        ]
        axes = (Axis(titles[0], text=no_numbers), Axis(titles[1], text=no_numbers))
        unit = _loss_title(result.settings.objective)
        last = f"{float(result.losses[-1]):.2f}" if len(result.losses) else ""
        loss = Curve("", result.shares, result.losses, "accent", width=2.5, note=last)
        done = Axis(_tr("done"), low=0.0, high=1.0, text=percent_text)
        empty = _tr("No loss yet.")
        return Plot(tuple(series), *axes), Plot((loss,), done, Axis(unit), empty=empty)

    def describe(self, spot: PlotSpot) -> str:
        """A word; or the loss at a place of the curve."""
        if spot.plot == 0:
            return self.label(self.plots[0], spot)
        at, loss = float(self.result.shares[spot.point]), float(self.result.losses[spot.point])
        return _tr("{:.1f} % done: loss {:.4f}").format(100 * at, loss)

    def numbers(self) -> Numbers:
        """The loss; NPZ also has the map and the neighbours."""
        result = self.result
        arrays = {
            "shares": result.shares,
            "losses": result.losses,
            "words": np.array(result.words, np.str_),
            "places": result.places,
            "watched": np.array(result.watched, np.str_),
            "neighbours": np.array(result.neighbours, np.str_),
            "cosines": result.cosines,
        }
        rows: list[tuple[str | int | float, ...]] = list(
            zip(result.shares.tolist(), result.losses.tolist(), strict=True)
        )
        return Numbers(arrays, ("done", "loss"), rows)
