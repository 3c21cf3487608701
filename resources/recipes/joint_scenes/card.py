"""The card of a model of words and regions, and how it came to be what it is beside another one."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from resources.recipes.joint_scenes.systems import DETECTOR, SYSTEMS, reads_pixels
from resources.scenes import HELD_OUT

_ABOUT = {
    "uniter": (
        "UNITER (Chen et al. 2020)",
        "Words and regions go through one stream; a region is its vector and its box in seven numbers, each projected "
        "and normed.",
        "masked words, hidden regions by their class and by their vector, sentences that are true or not, the "
        "transport of words to regions, and, what UNITER had not, every region says by the head of words what its "
        "detector calls it, without which words and regions do not come to one space (transport then found 0.43 of "
        "the kinds)",
    ),
    "oscar": (
        "OSCAR in the form of VinVL (Li et al. 2020, Zhang et al. 2021)",
        "Words{tags} and regions go through one stream; a region is one projection of its vector and its box, without "
        "a position.",
        "masked words, and sentences{wrong_tags} that are true or not",
    ),
    "vilbert": (
        "ViLBERT (Lu et al. 2019)",
        "Words and regions have a stream each; two text layers run alone, then twice a connection, in which each "
        "stream reads the other, a layer of regions and one of text.",
        "masked words, hidden regions by their class, and sentences that are true or not",
    ),
    "vilt": (
        "ViLT (Kim et al. 2021)",
        "Words and patches of 8 × 8 pixels go through one stream; nothing is detected. As ViLT began with a ViT of "
        "ImageNet, it began with the layers, patches and places of `vit-scenes`.",
        "masked words, sentences that are true or not, the transport of words to patches, and behind the third layer "
        "the kinds of thing that each patch shows, so that what `vit-scenes` knew is not lost before words read it",
    ),
}
_CARD = """---
license: apache-2.0
---
# {name}

A small {system} trained for Headlight on drawn scenes. {built} {parameters:.2f} M parameters, {d_model} wide, in half
precision; {vocabulary} words, one token each.

## Data
Scenes of 2 to 6 things of `resources/scenes.py`, painted while training, with sentences that are true of them: "a small
red house left of a large white cup". {reads} Every scene was seen once. {n_held_out} of the 128 pairs of a colour and
a kind never occur in training, neither in images nor in sentences. Training draws from seeds 1,000,000 on;
{n_test:,} scenes of seeds from 2,000 on are measured below, and as many whose first thing is a pair that never occurs.
The program draws the images and makes the sentences, so they are under its own licence.

## Training
{steps:,} steps of {scenes} scenes with four sentences each, seed {seed}: {objectives}. Wrong sentences are those of
other scenes, or have one word changed.

    python -m resources.recipes.joint_scenes.train --system {name} --state STATE --steps {steps}
    python -m resources.recipes.joint_scenes.report --state STATE --out resources/checkpoints/{name}

## Measured
Again with `python -m resources.recipes.joint_scenes.report --out resources/checkpoints/{name}`. Controls: all {numbers}
are set to zero, or they are those of another scene.

| | with the image | zeroed | another scene | chance |
|---|---|---|---|---|
| masked words that are right: sizes | {size:.3f} | {blind_size:.3f} | {other_size:.3f} | 0.333 |
| colours | {colour:.3f} | {blind_colour:.3f} | {other_colour:.3f} | 0.125 |
| kinds | {kind:.3f} | {blind_kind:.3f} | {other_kind:.3f} | 0.063 |
| all three | {attribute:.3f} | {blind_attribute:.3f} | {other_attribute:.3f} | 0.174 |
| of pairs that never occur in training | {unseen_attribute:.3f} | {unseen_blind_attribute:.3f} | - | 0.174 |
| true sentences told from those of other scenes | {pairs:.3f} | {blind_pairs:.3f} | - | 0.5 |
| true sentences told from those with a word changed | {changed:.3f} | {blind_changed:.3f} | - | 0.5 |

