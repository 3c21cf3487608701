"""Tokens a second while meshes are drawn: `python -m benchmarks.ours.mesh_sampling N_ROUNDS N_THREADS MAX_TOKENS`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from statistics import median
from typing import Any

import torch
from torch import nn

from inference.context import Context
from inference.forward.opening import load
from inference.meshes.tokens import STOP
from inference.models.polygen_sampling import Sampling, Step, face_steps, values_of, vertex_steps

CHECKPOINT, LABEL = "polygen-furniture", 3
N_BANDWIDTH = 64 * 2**20  # float32 numbers: far more than fits into a cache
SAMPLING = Sampling(top_p=0.9)


def bandwidth() -> float:
    """Bytes a second of the best of ten reads of a large array."""
    numbers = torch.ones(N_BANDWIDTH)
    best = float("inf")
    for _ in range(10):
        started = time.perf_counter()
        numbers.sum()
        best = min(best, time.perf_counter() - started)
    return 4 * N_BANDWIDTH / best


def n_bytes(*modules: nn.Module) -> int:
    """Of the weights that every token needs; of an embedding that is one row, which does not count."""
    return sum(
        4 * parameter.numel()
        for module in modules
        for part in module.modules()
        if not isinstance(part, nn.Embedding)
        for parameter in part.parameters(recurse=False)
    )


def drawn(net: Any, seeds: list[int], most: int, *, use_cache: bool) -> dict[str, float]:
    """Tokens of all completions, and the seconds that they took."""
    started = time.perf_counter()
    steps = _first(vertex_steps(net, LABEL, (), seeds, SAMPLING, use_cache=use_cache), most)
    vertex_s, n_vertex = time.perf_counter() - started, sum(int(step.is_active.sum()) for step in steps)
    rows = [[int(step.tokens[i]) for step in steps if step.is_active[i]] for i in range(len(seeds))]
    values = [values_of(row) for row in rows]
    assert all(len(own) for own in values)
    assert most < len(steps) + 1 or all(row[-1] == STOP for row in rows)
    started = time.perf_counter()
    steps = _first(face_steps(net, values, (), seeds, SAMPLING, use_cache=use_cache), most)
    face_s, n_face = time.perf_counter() - started, sum(int(step.is_active.sum()) for step in steps)
    return {"vertex_s": vertex_s, "face_s": face_s, "n_vertex": n_vertex, "n_face": n_face}


def _first(steps: Iterable[Step], most: int) -> list[Step]:
    taken: Iterator[Step] = islice(steps, most)
    return list(taken)


def main() -> None:
    n_rounds, n_threads, most = (int(word) for word in sys.argv[1:4])
    torch.set_num_threads(n_threads)
    net: Any = load(CHECKPOINT, Context()).net
    speed = bandwidth()
    faces = net.face_model
    sizes = n_bytes(net.vertex_model), n_bytes(faces.layers, faces.norm, faces.pointer)
    found: dict[str, float] = {"bandwidth": speed, "vertex_bytes": sizes[0], "face_bytes": sizes[1]}
    with torch.inference_mode():
        drawn(net, [0], most, use_cache=True)  # the first use of many routines
        for n, use_cache in ((1, True), (1, False), (4, True), (16, True)):
            rates, bounds = [], []
            for start in range(n_rounds):
                one = drawn(net, list(range(n * start, n * (start + 1))), most, use_cache=use_cache)
                n_tokens = one["n_vertex"] + one["n_face"]
                rates.append(n_tokens / (one["vertex_s"] + one["face_s"]))
                bounds.append(n_tokens / ((one["n_vertex"] * sizes[0] + one["n_face"] * sizes[1]) / speed))
            name = f"{n}_{'cached' if use_cache else 'plain'}"
            found |= {f"{name}_rate": median(rates), f"{name}_bound": median(bounds)}
    print(json.dumps(found))


main()
