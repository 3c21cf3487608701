"""Accuracy by the number of examples in the prompt, and one of the prompts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from inference.results.few_shot import MOST_SHOTS, FewShotResult, FewShotTrial
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.letters import GROWN, resized
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Plot, PlotSpot, Points, Shown
from widgets.plots.figure import PlottedFigure
from widgets.plots.ticks import percent_text

_TOP = 1.04  # of the axis: dots at 0 and 100 % are whole
_PROMPT_SHARE = 0.4  # of the width
_LINE, _PARTED = 1.35, 0.6  # em: a line of the prompt, and the space between its parts


def _tr(text: str) -> str:
    return QCoreApplication.translate("FewShotFigure", text)


def counted(shots: int) -> str:
    """A number of examples in words."""
    return {0: _tr("no example"), 1: _tr("1 example")}.get(shots, _tr("{} examples").format(shots))


@dataclass(frozen=True)
class FewShotFigure(PlottedFigure):
    """A curve for examples as they are, one for examples with others' answers; beside them what the model was given.

    Attributes
    ----------
    trial, shots
        Which prompt is shown: of which trial, with how many examples.
    """

    result: FewShotResult
    trial: int = 0
    shots: int = MOST_SHOTS
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        result, tried = self.result, int(self.result.tried[0].max())
        text = _tr("{}: right answers by the number of examples in the prompt, {} of {} trials, with 95 % intervals")
        text = text.format(clean(result.title), tried, result.n_asked)
        if result.longest == 0:
            text += _tr("; with an example a prompt is longer than the model reads")
        elif result.longest < MOST_SHOTS:
            text += _tr("; with more than {} a prompt is longer than the model reads").format(counted(result.longest))
        return text

    def least_width(self, style: FigureStyle) -> float:
        """Curves beside a prompt."""
        return 46 * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(62 * em, 26 * em)

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        return rect.adjusted(0, 0, -rect.width() * _PROMPT_SHARE, 0)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        n = int((self.result.tried[0] > 0).sum())  # longer prompts do not fit into the context
        shots = np.arange(n, dtype=float)
        accuracy, (low, high) = self.result.accuracy[:, :n], self.result.interval[:, :, :n]
        names = (_tr("examples as they are"), _tr("examples with others' answers"))
        dots: list[Points] = []
        for kind, (name, ink) in enumerate(zip(names, ("accent", 1), strict=True)):
            beside = shots + 0.12 * (kind - 0.5)  # so that no error bar hides another
            dots.append(Points(name, beside, accuracy[kind], ink, low[kind], high[kind]))
        lines = [Curve("", one.x, one.y, one.ink, is_dashed=one is dots[1], is_guide=True) for one in dots]
        x = Axis(_tr("examples in the prompt"), low=-0.3, high=MOST_SHOTS + 0.3)
        return (Plot((*dots, *lines), x, Axis(low=1 - _TOP, high=_TOP, text=percent_text)),)

    def describe(self, spot: PlotSpot) -> str:
        """A point: right answers of how many, the interval, and the probability of the right answer."""
        result, at = self.result, (spot.series, spot.point)
        low, high = result.interval[:, *at]
        text = _tr(
            "{}, {}: {} of {} right ({:.0f} %, interval {:.0f} to {:.0f} %); the right answer had probability {:.3g}"
        )
        return text.format(
            counted(spot.point),
            self.plots[0].series[spot.series].name,
            result.right[at],
            result.tried[at],
            100 * result.accuracy[at],
            100 * low,
            100 * high,
            result.probs[at],
        )

    @property
    def _trial(self) -> FewShotTrial | None:
        return self.result.trials[self.trial] if self.trial < len(self.result.trials) else None

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """The prompt, whole, and what came of it."""
        trial = self._trial
        if trial is None:
            return
        em = QFontMetricsF(style.font).height()
        area = rect.adjusted(rect.width() * (1 - _PROMPT_SHARE) + 1.5 * em, 0, -0.5 * em, 0)
        shots = min(self.shots, len(trial.said) - 1)
        ink, faint, right = style.theme.ink, style.theme.faint, style.theme.accent
        said, is_right = clean(trial.said[shots]), trial.is_right[shots]
        # In a line of its own: both answers of a sentence have no room beside each other.
        wanted = "" if is_right else _tr("“{}” is right").format(clean(trial.answer))
        verdict = _tr("right") if is_right else _tr("wrong")
        if not is_right and trial.said[shots] == trial.answer:
            verdict, wanted = _tr("wrong, as no space stands before it"), ""
        title = _tr("Trial {}, {}: what the model was given").format(self.trial + 1, counted(shots))
        lines: list[list[tuple[str, QColor]]] = [[(title, faint)]]
        lines += [[(clean(line), ink)] for line in trial.prompt(shots).split("\n")]
        lines[-1].append((f" {said}", right))
        n_above = len(lines)
        lines.append([(_tr("It went on with “{}”: {}").format(said, verdict), faint)])
        lines += [[(wanted, faint)]] if wanted else []
        font = self._prompt_font(["".join(text for text, _ in parts) for parts in lines], area, style)
        metrics = QFontMetricsF(font)
        em = metrics.height()
        painter.save()
        painter.setFont(font)
        top = area.top() + max(area.height() - (len(lines) * _LINE + 2 * _PARTED) * em, 0.0) / 2
        for number, parts in enumerate(lines):
            x = area.left()
            y = top + (number * _LINE + _PARTED * ((number > 0) + (number >= n_above))) * em
            for text, color in parts:
                painter.setPen(color)
                elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.right() - x)
                painter.drawText(QPointF(x, y + metrics.ascent()), elided)
                x += metrics.horizontalAdvance(elided)
        painter.restore()

    def _prompt_font(self, lines: list[str], area: QRectF, style: FigureStyle) -> QFont:
        """With letters as large as leave all lines whole."""
        for factor in GROWN:
            font = resized(style.font, factor)
            metrics = QFontMetricsF(font)
            height = (len(lines) * _LINE + 2 * _PARTED) * metrics.height()
            if height <= area.height() and max(map(metrics.horizontalAdvance, lines)) <= area.width():
                return font
        return style.font

    def numbers(self) -> Numbers:
        """A row a number of examples and kind; arrays [kind, shot]."""
        result = self.result
        low, high = result.interval
        kinds = ("as they are", "others' answers")
        rows: list[tuple[str | int | float, ...]] = [
            (
                shots, kinds[kind], int(result.right[kind, shots]), int(result.tried[kind, shots]),
                *(float(values[kind, shots]) for values in (result.accuracy, low, high, result.probs)),
            )
            for kind in range(len(kinds))
            for shots in range(MOST_SHOTS + 1)
        ]  # fmt: skip
        arrays = {
            "right": result.right,
            "tried": result.tried,
            "accuracy": result.accuracy,
            "low": low,
            "high": high,
            "probs": result.probs,
            "asked": np.array([clean(trial.asked) for trial in result.trials], np.str_),
            "answer": np.array([clean(trial.answer) for trial in result.trials], np.str_),
            "is_right": np.array([trial.is_right for trial in result.trials], bool),
        }
        header = ("examples", "their answers", "right", "tried", "accuracy", "low", "high", "probability of the answer")
        return Numbers(arrays, header, rows)
