"""Measures of heads as they are written: numbers, orders, and why there is none."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.measures import MEASURES, Measure, MeasuresResult

DASH = "\N{EN DASH}"
MEASURE_BY_NAME: dict[str, Measure] = {measure.name: measure for measure in MEASURES}


class HeadIndex(NamedTuple):
    """A head."""

    layer: int
    head: int

    @property
    def title(self) -> str:
        """Such as "Layer 2, head 5"."""
        return _tr("Layer {}, head {}").format(self.layer, self.head)


def places_of(result: MeasuresResult) -> list[HeadIndex]:
    """The heads that there are, by layer and head: a layer may have fewer than the widest."""
    is_there = ~np.isnan(list(result.measures.values())).all(axis=0)
    return [HeadIndex(layer, head) for layer, head in np.argwhere(is_there).tolist()]


def ordered(result: MeasuresResult, by: str, *, is_falling: bool) -> list[HeadIndex]:
    """The heads by `layer`, `head` or a measure; heads without that number come last."""
    places = places_of(result)
    sign = -1 if is_falling else 1
    if by in ("layer", "head"):
        return sorted(places, key=lambda place: sign * getattr(place, by))
    values = result.measures[by]
    return sorted(places, key=lambda place: math.inf if np.isnan(values[place]) else sign * float(values[place]))


def number_text(name: str, value: float) -> str:
    """A measure to the digits that are worth reading; a dash where there is none."""
    if math.isnan(value):
        return DASH
    n_digits = {"entropy": 2, "distance": 1, "distance_variance": 0 if value >= 100 else 1}.get(name, 3)
    if n_digits == 3 and 0 < value < 0.0095:  # the share of a token in a long text
        return np.format_float_positional(np.float32(value), precision=2, fractional=False, trim="-")
    return f"{value:.{n_digits}f}"


def with_unit(name: str, value: float) -> str:
    """Such as "Entropy 2.31 bits"."""
    measure = MEASURE_BY_NAME[name]
    return " ".join(filter(None, (measure.title, number_text(name, value), "" if math.isnan(value) else measure.unit)))


def axis_title(name: str) -> str:
    """A measure with its unit."""
    measure = MEASURE_BY_NAME[name]
    return f"{measure.title} ({measure.unit or _tr('share of the attention')})"


def why_none(result: MeasuresResult, name: str) -> str:
    """Why a measure has no number, in a sentence."""
    measures = result.measures
    if name == "special":
        return _tr("The text has no special tokens.")
    if np.isnan(measures["distance"]).all():
        return _tr("Queries and keys are two sequences: their places cannot be compared.")
    if result.n_queries == 1:
        return _tr("The text has a single token.")
    if name == "next":
        return _tr("The future is hidden: no token can look at the one behind it.")
    return _tr("No token occurs twice, as far as it was looked at.")


def sample_text(result: MeasuresResult) -> str:
    """Over how many queries the numbers go, where these are not all."""
    if result.n_rows >= result.n_queries:
        return ""
    return _tr("sampled: {:,} of {:,} queries").format(result.n_rows, result.n_queries)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadMeasures", text)
