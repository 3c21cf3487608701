"""Measures of heads as they are written, everywhere alike: names, numbers, orders, and why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from inference.results.measures import MEASURES, Measure, MeasuresResult
from widgets.figures.places import about_order, in_order, place_name, whole_name
from widgets.kit.clean import isolated

DASH = "\N{EN DASH}"
MEASURE_BY_NAME: dict[str, Measure] = {measure.name: measure for measure in MEASURES}
_ALONG = ("distance", "distance_variance", "previous", "next")  # they go along the sequence
_SMALLEST = 1e-4  # share below which digits say nothing


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
    import numpy as np  # as below: the first window, which names measures, does without

    is_there = ~np.isnan(list(result.measures.values())).all(axis=0)
    return [HeadIndex(layer, head) for layer, head in np.argwhere(is_there).tolist()]


def ordered(result: MeasuresResult, by: str, *, is_falling: bool) -> list[HeadIndex]:
    """The heads by `layer`, `head` or a measure; heads without that number come last."""
    places = places_of(result)
    sign = -1 if is_falling else 1
    if by in ("layer", "head"):
        return sorted(places, key=lambda place: sign * getattr(place, by))
    values = result.measures[by]
    return sorted(places, key=lambda place: math.inf if math.isnan(values[place]) else sign * float(values[place]))


def measure_name(name: str, axis: str = "text", marks: Mapping[str, str] | None = None) -> str:
    """What a measure is called, on every screen alike.

    Parameters
    ----------
    axis
        Of the queries: an image has a previous patch where a text has a previous token.
    marks
        How the tokens are written that `cls` and `sep` are about; as BERT has them where not given.
    """
    if name in ("cls", "sep"):
        return isolated((marks or {}).get(name) or f"[{name.upper()}]")
    place = place_name(axis).step
    titles = {
        "previous": _tr("Previous {}").format(place),
        "next": _tr("Next {}").format(place),
        "same": _tr("Same {}").format(place),
    }
    return titles.get(name) or _tr(MEASURE_BY_NAME[name].title)


def measure_about(name: str, axis: str = "text") -> str:
    """What a measure says, in a sentence; of an image also that it does not tell of rows and columns."""
    about = _tr(MEASURE_BY_NAME[name].about).format(one=place_name(axis).step)
    order = about_order(axis) if name in _ALONG else ""
    return f"{about.removesuffix('.')}, {order}." if order else about


def unit_of(name: str, axis: str = "text") -> str:
    """The unit of a measure; empty for shares, which are written in per cent."""
    many = place_name(axis).steps
    far = " ".join(filter(None, (many, in_order(axis))))
    return {"entropy": _tr("bits"), "distance": far, "distance_variance": f"{many}²"}.get(name, "")


def share_text(share: float) -> str:
    """A share of the attention in per cent, with the digits that say something."""
    if 0 < share < _SMALLEST:
        return _tr("< {} %").format(f"{100 * _SMALLEST:.2f}")
    percent = 100 * share
    return f"{percent:.{1 if percent >= 0.1 or not share else 2}f} %"


def number_text(name: str, value: float) -> str:
    """A measure to the digits that are worth reading, without its unit; a dash where there is none."""
    if math.isnan(value):
        return DASH
    n_digits = {"entropy": 2, "distance": 1, "distance_variance": 0 if value >= 100 else 1}.get(name)
    return share_text(value) if n_digits is None else f"{value:z.{n_digits}f}"


def number_with_unit(name: str, value: float, axis: str = "text") -> str:
    """Such as "2.31 bits" or "6.9 %"."""
    return " ".join(filter(None, (number_text(name, value), "" if math.isnan(value) else unit_of(name, axis))))


def with_unit(name: str, value: float, axis: str = "text", marks: Mapping[str, str] | None = None) -> str:
    """Such as "Entropy 2.31 bits"."""
    return f"{measure_name(name, axis, marks)} {number_with_unit(name, value, axis)}"


def axis_title(name: str, axis: str = "text") -> str:
    """A measure with its unit, in a line that a low plot has room for: how places are counted stands elsewhere."""
    unit = place_name(axis).steps if name == "distance" else unit_of(name, axis)
    return f"{measure_name(name, axis)} ({unit or _tr('share of the attention')})"


def why_none(result: MeasuresResult, name: str) -> str:
    """Why a measure has no number, in a sentence."""
    import numpy as np

    measures, (axis, _) = result.measures, result.axes
    one, whole = place_name(axis).one, whole_name(axis)
    if name == "special":
        return _tr("The {} has no special tokens.").format(whole)
    if np.isnan(measures["distance"]).all():
        return _tr("Queries and keys are two sequences: their places cannot be compared.")
    if result.n_queries == 1:
        return _tr("The {} has a single {}.").format(whole, one)
    if name == "next":
        return _tr("The future is hidden: no {} can look at the one that follows it.").format(one)
    return _tr("No {} that was measured occurs twice.").format(one)


def dashes_text(result: MeasuresResult) -> str:
    """Which measures no head has, and why; empty where there are none."""
    import numpy as np

    axis = result.axes[0]
    none = [measure.name for measure in MEASURES if np.isnan(result.measures[measure.name]).all()]
    reasons: dict[str, list[str]] = {}
    for name in none:
        reasons.setdefault(why_none(result, name), []).append(measure_name(name, axis))
    said = (f"{_tr(', ').join(names)} ({why[:1].lower()}{why[1:].removesuffix('.')})" for why, names in reasons.items())
    return _tr("without a number: {}").format(", ".join(said)) if none else ""


def sample_text(result: MeasuresResult) -> str:
    """Over how many queries the numbers go, where these are not all."""
    if result.n_rows >= result.n_queries:
        return ""
    return _tr("sampled: {:,} of {:,} queries").format(result.n_rows, result.n_queries)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadMeasures", text)
