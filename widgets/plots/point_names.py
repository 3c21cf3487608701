"""Names beside points: as many as there is room for, so that a map can be read; the closer one looks, the more."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF

from widgets.plots.data import Curve, Ink, Points
from widgets.plots.frame import Frame

_MOST = 4_000  # that are tried: beyond, nothing could be read
_BETWEEN = 5.0  # points, along a line
_BESIDE, _MARGIN = 0.5, 0.15  # em between two names: beside and below each other
_NEAR, _CORNER = 0.8, 0.3  # em from a point to the side and to the corner of the name that calls it out
_STEPS = (0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0)  # em that it may be further away
_DIRECTIONS = ((1, -1), (-1, -1), (1, 1), (-1, 1), (1, 0), (-1, 0), (0, -1), (0, 1))  # the first ones rather
_FREE = 0.15  # em around a dot that the name of another one leaves free: its frame would touch it


class PlacedName(NamedTuple):
    """A name, and where its base line begins."""

    text: str
    at: QPointF
    ink: Ink


def callout_box(frame: Frame, at: QPointF, text: str, metrics: QFontMetricsF, hidden: Collection[str] = ()) -> QRectF:
    """The box of the name of a point that is called out: in one of eight directions, as near as it covers no point."""
    em, lines, inner = metrics.height(), text.split("\n"), frame.inner
    size = QSizeF(max(map(metrics.horizontalAdvance, lines)) + 0.8 * em, (1.1 * len(lines) + 0.3) * em)
    dots = _dots(frame, hidden, em) + np.array([0, 0, _FREE * em])
    least: tuple[int, QRectF] | None = None
    for step in _STEPS:
        for right, down in _DIRECTIONS:
            low = (step + (_CORNER if right else _NEAR)) * em
            away = QPointF(right * ((step + _NEAR) * em + size.width() / 2), down * (low + size.height() / 2))
            box = QRectF(QPointF(), size)
            box.moveCenter(at + away)
            if inner.contains(box):
                n_covered = int(_covered(box, dots).sum())
                if not n_covered:
                    return box
                least = min(least or (n_covered, box), (n_covered, box), key=lambda one: one[0])
    if least is not None:
        return least[1]
    x = at.x() + _NEAR * em
    x = at.x() - _NEAR * em - size.width() if x + size.width() > inner.right() else x
    above = at.y() - size.height() - 0.3 * em
    return QRectF(QPointF(x, at.y() + 0.5 * em if above < inner.top() else above), size)


def placed_names(
    frame: Frame, hidden: Collection[str], metrics: QFontMetricsF, larger: QFontMetricsF
) -> list[PlacedName]:
    """Where names stand: right, left, above or below of their points, where none stands yet and no point is covered.

    Later series come first: they lie on top. `larger` are the letters of what is called out, and the sizes of points
    are counted in them.
    """
    em = larger.height()
    named = [
        (number, series)
        for number, series in enumerate(frame.plot.series)
        if isinstance(series, Points) and series.has_names and series.labels and series.name not in hidden
    ]
    inner = frame.inner
    dots = _dots(frame, hidden, em)
    called = (
        callout_box(frame, frame.point(one.series, one.point), one.text, larger, hidden)
        for one in frame.plot.callouts
        if one.text and frame.has(one.series, one.point, hidden)
    )
    edges = [[box.left(), box.top(), box.right(), box.bottom()] for box in called]
    taken = np.array(edges).reshape(-1, 4)
    found: list[PlacedName] = []
    for number, series in reversed(named):
        across, up = frame.pixels(*frame.plot.places(number))
        gap = series.size * em / 2 + 0.2 * metrics.height()
        for x, y, text in list(zip(across.tolist(), up.tolist(), series.labels, strict=True))[:_MOST]:
            if not inner.contains(QPointF(x, y)):
                continue
            width, height = metrics.horizontalAdvance(text), metrics.ascent()
            for left, top in (
                (x + gap, y - height / 2),
                (x - gap - width, y - height / 2),
                (x - width / 2, y - gap - height),
                (x - width / 2, y + gap),
            ):
                box = QRectF(left, top, width, height)
                if inner.contains(box) and not _meets(box, taken) and not _covers(box, dots):
                    beside, margin = _BESIDE * height, _MARGIN * height
                    edges = [[left - beside, top - margin, left + width + beside, top + height + margin]]
                    taken = np.concatenate([taken, edges])
                    # Letters need more contrast than dots: what is coloured by number is written in ink.
                    ink: Ink = series.ink if isinstance(series.ink, str) else "ink"
                    found.append(PlacedName(text, QPointF(left, top + 0.86 * height), ink))
                    break
    return found


def _dots(frame: Frame, hidden: Collection[str], em: float) -> np.ndarray:
    """Where points and lines that lead the eye are, and how far they reach around: x, y, radius [point, 3]."""
    places = []
    for number, series in enumerate(frame.plot.series):
        if series.name in hidden:
            continue
        at = np.column_stack(frame.pixels(*frame.plot.places(number)))
        if isinstance(series, Points):
            places.append(np.insert(at, 2, series.size * em / 2, axis=1))
        elif isinstance(series, Curve) and series.is_guide:
            lines = [_along(start, end) for start, end in pairwise(at) if np.isfinite([start, end]).all()]
            places += [np.insert(line, 2, 0.0, axis=1) for line in lines]
    return np.concatenate(places) if places else np.empty((0, 3))


def _along(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Places on a line, close enough for no name to fit between two."""
    n = int(min(np.linalg.norm(end - start) / _BETWEEN, _MOST)) + 2
    return start + np.linspace(0, 1, n)[:, None] * (end - start)


def _meets(box: QRectF, taken: np.ndarray) -> bool:
    is_beside = (taken[:, 2] < box.left()) | (taken[:, 0] > box.right())
    is_above = (taken[:, 3] < box.top()) | (taken[:, 1] > box.bottom())
    return bool((~(is_beside | is_above)).any())


def _covers(box: QRectF, dots: np.ndarray) -> bool:
    return bool(_covered(box, dots).any())


def _covered(box: QRectF, dots: np.ndarray) -> np.ndarray:
    x, y, around = dots.T
    is_in = (box.left() <= x + around) & (x - around <= box.right())
    return is_in & (box.top() <= y + around) & (y - around <= box.bottom())
