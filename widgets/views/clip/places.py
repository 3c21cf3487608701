"""Where the keys of a film lie: in which frame and patch, or beside the frames."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.clip import ClipResult
from inference.results.tokens import Tokens
from widgets.kit.clean import clean, isolated


class FilmPlace(NamedTuple):
    """A key, and the frame in which it is pointed at; -1 where it belongs to no frame."""

    frame: int
    key: int


_NOWHERE = (-1, -1, -1)


class FilmPlaces:
    """The keys of a result by frame, row and column."""

    def __init__(self, result: ClipResult) -> None:
        self._result = result
        self._n_frames, self._per_step = len(result.seen), result.frames_a_step

    @cached_property
    def by_patch(self) -> np.ndarray:
        """int32 [frame, row, column]: the key that lies there; -1 where none does."""
        result = self._result
        found = np.full((self._n_frames, *result.grid), -1, np.int32)
        for key, (step, row, column) in enumerate(result.key_cells.tolist()):
            if not result.key_tokens.is_special[key] and (step, row, column) != _NOWHERE:
                found[(self.frames_of(step), *(slice(None) if at < 0 else at for at in (row, column)))] = key
        return found

    @cached_property
    def alone(self) -> tuple[FilmPlace, ...]:
        """The keys that show nothing themselves, such as [CLS], with the first frame they belong to."""
        result = self._result
        specials = np.flatnonzero(result.key_tokens.is_special).tolist()
        return tuple(FilmPlace(int(result.key_cells[key, 0]) * self._per_step, key) for key in specials)

    @property
    def of_film(self) -> tuple[FilmPlace, ...]:
        """The keys that belong to no frame: [CLS] of all, or the words beside the film."""
        is_nowhere = (self._result.key_cells == -1).all(1)
        return tuple(FilmPlace(-1, key) for key in np.flatnonzero(is_nowhere).tolist())

    @property
    def has_words(self) -> bool:
        """Whether there are words beside the film."""
        return any(not self._result.key_tokens.is_special[place.key] for place in self.of_film)

    def of_frame(self, frame: int) -> tuple[FilmPlace, ...]:
        """Those of `alone` that belong to a frame."""
        return tuple(each for each in self.alone if each.frame == frame)

    @cached_property
    def is_seen(self) -> np.ndarray:
        """bool [key]: which keys the query attends to in any head: the others lie in another part."""
        return self._result.pattern.max((0, 1)) > 0

    def maps(self, values: np.ndarray) -> np.ndarray:
        """float32 [frame, row, column] of numbers of keys; NaN where no key lies, or none that the query can see."""
        keys = self.by_patch
        told = np.where(self.is_seen, values, np.nan).astype(np.float32)
        return np.where(keys >= 0, told[np.maximum(keys, 0)], np.float32(np.nan))

    def frames_of(self, step: int) -> slice:
        """The frames of a step; all for -1."""
        return slice(None) if step < 0 else slice(step * self._per_step, (step + 1) * self._per_step)

    @property
    def is_square(self) -> bool:
        """Whether keys can be queries: both lie in the same sequence."""
        result = self._result
        return result.query_tokens.words == result.key_tokens.words

    def moved(self, key: int, right: int, down: int) -> int:
        """The key beside; past the left or right border it is in the frame before or behind.

        Words stand above the film: their neighbours are words, and below them is the first frame.
        """
        result = self._result
        if self.has_words:
            words = [place.key for place in self.of_film]
            if key in words and not down > 0:
                return min(max(key + right, words[0]), words[-1])
            if key in words:
                return int(self.by_patch[0, 0, 0])
            if down < 0 and result.key_cells[key, 1] == 0:
                return words[-1]
        step, row, column = result.key_cells[key].tolist()
        n_rows, n_columns = result.grid
        n_steps = max(1, self._n_frames // self._per_step)
        step, row, column = max(step, 0), max(row, 0) + down, max(column, 0) + right
        if not 0 <= column < n_columns and 0 <= step + right < n_steps:
            step, column = step + right, 0 if right > 0 else n_columns - 1
        row, column = min(max(row, 0), n_rows - 1), min(max(column, 0), n_columns - 1)
        found = int(self.by_patch[step * self._per_step, row, column])
        return found if found >= 0 else key


def position_title(result: ClipResult, tokens: Tokens, cells: np.ndarray, position: int) -> str:
    """A position for the user, such as `patch (2, 3) of frame 5`; frames have the numbers of the film."""
    step, row, column = cells[position].tolist()
    per_step = result.frames_a_step
    shown = [int(frame) for frame in result.frames[step * per_step : (step + 1) * per_step]] if step >= 0 else []
    if tokens.is_special[position] or (step, row, column) == _NOWHERE:
        word = isolated(clean(tokens.words[position]))
        return word if step < 0 else _tr("{} of frame {}").format(word, shown[0])
    frames = (
        _tr("all frames")
        if step < 0
        else _tr("frame {}").format(shown[0])
        if per_step == 1
        else _tr("frames {}–{}").format(shown[0], shown[-1])
    )
    if row < 0 and per_step > 1 and step >= 0:
        return _tr("chip {} ({})").format(step, frames)
    return frames if row < 0 else _tr("patch ({}, {}) of {}").format(row, column, frames)


def _tr(text: str) -> str:
    return QCoreApplication.translate("FilmPlaces", text)
