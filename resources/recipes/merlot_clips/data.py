"""What MERLOT learns from: four frames of a clip and what is said of each, painted once and kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.inputs.clips.segments import clip_segments
from inference.inputs.scene_images import paint_scene
from resources.clips import make_clip
from resources.recipes.scene_data import TEST, TRAIN, tokenizer_of_words
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import SIZES

SIDE: Final = 48
N_FRAMES: Final = 4
LONGEST: Final = 16  # tokens of a segment with its sign of beginning
PAD, MASK, START = 0, 1, 2
FIRST_WORD: Final = 5
TEST_CLIPS: Final = TEST
_WORDS: Final = (
    *("[PAD]", "[MASK]", "[CLS]", "[SEP]", "[UNK]", "a", "the", "enters", "from", "left", "right", "comes", "to"),
    *("meets", "moves", "up", "down", "grows", "shrinks", "turns", "around", "becomes", "leaves", "now", "watch", "so"),
    *("and", "um", "okay", "here", "look", "you", "see", "then", "uh", "that", "is", "it", "far"),
    *(*SIZES, *COLOURS, *KINDS),
)
# A frame of an event is one of these, as shares of its length.
_MOMENTS: Final = (0.45, 0.66, 0.85)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word, of the words that are said of clips."""
    return tokenizer_of_words(_WORDS, LONGEST, "[CLS] $A")


@dataclass(frozen=True)
class Stories:
    """Clips by their events.

    Attributes
    ----------
    frames
        uint8 [frame, row, column, 3]; of each event as many as there are `_MOMENTS`, one behind the other.
    texts
        Of every clip what is said of its events.
    first
        Number of the first frame of every clip.
    """

    frames: np.ndarray
    texts: list[list[str]]
    first: list[int]


def training_stories(folder: Path, n: int) -> Stories:
    """Those of the first `n` seeds for training, painted at the first call and kept in a folder."""
    images, told = folder / "frames.npy", folder / "texts.json"
    if not told.exists():
        clips = [make_clip(TRAIN.start + i) for i in range(n)]
        texts = [[segment.text for segment in clip_segments(clip, N_FRAMES)] for clip in clips]
        folder.mkdir(parents=True, exist_ok=True)
        n_all = sum(map(len, texts)) * len(_MOMENTS)
        frames = open_memmap(images, "w+", np.uint8, (n_all, SIDE, SIDE, 3))
        at = 0
        for clip in clips:
            moments = [clip_segments(clip, N_FRAMES, moment) for moment in _MOMENTS]
            for segments in zip(*moments, strict=True):
                for segment in segments:
                    frames[at] = np.asarray(paint_scene(clip.scene_at(segment.frame), SIDE))
                    at += 1
        frames.flush()
        told.write_text(json.dumps(texts), encoding="utf-8")
    texts = json.loads(told.read_text(encoding="utf-8"))
    first = np.cumsum([0, *(len(each) * len(_MOMENTS) for each in texts)])[:-1]
    return Stories(np.load(images, mmap_mode="r"), texts, first.tolist())


@dataclass(frozen=True)
class StoryBatch:
    """Groups of segments.

    Attributes
    ----------
    pixel_values
        float32 [group, frame, 3, row, column], -0.5 to 0.5.
    input_ids
        int64 [group, frame * LONGEST].
    owners
        int64 [group, frame]: the clip that each segment is of.
    frame_places
        int64 [group, frame]: its number, or from `unknown_place` on one that does not tell it.
    """

    pixel_values: Tensor
    input_ids: Tensor
    owners: Tensor
    frame_places: Tensor


def pixels(frames: np.ndarray) -> Tensor:
    """float32 [..., 3, row, column], -0.5 to 0.5, of uint8 [..., row, column, 3]."""
    return torch.from_numpy(np.ascontiguousarray(frames)).movedim(-1, -3).float() / 255 - 0.5


def token_ids(texts: list[str], tokenizer: PreTrainedTokenizerFast) -> Tensor:
    """int64 [len(texts) * LONGEST]: segments one behind the other, each padded."""
    found = tokenizer(texts, padding="max_length", truncation=True, max_length=LONGEST, return_tensors="pt")
    return torch.as_tensor(found["input_ids"]).flatten()


def training_batch(
    step: int, n_groups: int, stories: Stories, tokenizer: PreTrainedTokenizerFast, unknown_place: int
) -> StoryBatch:
    """Of every clip four events that follow each other; in one group of seven the last ones are of another clip.

    In two groups of five, two to four frames do not tell when they are.
    """
    rng = np.random.default_rng([3, step])
    images, ids, owners = [], [], []
    for _ in range(n_groups):
        clip, other = (int(i) for i in rng.choice(len(stories.texts), 2, replace=False))
        n_own = int(rng.integers(1, N_FRAMES)) if rng.random() < 1 / 7 else N_FRAMES
        numbers, texts, of_clip = [], [], []
        for source, n in ((clip, n_own), (other, N_FRAMES - n_own)):
            said = stories.texts[source]
            start = int(rng.integers(len(said) - n + 1))
            for event in range(start, start + n):
                numbers.append(stories.first[source] + event * len(_MOMENTS) + int(rng.integers(len(_MOMENTS))))
                texts.append(said[event])
                of_clip.append(source)
        images.append(stories.frames[numbers])
        ids.append(token_ids(texts, tokenizer))
        owners.append(of_clip)
    places = np.tile(np.arange(N_FRAMES), (n_groups, 1))
    for row in places:
        n_hidden = int(rng.integers(2, N_FRAMES + 1)) if rng.random() < 0.4 else 0
        hidden = rng.permutation(N_FRAMES)[:n_hidden]
        row[hidden] = unknown_place + rng.permutation(N_FRAMES)[:n_hidden]
    return StoryBatch(
        pixels(np.stack(images)), torch.stack(ids), torch.tensor(owners), torch.from_numpy(places.astype(np.int64))
    )
