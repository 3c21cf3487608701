"""What VideoBERT learns from: clips as chips, with what happens in them, and what is said meanwhile."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.inputs.clips.preparing import evenly
from inference.inputs.scene_images import paint_scene
from resources.clips import Clip, make_clip
from resources.recipes.scene_data import MEAN, SIDE, STD, TEST, TRAIN, tokenizer_of_words
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import SIZES

PAD, UNKNOWN, START, END, MASK, JOIN = range(6)
N_CHIPS, FRAMES_A_CHIP = 12, 3
LONGEST = 104  # tokens of a text with its signs
VERBS = {
    "enter": "enters",
    "join": "comes",
    "move": "moves",
    "meet": "meets",
    "grow": "grows",
    "shrink": "shrinks",
    "turn": "turns",
    "recolour": "becomes",
    "leave": "leaves",
}
ACTIONS = ("rest", *VERBS)  # what happens in a chip
WAYS = ("none", "left", "right", "up", "down")  # in which direction
WORDS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[>]", "a", "the", "to", "from", *VERBS.values(), "around"),
    *("left", "right", "up", "down", *SIZES, *COLOURS, *KINDS, "now", "watch", "so", "and", "um", "okay", "here"),
    *("look", "you", "see", "then", "uh", "let", "me", "yeah", "that", "is", "it", "far", "just", "moment"),
)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word, of the words that are said of clips."""
    return tokenizer_of_words(WORDS, LONGEST, "[CLS] $A", additional_special_tokens=["[>]"])


def training_clip(number: int) -> Clip:
    """The clip of a number, from 0; none of them is measured."""
    return make_clip(TRAIN.start + number)


def script_hash(clip: Clip) -> str:
    """Of what happens, whatever is said of it and whenever it is."""
    return hashlib.sha256("\n".join(event.sentence for event in clip.events).encode()).hexdigest()


def test_clips(n: int, seen: set[str]) -> list[Clip]:
    """Clips of seeds that are kept for measuring, without those whose script was trained on, or was there before."""
    found: list[Clip] = []
    known = set(seen)
    for seed in TEST:
        clip = make_clip(seed)
        if script_hash(clip) not in known:
            known.add(script_hash(clip))
            found.append(clip)
        if len(found) == n:
            break
    return found


def painted(clip: Clip) -> np.ndarray:
    """uint8 [chip, frame, row, column, 3]: the frames that the model is shown of a clip."""
    numbers = evenly(clip.n_frames, N_CHIPS * FRAMES_A_CHIP)
    kept = {number: np.asarray(paint_scene(clip.scene_at(number), SIDE)) for number in set(numbers)}
    return np.stack([kept[number] for number in numbers]).reshape(N_CHIPS, FRAMES_A_CHIP, SIDE, SIDE, 3)


def as_values(frames: np.ndarray) -> Tensor:
    """float32 [..., 3, row, column], -1 to 1."""
    first = torch.from_numpy(np.ascontiguousarray(np.moveaxis(frames, -1, -3)))
    return (first.float() / 255 - MEAN) / STD


def chips_between(clip: Clip, start: int, end: int) -> list[int]:
    """Chips whose middle lies in frames from `start` on and before `end`; one at least."""
    middles = np.array(evenly(clip.n_frames, N_CHIPS))
    found = np.flatnonzero((middles >= start) & (middles < end)).tolist()
    return found or [int(np.abs(middles - (start + end - 1) / 2).argmin())]


@dataclass(frozen=True)
class ChipTruth:
    """What happens in the chips of a clip, as numbers: int64 [chip] each.

    Attributes
    ----------
    action, way
        Of `ACTIONS` and `WAYS`.
    kind, colour, size
        Of who does it; -100 at rest.
    event
        Number of the event in the clip; -1 at rest.
    """

    action: np.ndarray
    way: np.ndarray
    kind: np.ndarray
    colour: np.ndarray
    size: np.ndarray
    event: np.ndarray


def truth_of(clip: Clip) -> ChipTruth:
    """What goes on in the middle of every chip."""
    rows = []
    for middle in evenly(clip.n_frames, N_CHIPS):
        at = clip.event_at(middle)
        if at is None:
            rows.append((0, 0, -100, -100, -100, -1))
            continue
        event = clip.events[at]
        dx, dy = event.after.x - event.before.x, event.after.y - event.before.y
        moves = event.kind in ("enter", "join", "move", "meet", "leave")
        way = 0 if not moves else (1 if dx < 0 else 2) if abs(dx) >= abs(dy) else (3 if dy < 0 else 4)
        looks = tuple(KINDS).index(event.actor), tuple(COLOURS).index(event.before.colour)
        rows.append((ACTIONS.index(event.kind), way, *looks, tuple(SIZES).index(event.before.size), at))
    return ChipTruth(*np.array(rows, np.int64).T)
