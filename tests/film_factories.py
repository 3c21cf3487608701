"""Answers about films, made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.clip import ClipResult
from inference.results.film_strip import FilmStripResult
from inference.results.request import Capability
from inference.results.tokens import Tokens
from tests.image_factories import make_image_info


def make_film_info(name: str = "films-test") -> CheckpointInfo:
    """Of a checkpoint that is shown four frames of three by three patches, with [CLS]."""
    group = AttentionGroup("encoder", "Encoder", (4, 4), query_axis="patches", key_axis="patches")
    return replace(
        make_image_info(name=name),
        groups=(group,),
        reads=("clip",),
        capabilities=(Capability.ATTENTION, Capability.CLIP),
        missing=(),
    )


def make_strip(n_frames: int = 20, frames: tuple[int, ...] = (2, 7, 12, 17), text: str = "") -> FilmStripResult:
    """Noise, with an event and what is said of it."""
    generator = np.random.default_rng(0)
    return FilmStripResult(
        seen=generator.integers(0, 255, (len(frames), 24, 24, 3), np.uint8),
        frames=frames,
        n_frames=n_frames,
        rate=8.0,
        previews=generator.integers(0, 255, (n_frames, 24, 24, 3), np.uint8),
        preview_step=1,
        about=f"{n_frames} frames, drawn at 24 × 24",
        events=((3, 9, "a small red car enters from the left"),),
        narration=((5, 11, "so a small red car enters from the left"),),
        hides_places=False,
        is_hidden=np.zeros((3, 3), bool),
        text=text,
    )


def make_clip_result(query: int = 0, *, frames_a_step: int = 1, with_rollout: bool = False) -> ClipResult:
    """[CLS], then three by three patches of four steps, of two layers with four heads."""
    cells = [(-1, -1, -1), *((t, row, column) for t in range(4) for row in range(3) for column in range(3))]
    n = len(cells)
    tokens = Tokens(
        ids=np.arange(n),
        words=("[CLS]", *(f"{t},{row},{column}" for t, row, column in cells[1:])),
        starts_word=np.ones(n, bool),
        is_special=np.arange(n) < 1,
        segment=np.zeros(n, np.int8),
    )
    generator = np.random.default_rng(query)
    rows = generator.random((2, 4, n), np.float32)
    n_frames = 4 * frames_a_step
    rolled = generator.random((2, n), np.float32)
    return ClipResult(
        group="encoder",
        query=query,
        query_tokens=tokens,
        key_tokens=tokens,
        query_cells=np.array(cells, np.int16),
        key_cells=np.array(cells, np.int16),
        grid=(3, 3),
        frames_a_step=frames_a_step,
        seen=generator.integers(0, 255, (n_frames, 24, 24, 3), np.uint8),
        frames=tuple(range(2, 2 + 5 * n_frames, 5)),
        rate=8.0,
        pattern=rows / rows.sum(-1, keepdims=True),
        rollout=rolled / rolled.sum(-1, keepdims=True) if with_rollout else np.empty((0, 0), np.float32),
    )
