"""Scenes as tensors: which seeds are for what, images, what is in them, and a token for every word said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.inputs.scene_images import paint_scene, thing_masks
from resources.scene_shapes import KINDS
from resources.scenes import Scene, make_scene

SIDE = 64
# Seeds of the splits; those that the app draws fresh ones from lie above all of them.
VALIDATION, TEST, TRAIN = range(2_000), range(2_000, 4_000), range(1_000_000, 100_000_000)
MEAN, STD = 0.5, 0.5
_KIND_NUMBERS = {kind: i for i, kind in enumerate(KINDS)}


def training_scenes(step: int, n: int) -> list[Scene]:
    """The scenes of a training step; no step sees another's."""
    first = TRAIN.start + step * n
    return [make_scene(seed) for seed in range(first, first + n)]


def images(scenes: list[Scene], side: int = SIDE) -> Tensor:
    """float32 [scene, 3, row, column], -1 to 1."""
    array = np.stack([np.asarray(paint_scene(scene, side)) for scene in scenes])
    return (torch.from_numpy(array).permute(0, 3, 1, 2).float() / 255 - MEAN) / STD


def kinds_present(scenes: list[Scene]) -> Tensor:
    """float32 [scene, kind]: 1 where a thing of that kind is in the scene."""
    present = torch.zeros(len(scenes), len(KINDS))
    for i, scene in enumerate(scenes):
        present[i, [_KIND_NUMBERS[thing.kind] for thing in scene.things]] = 1
    return present


def kinds_at_patches(scenes: list[Scene], n_rows: int) -> Tensor:
    """float32 [scene, patch, kind]: 1 where a thing of that kind shows in most of a quarter of the patch."""
    present = torch.zeros(len(scenes), n_rows * n_rows, len(KINDS))
    for i, scene in enumerate(scenes):
        halves = thing_masks(scene, 2 * n_rows)  # four cells a patch
        at = halves.reshape(-1, n_rows, 2, n_rows, 2).any((2, 4)).reshape(len(scene.things), -1)
        for thing, patches in zip(scene.things, at, strict=True):
            present[i, torch.from_numpy(patches), _KIND_NUMBERS[thing.kind]] = 1
    return present


BERT_ROLES = {
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "unk_token": "[UNK]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}


def tokenizer_of_words(
    words: Sequence[str],
    longest: int,
    single: str,
    pair: str | None = None,
    *,
    roles: Mapping[str, str] = BERT_ROLES,
    normalizer: normalizers.Normalizer | None = None,
    splits_marks: bool = False,
    **more: Any,
) -> PreTrainedTokenizerFast:
    """One token a word, in small letters; special tokens are among the words.

    Parameters
    ----------
    longest
        Tokens of a text, with its signs.
    single, pair
        Where the signs of a text stand, and of two, as `TemplateProcessing` takes it.
    roles
        Special tokens by what transformers calls their part, such as `unk_token`.
    normalizer
        What is done to a text first, in place of small letters.
    splits_marks
        Whether a comma is a word of its own, too, not of that before it.
    more
        Of `PreTrainedTokenizerFast`.
    """
    ids = {word: i for i, word in enumerate(words)}
    template = f"{single} {pair}".replace(":1", "").split()
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=roles["unk_token"]))
    tokenizer.normalizer = normalizer or normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace() if splits_marks else pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single,
        pair=pair,
        special_tokens=[(sign, ids[sign]) for sign in dict.fromkeys(roles.values()) if sign in template],
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=longest, **roles, **more)
