"""Generated clips as stories: a frame of each event, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from resources.clips import Clip

AT: Final = 0.66  # share of an event that is over in its frame: what changes can be seen to, and from what
END: Final = "and that is it so far"


class ClipSegment(NamedTuple):
    """A frame, counted from 0, and what a narrator says of it, with filler words."""

    frame: int
    text: str


def clip_segments(clip: Clip, n: int, at: float = AT) -> tuple[ClipSegment, ...]:
    """One for each event, in order of time; where they are fewer than `n`, the last frame of the clip is one more.

    Parameters
    ----------
    n
        How many are wanted; there may be more.
    at
        Which frame of an event, as a share of its length, 0 to 1.
    """
    said = {utterance.event: utterance.text for utterance in clip.narration}
    found = [
        ClipSegment(min(round(event.start + at * (event.end - event.start)), event.end - 1), said[i])
        for i, event in enumerate(clip.events)
    ]
    if len(found) < n:
        found.append(ClipSegment(clip.n_frames - 1, END))
    return tuple(found)
