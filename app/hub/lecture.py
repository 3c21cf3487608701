"""Checkpoints of the hub for each system of the lecture: ids to begin with, tried or marked as not."""

from __future__ import annotations

import json
from dataclasses import dataclass

from resources import HUB_LECTURE


@dataclass(frozen=True)
class Suggested:
    """A checkpoint to look at.

    Attributes
    ----------
    system
        Of the lecture, such as `BERT`.
    megabytes
        About what is fetched.
    look_at
        What is worth looking at in it.
    weights
        Format that its weights were last known to be in.
    is_tried
        Whether Headlight has opened it once.
    """

    system: str
    id: str
    megabytes: int
    licence: str
    look_at: str
    weights: str = "safetensors"
    is_tried: bool = False


def suggested() -> tuple[Suggested, ...]:
    """All of them, in the order of the lecture."""
    return tuple(Suggested(**entry) for entry in json.loads(HUB_LECTURE.read_text(encoding="utf-8")))
