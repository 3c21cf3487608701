"""What a mesh costs in bits per vertex: for the model, and for yardsticks that know nothing of furniture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QSizeF
from PySide6.QtGui import QFontMetricsF

from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Bars, Plot, PlotSpot, Shown
from widgets.plots.figure import PlottedFigure
from widgets.views.mesh.growth import Growth


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshBits", text)


@dataclass(frozen=True)
class MeshBits(PlottedFigure):
    """Bits per vertex: coordinates and faces.

    Attributes
    ----------
    model
        Of the model at temperature 1 and without masks.
    allowed, uniform
        If every token that can lead to a mesh, or every token at all, were as likely as the others (the two
        baselines of Nash et al. 2020, table 1).
    compressed
        Of a general-purpose compressor, both together; None where it is not known.
    """

    model: tuple[float, float]
    allowed: tuple[float, float]
    uniform: tuple[float, float]
    compressed: float | None = None
    shown: Shown = ALL_SHOWN

    @staticmethod
    def of(growth: Growth, compressed_bits: int | None = None) -> MeshBits:
        """Of one mesh; it has vertices."""
        n = growth.n_vertices
        allowed, uniform = [], []
        for tokens in (growth.sample.vertices, growth.sample.faces):
            n_allowed = np.maximum((~tokens.is_forbidden).sum(1), 1)
            allowed.append(float(np.log2(n_allowed).sum()) / n)
            uniform.append(len(tokens.tokens) * float(np.log2(max(tokens.probabilities.shape[1], 1))) / n)
        compressed = None if compressed_bits is None else compressed_bits / n
        return MeshBits(growth.bits_per_vertex(), (allowed[0], allowed[1]), (uniform[0], uniform[1]), compressed)

    @property
    def caption(self) -> str:
        return _tr("bits per vertex: {} for coordinates, {} for faces").format(*told_of_parts(self.model))

    def _entries(self) -> list[tuple[str, tuple[float, ...]]]:
        entries: list[tuple[str, tuple[float, ...]]] = [
            (_tr("this model"), self.model),
            (_tr("any allowed token"), self.allowed),
            (_tr("any token"), self.uniform),
        ]
        if self.compressed is not None:
            entries.insert(1, (_tr("LZMA"), (0.0, 0.0, self.compressed)))
        return entries

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(30 * em, 14 * em)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        entries = self._entries()[::-1]  # the first one on top
        pieces = np.zeros((3, len(entries)))
        for bar, (_, values) in enumerate(entries):
            pieces[: len(values), bar] = values
        ends, at = np.cumsum(pieces, axis=0), np.arange(len(entries), dtype=float)
        names = [_tr("coordinates"), _tr("faces"), *([_tr("both")] if self.compressed is not None else [])]
        texts = tuple(f"{total:.2f}" for total in ends[-1])
        series = tuple(
            Bars(name, at, ends[n] - pieces[n], ends[n], n, texts if n == len(names) - 1 else (), are_lying=True)
            for n, name in enumerate(names)
        )
        yardsticks = Axis(labels=tuple(name for name, _ in entries))
        return (Plot(series, Axis(low=0.0), yardsticks, _tr("Bits per vertex")),)

    def describe(self, spot: PlotSpot) -> str:
        """A yardstick and its bits."""
        bars = self.plots[0].series[spot.series]
        assert isinstance(bars, Bars)
        yardstick, values = self._entries()[::-1][spot.point]
        bits = told_of_parts((*values, 0.0))[spot.series]  # of a model nothing is for both
        text = _tr("{}: {} bits per vertex for {}; {:.2f} together")
        return text.format(yardstick, bits, bars.name, sum(values))

    def numbers(self) -> Numbers:
        """A row each."""
        rows: list[tuple[str | int | float, ...]] = [(name, sum(values)) for name, values in self._entries()]
        return Numbers({"model": np.array(self.model)}, ("yardstick", "bits_per_vertex"), rows)


def told_of_parts(values: Sequence[float]) -> list[str]:
    """Numbers to two digits that add up to their sum to two digits, which stands beside them.

    Those that lose most when they are cut are rounded up (the method of the largest remainder).
    """
    hundredths = [100 * value for value in values]
    told = [math.floor(each) for each in hundredths]
    n_missing = round(100 * float(f"{sum(values):.2f}")) - sum(told)
    by_loss = sorted(range(len(told)), key=lambda part: told[part] - hundredths[part])
    for part in by_loss[:n_missing]:
        told[part] += 1
    return [f"{each / 100:.2f}" for each in told]
