"""Films made ready for a model: the frames that it takes, and small ones of the whole to choose from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inference.context import Refused
from inference.inputs.clips.sources import FilmSource, numbered_images, open_film
from inference.inputs.images import FIRST_FRESH_SEED, MOST_SEED, Prepared, fitted, longest_side, normalised
from inference.inputs.scene_images import paint_scene
from inference.results.counts import count_of, verb
from inference.results.inputs import ClipInput
from resources.clips import CLIP_RATE, make_clip

if TYPE_CHECKING:
    from inference.inputs.images import Preparation
    from resources.clips import Clip

MOST_PREVIEWS = 240
_PREVIEW_SIDE = 96  # pixels, at most

Check = Callable[[], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class PreparedClip(Prepared):
    """A film made ready; as an image it is the first of the chosen frames.

    Attributes
    ----------
    frames
        Numbers of the chosen frames in the film, as many as the model takes.
    all_seen
        uint8 [frame, row, column, 3]: the chosen frames, resized and cropped.
    all_values
        float32 [frame, 3, row, column]: the same, normalised.
    whole
        What is known of the film as a whole.
    clip
        What was drawn; None for files.
    """

    frames: tuple[int, ...]
    all_seen: np.ndarray
    all_values: np.ndarray
    whole: FilmOverview
    clip: Clip | None


@dataclass(frozen=True, eq=False)
class FilmOverview:
    """A film as a whole.

    Attributes
    ----------
    n_frames
        That it has.
    rate
        Frames a second.
    previews
        uint8 [preview, row, column, 3]: every `step`-th frame, from the first on; at most 240, of 96 pixels a side.
    """

    n_frames: int
    rate: float
    previews: np.ndarray
    step: int


def prepare_clip(
    input: ClipInput,
    how: Preparation,
    n_frames: int,
    check: Check = lambda: None,
    usual: Callable[[Clip], tuple[int, ...]] = lambda _: (),
) -> PreparedClip:
    """Read or draw a film and make the chosen frames of it ready.

    The film is gone through twice, a frame at a time: once to count its frames, which is kept for the next choice, and
    once as far as the last chosen frame.

    Parameters
    ----------
    n_frames
        How many frames the model takes.
    check
        Called at each frame; raises where nobody waits any more.
    usual
        Which frames of a generated clip are shown where none were chosen; empty for frames that are spread evenly.

    Raises
    ------
    Refused
        As `open_film`; the seed is out of range, or the frames that were chosen by hand are not as many as the model
        takes, or not in the film.
    """
    clip = drawn_clip(input.seed) if not input.path else None
    side = longest_side(how)
    source = _drawn(clip, side) if clip is not None else open_film(input.path)
    key = clip_stamp(input)
    whole = _overview(key, check)
    chosen = input.frames or (usual(clip) if clip is not None else ()) or evenly(whole.n_frames, n_frames)
    _check_chosen(chosen, n_frames, whole.n_frames)
    wanted, kept = set(chosen), {}
    box, done = (0.0, 0.0, 1.0, 1.0), ()
    for number, image in enumerate(source.frames()):
        check()
        if number in wanted:
            kept[number], box, done = fitted(image, how)
        if len(kept) == len(wanted):
            break
    if len(kept) < len(wanted):
        raise Refused(f"{source.name} ended after {len(kept)} of the chosen frames; it was changed while it was read.")
    seen = np.stack([kept[number] for number in chosen])
    values = np.stack([normalised(frame, how) for frame in seen])
    width, height = source.size
    shape = f", drawn at {side} × {side}" if clip else f" of {width} × {height}"
    about = f"{count_of(whole.n_frames, 'frames')}{shape}"
    return PreparedClip(
        original=seen[0],
        size=source.size,
        seen=seen[0],
        values=values[0],
        box=box,
        about=", ".join((about, *done)),
        notes=source.notes,
        frames=tuple(chosen),
        all_seen=seen,
        all_values=values,
        whole=whole,
        clip=clip,
    )


def evenly(n: int, n_wanted: int) -> tuple[int, ...]:
    """The frames in the middle of so many equal parts of a film of `n` frames."""
    return tuple(int((i + 0.5) * n / n_wanted) for i in range(n_wanted))


def drawn_clip(seed: int) -> Clip:
    """The clip of a seed that no training has seen.

    Raises
    ------
    Refused
        The seed is out of range.
    """
    if not 0 <= seed <= MOST_SEED - FIRST_FRESH_SEED:
        raise Refused(f"The seed of the clip is {seed}; it is 0 to {MOST_SEED - FIRST_FRESH_SEED:,}.")
    return make_clip(FIRST_FRESH_SEED + seed)


def clip_stamp(input: ClipInput) -> tuple[object, ...]:
    """Changes when the film does, be it a file or any image of a folder; frames that are chosen leave it as it is."""
    plain = ClipInput(input.path, input.seed)
    try:
        place = Path(input.path).expanduser()
        files = numbered_images(place) if input.path and place.is_dir() else [place] if input.path else []
        found = [(str(file), (stat := os.stat(file)).st_mtime_ns, stat.st_size) for file in files]
    except (OSError, ValueError, Refused):
        found = []
    return plain, hash(tuple(found))


def _check_chosen(chosen: tuple[int, ...], n_taken: int, n_frames: int) -> None:
    if len(chosen) != n_taken:
        n = len(chosen)
        raise Refused(f"{count_of(n, 'frames')} {verb(n, past=True)} chosen; the model takes {n_taken}.")
    outside = [number for number in chosen if not 0 <= number < n_frames]
    if outside:
        raise Refused(f"Frame {outside[0]} was chosen; the film has frames 0 to {n_frames - 1}.")


def _drawn(clip: Clip, side: int) -> FilmSource:
    def frames() -> Iterator[Image.Image]:
        return (paint_scene(clip.scene_at(number), side) for number in range(clip.n_frames))

    return FilmSource("The clip", frames, (side, side), float(CLIP_RATE))


_KEPT: dict[object, FilmOverview] = {}


def _overview(key: tuple[object, ...], check: Check) -> FilmOverview:
    """Of the last two films it is kept."""
    if key not in _KEPT:
        while len(_KEPT) > 1:
            _KEPT.pop(next(iter(_KEPT)))
        input = key[0]
        assert isinstance(input, ClipInput)
        clip = drawn_clip(input.seed) if not input.path else None
        _KEPT[key] = overview(_drawn(clip, _PREVIEW_SIDE) if clip is not None else open_film(input.path), check)
    return _KEPT[key]


def overview(source: FilmSource, check: Check = lambda: None) -> FilmOverview:
    """Count the frames of a film, and make small ones of some.

    Raises
    ------
    Refused
        As the frames of `open_film`; or it has none.
    """
    previews: list[np.ndarray] = []
    step, n = 1, 0
    for image in source.frames():
        check()
        if n % step == 0:
            image.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE), Image.Resampling.BOX)
            previews.append(np.asarray(image))
        n += 1
        if len(previews) > MOST_PREVIEWS:
            previews, step = previews[::2], 2 * step
    if not n:
        raise Refused(f"{source.name} has no frames.")
    return FilmOverview(n, source.rate, np.stack(previews), step)
