"""The loop that the recipes share: resumable, with one schedule and one way to log."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from resources.recipes.muon import Muon

SAVE_EVERY = 90.0  # seconds


@dataclass(frozen=True)
class Plan:
    """How a run goes.

    Attributes
    ----------
    n_steps
        In all, over every part of the run.
    rate
        Highest learning rate, after `warm_up` steps and until the last `decay` of the run, where it falls to 2 %.
    """

    n_steps: int
    rate: float
    warm_up: int = 100
    decay: float = 0.4

    def factor(self, step: int) -> float:
        """Share of `rate` at a step."""
        left = (self.n_steps - step) / (self.decay * self.n_steps)
        return min(1.0, (step + 1) / self.warm_up, max(0.02, left))


def run_parser(description: str | None, *, steps: int, rate: float) -> argparse.ArgumentParser:
    """The command line of a recipe that trains: `--state`, `--steps`, `--rate`, `--seed`, `--threads` and `--smoke`.

    Parameters
    ----------
    description
        The recipe's own, above them in its help.
    steps, rate
        If none are given.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True, help="where the run keeps its state")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("--smoke", action="store_true", help="a few steps on little data")
    return parser


def parsed(parser: argparse.ArgumentParser, given: Sequence[str] | None = None) -> argparse.Namespace:
    """What was given to a `run_parser`, torch having its threads; with `--smoke` there are three steps."""
    args = parser.parse_args(given)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.smoke:
        args.steps = 3
    return args


def keep_run(state: Path, run: Mapping[str, Any]) -> None:
    """Write down beside the state how a run went, for its card."""
    (state / "run.json").write_text(json.dumps(run), encoding="utf-8")


def train(
    model: nn.Module,
    step_loss: Callable[[int], tuple[Tensor, dict[str, float]]],
    plan: Plan,
    state_file: Path,
    *,
    is_matrix: Callable[[str], bool],
) -> None:
    """Train until the plan is done, going on from `state_file` where there is one.

    Matrices inside the layers are trained with Muon (Jordan et al. 2024), the rest with AdamW.

    Parameters
    ----------
    step_loss
        Loss and what is to be logged of a step, given its number: the batch must follow from the number, so that a run
        that was interrupted sees what it would have seen.
    is_matrix
        By name, which two-dimensional parameters lie inside the layers.
    """
    device = next(model.parameters()).device
    # Processors that have to emulate it are fifty times slower with it.
    has_bfloat16 = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and is_matrix(name)]
    known = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in known]
    optimizers: list[torch.optim.Optimizer] = [Muon(matrices, plan.rate)] if matrices else []
    optimizers.append(torch.optim.AdamW(rest, lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01))
    first = 0
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        first = state["step"]
    started = saved_at = time.monotonic()
    sums: dict[str, float] = {}
    n_summed = 0
    model.train()
    for step in range(first, plan.n_steps):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = plan.rate * plan.factor(step)
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16):
            loss, told = step_loss(step)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        for name, value in (told | {"loss": loss.item()}).items():
            sums[name] = sums.get(name, 0.0) + value
        n_summed += 1
        if (step + 1) % 50 == 0 or step + 1 == plan.n_steps:
            means = {name: round(value / n_summed, 5) for name, value in sums.items()}
            speed = round((step + 1 - first) / (time.monotonic() - started), 3)
            print(json.dumps({"step": step + 1} | means | {"steps_per_s": speed}), flush=True)
            sums, n_summed = {}, 0
        if time.monotonic() - saved_at > SAVE_EVERY or step + 1 == plan.n_steps:
            _save(model, optimizers, step + 1, state_file)
            saved_at = time.monotonic()


def _save(model: nn.Module, optimizers: list[torch.optim.Optimizer], step: int, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".tmp")
    state = {"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "step": step}
    torch.save(state, partial)
    partial.replace(file)
