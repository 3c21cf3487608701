"""A film as the model sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class FilmStripRequest(Request["FilmStripResult"]):
    """Which frames of a film the checkpoint sees, and how."""

    needs = frozenset({Capability.CLIP})

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class FilmStripResult:
    """The frames that are seen, and small ones of the whole film to choose others from.

    Attributes
    ----------
    seen
        uint8 [frame, row, column, 3]: the chosen frames, resized and cropped as the model receives them.
    frames
        Their numbers in the film, from 0.
    n_frames
        Of the film.
    rate
        Frames a second.
    previews
        uint8 [preview, row, column, 3]: every `preview_step`-th frame of the film, at most 96 pixels a side.
    about
        What was done, in a line, such as `61 frames of 320 × 240, resized to 224 × 224`.
    events
        Of a generated clip what happens: first frame, the one after the last, and a sentence.
    narration
        The same for what is said of it; it may be early or late, and holds filler words.
    hides_places
        Whether the checkpoint was made to fill in places that are hidden in all frames.
    is_hidden
        bool [row, column] of patches: which places are; all False where none are hidden.
    notes
        What was left aside or assumed, as sentences.
    text
        What the checkpoint reads beside a generated clip where nothing else is typed; empty for files, and where it
        has no words of its own for the clip.
    """

    seen: np.ndarray
    frames: tuple[int, ...]
    n_frames: int
    rate: float
    previews: np.ndarray
    preview_step: int
    about: str
    events: tuple[tuple[int, int, str], ...]
    narration: tuple[tuple[int, int, str], ...]
    hides_places: bool
    is_hidden: np.ndarray
    notes: tuple[str, ...] = ()
    text: str = ""
