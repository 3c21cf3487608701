"""Measure `lseg-scenes` and write its folder: weights, tokenizer, preprocessing, model card.

    python -m resources.recipes.lseg_scenes.report --state DIR --out resources/checkpoints/lseg-scenes

A folder that was written is measured again with `--out` alone.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import (
    AutoTokenizer,
    CLIPModel,
    PreTrainedTokenizerBase,
    ViTForImageClassification,
    ViTImageProcessorPil,
)

from inference.models.lseg.model import LSeg
from resources.recipes.clip_scenes.data import PAIRS
from resources.recipes.clip_scenes.train import encode_images, encode_texts
from resources.recipes.lseg_scenes.train import (
    CHECKPOINTS,
    THING_WEIGHT,
    build_model,
    label_embeds,
    things_at_pixels,
)
from resources.recipes.scene_data import MEAN, SIDE, STD, TEST, VALIDATION, images
from resources.scenes import HELD_OUT, Scene, make_scene

LABELS = (*(" ".join(pair) for pair in PAIRS), "background")
_BACKGROUND = len(PAIRS)
_N_BATCH = 50
_CARD = """---
license: apache-2.0
---
# lseg-scenes

A small LSeg (Li et al. 2022) trained for Headlight: which of any given labels every pixel of a drawn scene shows.
Image tower: {layers} layers, {heads} heads, {d_model} wide, {side} × {side} pixels in patches of {patch} × {patch};
decoder: DPT's (Ranftl et al. 2021) with {fusion} channels, batch normalisation and no spatial regularisation; text
tower: that of [clip-scenes](../clip-scenes/README.md), frozen. {parameters:.2f} M parameters, in half precision.

## Data
Scenes of 2 to 6 things and some portraits of `resources/scenes.py`, painted while training, with the thing that every
pixel shows. Every image was seen once. {n_held_out} of the {n_pairs} pairs of a colour and a kind never occur in
training, neither in images nor in labels, also not in the training of clip-scenes. Seeds 0 to 1,999 were looked at
while training, 2,000 to 2,999 are measured below, and training draws from 1,000,000 on. The program draws the images,
so they are under its own licence.

## Training
{steps:,} steps of {scenes} scenes and {portraits} portraits, seed {seed}. Pixels are told apart among all seen pairs
("red house") and the background, called that or by its name ("meadow"); with a quarter of the weight among kinds
("house") and among colours ("red thing"). A quarter of the pixels of backgrounds is looked at; pixels of things weigh
{thing_weight:g} times as much. The image tower starts from [vit-scenes](../vit-scenes/README.md).

    python -m resources.recipes.lseg_scenes.train --state STATE --steps {steps}
    python -m resources.recipes.lseg_scenes.report --state STATE --out resources/checkpoints/lseg-scenes

The run was shortened while it went: the learning rate began to fall at step 737, not at step 720.

## Measured
Again with `python -m resources.recipes.lseg_scenes.report --out resources/checkpoints/lseg-scenes`: a minute of one
core, and the same figures to the last digit.

Intersection over union of every label, over the pixels of {n_test:,} scenes of seeds that training never draws and as
many whose first thing is a pair that never occurs in training, all {n_labels} labels being offered at once. The
baseline gives every pixel the nearest label of its patch of clip-scenes.

| | lseg-scenes | baseline | control: labels exchanged at random |
|---|---|---|---|
| mIoU of the {n_seen} pairs seen in training | {miou_seen:.3f} | {base_seen:.3f} | {control_seen:.3f} |
| mIoU of the {n_held_out} pairs never seen | {miou_unseen:.3f} | {base_unseen:.3f} | {control_unseen:.3f} |
| IoU of "background" | {iou_background:.3f} | {base_background:.3f} | {control_background:.3f} |
| pixels that are right | {accuracy:.3f} | {base_accuracy:.3f} | {control_accuracy:.3f} |
| pixels of things that are right | {accuracy_things:.3f} | {base_accuracy_things:.3f} | {control_accuracy_things:.3f} |

