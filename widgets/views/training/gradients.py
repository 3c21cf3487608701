"""The norm of each layer's gradient: why a warm-up is needed, and when it is not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF

from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Plot, PlotSpot, Series, Shown
from widgets.plots.figure import Placed, PlottedFigure
from widgets.views.training.curves import ShownRun
from widgets.views.training.words import step_text

WINDOW = 20  # steps whose mean is taken
_LAYERS_SHARE = 0.6  # of the width


@dataclass(frozen=True, eq=False)
class LayerGradientsFigure(PlottedFigure):
    """A curve a run: mean norm of the gradient by layer about a step; beside it the loss on the way there.

    Layers stand from the input to the output. Behind the sublayers, norms let the gradients of the last layers be the
    largest in the beginning; before them, they are much alike (Xiong et al. 2020, section 3).

    Attributes
    ----------
    first
        The first of `WINDOW` steps, from 0.
    """

    runs: tuple[ShownRun, ...]
    first: int = 0
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        names = ", ".join(run.name for run in self.runs) or _tr("no run yet")
        text = _tr("Norm of the gradient by layer, mean of steps {:,} to {:,}: {}")
        return text.format(self.first + 1, self.first + WINDOW, names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all layers, in order."""
        longest = max(self.runs, key=lambda run: len(run.result.layers), default=None)
        names = list(longest.result.layers) if longest else []
        return tuple(dict.fromkeys((*names, *(name for run in self.runs for name in run.result.layers))))

    def means(self, run: ShownRun) -> np.ndarray:
        """float [layer] in the order of `names`, NaN for layers that a run has not."""
        window = run.result.log.gradient[self.first : self.first + WINDOW]
        found = np.full(len(self.names), np.nan)
        if len(window):
            found[[self.names.index(name) for name in run.result.layers]] = window.mean(0)
        return found

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        place = np.arange(len(self.names), dtype=float)
        curves: tuple[Series, ...] = tuple(
            Curve(run.name, place, self.means(run), run.ink, has_dots=True) for run in self.runs
        )
        empty = "" if self.runs else _tr("Start a run, or tick one that is kept.")
        by_layer = Plot(
            curves,
            Axis("", labels=self.names or (" ",)),
            Axis(_tr("gradient norm"), is_log=True),
            _tr("Gradient by layer"),
            empty=empty,
        )
        losses = tuple(
            Curve(run.name, np.arange(1.0, 1 + len(loss)), loss.astype(float), run.ink, width=1.1)
            for run in self.runs
            for loss in [run.result.log.loss[: self.first + WINDOW]]
        )
        steps = Axis(_tr("step"), text=step_text, low=0.0)
        return by_layer, Plot(losses, steps, Axis(_tr("nats")), _tr("Loss up to there"), empty=empty)

    def placed(self, rect: QRectF, style: FigureStyle) -> list[Placed]:
        """The names of the layers need more room than the steps beside them."""
        layers, loss = super().placed(rect, style)
        if layers.rect.right() < loss.rect.left():
            more = _LAYERS_SHARE * rect.width() - layers.rect.width()
            layers.rect.setRight(layers.rect.right() + more)
            loss.rect.setLeft(loss.rect.left() + more)
        return [layers, loss]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(72 * em, 26 * em)

    def describe(self, spot: PlotSpot) -> str:
        """A point in words."""
        run = self.runs[spot.series]
        if spot.plot:
            return f"{run.name}, step {spot.point + 1:,}: loss {float(run.result.log.loss[spot.point]):.4g} nats"
        text = _tr("{}, {}: gradient norm {:.4g}")
        return text.format(run.name, self.names[spot.point], float(self.means(run)[spot.point]))

    def numbers(self) -> Numbers:
        """A row a layer of each run."""
        rows: list[tuple[str | int | float, ...]] = [
            (run.name, name, float(value))
            for run in self.runs
            for name, value in zip(self.names, self.means(run), strict=True)
        ]
        arrays = {f"{i}_gradient": self.means(run) for i, run in enumerate(self.runs)}
        arrays |= {"layers": np.array(self.names, np.str_), "first_step": np.array(self.first + 1)}
        return Numbers(arrays, ("run", "layer", "gradient norm"), rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("LayerGradientsFigure", text)
