"""How a checkpoint encodes positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class PositionsRequest(Request["PositionsResult"]):
    """The position encodings of a checkpoint, at most `length` positions of each."""

    needs = frozenset({Capability.POSITIONS})

    checkpoint: str
    length: int = 512


@dataclass(frozen=True, slots=True)
class PositionTable:
    """One encoding.

    Attributes
    ----------
    name
        Where it lies in the model, such as `bert.embeddings.position_embeddings`.
    kind
        `learned`, `sinusoidal`, `rotary`, `relative` or `alibi`.
    values
        float32 [row, column]. learned, sinusoidal: [position, dimension]. rotary: [position, dimension], cosines then
        sines. relative: [head, relative position]. alibi: [head, 1], the slopes.
    row_label, column_label
        What the axes of `values` are.
    column_start
        Number of the first column: negative for relative positions, else 0.
    similarity
        float32 [map, position, position]. learned, sinusoidal: one map, cosine similarity. rotary: one map, the mean
        of the cosines of the angle between the positions. relative, alibi: a map for each head, the bias itself.
        Empty [head, 0, 0] where a table of places on a grid would take too much; `values` say the same.
    similarity_label
        What the numbers of `similarity` are.
    grid
        Rows and columns, where positions are places in an image, row by row; None where they lie in a row. Columns of
        a relative table are then the (2 * rows - 1) * (2 * columns - 1) distances key minus query, row by row from
        the one farthest up and left.
    note
        A sentence that says what the model does with it; empty where that of the result says so.
    """

    name: str
    kind: str
    values: np.ndarray
    row_label: str
    column_label: str
    column_start: int
    similarity: np.ndarray
    similarity_label: str
    grid: tuple[int, int] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PositionsResult:
    """`tables` in the order of the forward pass; `note` says in a sentence what the model does with them."""

    tables: tuple[PositionTable, ...]
    note: str

    def note_of(self, table: PositionTable) -> str:
        """What the model does with one of them: a model may have two kinds."""
        return table.note or self.note
