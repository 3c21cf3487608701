"""Numbers of a map in words."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from widgets.figures.token_axis import quoted
from widgets.maps.head_map import Axes, HeadMap, Reading
from widgets.maps.numerals import exact, short, span

_GAP = "  \N{MIDDLE DOT}  "
_ARROW = "\N{RIGHTWARDS ARROW}"
_N_STRONGEST = 5


def cell_text(known: HeadMap, reading: Reading) -> str:
    """Such as "“cat” → “sat”  0.1234 · positions 2 → 3", or "max of 64 × 64 cells  0.1234 · ..."."""
    rows, columns = reading.rows, reading.columns
    if len(rows) == len(columns) == 1:
        axes = known.axes
        query, key = quoted(axes.queries, rows.start), quoted(axes.keys, columns.start)
        parts = [f"{query} {_ARROW} {key}  {exact(reading.value)}"]
        parts.append(_tr("positions {}").format(f"{rows.start} {_ARROW} {columns.start}"))
    else:
        size = f"{len(rows)} \N{MULTIPLICATION SIGN} {len(columns)}"
        text = _tr("max of {} cells") if known.head.reduce == "max" else _tr("mean of {} cells")
        parts = [f"{text.format(size)}  {exact(reading.value)}"]
        parts.append(_tr("queries {} {} keys {}").format(span(rows), _ARROW, span(columns)))
    if reading.is_sampled:
        parts.append(_tr("from sampled rows"))
    return _GAP.join(parts)


def rows_text(axes: Axes, rows: range, pattern: np.ndarray | None) -> str:
    """Such as "Queries 120–180 attend most to  “[CLS]” (0) 0.312 · “cat” (12) 0.0512"."""
    start = _tr("Queries {} attend most to").format(span(rows))
    if len(rows) == 1:
        start = _tr("{} ({}) attends most to").format(quoted(axes.queries, rows.start), rows.start)
    if pattern is None:
        return f"{start} …"
    strongest = np.argsort(-pattern, kind="stable")[:_N_STRONGEST]
    keys = [f"{quoted(axes.keys, key)} ({key}) {short(float(pattern[key]))}" for key in strongest if pattern[key] > 0]
    return f"{start}  {_GAP.join(keys)}" if keys else _tr("Queries {} attend to nothing.").format(span(rows))


def _tr(text: str) -> str:
    return QCoreApplication.translate("DeepZoom", text)
