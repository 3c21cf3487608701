"""How well a linear classifier does on the features of each layer: a curve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QSizeF
from PySide6.QtGui import QFontMetricsF

from inference.results.probe import ProbeResult
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Callout, Curve, Level, Plot, PlotSpot, Series, Shown
from widgets.plots.figure import PlottedFigure
from widgets.plots.ticks import percent_text

_TOP = 1.04  # of the axis: a dot at 100 % is whole


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProbeFigure", text)


@dataclass(frozen=True)
class ProbeFigure(PlottedFigure):
    """Held-out accuracy by layer; lines for chance and for the pixels themselves."""

    result: ProbeResult
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        text = _tr("Accuracy of a linear classifier on the features of each layer ({} images to learn, {} to test)")
        best = self.best
        text = text.format(self.result.n_train, self.result.n_test)
        if best is None:
            return text
        where = self.result.layers[best]
        return _tr("{}; best: {} with {:.1f} %").format(text, where, 100 * float(self.result.accuracy[best]))

    @property
    def best(self) -> int | None:
        """The layer with the highest accuracy so far."""
        accuracy = self.result.accuracy
        return int(np.nanargmax(accuracy)) if np.isfinite(accuracy).any() else None

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(min(60, 14 + 4 * len(self.result.layers)) * em, 24 * em)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        result, best = self.result, self.best
        names = tuple(name.rpartition(" ")[2] if i else name for i, name in enumerate(result.layers))
        accuracy = np.asarray(result.accuracy, float)
        series: list[Series] = [
            Curve(_tr("layers"), np.arange(len(names), dtype=float), accuracy, "accent", has_dots=True, width=2.5)
        ]
        for name, value, ink in ((_tr("pixels"), result.pixels, 1), (_tr("chance"), result.chance, "faint")):
            if np.isfinite(value):  # measured already
                series.append(Level(f"{name} {100 * value:.1f} %", value, ink))
        called_out = () if best is None else (Callout(0, best, f"{100 * float(accuracy[best]):.1f} %"),)
        x = Axis(_tr("Layer whose features are read"), labels=names)
        return (Plot(tuple(series), x, Axis(low=0.0, high=_TOP, text=percent_text), callouts=called_out),)

    def describe(self, spot: PlotSpot) -> str:
        """A layer and its accuracy."""
        accuracy = 100 * float(self.result.accuracy[spot.point])
        return _tr("{}: {:.1f} % of the test images").format(self.result.layers[spot.point], accuracy)

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "layers": np.array(result.layers, np.str_),
            "accuracy": result.accuracy,
            "chance": np.array(result.chance),
            "pixels": np.array(result.pixels),
            "n_train": np.array(result.n_train),
            "n_test": np.array(result.n_test),
        }
        rows: list[tuple[str | int | float, ...]] = [
            *zip(result.layers, result.accuracy.tolist(), strict=True),
            ("chance", result.chance),
            ("pixels", result.pixels),
        ]
        return Numbers(arrays, ("features", "accuracy"), rows)
