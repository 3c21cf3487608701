"""Measure `scene-detector` and write its folder: weights, preprocessing, model card.

    python -m resources.recipes.scene_detector.report --state DIR --out resources/detectors/scene-detector

A folder that was written is measured again with `--out` alone.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from transformers import ViTImageProcessorPil

from inference.inputs.scene_images import thing_boxes
from inference.models.scene_detector import Detections, SceneDetector, overlaps
from resources.recipes.scene_data import MEAN, SIDE, STD, TEST, images
from resources.scene_shapes import KINDS
from resources.scenes import HELD_OUT, Scene, make_scene

_N_BATCH = 50
_HIT = 0.5  # intersection over union of a box that counts as right
_LEAST = 0.3  # score from which on something counts as found
_CARD = """---
license: apache-2.0
---
# scene-detector

A small detector of the things in drawn scenes, trained for Headlight: boxes, a colour and a kind of each, and {size}
numbers that models of regions read in place of the image. A convolutional network says at {rows} × {rows} places
whether a thing has its centre there and where it ends (after Zhou et al. 2019); what lies in a box, whoever drew it, is
sampled at {bins} × {bins} places and becomes a vector, from which kind and colour are told (after Ren et al. 2015 and
Anderson et al. 2018). {parameters:.2f} M parameters, in half precision. There is no attention in it to look at.

## Data
Scenes of 2 to 6 things of `resources/scenes.py` at {side} × {side} pixels, painted while training; every one was seen
once. {n_held_out} of the 128 pairs of a colour and a kind never occur. Training draws from seeds 1,000,000 on;
{n_test:,} scenes of seeds from 2,000 on are measured below, and as many whose first thing is a pair that never occurs
in training. The program draws the images, so they are under its own licence.

## Training
{steps:,} steps of {scenes} scenes, seed {seed}.

    python -m resources.recipes.scene_detector.train --state STATE --steps {steps}
    python -m resources.recipes.scene_detector.report --state STATE --out resources/detectors/scene-detector

## Measured
Again with `python -m resources.recipes.scene_detector.report --out resources/detectors/scene-detector`. A box is right
when it and that of a thing share half of what they cover together.

| | |
|---|---|
| average precision, the mean over {n_kinds} kinds | {precision_ap:.3f} |
| things that are found | {recall:.3f} |
| boxes that are right, of those that are found | {precision:.3f} |
| kinds that are right, where the box is | {kind:.3f} |
| colours that are right, where the box is | {colour:.3f} |
| tags that are right, where the box is: both | {tag:.3f} |
| tags of pairs that never occur in training, where the box is | {unseen:.3f} |
| a tag at random | 0.008 |

