"""Numbers of things in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from inference.results.counts import noun


def number_of(n: int, things: str) -> str:
    """`1 head`, `1,024 heads`; `things` is a plural of `SINGULAR`."""
    return f"{n:,} {QCoreApplication.translate('Counts', noun(n, things))}"
