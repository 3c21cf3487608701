"""Which frames of a film a checkpoint sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.inputs.clips.preparing import PreparedClip
from inference.results.film_strip import FilmStripRequest, FilmStripResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model
_UNSAID = "What is said of a film from a file is not known: type it."


def film_strip(request: FilmStripRequest, model: Model, context: Context) -> FilmStripResult:
    """A film before and after it was made ready; runs no model.

    Parameters
    ----------
    context
        One checkpoint a frame of the film.

    Raises
    ------
    Refused
        As `inference.inputs.clips.preparing.prepare_clip`.
    """
    clips, config = model.clips, model.net.config
    prepared = model.prepare(request.input, context.checkpoint)
    assert isinstance(prepared, PreparedClip)
    assert request.input.clip is not None
    grid = clips.grid(model.info.groups[0].name, config, prepared.shape)
    is_hidden = np.zeros(grid.shape, bool)
    if clips.hides_places(config):
        is_hidden = clips.hidden_places(grid.n_patches, request.input.clip).reshape(grid.shape)
    clip = prepared.clip
    is_unsaid = clip is None and "text" in model.info.reads
    return FilmStripResult(
        seen=prepared.all_seen,
        frames=prepared.frames,
        n_frames=prepared.whole.n_frames,
        rate=prepared.whole.rate,
        previews=prepared.whole.previews,
        preview_step=prepared.whole.step,
        about=prepared.about,
        events=tuple((event.start, event.end, event.sentence) for event in clip.events) if clip else (),
        narration=tuple((said.start, said.end, said.text) for said in clip.narration) if clip else (),
        hides_places=clips.hides_places(config),
        is_hidden=is_hidden,
        notes=(*prepared.notes, *((_UNSAID,) if is_unsaid else ())),
        text=clips.said(clip, config) if clip else "",
    )