## Limits
It knows drawn things alone, and tells what it has never seen together (a colour with a kind) less surely than the rest.
"""


def measure(model: SceneDetector, seeds: range) -> dict[str, float]:
    """All figures of the card."""
    scenes = [make_scene(seed) for seed in seeds]
    figures = _of_boxes(_found(model, scenes, 0.02), scenes) | _of_tags(_found(model, scenes, _LEAST), scenes)
    unseen = [make_scene(seed, with_held_out=True) for seed in seeds]
    hits = [
        each.tags[box] == scene.things[thing].tag
        for each, scene in zip(_found(model, unseen, _LEAST), unseen, strict=True)
        for thing, box in matched(each, scene).items()
        if (scene.things[thing].colour, scene.things[thing].kind) in HELD_OUT
    ]
    return figures | {"unseen": _share(hits), "n_test": len(scenes)}


def _found(model: SceneDetector, scenes: list[Scene], least: float) -> list[Detections]:
    parts = [scenes[i : i + _N_BATCH] for i in range(0, len(scenes), _N_BATCH)]
    return [found for part in parts for found in model.detect(images(part), least)]


def matched(found: Detections, scene: Scene) -> dict[int, int]:
    """Which box hits which thing, the surest first; each is matched once."""
    shared = overlaps(found.boxes, torch.from_numpy(thing_boxes(scene, SIDE) / SIDE))
    hits: dict[int, int] = {}
    for box in range(len(found.tags)):  # these are in order of their scores
        free = shared[box].clone()
        free[list(hits)] = -1
        if float(free.max()) >= _HIT:
            hits[int(free.argmax())] = box
    return hits


def _of_boxes(found: list[Detections], scenes: list[Scene]) -> dict[str, float]:
    """Average precision, by hits of the right kind."""
    values = []
    for kind in KINDS:
        marked: list[tuple[float, bool]] = []
        n = 0
        for each, scene in zip(found, scenes, strict=True):
            own = [i for i, tag in enumerate(each.tags) if tag.endswith(f" {kind}")]
            things = [i for i, thing in enumerate(scene.things) if thing.kind == kind]
            n += len(things)
            truth = torch.from_numpy(thing_boxes(scene, SIDE) / SIDE)[things]
            free = set(range(len(things)))
            for i in own:
                shared = overlaps(each.boxes[i : i + 1], truth)[0]
                best = max(free, key=lambda j, shared=shared: float(shared[j]), default=-1)
                is_hit = best >= 0 and float(shared[best]) >= _HIT
                free -= {best} if is_hit else set()
                marked.append((float(each.scores[i]), is_hit))
        values.append(_average_precision(marked, n))
    return {"precision_ap": float(np.mean(values))}


def _average_precision(marked: list[tuple[float, bool]], n: int) -> float:
    """The area under precision by recall, precision being the best at that recall or a higher one."""
    hits = np.array([is_hit for _, is_hit in sorted(marked, key=lambda pair: -pair[0])], float)
    if not len(hits) or not n:
        return 0.0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((best * hits).sum() / n)


def _of_tags(found: list[Detections], scenes: list[Scene]) -> dict[str, float]:
    n_things = n_boxes = 0
    right: list[tuple[bool, bool]] = []
    for each, scene in zip(found, scenes, strict=True):
        hits = matched(each, scene)
        n_things += len(scene.things)
        n_boxes += len(each.tags)
        for thing, box in hits.items():
            colour, kind = each.tags[box].split()
            right.append((kind == scene.things[thing].kind, colour == scene.things[thing].colour))
    return {
        "recall": len(right) / n_things,
        "precision": len(right) / n_boxes,
        "kind": _share([kind for kind, _ in right]),
        "colour": _share([colour for _, colour in right]),
        "tag": _share([kind and colour for kind, colour in right]),
    }


def _share(hits: list[bool]) -> float:
    """0 where nothing was found that could be right."""
    return float(np.mean(hits)) if hits else 0.0


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="of the training; writes `--out` anew")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--n-test", type=int, default=1_000)
    args = parser.parse_args()
    started = time.monotonic()
    if args.state:
        # What is measured is what is shipped: half precision, read back.
        args.out.mkdir(parents=True, exist_ok=True)
        SceneDetector.from_pretrained(args.state / "model", dtype=torch.float16).save_pretrained(args.out)
        size = {"height": SIDE, "width": SIDE}
        ViTImageProcessorPil(size=size, image_mean=[MEAN] * 3, image_std=[STD] * 3).save_pretrained(args.out)
    model = SceneDetector.from_pretrained(args.out, dtype=torch.float32).eval()
    figures = measure(model, TEST[: args.n_test])
    rounded = {name: round(float(value), 4) for name, value in figures.items()}
    print(json.dumps(rounded | {"seconds": round(time.monotonic() - started)}))
    if args.state:
        run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
        (args.out / "README.md").write_text(_card(model, figures, run), encoding="utf-8")


def _card(model: SceneDetector, figures: dict[str, float], run: dict[str, int]) -> str:
    facts = {
        "size": model.config.feature_size,
        "rows": SIDE // 4,
        "bins": 4,
        "side": SIDE,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "n_held_out": len(HELD_OUT),
        "n_kinds": len(KINDS),
    }
    return _CARD.format(**(facts | figures | run))


if __name__ == "__main__":
    main()
