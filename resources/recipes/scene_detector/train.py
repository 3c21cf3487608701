"""Train `scene-detector`: it finds the things of drawn scenes, with real errors.

    python -m resources.recipes.scene_detector.train --state DIR

It goes on from where it stopped, if there is something in `DIR`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.inputs.scene_images import thing_boxes
from inference.models.scene_detector import Proposals, RegionsRead, SceneDetector, SceneDetectorConfig, overlaps
from resources.recipes.scene_data import SIDE, images, training_scenes
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import MOST_OBJECTS, Scene

N_SCENES = 32
_NARROW = 0.18  # standard deviation of the hill around a centre, in sides of its box
_INNER = 0.2  # places so near to a centre, in sides of its box, say where the box ends
_N_PROPOSED, _N_JITTERED, _N_RANDOM = 8, 2, 4  # boxes an image that the second stage learns from
_IS_THING, _IS_NONE = 0.5, 0.4  # overlaps from and up to which a box shows a thing, or none


@dataclass(frozen=True)
class Truth:
    """What there is in scenes, padded with empty boxes.

    Attributes
    ----------
    boxes
        [scene, thing, 4], in shares of the image.
    kinds, colours
        int64 [scene, thing]; kinds from 1 on, 0 where there is no thing.
    """

    boxes: Tensor
    kinds: Tensor
    colours: Tensor


def truth_of(scenes: list[Scene]) -> Truth:
    """What the generator painted."""
    boxes = np.zeros((len(scenes), MOST_OBJECTS, 4), np.float32)
    numbers = np.zeros((2, len(scenes), MOST_OBJECTS), np.int64)
    kinds, colours = list(KINDS), list(COLOURS)
    for i, scene in enumerate(scenes):
        n = len(scene.things)
        boxes[i, :n] = thing_boxes(scene, SIDE) / SIDE
        numbers[0, i, :n] = [1 + kinds.index(thing.kind) for thing in scene.things]
        numbers[1, i, :n] = [colours.index(thing.colour) for thing in scene.things]
    return Truth(torch.from_numpy(boxes), *torch.from_numpy(numbers))


def build_model(seed: int) -> SceneDetector:
    """One with random weights."""
    torch.manual_seed(seed)
    return SceneDetector(SceneDetectorConfig(image_size=SIDE, kinds=tuple(KINDS), colours=tuple(COLOURS)))


def centre_loss(found: Proposals, truth: Truth) -> Tensor:
    """Of the map of centres, a thing (Zhou et al. 2019, equation 1)."""
    offsets, sides = _offsets(found, truth)
    hills = torch.exp(-((offsets / sides.clamp(min=1e-6)) ** 2).sum(-1) / (2 * _NARROW**2))
    hills = torch.where(truth.kinds[..., None, None] > 0, hills, 0)
    # The place that is nearest to a centre is one, wherever in it the centre lies.
    nearest = (offsets**2).sum(-1).flatten(2).argmin(-1)
    is_centre = F.one_hot(nearest, hills[0, 0].numel()).unflatten(-1, hills.shape[2:]).bool()
    is_centre = (is_centre & (truth.kinds[..., None, None] > 0)).any(1)
    hill, logits = hills.amax(1), found.centres
    probs = logits.sigmoid()
    losses = torch.where(
        is_centre,
        -((1 - probs) ** 2) * F.logsigmoid(logits),
        -((1 - hill) ** 4) * probs**2 * F.logsigmoid(-logits),
    )
    return losses.sum() / is_centre.sum()


def box_loss(found: Proposals, truth: Truth) -> Tensor:
    """1 - generalised intersection over union, the mean over places near to a centre."""
    offsets, sides = _offsets(found, truth)
    nearest = (offsets**2).sum(-1).flatten(2).argmin(-1)
    is_nearest = F.one_hot(nearest, offsets[0, 0, ..., 0].numel()).unflatten(-1, offsets.shape[2:4]).bool()
    is_inner = ((offsets.abs() < _INNER * sides).all(-1) | is_nearest) & (truth.kinds[..., None, None] > 0)
    scene, thing, row, column = is_inner.nonzero(as_tuple=True)
    a, b = found.places[scene, row, column], truth.boxes[scene, thing]
    shared = overlaps(a[:, None], b[:, None])[:, 0, 0]
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(-1)
    areas = (a[:, 2:] - a[:, :2]).prod(-1) + (b[:, 2:] - b[:, :2]).prod(-1)
    union = areas / (1 + shared)
    return (1 - shared + (hull - union) / hull).mean()


def _offsets(found: Proposals, truth: Truth) -> tuple[Tensor, Tensor]:
    """[scene, thing, row, column, 2] from places to the centres of things, and sides [scene, thing, 1, 1, 2]."""
    rows, columns = found.centres.shape[1:]
    size = torch.tensor([columns, rows])
    at = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"), -1).flip(-1)
    places = ((at + 0.5) / size).to(truth.boxes)
    centres = (truth.boxes[..., :2] + truth.boxes[..., 2:])[:, :, None, None] / 2
    sides = (truth.boxes[..., 2:] - truth.boxes[..., :2])[:, :, None, None]
    return places - centres, sides


def some_boxes(model: SceneDetector, found: Proposals, truth: Truth, rng: torch.Generator) -> Tensor:
    """Boxes [scene, region, 4] to learn from: things not quite hit, what is proposed, and anything."""
    with torch.no_grad():
        proposed, _ = model.proposed(found, _N_PROPOSED)
    boxes = truth.boxes.repeat(1, _N_JITTERED, 1)
    sides = (boxes[..., 2:] - boxes[..., :2]).repeat(1, 1, 2)
    near = boxes + sides * (torch.rand(boxes.shape, generator=rng) - 0.5) * 0.3
    corner = torch.rand(len(boxes), _N_RANDOM, 2, generator=rng) * 0.7
    anything = torch.cat([corner, corner + 0.1 + 0.3 * torch.rand(corner.shape, generator=rng)], -1)
    return torch.cat([proposed.to(near), near, anything], 1).clamp(0, 1)


def region_loss(read: RegionsRead, boxes: Tensor, truth: Truth) -> tuple[Tensor, Tensor]:
    """Of kinds, nothing being one, and of the colours of things."""
    best, which = overlaps(boxes, truth.boxes).max(-1)
    is_thing, is_none = best >= _IS_THING, best < _IS_NONE
    kinds = torch.where(is_thing, truth.kinds.gather(1, which), 0)
    counts = (is_thing | is_none) & (boxes[..., 2:] > boxes[..., :2]).all(-1)  # of no thing there are no jittered ones
    of_kinds = F.cross_entropy(read.kinds[counts], kinds[counts])
    return of_kinds, F.cross_entropy(read.colours[is_thing], truth.colours.gather(1, which)[is_thing])


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=3_000, rate=2e-3)
    args = parsed(parser)
    model = build_model(args.seed)
    n_scenes = 2 if args.smoke else N_SCENES

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        scenes = training_scenes(step, n_scenes)
        truth = truth_of(scenes)
        found = model(images(scenes))
        boxes = some_boxes(model, found, truth, torch.Generator().manual_seed(step))
        of_kinds, of_colours = region_loss(model.read(found.features, boxes), boxes, truth)
        losses = {"centre": centre_loss(found, truth), "box": box_loss(found, truth)}
        losses |= {"kind": of_kinds, "colour": of_colours}
        return torch.stack(list(losses.values())).sum(), {name: loss.item() for name, loss in losses.items()}

    plan = Plan(args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda _: False)
    model.eval().half().save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "scenes": n_scenes, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
