"""A network that reads images, anew from random weights, trained on labels of images."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from inference.family.image_features import GivesImageFeatures
    from inference.forward.model import Model

_RATE = 1e-3
_WARM_UP = 0.2  # of all steps


def fresh_net(model: Model, seed: int) -> PreTrainedModel:
    """A network like that of a model, float32 on its device, with the random weights of a seed; for looking."""
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        net: Any = type(model.net)(copy.deepcopy(model.net.config))
    return net.float().to(model.device).eval()


class TaughtTower(nn.Module):
    """What reads images in a network, and a linear head on its features.

    Attributes
    ----------
    parts
        Parameters that an image reaches, and those of the head.
    """

    def __init__(self, family: GivesImageFeatures, net: PreTrainedModel, example: Tensor, n_labels: int) -> None:
        """`example` is [1, 3, row, column]."""
        super().__init__()
        self._family, self.net = family, net
        found = family.image_features(net, example)
        self.head = nn.Linear(found.shape[1], n_labels).to(example.device)
        reached = list(net.parameters())
        gradients = torch.autograd.grad(found.sum(), reached, allow_unused=True)
        self.parts = [p for p, gradient in zip(reached, gradients, strict=True) if gradient is not None]
        self.parts += self.head.parameters()

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Logits [image, label] of images [image, 3, row, column]."""
        return self.head(self._family.image_features(self.net, pixel_values))


def learn(
    tower: TaughtTower,
    batch: Callable[[int], tuple[Tensor, Tensor]],
    loss_of: Callable[[Tensor, Tensor], Tensor],
    n_steps: int,
    check: Callable[[int], None],
) -> None:
    """Train with AdamW and one cycle of the learning rate.

    Parameters
    ----------
    batch
        Images and what is true of them, given the number of the step.
    loss_of
        The loss of logits and of what is true.
    check
        Called before each step with its number; may raise.
    """
    optimizer = torch.optim.AdamW(tower.parts, _RATE, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, n_steps, pct_start=_WARM_UP)
    tower.train()
    for step in range(n_steps):
        check(step)
        pixels, truth = batch(step)
        loss = loss_of(tower(pixels), truth)
        loss.backward()
        nn.utils.clip_grad_norm_(tower.parts, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
    tower.eval()
