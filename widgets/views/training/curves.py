"""Runs step by step: loss, what is right, learning rate, gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF

from inference.results.schedule import Schedule
from inference.results.training import TrainingResult
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Level, Plot, PlotSpot, Series, Shown
from widgets.plots.figure import Placed, PlottedFigure
from widgets.views.training.options import Against
from widgets.views.training.words import step_text

_MOST_POINTS = 400  # of a curve; of more, neighbours are averaged
_THIN = 1.1
_PART_INK = 4  # the first of the colours of kinds of questions


@dataclass(frozen=True, eq=False)
class ShownRun:
    """A run as it is drawn: its name, its colour, its numbers."""

    name: str
    ink: int
    result: TrainingResult


@dataclass(frozen=True, eq=False)
class TrainingCurvesFigure(PlottedFigure):
    """Four plots against the step, or the seconds of training, every run in one colour; more where a step tells more.

    Dots are what was measured on what was not trained on. Seconds are those of training, without pauses and validation.

    Attributes
    ----------
    plan
        The schedule that is chosen for the next run, dashed; None where it is not to be seen. How long its steps will
        take is not known.
    """

    runs: tuple[ShownRun, ...]
    plan: Schedule | None = None
    against: Against = "steps"
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        if not self.runs:
            return _tr("No run is shown yet: the learning rate that is chosen, dashed. Start trains a model.")
        if self.against == "seconds":
            names = ", ".join(f"{run.name} ({run.result.seconds:,.0f} s)" for run in self.runs)
            text = _tr("Runs and their seconds of training: {}. Dots: on what was not trained on").format(names)
            return f"{text}. {about_times(self.runs)}".removesuffix(". ")
        names = ", ".join(f"{run.name} ({run.result.n_done:,})" for run in self.runs)
        return _tr("Runs and their steps: {}. Dots: on what was not trained on, without smoothing").format(names)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        return (
            self._plot(_tr("Loss"), _tr("nats"), self._losses()),
            self._plot(self._measure, "", self._measures(), low=0.0, high=1.0),
            *self._terms(),
            self._plot(_tr("Learning rate"), "", self._rates(), low=0.0),
            self._plot(_tr("Gradient norm"), "", self._gradients(), is_log=True),
        )

    @property
    def _measure(self) -> str:
        measures = list(dict.fromkeys(run.result.measure for run in self.runs))
        return measures[0][:1].upper() + measures[0][1:] if len(measures) == 1 else _tr("Share that is right")

    def _plot(
        self,
        title: str,
        unit: str,
        series: list[Series],
        *,
        is_log: bool = False,
        low: float | None = None,
        high: float | None = None,
    ) -> Plot:
        empty = "" if series else _tr("nothing yet")
        x = axis_of(self.against)
        if empty and self.plan is not None and self.against == "steps":
            x = replace(x, high=float(self.plan.n_steps))  # as beside it, where the chosen learning rate is
        return Plot(tuple(series), x, Axis(unit, is_log, low=low, high=high), title, empty=empty)

    def _losses(self) -> list[Series]:
        series: list[Series] = []
        for run in self.runs:
            series.append(Curve(run.name, *self._thinned(run, run.result.log.loss), run.ink, width=_THIN))
            series.append(self._validated(run, "loss"))
        return series

    def _measures(self) -> list[Series]:
        series: list[Series] = [self._validated(run, "measure") for run in self.runs]
        if len(self.runs) == 1:  # of several, nobody could tell the curves apart
            series += self._by_part(self.runs[0])
        levels = {name: value for run in self.runs for name, value in run.result.baselines}
        # They look alike, and cannot be pointed at: which is which, their numbers say.
        return [*series, *(Level(f"{name}: {value:.2g}", value) for name, value in levels.items())]

    def _terms(self) -> list[Plot]:
        """What a step tells beside its loss, a plot a title; of one run each curve has a colour of its own."""
        plots: list[Plot] = []
        terms = dict.fromkeys(term for run in self.runs for term in run.result.terms)
        for title in dict.fromkeys(term.plot for term in terms):
            series: list[Series] = []
            of_plot = [term for term in terms if term.plot == title]
            for run in self.runs:
                for n, term in enumerate(of_plot):
                    if term in run.result.terms and run.result.n_done:
                        values = run.result.log.terms[:, run.result.terms.index(term)]
                        is_told = len(of_plot) > 1
                        name = f"{run.name}, {term.name}" if is_told and len(self.runs) > 1 else term.name
                        own = _PART_INK + len(run.result.parts) + n
                        ink = own if is_told and len(self.runs) == 1 else run.ink
                        x, y = self._thinned(run, values)
                        series.append(Curve(name if is_told else run.name, x, y, ink, width=_THIN, is_dashed=n > 0))
            plots.append(self._plot(_tr(title), _tr(of_plot[0].unit), series))
        return plots

    def _rates(self) -> list[Series]:
        series: list[Series] = [
            Curve(run.name, *self._thinned(run, run.result.log.rate), run.ink) for run in self.runs if run.result.n_done
        ]
        if self.plan is not None and self.against == "steps":
            x = np.unique(np.linspace(1, self.plan.n_steps, _MOST_POINTS).round())
            y = np.array([self.plan.rate(int(step) - 1) for step in x])  # the first step has the rate of step 0
            series.insert(0, Curve(_tr("chosen"), x, y, "faint", is_dashed=True))  # beneath what was so
        return series

    def _gradients(self) -> list[Series]:
        return [
            Curve(run.name, *self._thinned(run, np.linalg.norm(run.result.log.gradient, axis=1)), run.ink, width=_THIN)
            for run in self.runs
            if run.result.n_done
        ]

    def _thinned(self, run: ShownRun, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where each step lies, and its value: means of neighbours where there are many."""
        n, log = len(values), run.result.log
        x = np.arange(1.0, n + 1) if self.against == "steps" else log.seconds
        values = np.asarray(values, float)
        if n <= _MOST_POINTS:
            return x, values
        edges = np.linspace(0, n, _MOST_POINTS + 1).astype(int)
        return mean_between(x, edges), mean_between(values, edges)

    def _validated(self, run: ShownRun, what: str) -> Curve:
        seen = run.result.validations
        x, y = places_of(run, self.against), np.array([getattr(one, what) for one in seen], float)
        is_known = np.isfinite(x)
        return Curve(run.name, x[is_known], y[is_known], run.ink, has_dots=True, width=1.6)

    def _by_part(self, run: ShownRun) -> list[Curve]:
        """What is right of each kind of question, where the task tells kinds apart."""
        seen = [(x, one.parts) for x, one in zip(places_of(run, self.against), run.result.validations, strict=True)]
        kept = [(x, parts) for x, parts in seen if np.isfinite(x) and len(parts) == len(run.result.parts)]
        x = np.array([x for x, _ in kept])
        return [
            Curve(name, x, np.array([parts[i] for _, parts in kept], float), _PART_INK + i, has_dots=True, width=_THIN)
            for i, name in enumerate(run.result.parts)
            if kept
        ]

    # Where the plots are: two rows, unless it is very wide

    def placed(self, rect: QRectF, style: FigureStyle) -> list[Placed]:
        area = QRectF(self.plots_rect(rect, style))
        area.setTop(self.legend_rect(rect, style).bottom())
        em = QFontMetricsF(style.font).height()
        n_plots = len(self.plots)
        n_columns = n_plots if area.width() > 4.2 * area.height() else -(-n_plots // 2)
        n_rows = -(-n_plots // n_columns)
        width = (area.width() - (n_columns - 1) * em) / n_columns
        height = (area.height() - (n_rows - 1) * 0.5 * em) / n_rows
        return [
            Placed(
                plot,
                QRectF(
                    area.left() + (i % n_columns) * (width + em),
                    area.top() + (i // n_columns) * (height + 0.5 * em),
                    width,
                    height,
                ),
            )
            for i, plot in enumerate(self.plots)
        ]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(72 * em, 46 * em)

    def describe(self, spot: PlotSpot) -> str:
        """A point in words."""
        plot = self.plots[spot.plot]
        series = plot.series[spot.series]
        assert isinstance(series, Curve)
        kind = _tr(", not trained on") if series.has_dots else ""
        value = f"{plot.title[:1].lower()}{plot.title[1:]} {float(series.y[spot.point]):.4g} {plot.y.title}"
        return f"{series.name}, {where_text(float(series.x[spot.point]), self.against)}: {value.strip()}{kind}"

    def numbers(self) -> Numbers:
        """A row a step of each run; in arrays also the gradient of each layer and what was validated."""
        rows: list[tuple[str | int | float, ...]] = []
        arrays: dict[str, np.ndarray] = {}
        for number, run in enumerate(self.runs):
            log, seen = run.result.log, run.result.validations
            norms = np.linalg.norm(log.gradient, axis=1) if len(log.loss) else np.empty(0)
            checked = {one.step: one for one in seen}
            for i in range(len(log.loss)):
                one = checked.get(i + 1)
                numbers = (_known(log.seconds[i]), float(log.loss[i]), float(log.rate[i]), float(norms[i]))
                rows.append((run.name, i + 1, *numbers, one.loss if one else "", one.measure if one else ""))
            arrays |= {
                f"{number}_name": np.array(run.name, np.str_),
                f"{number}_seconds": log.seconds,
                f"{number}_loss": log.loss,
                f"{number}_rate": log.rate,
                f"{number}_gradient": log.gradient,
                f"{number}_terms": log.terms,
                f"{number}_term_names": np.array([term.name for term in run.result.terms], np.str_),
                f"{number}_layers": np.array(run.result.layers, np.str_),
                f"{number}_validated": np.array([one.step for one in seen]),
                f"{number}_validated_seconds": np.array([one.seconds for one in seen]),
                f"{number}_validation_loss": np.array([one.loss for one in seen]),
                f"{number}_measure": np.array([one.measure for one in seen]),
                f"{number}_parts": np.array(run.result.parts, np.str_),
                f"{number}_parts_right": np.array([one.parts for one in seen]),
            }
        if self.plan is not None:
            rates = [self.plan.rate(step) for step in range(self.plan.n_steps + 1)]
            arrays["chosen_rate"] = np.array(rates)
            rows += [("chosen", step, "", "", rate, "", "", "") for step, rate in enumerate(rates)]
        header = ("run", "step", "seconds", "loss", "rate", "gradient norm", "validation loss", "right")
        return Numbers(arrays, header, rows)


def mean_between(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Of the values from each edge up to the next one."""
    return np.add.reduceat(values, edges[:-1]) / np.diff(edges)


def places_of(run: ShownRun, against: Against) -> np.ndarray:
    """Where the validations of a run lie, float [validation]; NaN for times that were not kept."""
    seen = run.result.validations
    return np.array([float(one.step) if against == "steps" else one.seconds for one in seen], float)


def axis_of(against: Against) -> Axis:
    """The lower axis."""
    if against == "steps":
        return Axis(_tr("step"), text=step_text, low=0.0)
    return Axis(_tr("seconds of training"), low=0.0)


def _known(seconds: float) -> float | str:
    return "" if np.isnan(seconds) else float(seconds)


def about_times(runs: tuple[ShownRun, ...]) -> str:
    """Which runs, or which of their steps, have no times; empty where all have."""
    without = [run.name for run in runs if np.isnan(run.result.log.seconds).any()]
    if not without:
        return ""
    return _tr("An older version did not keep the times of {}").format(", ".join(without))


def where_text(x: float, against: Against) -> str:
    """A place on the lower axis in words."""
    return _tr("step {}").format(f"{x:,.0f}") if against == "steps" else _tr("second {}").format(f"{x:,.1f}")


def shown_run(name: str, ink: int, result: TrainingResult) -> ShownRun:
    """A run whose name is shown as text."""
    return ShownRun(clean(name), ink, result)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingCurvesFigure", text)