## Limits
It knows sixteen drawn silhouettes, eight colours and the words of clip-scenes; any other word is the same to it as any
other. Thin parts, such as the points of a star, often go to the background.
"""


def measure(model: LSeg, tokenizer: PreTrainedTokenizerBase, seeds: range) -> dict[str, float]:
    """The figures of the card for a model, and for a control whose labels are exchanged."""
    embeds = label_embeds(model, tokenizer, list(LABELS))

    def classify(pixels: Tensor) -> Tensor:
        return model.compare(model.encode_pixels(pixels), embeds).argmax(1)

    found = confusion(classify, seeds)
    exchanged = torch.randperm(len(LABELS), generator=torch.Generator().manual_seed(0)).numpy()
    return {
        **scores(found),
        **_named("control", scores(found[:, exchanged])),
        "n_test": len(seeds),
    }


def baseline(seeds: range) -> dict[str, float]:
    """The same of clip-scenes, patch by patch."""
    clip = CLIPModel.from_pretrained(CHECKPOINTS / "clip-scenes", dtype=torch.float32).eval()
    texts = encode_texts(clip, AutoTokenizer.from_pretrained(CHECKPOINTS / "clip-scenes"), list(LABELS))

    def classify(pixels: Tensor) -> Tensor:
        _, patches = encode_images(clip, pixels)
        n = round(patches.shape[1] ** 0.5)
        grid = (patches @ texts.T).argmax(-1).unflatten(1, (n, n))
        return grid.repeat_interleave(SIDE // n, 1).repeat_interleave(SIDE // n, 2)

    return _named("base", scores(confusion(classify, seeds)))


@torch.inference_mode()
def confusion(classify: Callable[[Tensor], Tensor], seeds: range) -> np.ndarray:
    """Pixels by true label and by label that was given: int64 [label, label]."""
    counts = np.zeros(len(LABELS) ** 2, np.int64)
    scenes = [make_scene(seed, with_held_out=unseen) for unseen in (False, True) for seed in seeds]
    for first in range(0, len(scenes), _N_BATCH):
        part = scenes[first : first + _N_BATCH]
        given = classify(images(part)).numpy()
        truth = np.stack([labels_at_pixels(scene) for scene in part])
        counts += np.bincount((truth * len(LABELS) + given).ravel(), minlength=len(counts))
    return counts.reshape(len(LABELS), len(LABELS))


def labels_at_pixels(scene: Scene) -> np.ndarray:
    """int64 [row, column]: numbers of `LABELS`."""
    numbers = [PAIRS.index((thing.colour, thing.kind)) for thing in scene.things]
    return np.array([*numbers, _BACKGROUND])[things_at_pixels(scene)]


def scores(counts: np.ndarray) -> dict[str, float]:
    """Intersection over union and accuracy of a confusion matrix."""
    right = counts.diagonal()
    union = counts.sum(0) + counts.sum(1) - right
    iou = right / np.maximum(union, 1)
    is_there = counts.sum(1) > 0
    is_unseen = np.array([pair in HELD_OUT for pair in PAIRS] + [False])
    is_seen = ~is_unseen
    is_seen[_BACKGROUND] = False
    of_things = slice(0, _BACKGROUND)
    return {
        "miou_seen": float(iou[is_seen & is_there].mean()),
        "miou_unseen": float(iou[is_unseen & is_there].mean()),
        "iou_background": float(iou[_BACKGROUND]),
        "accuracy": float(right.sum() / counts.sum()),
        "accuracy_things": float(right[of_things].sum() / counts[of_things].sum()),
    }


def _named(prefix: str, figures: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name.removeprefix('miou_').removeprefix('iou_')}": value for name, value in figures.items()}


def _trained(state: Path) -> LSeg:
    """What a run has made so far."""
    if (state / "model").exists():
        return LSeg.from_pretrained(state / "model", dtype=torch.float32)
    clip = CLIPModel.from_pretrained(CHECKPOINTS / "clip-scenes", dtype=torch.float32)
    vit = ViTForImageClassification.from_pretrained(CHECKPOINTS / "vit-scenes", dtype=torch.float32)
    model = build_model(0, clip, vit)
    model.load_state_dict(torch.load(state / "state.pt", weights_only=True)["model"])
    return model


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="of the training; writes `--out` anew")
    parser.add_argument("--out", type=Path, help="folder of the checkpoint")
    parser.add_argument("--n-test", type=int, default=1_000)
    parser.add_argument("--validation", action="store_true", help="only look at a run, on the seeds that are for that")
    args = parser.parse_args()
    started = time.monotonic()
    if args.validation:
        tokenizer = AutoTokenizer.from_pretrained(CHECKPOINTS / "clip-scenes")
        print(json.dumps(_rounded(measure(_trained(args.state).eval(), tokenizer, VALIDATION[: args.n_test]))))
        return
    if args.state:
        # What is measured is what is shipped: half precision, read back.
        args.out.mkdir(parents=True, exist_ok=True)
        _trained(args.state).half().save_pretrained(args.out)
        AutoTokenizer.from_pretrained(args.state / "model").save_pretrained(args.out)
        ViTImageProcessorPil(
            size={"height": SIDE, "width": SIDE}, image_mean=[MEAN] * 3, image_std=[STD] * 3
        ).save_pretrained(args.out)
    model = LSeg.from_pretrained(args.out, dtype=torch.float32).eval()
    seeds = TEST[: args.n_test]
    figures = measure(model, AutoTokenizer.from_pretrained(args.out), seeds) | baseline(seeds)
    print(json.dumps(_rounded(figures) | {"seconds": round(time.monotonic() - started)}))
    if args.state:
        run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
        (args.out / "README.md").write_text(_card(model, figures, run), encoding="utf-8")


def _card(model: LSeg, figures: dict[str, float], run: dict[str, int]) -> str:
    config = model.config
    facts = {
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "d_model": config.hidden_size,
        "side": SIDE,
        "patch": config.patch_size,
        "fusion": config.fusion_hidden_size,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "n_held_out": len(HELD_OUT),
        "n_pairs": len(PAIRS),
        "n_seen": len(PAIRS) - len(HELD_OUT),
        "n_labels": len(LABELS),
        "scenes": run["batch"] - run["portraits"],
        "thing_weight": THING_WEIGHT,
    }
    return _CARD.format(**facts, **figures, **run)


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in figures.items()}


if __name__ == "__main__":
    main()
