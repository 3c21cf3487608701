"""How the patches of an image lie in a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.results.tokens import NO_SEGMENT, Tokens


def pair(length: Any) -> tuple[int, int]:
    """Rows and columns, of which configurations tell one where they are equal."""
    if isinstance(length, list | tuple):
        return int(length[0]), int(length[1])
    return int(length), int(length)


@dataclass(frozen=True)
class PatchGrid:
    """Patches, or pixels, row by row behind special tokens.

    Attributes
    ----------
    rows, columns
        Of patches.
    n_special
        Tokens before the first patch.
    unit
        Rows and columns of pixels that a patch shows.
    n_unread
        How many of the last patches are no tokens: Image GPT guesses the last pixel and does not read it.
    """

    rows: int
    columns: int
    n_special: int = 0
    unit: tuple[int, int] = (1, 1)
    n_unread: int = 0

    @classmethod
    def over(cls, shape: tuple[int, int], unit: int | tuple[int, int], n_special: int = 0) -> PatchGrid:
        """The patches that an image of so many rows and columns of pixels is cut into.

        Parameters
        ----------
        unit
            Rows and columns of pixels of a patch, or one number for both.
        """
        rows, columns = pair(unit)
        return cls(shape[0] // rows, shape[1] // columns, n_special, (rows, columns))

    @property
    def n_patches(self) -> int:
        return self.rows * self.columns

    @property
    def n_tokens(self) -> int:
        return self.n_special + self.n_patches - self.n_unread

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def first_about(self) -> int:
        """The first token whose state is about a patch: where patches are guessed one behind another, the start."""
        return 0 if self.n_unread else self.n_special

    @property
    def pixels(self) -> tuple[int, int]:
        """Rows and columns of pixels of the whole grid."""
        return self.rows * self.unit[0], self.columns * self.unit[1]

    def tokens(self, special: Sequence[str], ids: np.ndarray | None = None) -> Tokens:
        """The sequence, each patch named by its row and column, from 0.

        Parameters
        ----------
        special
            Words of the special tokens.
        ids
            int64 of the patches, such as their colours; -1 where they have none.
        """
        places = [f"{i // self.columns},{i % self.columns}" for i in range(self.n_patches - self.n_unread)]
        ids = np.full(len(places), -1) if ids is None else ids[: len(places)]
        n = len(special) + len(places)
        return Tokens(
            ids=np.concatenate([np.full(len(special), -1), ids]).astype(np.int64),
            words=(*special, *places),
            starts_word=np.ones(n, bool),
            is_special=np.arange(n) < len(special),
            segment=np.full(n, NO_SEGMENT, np.int8),
        )
