"""Train the same residual network on labels: what captions are compared with, as in the paper's table of annotations.

    python -m resources.recipes.virtex_scenes.label --state DIR

It sees the very scenes that the captions were of, and is told which pairs of a colour and a kind are in each.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.models.virtex.model import VisualBackbone
from resources.recipes.clip_scenes.data import PAIRS
from resources.recipes.scene_data import images, training_scenes
from resources.recipes.training import Plan, parsed, run_parser, train
from resources.recipes.virtex_scenes.data import make_tokenizer
from resources.recipes.virtex_scenes.train import N_SCENES, build_model
from resources.scenes import Scene


class LabelNetwork(nn.Module):
    """The backbone, the mean of its places, and a logit for each pair of a colour and a kind."""

    def __init__(self, visual: VisualBackbone) -> None:
        super().__init__()
        self.visual = visual
        self.head = nn.Linear(visual.cnn.d_out, len(PAIRS))

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits [image, pair] of images [image, 3, row, column]."""
        return self.head(self.visual(pixels)[0].mean(1))


def make_network(seed: int) -> LabelNetwork:
    """With the random weights that `virtex-scenes` began with."""
    return LabelNetwork(build_model(seed, len(make_tokenizer())).visual)


def pairs_present(scenes: list[Scene]) -> Tensor:
    """float32 [scene, pair]: 1 where such a thing is in the scene."""
    present = torch.zeros(len(scenes), len(PAIRS))
    for i, scene in enumerate(scenes):
        present[i, [PAIRS.index((thing.colour, thing.kind)) for thing in scene.things]] = 1
    return present


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=6_000, rate=2e-3)
    args = parsed(parser)
    network = make_network(args.seed)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        scenes = training_scenes(step, 2 if args.smoke else N_SCENES)
        told = pairs_present(scenes)
        return F.binary_cross_entropy_with_logits(network(images(scenes)), told, reduction="sum") / len(scenes), {}

    plan = Plan(args.steps, args.rate)
    train(network, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: False)


if __name__ == "__main__":
    main()
