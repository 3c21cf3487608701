"""What a position of a film attends to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class ClipRequest(Request["ClipResult"]):
    """What one position of a film (a patch, a frame, [CLS]) attends to, in every layer and head of a group.

    Attributes
    ----------
    query
        Position in the sequence of the queries; None means `Tokens.default_query`.
    with_rollout
        Whether attention is rolled out over the layers too, which takes as long as all queries.
    """

    needs = frozenset({Capability.CLIP})

    checkpoint: str
    input: Input
    group: str
    query: int | None = None
    with_rollout: bool = False


@dataclass(frozen=True, slots=True)
class ClipResult:
    """One query's row of every map of a group, and where on the film its keys lie.

    Attributes
    ----------
    query
        The position whose attention this is.
    query_tokens, key_tokens
        The sequences of both axes; patches are named `frame,row,column` from 0, frames as the model counts them.
    query_cells, key_cells
        int16 [position, 3]: step, row and column of a position; -1 for all of them, and of words for none.
        `frames_a_step` frames are a step.
    grid
        Rows and columns of patches in a frame.
    seen
        uint8 [frame, row, column, 3]: the frames that the model receives.
    frames
        Their numbers in the film, from 0.
    rate
        Frames of the film a second.
    pattern
        float32 [layer, head, key]: attention weights; a row sums to 1.
    rollout
        float32 [layer, key]: attention rollout from the first layer of the group to this one (Abnar and Zuidema
        2020); empty where it was not asked for, or is not shown.
    why_no_rollout
        Why it cannot be shown, as a sentence; empty where it can.
    notes
        What was left aside or assumed, as sentences.
    """

    group: str
    query: int
    query_tokens: Tokens
    key_tokens: Tokens
    query_cells: np.ndarray
    key_cells: np.ndarray
    grid: tuple[int, int]
    frames_a_step: int
    seen: np.ndarray
    frames: tuple[int, ...]
    rate: float
    pattern: np.ndarray
    rollout: np.ndarray
    why_no_rollout: str = ""
    notes: tuple[str, ...] = ()
