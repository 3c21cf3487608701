"""What `virtex-scenes` learns from: drawn scenes, and sentences that are true of them."""

from __future__ import annotations

import random

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from resources.recipes.scene_data import tokenizer_of_words, training_scenes
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import BACKGROUNDS, SIZES, Scene

PAD, START, END = 0, 1, 2
RELATIONS = ("left", "right", "above", "below")  # the first word of each
LONGEST = 20  # tokens of a caption with both signs
# As published, unknown words and what is padded are one token.
_WORDS = (
    *("<unk>", "[SOS]", "[EOS]", "[MASK]", "a", "of", "in", "on", "at", "the", *RELATIONS),
    *("things", "one", "two", "three", "four", "five", "six", *SIZES, *BACKGROUNDS, *COLOURS, *KINDS),
)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word, of the words that are said of scenes."""
    roles = {
        "bos_token": "[SOS]",
        "eos_token": "[EOS]",
        "unk_token": "<unk>",
        "pad_token": "<unk>",
        "mask_token": "[MASK]",
    }
    return tokenizer_of_words(_WORDS, LONGEST, "[SOS] $A [EOS]", roles=roles, splits_marks=True)


def some_captions(scene: Scene, n: int, rng: random.Random) -> list[str]:
    """One of a thing and its surroundings, the others of two things, where there are two."""
    captions, n_things = scene.captions(), len(scene.things)
    of_pairs = captions[n_things:-1] or captions[:n_things]
    return [rng.choice(captions[:n_things]), *(rng.choice(of_pairs) for _ in range(n - 1))]


def training_batch(step: int, n_scenes: int, n_captions: int) -> tuple[list[Scene], list[str]]:
    """Scenes of a step, that no other step has, and so many captions of each, one scene after another."""
    rng = random.Random(f"virtex {step}")
    scenes = training_scenes(step, n_scenes)
    return scenes, [caption for scene in scenes for caption in some_captions(scene, n_captions, rng)]


def token_ids(tokenizer: PreTrainedTokenizerFast, captions: list[str]) -> Tensor:
    """int64 [caption, n], padded behind with `PAD`."""
    return torch.as_tensor(tokenizer(captions, padding=True, return_tensors="pt")["input_ids"])
