"""Accuracy by the number of labelled examples, and where the numbers come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.fine_tuning import MeasuredRuns, MeasuredStudy
from widgets.figures.lettering import resized
from widgets.kit.figure import Numbers
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Plot, PlotSpot, Points, Shown
from widgets.plots.figure import PlottedFigure
from widgets.plots.ticks import percent_text

_ROOM = 1.6  # of the axis: the first and the last number of examples are not at its ends
_BESIDE = 1.03  # so that no error bar hides another
_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


def _tr(text: str) -> str:
    return QCoreApplication.translate("ExamplesFigure", text)


@dataclass(frozen=True)
class ExamplesFigure(PlottedFigure):
    """A curve a method, dots with error bars where there are several seeds; below it what was done."""

    study: MeasuredStudy
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        text = _tr("{}: right of {:,} {}, by the number of labelled examples")
        task = self.study.task[:1].upper() + self.study.task[1:]
        return text.format(task, self.study.n_tested, self.study.unit)

    @cached_property
    def _methods(self) -> list[tuple[str, list[MeasuredRuns]]]:
        """The runs of each method that was tried, in order."""
        by_method = [(key, [run for run in self.study.runs if run.method == key]) for key in self.study.methods]
        return [(key, runs) for key, runs in by_method if runs]

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        dots: list[Points] = []
        lines: list[Curve] = []
        keys = list(self.study.methods)
        for key, runs in self._methods:
            ink = keys.index(key)  # its own colour, whatever else was tried so far
            shift = _BESIDE ** (ink - 0.5 * (len(keys) - 1))
            n = np.array([run.n_examples for run in runs], float) * shift
            mean = np.array([run.accuracies.mean() for run in runs])
            spread = np.array([_spread(run) for run in runs])
            dots.append(Points(self.study.methods[key], n, mean, ink, mean - spread, mean + spread))
            lines.append(Curve("", n, mean, ink, is_guide=True))
        sizes = [run.n_examples for run in self.study.runs]
        x = Axis(
            _tr("labelled examples"),
            is_log=True,
            low=min(sizes) / _ROOM,
            high=max(sizes) * _ROOM,
            text="{:,.0f}".format,
        )
        low = min(float(run.accuracies.min()) for run in self.study.runs)
        high = max(float(run.accuracies.max()) for run in self.study.runs)
        room = 0.08 * (high - low) + 0.02
        # A little above all: dots on the edge would be halves.
        y = Axis(
            _tr("right answers"), low=max(0.0, low - room), high=min(1.0 + 0.6 * room, high + room), text=_share_text
        )
        return (Plot((*dots, *lines), x, y),)

    def _run(self, spot: PlotSpot) -> MeasuredRuns:
        return self._methods[spot.series][1][spot.point]

    def describe(self, spot: PlotSpot) -> str:
        """A dot: the mean, every run, and of how many examples."""
        run, name = self._run(spot), self.study.methods[self._methods[spot.series][0]]
        mean = 100 * float(run.accuracies.mean())
        if len(run.accuracies) == 1:
            return _tr("{}, {:,} examples: {:.1f} % right, one run").format(name, run.n_examples, mean)
        each = ", ".join(f"{100 * accuracy:.1f}" for accuracy in run.accuracies)
        text = _tr("{}, {:,} examples: {:.1f} % right on average of {} runs ({}), standard deviation {:.1f}")
        return text.format(name, run.n_examples, mean, len(run.accuracies), each, 100 * _spread(run))

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        return rect.adjusted(0, 0, 0, -self._told_height(rect.width(), style))

    def _told(self) -> str:
        bars = _tr("Dots are means over seeds, bars one standard deviation; a dot without a bar is one run.")
        return " ".join((*self.study.told, bars))

    def _told_height(self, width: float, style: FigureStyle) -> float:
        em, small = QFontMetricsF(style.font).height(), QFontMetricsF(resized(style.font, SMALL))
        box = small.boundingRect(QRectF(0, 0, max(width - em, 1), 1e6), int(_WRAPPED), self._told())
        return box.height() + 0.8 * em

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Where the numbers come from."""
        em = QFontMetricsF(style.font).height()
        top = rect.bottom() - self._told_height(rect.width(), style) + 0.4 * em
        box = QRectF(QPointF(rect.left() + 0.5 * em, top), QPointF(rect.right() - 0.5 * em, rect.bottom()))
        painter.save()
        painter.setFont(resized(style.font, SMALL))
        painter.setPen(style.theme.faint)
        painter.drawText(box, int(_WRAPPED), self._told())
        painter.restore()

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Legend, curves and what was measured below each other."""
        return QSizeF(44, 32) * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(48 * em, 30 * em)

    def numbers(self) -> Numbers:
        """A row a method and number of examples; arrays likewise, runs that were not made being NaN."""
        runs = self.study.runs
        most = max(len(run.accuracies) for run in runs)
        each = np.full((len(runs), most), np.nan)
        for row, run in enumerate(runs):
            each[row, : len(run.accuracies)] = run.accuracies
        rows: list[tuple[str | int | float, ...]] = [
            (
                self.study.methods[run.method],
                run.n_examples,
                len(run.accuracies),
                float(run.accuracies.mean()),
                _spread(run) if len(run.accuracies) > 1 else float("nan"),
            )
            for run in runs
        ]
        arrays = {
            "method": np.array([run.method for run in runs], np.str_),
            "n_examples": np.array([run.n_examples for run in runs]),
            "accuracy": each,
        }
        return Numbers(arrays, ("method", "labelled examples", "runs", "accuracy", "standard deviation"), rows)


def _share_text(share: float) -> str:
    return percent_text(share) if share <= 1 else ""


def _spread(run: MeasuredRuns) -> float:
    """Standard deviation over the seeds; 0 of one run."""
    return float(run.accuracies.std(ddof=1)) if len(run.accuracies) > 1 else 0.0
