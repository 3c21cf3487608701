"""The learning rate by step, as a formula with sliders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.schedule import SCHEDULES, Schedule
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Bars, Callout, Curve, Level, Plot, PlotSpot, Shown
from widgets.plots.figure import PlottedFigure
from widgets.views.training.words import step_text

_MOST_POINTS = 1_000


def formula(schedule: Schedule) -> str:
    """The rate of step s; w: steps of warm-up, N: steps in all, r: the peak."""
    warm = "r · s/w" if schedule.warm_up else ""
    after = {
        "linear": "r · (N \N{MINUS SIGN} s)/(N \N{MINUS SIGN} w)",
        "cosine": "r · ½ (1 + cos π (s \N{MINUS SIGN} w)/(N \N{MINUS SIGN} w))",
        "inverse_sqrt": "r · √(w/s)" if schedule.warm_up else "r / √(1 + s/10,000)",
        "constant": "r",
        "2017": "1/√d · min(1/√s, s/(w √w))",
    }[schedule.kind]
    if schedule.kind == "2017" or not warm:
        return after
    return f"{warm}  for s < w, then  {after}"


@dataclass(frozen=True)
class ScheduleFigure(PlottedFigure):
    """A learning rate against the step, with its formula: transformers' schedules, and that of 2017."""

    schedule: Schedule
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        schedule = self.schedule
        text = _tr("Learning rate: {}, warm-up {:,} of {:,} steps, peak {:.4g}")
        return text.format(
            _tr(SCHEDULES[schedule.kind]), schedule.warm_up, schedule.n_steps, float(self._rates.max(initial=0.0))
        )

    @cached_property
    def steps(self) -> np.ndarray:
        """int64 [point]: the steps whose rates are drawn, where warm-up ends among them."""
        last = self.schedule.n_steps
        some = np.linspace(0, last, min(_MOST_POINTS, last + 1)).round().astype(np.int64)
        ends = [self.schedule.warm_up - 1, self.schedule.warm_up]
        return np.unique([*some, *(step for step in ends if 0 <= step <= last)])

    @cached_property
    def _rates(self) -> np.ndarray:
        return np.array([self.schedule.rate(int(step)) for step in self.steps])

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        highest = int(self._rates.argmax())
        curve = Curve(_tr("learning rate"), self.steps.astype(float), self._rates, 0, width=2.6)
        callout = Callout(0, highest, f"{self._rates[highest]:.3g}")
        steps = Axis(_tr("step s"), text=step_text, low=0.0)
        return (Plot((curve,), steps, Axis(_tr("learning rate"), low=0.0), callouts=(callout,)),)

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        return rect.adjusted(0, 2 * QFontMetricsF(style.font).height(), 0, 0)

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        painter.save()
        painter.setFont(style.font)
        painter.setPen(style.theme.ink)
        painter.drawText(rect.topLeft() + QPointF(0.5 * metrics.height(), metrics.ascent()), self.line)
        painter.restore()

    @property
    def line(self) -> str:
        """The formula with its numbers."""
        schedule = self.schedule
        names = f"w = {schedule.warm_up:,}"
        if schedule.kind in ("linear", "cosine"):
            names += f", N = {schedule.n_steps:,}"
        names += f", d = {schedule.d_model:,}" if schedule.kind == "2017" else f", r = {schedule.peak:g}"
        return f"rate(s) = {formula(schedule)}     {names}"

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(44 * em, 26 * em)

    def describe(self, spot: PlotSpot) -> str:
        """A point in words."""
        step = int(self.steps[spot.point])
        return _tr("Step {:,}: learning rate {:.4g}, {:.1f} % of the peak").format(
            step, float(self._rates[spot.point]), 100 * float(self._rates[spot.point]) / (self.schedule.highest or 1.0)
        )

    def numbers(self) -> Numbers:
        """A row a step: of all of them, not only of those that are drawn."""
        rates = [self.schedule.rate(step) for step in range(self.schedule.n_steps + 1)]
        arrays = {"step": np.arange(len(rates)), "rate": np.array(rates)}
        return Numbers(arrays, ("step", "learning rate"), list(enumerate(rates)))


@dataclass(frozen=True)
class SmoothingFigure(PlottedFigure):
    """The target that label smoothing makes of a one-hot one, and what that does to the loss.

    Szegedy et al. 2016, section 7; as `torch.nn.functional.cross_entropy(label_smoothing=)`: of the smoothing every
    token gets the same share, the right one too.

    Attributes
    ----------
    given
        Probability that the model gives the right token; the others share the rest.
    """

    smoothing: float
    n_classes: int
    given: float
    shown: Shown = ALL_SHOWN

    @property
    def target(self) -> np.ndarray:
        """float64 [token]: the right one first."""
        target = np.full(self.n_classes, self.smoothing / self.n_classes)
        target[0] += 1.0 - self.smoothing
        return target

    def losses(self, given: np.ndarray) -> np.ndarray:
        """Cross-entropy in nats of models that give the right token so much and share the rest."""
        target = self.target
        with np.errstate(divide="ignore", invalid="ignore"):
            others = np.log((1.0 - given) / (self.n_classes - 1))
            return -(target[0] * np.log(given) + np.where(self.smoothing > 0, target[1:].sum() * others, 0.0))

    @property
    def caption(self) -> str:
        text = _tr("Label smoothing {:g} over {} tokens: target {:.4f} for the right one, {:.4f} for each other")
        return text.format(self.smoothing, self.n_classes, float(self.target[0]), float(self.target[1]))

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        places = np.arange(self.n_classes, dtype=float)
        labels = (_tr("right"), *(str(i) for i in range(1, self.n_classes)))
        bars = Bars(_tr("target"), places, np.zeros(self.n_classes), self.target, 0)
        best = float(self.target[0])
        given = np.unique(np.concatenate([np.linspace(0.02, 0.998, 300), [min(max(best, 0.02), 0.9999), self.given]]))
        here = int(np.abs(given - self.given).argmin())
        curve = Curve(_tr("loss"), given, self.losses(given), 1)
        least = Level(_tr("least possible"), float(self.losses(np.array([min(best, 1 - 1e-12)]))[0]))
        callout = Callout(0, here, f"{float(self.losses(given[here : here + 1])[0]):.3f}")
        share = Axis(_tr("model's probability of the right token"), low=0.0, high=1.0)
        return (
            Plot((bars,), Axis("", labels=labels), Axis(_tr("probability"), low=0.0, high=1.0), _tr("Target")),
            Plot((curve, least), share, Axis(_tr("nats"), low=0.0), _tr("Loss"), callouts=(callout,)),
        )

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(64 * em, 26 * em)

    def describe(self, spot: PlotSpot) -> str:
        """A point in words."""
        if spot.plot == 0:
            which = _tr("the right token") if spot.point == 0 else _tr("a wrong token")
            return _tr("Target of {}: {:.5g}").format(which, float(self.target[spot.point]))
        curve = self.plots[1].series[0]
        assert isinstance(curve, Curve)
        text = _tr("The model gives the right token {:.3f}: loss {:.4f} nats")
        return text.format(float(curve.x[spot.point]), float(curve.y[spot.point]))

    def numbers(self) -> Numbers:
        """The target, a row a token; in arrays also the loss."""
        curve = self.plots[1].series[0]
        assert isinstance(curve, Curve)
        rows: list[tuple[str | int | float, ...]] = [(i, float(value)) for i, value in enumerate(self.target)]
        arrays = {"target": self.target, "given": curve.x, "loss": curve.y}
        return Numbers(arrays, ("token (0: the right one)", "target"), rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingSchedule", text)
