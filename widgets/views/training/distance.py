"""How far a network carries a letter: what is right by distance, how far it is solved, how long the paths are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QSizeF
from PySide6.QtGui import QFontMetricsF

from inference.results.distances import (
    SOLVED,
    distance_of_place,
    distances,
    longest_solved,
    path_length,
    state_path_length,
)
from inference.results.intervals import wilson
from inference.results.training import NETWORKS, WITH_NETWORKS, TrainingRequest
from widgets.figures.counts import number_of
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Level, Plot, PlotSpot, Series, Shown
from widgets.plots.figure import PlottedFigure
from widgets.views.training.curves import ShownRun, axis_of, places_of, where_text
from widgets.views.training.options import Against

_WITHIN, _LONGER = 0, 1  # strings as long as in training, and longer ones
_LEAST_PLACES = 12  # of which paths are told, where no run says how long its strings are


@dataclass(frozen=True, eq=False)
class RunOfNetwork:
    """A run as it is drawn, and what was asked for."""

    shown: ShownRun
    request: TrainingRequest

    @property
    def is_measured(self) -> bool:
        """Whether it tells what is right by distance."""
        seen = self.shown.result.validations
        return bool(seen) and bool(seen[-1].by_distance.any())

    @property
    def counts(self) -> np.ndarray:
        """int [2, 2, place] of the last validation; see `Validation.by_distance`."""
        return self.shown.result.validations[-1].by_distance

    def solved(self, kind: int) -> np.ndarray:
        """int [validation], the longest distance that is solved."""
        return np.array([longest_solved(one.by_distance[kind]) for one in self.shown.result.validations])


@dataclass(frozen=True, eq=False)
class DistanceFigure(PlottedFigure):
    """Three plots: letters that are right by distance, the longest distance that is solved, operations on the way.

    A distance is the number of tokens from a letter to where it is written. Bands are Wilson's 95 % intervals. Dashed
    are strings that are longer than those of training; on the right, dashed is the way past the attention.
    """

    runs: tuple[RunOfNetwork, ...]
    against: Against = "steps"
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        rule = _tr("Solved is a distance where it and all shorter ones have {:.0f} % of the letters right")
        parts = [rule.format(100 * SOLVED)]
        for run in self._measured:
            within, longer = (longest_solved(run.counts[kind]) for kind in (_WITHIN, _LONGER))
            most, farthest = (self._measured_up_to(run, kind) for kind in (_WITHIN, _LONGER))
            text = _tr("{}: {} of {}, in longer strings {} of {}")
            parts.append(text.format(run.shown.name, within, most, longer, farthest))
        unmeasured = [run.shown.name for run in self.runs if run.request.task == "reversal" and not run.is_measured]
        if unmeasured:
            parts.append(_tr("An older version did not measure {} so").format(", ".join(unmeasured)))
        return " · ".join(parts)

    @cached_property
    def _measured(self) -> tuple[RunOfNetwork, ...]:
        return tuple(run for run in self.runs if run.is_measured)

    @staticmethod
    def _measured_up_to(run: RunOfNetwork, kind: int) -> int:
        places = np.flatnonzero(run.counts[kind, 1])
        return distance_of_place(int(places[-1])) if len(places) else 0

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        tokens = Axis(_tr("tokens from reading to writing"), low=0.0)
        empty = "" if self._measured else _tr("Train a string reversal, or tick one that is kept.")
        right = Plot(
            (*self._accuracies(), *([Level(_tr("solved: {:g}").format(SOLVED), SOLVED)] if self._measured else [])),
            tokens,
            Axis("", low=0.0, high=1.0),
            _tr("Letters that are right"),
            empty=empty,
        )
        farthest = max(
            (self._measured_up_to(run, kind) for run in self._measured for kind in (_WITHIN, _LONGER)), default=0
        )
        solved = Plot(
            tuple(self._solved()),
            axis_of(self.against),
            Axis(_tr("tokens"), low=0.0, high=float(farthest) or None),  # also while nothing is solved
            _tr("Longest distance solved"),
            empty=empty,
        )
        paths = Plot(
            tuple(self._paths()), tokens, Axis(_tr("operations"), low=0.0), _tr("Shortest path to what is written"),
            empty="" if self._networks else _tr("Paths are told of string reversal and of the next word."),
        )  # fmt: skip
        return right, solved, paths

    def _accuracies(self) -> list[Series]:
        found: list[Series] = []
        for run in self._measured:
            for kind in (_WITHIN, _LONGER):
                places = np.flatnonzero(run.counts[kind, 1])
                n_right, n = run.counts[kind][:, places]
                low, high = wilson(n_right, n)
                x = np.array([distance_of_place(int(place)) for place in places], float)
                name, ink, is_dashed = self._name(run, kind), run.shown.ink, kind == _LONGER
                found.append(Curve(name, x, n_right / n, ink, low, high, has_dots=not is_dashed, is_dashed=is_dashed))
        return found

    def _solved(self) -> list[Series]:
        found: list[Series] = []
        for run in self._measured:
            x, ink = places_of(run.shown, self.against), run.shown.ink
            # Looks of an older version, which a run that went on has too, measured nothing.
            is_known = np.isfinite(x) & [bool(one.by_distance.any()) for one in run.shown.result.validations]
            for kind in (_WITHIN, _LONGER):
                y = run.solved(kind).astype(float)[is_known]
                name, is_dashed = self._name(run, kind), kind == _LONGER
                found.append(Curve(name, x[is_known], y, ink, has_dots=not is_dashed, is_dashed=is_dashed, width=1.6))
        return found

    def _name(self, run: RunOfNetwork, kind: int) -> str:
        return run.shown.name if kind == _WITHIN else _tr("{}, longer strings").format(run.shown.name)

    @cached_property
    def _networks(self) -> tuple[RunOfNetwork, ...]:
        return tuple(run for run in self.runs if run.request.task in WITH_NETWORKS)

    def _paths(self) -> list[Series]:
        n = max([_LEAST_PLACES, *(run.counts.shape[2] for run in self._measured)])
        found: list[Series] = []
        for run in self._networks:
            task, sizes = run.request.task, run.request.sizes
            x = np.array(distances(task, n), float)
            y = np.array([path_length(task, sizes, int(one)) for one in x], float)
            found.append(Curve(run.shown.name, x, y, run.shown.ink))
            if sizes.architecture == "lstm" and task == "reversal":
                past = np.array([state_path_length(task, sizes, int(one)) for one in x], float)
                name = _tr("{}, past its attention").format(run.shown.name)
                found.append(Curve(name, x, past, run.shown.ink, is_dashed=True))
        return found

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(90 * em, 30 * em)

    def describe(self, spot: PlotSpot) -> str:
        """A point in words."""
        series = self.plots[spot.plot].series[spot.series]
        assert isinstance(series, Curve)
        x, y = float(series.x[spot.point]), float(series.y[spot.point])
        if spot.plot == 1:
            where = where_text(x, self.against)
            return _tr("{}, {}: solved up to {}").format(series.name, where, number_of(round(y), "tokens"))
        if spot.plot == 2:
            return _tr("{}: {} to what is written {} later").format(
                series.name, number_of(round(y), "operations"), number_of(round(x), "tokens")
            )
        run, kind = self._measured[spot.series // 2], spot.series % 2
        n_right, n = run.counts[kind][:, np.flatnonzero(run.counts[kind, 1])[spot.point]]
        assert series.low is not None
        assert series.high is not None
        low, high = (100 * float(end[spot.point]) for end in (series.low, series.high))
        text = _tr("{}, {}: {} of {} right, {:.0f} % ({:.0f} to {:.0f} %)")
        return text.format(
            series.name, number_of(round(x), "tokens"), n_right, number_of(n, "letters"), 100 * y, low, high
        )

    def numbers(self) -> Numbers:
        """A row a distance of each run and kind of strings, with the paths; in arrays also each validation."""
        rows: list[tuple[str | int | float, ...]] = []
        arrays: dict[str, np.ndarray] = {}
        for number, run in enumerate(self._measured):
            name, task, sizes = run.shown.name, run.request.task, run.request.sizes
            for kind, strings in ((_WITHIN, "as in training"), (_LONGER, "longer")):
                ends = wilson(run.counts[kind, 0], run.counts[kind, 1])
                for place in np.flatnonzero(run.counts[kind, 1]):
                    distance = distance_of_place(int(place))
                    n_right, n = run.counts[kind, :, place].tolist()
                    low, high = map(float, ends[:, place])
                    paths = path_length(task, sizes, distance), _past_attention(run, distance)
                    rows.append((name, NETWORKS[sizes.architecture], strings, distance, n_right, n, low, high, *paths))
            seen = run.shown.result.validations
            arrays |= {
                f"{number}_name": np.array(name, np.str_),
                f"{number}_counts": run.counts,
                f"{number}_validated": np.array([one.step for one in seen]),
                f"{number}_validated_seconds": np.array([one.seconds for one in seen]),
                f"{number}_solved": np.stack([run.solved(_WITHIN), run.solved(_LONGER)], 1),
            }
        for number, series in enumerate(self._paths()):
            assert isinstance(series, Curve)
            arrays[f"path_{number}_name"] = np.array(series.name, np.str_)
            arrays[f"path_{number}"] = np.stack([series.x, series.y]).astype(int)
        header = (
            "run", "architecture", "strings", "distance in tokens", "right", "letters", "95 % from", "95 % to",
            "operations", "operations past the attention",
        )  # fmt: skip
        return Numbers(arrays, header, rows)


def _past_attention(run: RunOfNetwork, distance: int) -> int | str:
    sizes = run.request.sizes
    return state_path_length(run.request.task, sizes, distance) if sizes.architecture == "lstm" else ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("DistanceFigure", text)
