"""Where on a film the positions of a sequence lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.inputs.tokens import joined
from inference.results.tokens import NO_SEGMENT, Tokens


@dataclass(frozen=True, eq=False)
class FilmAxis:
    """A sequence, and the place of each of its positions.

    Attributes
    ----------
    cells
        int16 [position, 3]: step in time, row and column of patches; -1 for all of them, and of words for none. A step
        is one of the frames that the model is shown, or as many as it takes into a patch.
    """

    tokens: Tokens
    cells: np.ndarray

    def __add__(self, other: FilmAxis) -> FilmAxis:
        return FilmAxis(joined(self.tokens, other.tokens), np.concatenate([self.cells, other.cells]))

    def at(self, positions: np.ndarray) -> FilmAxis:
        """Chosen positions, in the order that is given: int64 [position]."""
        tokens = self.tokens
        words = tuple(tokens.words[i] for i in positions.tolist())
        chosen = Tokens(
            ids=tokens.ids[positions],
            words=words,
            starts_word=tokens.starts_word[positions],
            is_special=tokens.is_special[positions],
            segment=tokens.segment[positions],
        )
        return FilmAxis(chosen, self.cells[positions])


def patches(steps: Sequence[int], rows: int, columns: int, frames_a_step: int = 1) -> FilmAxis:
    """Patches of steps, one step behind the other, row by row; named by frame, row and column, from 0."""
    cells = np.array([(t, row, column) for t in steps for row in range(rows) for column in range(columns)])
    names = [step_name(t, frames_a_step) for t in steps]
    words = [f"{name},{row},{column}" for name in names for row in range(rows) for column in range(columns)]
    return _axis(words, cells)


def places(rows: int, columns: int) -> FilmAxis:
    """Places that are the same in all frames, row by row."""
    cells = np.array([(-1, row, column) for row in range(rows) for column in range(columns)])
    return _axis([f"{row},{column}" for _, row, column in cells.tolist()], cells)


def whole_frames(n: int) -> FilmAxis:
    """A position for each frame."""
    return _axis([f"frame {i}" for i in range(n)], np.array([(i, -1, -1) for i in range(n)]))


def whole_chips(n: int) -> FilmAxis:
    """A position for each chip, which is some frames together."""
    return _axis([f"chip {i}" for i in range(n)], np.array([(i, -1, -1) for i in range(n)]))


def words_beside(tokens: Tokens) -> FilmAxis:
    """Words in front of what is seen."""
    return FilmAxis(tokens, np.full((len(tokens), 3), -1, np.int16))


def special(word: str, step: int = -1) -> FilmAxis:
    """A position that shows nothing itself, such as [CLS], of a frame or of the whole film."""
    return _axis([word], np.array([(step, -1, -1)]), is_special=True)


def step_name(step: int, frames_a_step: int) -> str:
    """The frames of a step, as the model counts them: `3`, or `6-7`."""
    first = step * frames_a_step
    return str(first) if frames_a_step == 1 else f"{first}-{first + frames_a_step - 1}"


def _axis(words: Sequence[str], cells: np.ndarray, *, is_special: bool = False) -> FilmAxis:
    n = len(words)
    tokens = Tokens(
        ids=np.full(n, -1, np.int64),
        words=tuple(words),
        starts_word=np.ones(n, bool),
        is_special=np.full(n, is_special),
        segment=np.full(n, NO_SEGMENT, np.int8),
    )
    return FilmAxis(tokens, cells.astype(np.int16).reshape(n, 3))