Grounding: from words for sizes, colours and kinds, {best_title}, head {best_head} looks most at {place} of the thing
that is meant with {grounding:.3f} ({n_words:,} words in {n_grounded} scenes; {place} at random {chance:.3f}). The best
head was chosen on other scenes. {transport}
{curves}
## Limits
It knows sixteen drawn silhouettes, eight colours and {vocabulary} words, and sentences of one or two things.
"""


_OF_REGIONS = {
    "reads": f"What the model reads of a scene is what `{DETECTOR}` finds in it, with its errors:\n"
    "boxes, and 64 numbers of each.",
    "numbers": "numbers of the regions",
    "place": "a region",
}
_OF_PIXELS = {
    "reads": "The model reads the image itself,\n64 × 64 pixels.",
    "numbers": "pixels",
    "place": "a patch",
}
_SAID = {
    "attribute": "masked sizes, colours and kinds",
    "pairs": "sentences of other scenes",
    "changed": "a word changed",
}
_CURVES = """
While they were trained, on {n} scenes of seeds from 0 on:

{table}

{winner}
"""


@dataclass(frozen=True)
class RunCurve:
    """How good a run was at some of its steps.

    Attributes
    ----------
    points
        By step the names of figures with their values, see `_SAID`.
    """

    name: str
    n_scenes: int
    points: dict[int, dict[str, float]]

    @classmethod
    def read(cls, text: str) -> RunCurve:
        """Of NAME=FILE, the file written by `joint_scenes.curve`."""
        name, _, file = text.partition("=")
        try:
            found = json.loads(Path(file).read_text(encoding="utf-8"))
            return cls(name, found["n_scenes"], {int(step): each for step, each in found["points"].items()})
        except (OSError, ValueError, KeyError) as error:
            raise ArgumentTypeError(f"{text!r} names no file of a curve: {error}") from None


def written(
    model: PreTrainedModel,
    figures: dict[str, Any],
    run: dict[str, Any],
    n_test: int,
    curves: Sequence[RunCurve] = (),
    note: str = "",
) -> str:
    """The card, with what was measured, curves side by side, and a note on what they say."""
    system, built, objectives = _ABOUT[model.config.model_type]
    has_tags = SYSTEMS[run["system"]]
    words = {
        "tags": ", the tags of regions as words," if has_tags else "",
        "wrong_tags": " and tags" if has_tags else "",
    }
    own = _OF_PIXELS if reads_pixels(run["system"]) else _OF_REGIONS
    told = ""
    if "transport" in figures:
        told = (
            f"Transport: {figures['transport']:.3f} of the kinds go mostly to {own['place']} of their thing "
            f"({own['place']} at random {figures['transport_chance']:.3f})."
        )
    if "tags_attribute" in figures:
        three = (figures[f"tags_{name}"] for name in ("size", "colour", "kind"))
        told = "With the regions of the scene and the tags of another one it tells {:.3f}, {:.3f} and {:.3f}.".format(
            *three
        )
    facts = {
        "name": run["system"],
        "system": system,
        "built": built.format(**words),
        "objectives": objectives.format(**words),
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "d_model": model.config.hidden_size,
        "vocabulary": model.config.vocab_size,
        "n_held_out": len(HELD_OUT),
        "n_test": n_test,
        "transport": told,
        "curves": side_by_side(curves) + (f"\n{note}\n" if note else ""),
    }
    return _CARD.format(**(figures | run | own | facts))


def side_by_side(curves: Sequence[RunCurve]) -> str:
    """A table of all steps that were kept, and which is ahead at the last one; empty for none."""
    if not curves:
        return ""
    steps = sorted(set.union(*(set(curve.points) for curve in curves)))
    heads = [f"{curve.name}: {said}" for said in _SAID.values() for curve in curves]
    rows = [f"| step | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for step in steps:
        values = [
            f"{curve.points[step][name]:.3f}" if step in curve.points else "" for name in _SAID for curve in curves
        ]
        rows.append(f"| {step:,} | {' | '.join(values)} |")
    told = []
    for name, said in _SAID.items():
        last = {curve.name: curve.points[max(curve.points)][name] for curve in curves}
        best = max(last, key=lambda each: last[each])
        told.append(f"{said} {best} ({', '.join(f'{each} {value:.3f}' for each, value in last.items())})")
    winner = f"Ahead in the end: of {'; of '.join(told)}."
    return _CURVES.format(n=curves[0].n_scenes, table="\n".join(rows), winner=winner)
