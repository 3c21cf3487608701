"""The training loop: one step after the other, with everything that is needed to go on from any of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from inference.context import Refused
from inference.results.training import StepLog, Validation
from inference.training.task import TrainingTask, layers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.results.training import TrainingRequest

N_LOOKS = 48  # times that a run is validated and looked at


def look_steps(n_steps: int) -> tuple[int, ...]:
    """After how many steps a run is looked at: often in the beginning, evenly later, and in the end."""
    early = [round(1.6**i) for i in range(14)]
    evenly = np.linspace(0, n_steps, min(n_steps, N_LOOKS - len(early) // 2) + 1).round().astype(int).tolist()
    return tuple(sorted({0, n_steps, *evenly, *(step for step in early if step < n_steps)}))


class Training:
    """A model in training: AdamW, one schedule, gradients that are scaled down to a norm.

    It is what a plain loop does with `torch.nn.utils.clip_grad_norm_` and a scheduler of transformers, step for step.

    Attributes
    ----------
    step
        Steps done.
    layers
        Names of what gradients are told of.
    validations
        So far.
    seconds
        Of training; pauses and validation do not count.
    """

    def __init__(
        self, request: TrainingRequest, task: TrainingTask, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._plan, self._schedule, self._task = request.plan, request.schedule, task
        self.parameters = [parameter for parameter in task.net.parameters() if parameter.requires_grad]
        parts = layers_of(task.net)
        self.layers = tuple(parts)
        # By parameter, which layer it is of: their norms are summed by layer in one product.
        place = {id(parameter): i for i, group in enumerate(parts.values()) for parameter in group}
        self._layer_of = torch.tensor([place[id(parameter)] for parameter in self.parameters])
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=0.0, betas=(0.9, 0.98), eps=1e-9, weight_decay=task.weight_decay, fused=True
        )
        self.step = 0
        self.seconds = 0.0
        self.validations: list[Validation] = []
        self._loss: list[float] = []
        self._rate: list[float] = []
        self._gradient: list[np.ndarray] = []
        self._seconds: list[float] = []
        self._terms: list[tuple[float, ...]] = []

    def advance(self) -> None:
        """One step.

        Raises
        ------
        Refused
            The loss is no number any more; the weights are those before the step.
        """
        start = self._clock()
        self._task.net.train()
        rate = self._schedule.rate(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._task.loss()
        loss.backward()
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        norms = torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients])
        total = torch.linalg.vector_norm(norms)
        value = loss.item()
        if not (math.isfinite(value) and math.isfinite(total.item())):
            self.optimizer.zero_grad(set_to_none=True)
            what = "loss" if not math.isfinite(value) else "gradient"
            raise Refused(
                f"The {what} is no number any more at step {self.step + 1:,}, with a learning rate of {rate:.3g}: "
                "a lower rate, a longer warm-up or a smaller clip helps."
            )
        if self._plan.clip:
            nn.utils.clip_grads_with_norm_(self.parameters, self._plan.clip, total)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        squares = torch.zeros(len(self.layers)).index_add_(0, self._layer_of, norms.detach().float().cpu() ** 2)
        self._loss.append(value)
        self._rate.append(rate)
        self._gradient.append(squares.sqrt().numpy())
        self._terms.append(self._task.terms_now)
        self.seconds += self._clock() - start
        self._seconds.append(self.seconds)
        self.step += 1

    def look(self) -> None:
        """Validate, and look at the example. Training goes on as if nothing had been."""
        devices = [self._task.net.device] if self._task.net.device.type == "cuda" else []
        with torch.inference_mode(), torch.random.fork_rng(devices):
            self._task.net.eval()
            loss, measure = self._task.validate()
            said, pattern = self._task.look()
            by_distance = self._task.by_distance()
        self.validations = [one for one in self.validations if one.step < self.step]
        self.validations.append(
            Validation(self.step, loss, measure, said, pattern, self.seconds, by_distance, self._task.parts_right)
        )

    def log(self, first: int = 0) -> StepLog:
        """The numbers of the steps from `first` on."""
        gradient = np.stack(self._gradient[first:]) if self.step > first else np.zeros((0, len(self.layers)))
        return StepLog(
            first,
            np.array(self._loss[first:], np.float32),
            np.array(self._rate[first:]),
            gradient.astype(np.float32),
            np.array(self._seconds[first:]),
            np.array(self._terms[first:], np.float32).reshape(self.step - first, len(self._task.terms)),
        )

    # To go on another time

    def state(self) -> dict[str, Any]:
        """All that the next step depends on: weights, optimizer, random numbers."""
        is_cuda = self._task.net.device.type == "cuda"
        return {
            "step": self.step,
            "seconds": self.seconds,
            "net": self._task.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state(self._task.net.device) if is_cuda else None,
        }

    def restore(self, state: dict[str, Any], log: StepLog, validations: Sequence[Validation]) -> None:
        """Stand where a run stood. Of the log only the steps that the state knows are kept."""
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self._task.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())
        if state["random_cuda"] is not None and self._task.net.device.type == "cuda":
            torch.cuda.set_rng_state(state["random_cuda"].cpu(), self._task.net.device)
        n = self.step
        self._loss, self._rate, self._gradient = log.loss[:n].tolist(), log.rate[:n].tolist(), [*log.gradient[:n]]
        self._seconds, self._terms = log.seconds[:n].tolist(), [tuple(row) for row in log.terms[:n].tolist()]
        self.validations = [one for one in validations if one.step <= n]
