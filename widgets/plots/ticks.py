"""Where an axis begins and ends, its ticks, and how numbers are written beside them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from widgets.figures.heat_panel import MINUS, RAISED
from widgets.plots.data import Axis

_SPARSE = 2.5  # times the room that a short number needs lies between numbers
_N_STEPS = 6  # of a linear axis that is looked at as a whole
_FEW_DIGITS = 3  # powers of ten within which numbers are written out, as those of short axes are
_PAD = 0.025  # of its length at either end, so that no point lies on the edge


class Extent(NamedTuple):
    """From where to where an axis goes, in distances along it."""

    low: float
    high: float

    def pixels(self, units: np.ndarray, start: float, end: float) -> np.ndarray:
        """Where distances lie if the axis runs from one pixel to another."""
        return start + (units - self.low) / ((self.high - self.low) or 1.0) * (end - start)


class Tick(NamedTuple):
    """A tick: a distance along the axis, and what is written there."""

    at: float
    text: str


def extent_of(axis: Axis, units: np.ndarray) -> Extent:
    """All numbers with a little room; round ends, from 0 unless they crowd far above it."""
    units = units[np.isfinite(units)]
    if axis.labels:
        whole = Extent(-0.5, len(axis.labels) - 0.5)
    elif not units.size:
        whole = Extent(0.0, 1.0)
    elif axis.is_log:
        one = math.log10(axis.base)
        low, high = math.floor(units.min() / one + 1e-9), math.ceil(units.max() / one - 1e-9)
        whole = Extent(low * one, max(high, low + 1) * one)
    else:
        whole = _rounded(float(units.min()), float(units.max()))
    pad = 0.0 if axis.labels else _PAD * (whole.high - whole.low)
    fixed = [None if end is None else float(axis.units(np.array(end))) for end in (axis.low, axis.high)]
    low = whole.low - pad if fixed[0] is None else fixed[0]
    high = whole.high + pad if fixed[1] is None else fixed[1]
    return Extent(low, high if high > low else low + 1.0)


def _rounded(low: float, high: float) -> Extent:
    if 0 <= low < 0.4 * high or low == high >= 0:
        low = 0.0
    elif low == high:
        high = 0.0
    step = round_step((high - low or 1.0) / _N_STEPS)
    first = math.floor(low / step + 1e-9)
    return Extent(first * step, max(math.ceil(high / step - 1e-9), first + 1) * step)


def round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= least * (1 - 1e-9))


def ticks(axis: Axis, extent: Extent, length: float, room: Callable[[str], float]) -> list[Tick]:
    """The ticks of an axis `length` long; `room` says what a text takes along it, with the gap to the next."""
    if axis.labels:
        return _names(axis, extent, length, room)
    if axis.is_log:
        one = math.log10(axis.base)
        low, high = math.ceil(extent.low / one - 1e-9), math.floor(extent.high / one + 1e-9)
        if high - low >= 2:
            write = _log_text if axis.base != 10 or axis.text or max(-low, high) > _FEW_DIGITS else _short_power
            found = [Tick(power * one, write(axis, power)) for power in range(low, high + 1)]
            return _thinned(found, extent, length, room)
        if 10 ** (extent.high - extent.low) > 4:
            return _thinned(_multiples(axis, extent), extent, length, room)
    return _linear(axis, extent, length, room)


def _names(axis: Axis, extent: Extent, length: float, room: Callable[[str], float]) -> list[Tick]:
    low, high = max(math.ceil(extent.low), 0), min(math.floor(extent.high), len(axis.labels) - 1)
    found = [Tick(place, axis.labels[place]) for place in range(low, high + 1)]
    thinned, main = _thinned(found, extent, length, room), [tick for tick in found if tick.at in axis.main]
    if not main or len(thinned) == len(found):
        return thinned
    *before, last = main
    step = length / (extent.high - extent.low)
    return [
        *(
            tick
            for tick in _thinned(before, extent, length, room)
            if (last.at - tick.at) * step >= (room(tick.text) + room(last.text)) / 2
        ),
        last,
    ]


def _thinned(found: list[Tick], extent: Extent, length: float, room: Callable[[str], float]) -> list[Tick]:
    """Every second, third ... if all would touch."""
    if len(found) < 2:
        return found
    spacing = (found[1].at - found[0].at) / (extent.high - extent.low) * length
    widest = max(room(tick.text) for tick in found)
    return found[:: max(1, math.ceil(widest / max(spacing, 1e-9)))]


def _multiples(axis: Axis, extent: Extent) -> list[Tick]:
    """1, 2 and 5 times the powers of ten."""
    powers = range(math.floor(extent.low), math.ceil(extent.high) + 1)
    numbers = [10.0**power * m for power in powers for m in (1, 2, 5)]
    write = axis.text or (lambda value: f"{value:g}")
    found = [Tick(math.log10(number), write(number)) for number in numbers]
    return [tick for tick in found if extent.low <= tick.at <= extent.high]


def _linear(axis: Axis, extent: Extent, length: float, room: Callable[[str], float]) -> list[Tick]:
    n_room = max(length / room("0"), 1.0)
    n_most = n_room / _SPARSE
    found: list[Tick] = []
    for _ in range(4):  # wide texts need fewer ticks
        found = _at_steps(axis, extent, n_most)
        widest = max((room(tick.text) for tick in found), default=1.0)
        if len(found) < 2 or widest * len(found) <= length * 1.1:
            break
        n_most = min(length / widest, 0.6 * n_most)
    while len(found) < 2 and n_most < n_room:  # a single number does not tell how large anything is
        n_most *= 2
        finer = _at_steps(axis, extent, n_most)
        if max((room(tick.text) for tick in finer), default=1.0) * len(finer) > length * 1.1:
            break
        found = finer
    return found


def _at_steps(axis: Axis, extent: Extent, n_most: float) -> list[Tick]:
    """Ticks at multiples of a round step, of which about so many have room."""
    low, high = axis.number(extent.low), axis.number(extent.high)
    step = round_step((high - low) / max(n_most, 1.0))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    write = axis.text or _plain(step)
    values = [i * step for i in range(first, last + 1)]
    return [Tick(float(axis.units(np.array(value))), write(value)) for value in values]


def _plain(step: float) -> Callable[[float], str]:
    """As many digits as the step between ticks needs."""
    n_digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return lambda value: f"{value:.{n_digits}f}".replace("-", MINUS)


# Numbers on logarithmic axes


def _log_text(axis: Axis, power: int) -> str:
    value = float(axis.base) ** power
    if axis.text is not None:
        return axis.text(value)
    return count_text(value) if axis.base == 10 else f"{value:g}"


def _short_power(_axis: Axis, power: int) -> str:
    return f"{10.0**power:g}"


def count_text(value: float) -> str:
    """A power of ten, 10⁶; two or five times one, 2·10⁶."""
    power = math.floor(math.log10(value) + 1e-9)
    front = f"{value / 10.0**power:.3g}"
    return ("" if front == "1" else f"{front}·") + f"10{str(power).translate(RAISED)}"


def bytes_text(value: float) -> str:
    """Such as 10 kB."""
    return _with_unit(value, ("B", "kB", "MB", "GB", "TB", "PB"))


def seconds_text(value: float) -> str:
    """Such as 10 ms."""
    return _with_unit(value * 1e9, ("ns", "µs", "ms", "s", "ks"))


def length_text(value: float) -> str:
    """Powers of two as they are spoken of: 4k is 4,096."""
    return f"{value / 1024:.4g}k" if value >= 1024 else f"{value:g}"


def percent_text(value: float) -> str:
    """A share in per cent."""
    return f"{100 * value:.3g} %"


def _with_unit(value: float, units: tuple[str, ...]) -> str:
    thousands = min(max(math.floor(math.log10(value) / 3 + 1e-9), 0), len(units) - 1)
    return f"{value / 1000**thousands:.3g} {units[thousands]}"
