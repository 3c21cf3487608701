"""How quick a plain loop is: `... plain_training N_STEPS`. The same model, data, schedule and looks as the lab's."""

from __future__ import annotations

import json
import os
import sys
import time

import torch
from torch import nn
from transformers import get_cosine_schedule_with_warmup

from inference.service.server import NICE_JOB
from inference.training.loop import look_steps
from inference.training.run import build_task
from widgets.views.training.options import RunOptions


def main() -> None:
    n_steps = int(sys.argv[1])
    os.nice(NICE_JOB)
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    request = RunOptions(steps=n_steps, warm_up=min(100, n_steps)).request("")
    plan = request.plan
    task = build_task(request, torch.device("cpu"))
    optimizer = torch.optim.AdamW(
        task.net.parameters(), lr=plan.peak, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.0, fused=True
    )
    schedule = get_cosine_schedule_with_warmup(optimizer, plan.warm_up, n_steps)
    looks = look_steps(n_steps)

    def look() -> None:
        task.net.eval()
        with torch.inference_mode(), torch.random.fork_rng():
            task.validate()
            task.look()
            task.by_distance()
        task.net.train()

    look()
    started = time.perf_counter()
    for step in range(n_steps):
        loss = task.loss()
        loss.backward()
        nn.utils.clip_grad_norm_(task.net.parameters(), plan.clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        if step + 1 in looks:
            look()
    print(json.dumps({"steps_per_s": n_steps / (time.perf_counter() - started)}))


main()
