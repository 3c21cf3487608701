"""Measure `vit-scenes` and write its folder: weights, preprocessing, model card.

python -m resources.recipes.vit_scenes_report --state DIR --out resources/checkpoints/vit-scenes
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor
from transformers import ViTForImageClassification, ViTImageProcessor

from inference.inputs.scene_images import thing_masks
from resources.recipes.scene_data import MEAN, SIDE, STD, TEST, images, kinds_present
from resources.recipes.vit_scenes import PATCH_WEIGHT
from resources.scene_shapes import KINDS
from resources.scenes import HELD_OUT, Scene, Thing, make_scene

_CARD = """---
license: apache-2.0
---
# vit-scenes

A small ViT (Dosovitskiy et al. 2021) trained from scratch for Headlight: which of {n_kinds} kinds of thing are in a
drawn scene. {n_layers} layers, {n_heads} heads, {d_model} wide, {parameters:.2f} M parameters, images of
{side} × {side} pixels in patches of {patch} × {patch}; in half precision.

## Data
Scenes of `resources/scenes.py`, drawn while training: 2 to 6 things of {n_kinds} kinds, 8 colours and 3 sizes on one of
six backgrounds. Every training image was seen once. {n_held_out} of the {n_pairs} pairs of a colour and a kind never
occur in training. The program draws the images, so they are under its own licence.

## Training
{steps:,} steps of {batch} images, seed {seed}. The head was also applied to every patch, and told which things show
in it, with {patch_weight:g} times the weight of what it says of the whole image:

    python -m resources.recipes.vit_scenes --state STATE --steps {steps}
    python -m resources.recipes.vit_scenes_report --state STATE --out resources/checkpoints/vit-scenes

The run was shortened while it went: the learning rate began to fall at step 1,048, not at step 840.

## Measured
On {n_test:,} scenes of seeds that training never draws, and as many whose first thing is a pair of colour and kind that
never occurs in training. The baseline gives every image the shares of the kinds.

| | known pairs | with an unseen pair | baseline |
|---|---|---|---|
| mean average precision over the kinds | {map_known:.3f} | {map_new:.3f} | {map_base:.3f} |
| recall of things at 0.5 (right: of the unseen pair's thing) | {recall_known:.3f} | {recall_new:.3f} | 0 |
| images with every kind right at 0.5 | {exact_known:.3f} | {exact_new:.3f} | {exact_base:.3f} |

Pointing game: the patch where the attention rollout of [CLS] (Abnar and Zuidema 2020) peaks shows a thing in
{pointing:.3f} of the known scenes; a patch chosen at random does in {pointing_chance:.3f}. Things cover
{pixels_peak:.3f} of the pixels of these patches, and {pixels_all:.3f} of all pixels.

## Limits
It knows sixteen drawn silhouettes and nothing of the world; small things that others cover are often missed.
"""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--n-test", type=int, default=len(TEST))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    # What is measured is what is shipped: half precision, read back.
    ViTForImageClassification.from_pretrained(args.state / "model").half().save_pretrained(args.out)
    ViTImageProcessor(size={"height": SIDE, "width": SIDE}, image_mean=[MEAN] * 3, image_std=[STD] * 3).save_pretrained(
        args.out
    )
    model = ViTForImageClassification.from_pretrained(args.out, dtype=torch.float32, attn_implementation="eager").eval()
    run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
    seeds = TEST[: args.n_test]
    known = [make_scene(seed) for seed in seeds]
    new = [make_scene(seed, with_held_out=True) for seed in seeds]
    known_scores, rollout = _scores(model, known)
    new_scores, _ = _scores(model, new)
    truth, new_truth = kinds_present(known).numpy(), kinds_present(new).numpy()
    shares = np.broadcast_to(truth.mean(0), truth.shape)
    config = model.config
    facts = {
        "n_kinds": len(KINDS),
        "n_layers": config.num_hidden_layers,
        "n_heads": config.num_attention_heads,
        "d_model": config.hidden_size,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "side": SIDE,
        "patch": config.patch_size,
        "n_held_out": len(HELD_OUT),
        "n_pairs": 8 * len(KINDS),
        "n_test": len(known),
        "map_known": average_precision_score(truth, known_scores),
        "map_new": average_precision_score(new_truth, new_scores),
        "map_base": average_precision_score(truth, shares),
        "recall_known": _recall(known, known_scores, lambda thing: True),
        "recall_new": _recall(new, new_scores, lambda thing: (thing.colour, thing.kind) in HELD_OUT),
        "patch_weight": PATCH_WEIGHT,
        "exact_known": float(((known_scores > 0.5) == (truth > 0)).all(1).mean()),
        "exact_new": float(((new_scores > 0.5) == (new_truth > 0)).all(1).mean()),
        "exact_base": float(((shares > 0.5) == (truth > 0)).all(1).mean()),
        **_pointing(known, rollout),
        **run,
    }
    (args.out / "README.md").write_text(_CARD.format(**facts), encoding="utf-8")
    print(json.dumps({k: round(float(v), 4) for k, v in facts.items()}))


@torch.inference_mode()
def _scores(model: ViTForImageClassification, scenes: list[Scene]) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each kind [scene, kind], and the rollout of [CLS] on the patches [scene, patch]."""
    scores, rollouts = [], []
    for start in range(0, len(scenes), 100):
        result = model(images(scenes[start : start + 100]), output_attentions=True)
        scores.append(result.logits.sigmoid())
        rollouts.append(_rollout(result.attentions))
    return torch.cat(scores).numpy(), torch.cat(rollouts).numpy()


def _rollout(attentions: tuple[Tensor, ...]) -> Tensor:
    row = torch.zeros_like(attentions[0][:, 0, :1])
    row[..., 0] = 1
    for pattern in reversed(attentions):
        row = (row + row @ pattern.mean(1)) / 2
    return row[:, 0, 1:]


def _recall(scenes: list[Scene], scores: np.ndarray, counts: Callable[[Thing], bool]) -> float:
    """Share of the things that count whose kind is found."""
    kinds = list(KINDS)
    hits = [
        scores[i, kinds.index(thing.kind)] > 0.5
        for i, scene in enumerate(scenes)
        for thing in scene.things
        if counts(thing)
    ]
    return float(np.mean(hits))


def _pointing(scenes: list[Scene], rollout: np.ndarray) -> dict[str, float]:
    """How often the peak's patch shows a thing and how often any does; of both, the share of pixels with a thing."""
    n = round(rollout.shape[1] ** 0.5)
    patch = SIDE // n
    covered = np.stack([thing_masks(scene, SIDE).any(0).reshape(n, patch, n, patch).mean((1, 3)) for scene in scenes])
    covered = covered.reshape(len(scenes), -1)
    at_peak = covered[np.arange(len(covered)), rollout.argmax(1)]
    return {
        "pointing": float((at_peak > 0).mean()),
        "pointing_chance": float((covered > 0).mean()),
        "pixels_peak": float(at_peak.mean()),
        "pixels_all": float(covered.mean()),
    }


if __name__ == "__main__":
    main()
