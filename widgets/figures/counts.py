"""Numbers of things, and weights, as they are written."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from inference.results.counts import noun


def number_of(n: int, things: str) -> str:
    """`1 head`, `1,024 heads`; `things` is a plural of `SINGULAR`."""
    return f"{n:,} {QCoreApplication.translate('Counts', noun(n, things))}"


def weight(value: float) -> str:
    """An attention weight: four digits, or the first two that count where these would be `0.0000`."""
    if value >= 0.001 or not value:
        return f"{value:.4f}"
    from widgets.figures.heat_panel import short  # with NumPy, for which the first window does not wait

    return short(value, 2)
