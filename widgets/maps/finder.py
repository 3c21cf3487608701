"""Which tokens were searched for, and which of them is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QCoreApplication

from widgets.maps.head_map import Axes
from widgets.maps.scene import Matches
from widgets.maps.search import matches


class Finder:
    """Matches along the axes: of one sequence they lie on the diagonal, else those of the queries come first."""

    def __init__(self) -> None:
        self._axes: Axes | None = None
        self._wanted = ""
        self._places: list[tuple[int | None, int | None]] = []
        self._at: int | None = None
        self.matches = Matches()

    def forget(self) -> None:
        """These tokens are no longer looked at; the same text will be searched for in the next."""
        self._axes = None
        self.search(self._wanted)

    def search_in(self, axes: Axes) -> None:
        """Search in these tokens from now on."""
        if self._axes is None or (axes.queries.words, axes.keys.words) != (
            self._axes.queries.words, self._axes.keys.words,
        ):  # fmt: skip
            self._axes = axes
            self.search(self._wanted)

    def search(self, text: str) -> None:
        """Look for another text; no match is gone to yet."""
        self._wanted, self._at = text, None
        axes = self._axes
        queries = matches(axes.queries, text) if axes else ()
        if axes is None or axes.are_same:
            keys = queries
            self._places = [(position, position) for position in queries]
        else:
            keys = matches(axes.keys, text)
            self._places = [*((row, None) for row in queries), *((None, column) for column in keys)]
        self.matches = Matches(np.array(queries, np.int64), np.array(keys, np.int64))

    def step(self, step: int) -> tuple[int | None, int | None] | None:
        """The next match, or the one before; 0 means the first one. Row, column, and None where it says nothing."""
        if not self._places:
            return None
        n = len(self._places)
        self._at = (0 if step >= 0 else n - 1) if self._at is None else (self._at + step) % n
        self.matches = replace(self.matches, query=self._places[self._at][0], key=self._places[self._at][1])
        return self._places[self._at]

    @property
    def text(self) -> str:
        """Such as "3 of 12"."""
        if not self._wanted.strip():
            return ""
        if not self._places:
            return QCoreApplication.translate("Search", "no match")
        at = 0 if self._at is None else self._at + 1
        return QCoreApplication.translate("Search", "{} of {}").format(at, len(self._places))
