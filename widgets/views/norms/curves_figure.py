"""The residual stream through the layers: how large it is, what is added to it, and a drawing of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.norms import QUANTITIES, STAGES, NormsResult
from widgets.figures.counts import number_of
from widgets.figures.lettering import resized
from widgets.figures.places import PlaceName, place_name
from widgets.figures.token_axis import label
from widgets.kit.clean import isolated
from widgets.kit.figure import Numbers
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Plot, PlotSpot, Shown
from widgets.plots.figure import PlottedFigure
from widgets.views.norms.diagram import LayerDiagram
from widgets.views.norms.words import (
    arrangement,
    kind_title,
    norm_kind,
    numbers_of,
    outliers_text,
    step_title,
    step_words,
)

_AT = {stage: number for number, stage in enumerate(STAGES)}
_ROOM = 1.2  # of the axis beyond the least and the greatest number, as a factor
_INKS = {"attention": 0, "cross": 4, "mlp": 1, "other": 3}


@dataclass(frozen=True, eq=False)
class NormsCurvesFigure(PlottedFigure):
    """One number a token, from what comes into the first layer to what leaves the last.

    Attributes
    ----------
    quantity
        A name of `QUANTITIES`.
    selected
        The token that has a curve of its own, beside the first one; None for none.
    """

    result: NormsResult
    quantity: str = "norm"
    selected: int | None = None
    shown: Shown = ALL_SHOWN

    @property
    def _place(self) -> PlaceName:
        return place_name(self.result.axis)

    @property
    def caption(self) -> str:
        text = _tr("{} of the residual stream of {} and {:,} dimensions; {}, {}")
        result = self.result
        n_others = int(result.tokens.is_special.sum()) if self._place.many != place_name("text").many else 0
        of = f"{len(result.tokens) - n_others:,} {self._place.many}"  # [CLS] is no patch
        if n_others:
            of = _tr("{} with {}").format(of, number_of(n_others, "special tokens"))
        return text.format(
            QUANTITIES[self.quantity],
            of,
            result.d_model,
            arrangement(result).lower(),
            norm_kind(result) or _tr("no norm"),
        )

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """The layer, and curves beside it."""
        diagram, em = LayerDiagram(self.result).size(style), QFontMetricsF(style.font).height()
        return QSizeF(diagram.width() / 0.36, max(34 * em, diagram.height() + 3 * em))

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        diagram = LayerDiagram(self.result).size(style)
        return QSizeF(diagram.width() + 66 * em, max(30 * em, diagram.height() + 3 * em))

    # Where things are

    def _diagram_width(self, rect: QRectF, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        return min(max(LayerDiagram(self.result).size(style).width(), 17 * em), 0.36 * rect.width())

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        em = QFontMetricsF(style.font).height()
        return rect.adjusted(self._diagram_width(rect, style) + 1.5 * em, 0, 0, -1.6 * em)

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        area = QRectF(rect.left(), rect.top(), self._diagram_width(rect, style), rect.height() - 1.6 * em)
        LayerDiagram(self.result).paint(painter, area, style)
        painter.save()
        painter.setFont(resized(style.font, SMALL))
        painter.setPen(style.theme.ink)
        text = outliers_text(self.result)
        painter.drawText(QPointF(rect.left(), rect.bottom() - 0.4 * em), f"{text[:1].upper()}{text[1:]}.")
        painter.restore()

    # The plots

    def _y(self, curves: list[Curve]) -> Axis:
        """Logarithmic, and no further than there are numbers."""
        if self.quantity == "mean":
            return Axis()
        numbers = np.concatenate(
            [np.ravel(one) for curve in curves for one in (curve.y, curve.low, curve.high) if one is not None]
        )
        numbers = numbers[np.isfinite(numbers) & (numbers > 0)]
        if not numbers.size:
            return Axis(is_log=True)
        return Axis(is_log=True, low=float(numbers.min()) / _ROOM, high=float(numbers.max()) * _ROOM)

    def _stage(self, stage: str) -> np.ndarray:
        """float [sub-layer, token]."""
        return self.result.values[self.quantity][:, _AT[stage]]

    @cached_property
    def stream(self) -> np.ndarray:
        """float [place, token]: into the first layer, behind every sub-layer, and behind the norm of the stack."""
        result = self.result
        rows = [result.first[self.quantity][None], self._stage("after")]
        if result.final_norm:
            rows.append(result.final[self.quantity][1:])
        return np.concatenate(rows)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """What the rows of `stream` are called."""
        last = (_tr("final norm"),) if self.result.final_norm else ()
        return (_tr("in"), *(step_title(step) for step in self.result.sub_layers), *last)

    @property
    def _ends_of_layers(self) -> tuple[int, ...]:
        """Which of `places` lie behind whole layers."""
        layers = [None, *(step.layer for step in self.result.sub_layers)]
        n = len(self.places)
        return tuple(at for at in range(n) if at + 1 >= len(layers) or layers[at] != layers[at + 1])

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        return self._stream_plot(), self._added_plot()

    def _stream_plot(self) -> Plot:
        stream = self.stream
        is_token = bool(self.result.tokens.is_special[0])  # [CLS] is no patch
        first = _tr("First {}").format(_tr("token") if is_token else self._place.one)
        x = np.arange(len(stream), dtype=float)
        curves = [
            Curve(
                _tr("Median {}").format(self._place.one),
                x,
                np.median(stream, 1),
                "ink",
                low=stream.min(1),
                high=stream.max(1),
                has_dots=True,
            ),
            Curve(self._token_name(0, first), x, stream[:, 0], 3, has_dots=True),
        ]
        if self.selected:
            curves.append(Curve(self._token_name(self.selected, _tr("Selected")), x, stream[:, self.selected], 6))
        curves += self._around_norms()
        title = _tr("{} of the stream").format(QUANTITIES[self.quantity])
        axis = Axis(_tr("part and its layer"), labels=self.places, main=self._ends_of_layers)
        about = _tr("after each sub-layer; band: all {}").format(self._place.many)
        return Plot(tuple(curves), axis, self._y(curves), title, about)

    def _around_norms(self) -> list[Curve]:
        """The other side of the norms: what sub-layers read, or the sum before it is normed."""
        curves = []
        steps = np.arange(1, len(self.result.sub_layers) + 1, dtype=float)
        is_post = any("on_stream" in step.norms for step in self.result.sub_layers)
        stage, name = ("sum", _tr("Before the norm")) if is_post else ("normed", _tr("After the norm"))
        values = self._stage(stage)
        is_there = np.isfinite(values).all(1)
        if is_there.any():
            # What is read stands where the sub-layer begins, the sum where it ends.
            at = steps[is_there] if is_post else steps[is_there] - 1
            curves.append(Curve(name, at, np.median(values[is_there], 1), 2, is_dashed=True))
        return curves

    def _added_plot(self) -> Plot:
        added, before = self._stage("added"), self._stage("before")
        layers = np.array([step.layer for step in self.result.sub_layers])
        kinds = [step.kind for step in self.result.sub_layers]
        curves = []
        for kind in dict.fromkeys(kinds):
            rows = np.array([each == kind for each in kinds])
            values = added[rows]
            curves.append(
                Curve(
                    _tr("{} adds").format(kind_title(kind)), layers[rows].astype(float), np.median(values, 1),
                    _INKS[kind], low=values.min(1), high=values.max(1), has_dots=True,
                )
            )  # fmt: skip
        first = np.array([layer not in layers[:number] for number, layer in enumerate(layers)])
        stream = np.median(before[first], 1)
        at = layers[first].astype(float)
        curves.append(Curve(_tr("Stream before the layer"), at, stream, "faint", is_dashed=True))
        title = _tr("{} of what is added").format(QUANTITIES[self.quantity])
        labels = tuple(str(layer) for layer in range(int(layers.max()) + 1))
        axis = Axis(_tr("layer"), labels=labels)
        about = _tr("median {}; bands: all {}").format(self._place.one, self._place.many)
        return Plot(tuple(curves), axis, self._y(curves), title, about)

    def _token_name(self, pos: int, what: str) -> str:
        return f"{what} “{isolated(label(self.result.tokens.words[pos]))}”"

    def describe(self, spot: PlotSpot) -> str:
        """A curve's number, with the least and the most where it has a band."""
        plot = self.plots[spot.plot]
        series = plot.series[spot.series]
        assert isinstance(series, Curve)
        at, steps = int(series.x[spot.point]), self.result.sub_layers
        where = _tr("layer {}").format(at)
        if spot.plot == 0:
            where = step_words(steps[at - 1]) if 0 < at <= len(steps) else plot.x.labels[at]
        text = f"{series.name}, {where}: {float(series.y[spot.point]):.4g}"
        if series.low is None or series.high is None:
            return text
        ends = (float(end[spot.point]) for end in (series.low, series.high))
        return text + _tr(" ({:.4g} to {:.4g})").format(*ends)

    def numbers(self) -> Numbers:
        """All that was measured."""
        return numbers_of(self.result)


def _tr(text: str) -> str:
    return QCoreApplication.translate("NormsCurves", text)
