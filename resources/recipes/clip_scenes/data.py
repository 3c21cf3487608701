"""What `clip-scenes` learns from: portraits and scenes, sentences that are true of them, and some that are not."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np
import torch
from tokenizers import Regex, normalizers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.inputs.scene_images import thing_masks
from resources.recipes.scene_data import SIDE, TRAIN, tokenizer_of_words
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import BACKGROUNDS, HELD_OUT, Scene, make_portrait, make_scene

PATCH = 8
PAIRS = tuple((colour, kind) for colour in COLOURS for kind in KINDS)
SEEN = tuple(pair for pair in PAIRS if pair not in HELD_OUT)
GROUNDS = ("background", *BACKGROUNDS)
TEMPLATES = ("{}", "a {}", "the {}", "a photo of a {}", "a picture of a {}", "a drawing of a {}", "an image of a {}")
NOWHERE = -1  # a patch that shows too little of a thing to say what it shows
_WORDS = (
    *("<pad>", "<unk>", "<start>", "<end>"),  # the end is not 2, which CLIP takes for the sign of old checkpoints
    *("a", "the", "and", "of", "in", "on", "at", "left", "right", "above", "below", "thing", "things"),
    *("photo", "picture", "drawing", "image", "one", "two", "three", "four", "five", "six"),
    *("small", "medium", "large", "huge", "background", *BACKGROUNDS, *COLOURS, *KINDS),
)
LONGEST = 40


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word, of the words that are said of scenes; all others are `<unk>`."""
    roles = {"bos_token": "<start>", "eos_token": "<end>", "unk_token": "<unk>", "pad_token": "<pad>"}
    # "an" is another "a"; what stands between words says nothing here.
    to_words = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(Regex(r"\ban\b"), "a"), normalizers.Replace(Regex(r"[,.!?]"), "")]
    )
    return tokenizer_of_words(
        _WORDS,
        LONGEST,
        "<start> $A <end>",
        roles=roles,
        normalizer=to_words,
        splits_marks=True,
        model_input_names=["input_ids", "attention_mask"],
    )


def describe(scene: Scene) -> str:
    """All things of a scene and where they are: "a red house, a small blue tree and a pink cup in a meadow"."""
    phrases = [thing.phrase for thing in scene.things]
    where = scene.captions()[-1].split(" things ")[1]
    listed = phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
    return f"{listed} {where}"


def with_colours_swapped(scene: Scene, rng: random.Random) -> Scene:
    """Two things have changed their colours; where no two can, one has another.

    It is another scene, and has no more pairs that are held out than this one.
    """
    things = list(scene.things)
    swaps = [
        (i, j)
        for i, one in enumerate(things)
        for j, other in enumerate(things[:i])
        if one.colour != other.colour and not {(one.colour, other.kind), (other.colour, one.kind)} & HELD_OUT
    ]
    if swaps:
        i, j = rng.choice(swaps)
        things[i], things[j] = replace(things[i], colour=things[j].colour), replace(things[j], colour=things[i].colour)
    else:
        i = rng.randrange(len(things))
        kind = things[i].kind
        others = [one for one in COLOURS if one != things[i].colour and (one, kind) not in HELD_OUT]
        things[i] = replace(things[i], colour=rng.choice(others))
    return replace(scene, things=tuple(things))


@dataclass(frozen=True)
class CaptionedScenes:
    """The scenes of a step, portraits first, and sentences.

    Attributes
    ----------
    captions
        One of each scene, and after them sentences that are true of one scene, and some of none.
    owners
        int64 [sentence]: the scene that a sentence is true of, or -1.
    """

    scenes: list[Scene]
    captions: list[str]
    owners: Tensor


def training_batch(step: int, n_portraits: int, n_scenes: int) -> CaptionedScenes:
    """Scenes of a step, of seeds that no other step has, with no pair that is held out.

    Portraits come in a grid of kinds and colours, so that each has the same kind in another colour beside it, and the
    same colour on another kind.
    """
    rng = random.Random(f"clip {step}")
    first = TRAIN.start + step * (n_portraits + n_scenes)
    kinds, colours = rng.sample(tuple(KINDS), n_portraits // 4), rng.sample(tuple(COLOURS), 4)
    portraits = []
    for i in range(n_portraits):
        colour, kind = colours[i % 4], kinds[i // 4]
        if (colour, kind) in HELD_OUT:
            colour = rng.choice([other for other in COLOURS if (other, kind) not in HELD_OUT])
        portrait = make_portrait(first + i)
        portraits.append(replace(portrait, things=(replace(portrait.things[0], kind=kind, colour=colour),)))
    scenes = [make_scene(seed) for seed in range(first + n_portraits, first + n_portraits + n_scenes)]
    shown = portraits + scenes
    captions, owners = [describe(scene) for scene in shown], list(range(len(shown)))
    for i, scene in enumerate(shown):
        captions.append(describe(with_colours_swapped(scene, rng)))
        owners.append(-1)
        if len(scene.things) > 1:
            captions.append(rng.choice(scene.captions()[len(scene.things) : -1]))
            owners.append(i)
    return CaptionedScenes(shown, captions, torch.tensor(owners))


def prompts(names: list[str], rng: random.Random) -> list[str]:
    """Each name in a template of its own."""
    return [rng.choice(TEMPLATES).format(name) for name in names]


def pairs_at_patches(scenes: list[Scene]) -> Tensor:
    """int64 [scene, patch, 2]: colour and kind of the thing that covers most of a quarter of a patch and more.

    `NOWHERE` where a thing covers less than that, -2 where there is none.
    """
    colours, kinds = list(COLOURS), list(KINDS)
    n = SIDE // PATCH
    found = np.full((len(scenes), n * n, 2), -2)
    for i, scene in enumerate(scenes):
        cells = thing_masks(scene, 4 * n)  # 16 cells a patch
        share = cells.reshape(-1, n, 4, n, 4).mean((2, 4)).reshape(len(scene.things), -1)
        most = share.argmax(0)
        names = np.array([[colours.index(thing.colour), kinds.index(thing.kind)] for thing in scene.things])
        covered = share.max(0)
        found[i, covered > 0] = NOWHERE
        at = covered > 0.2
        found[i, at] = names[most[at]]
    return torch.from_numpy(found)
