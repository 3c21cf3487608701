"""Pixels a second of an Image GPT: `python -m benchmarks.ours.pixels tiny|small N_PIXELS`.

`small` has iGPT-S's size (24 layers, 512 wide, 8 heads, 512 colours) and draws behind the upper half of 32 x 32 pixels;
weights are random.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time

import numpy as np
import torch
from transformers import ImageGPTConfig, ImageGPTForCausalImageModeling
from transformers.pytorch_utils import Conv1D

from inference.forward.pixel_sampling import complete

SIZES = {
    "tiny": {"n_layer": 2, "n_embd": 64, "n_head": 4, "vocab_size": 33, "n_positions": 256},
    "small": {"n_layer": 24, "n_embd": 512, "n_head": 8, "vocab_size": 513, "n_positions": 1024},
}
BATCHES = (1, 4, 8)


def main() -> None:
    size, n_pixels = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    torch.manual_seed(0)
    config = ImageGPTConfig(**SIZES[size])
    net = ImageGPTForCausalImageModeling(config).eval()
    n_given = config.n_positions // 2
    given = np.random.default_rng(0).integers(0, config.vocab_size - 1, n_given)

    def seconds(count: int, n: int, *, use_cache: bool) -> tuple[float, np.ndarray]:
        """A step, the first left out: with a cache that one reads what is given."""
        steps = complete(net, given, config.n_positions, range(count), 1.0, 1.0, use_cache=use_cache)
        drawn = [next(steps).colours]
        started = time.perf_counter()
        drawn += [pixel.colours for pixel in itertools.islice(steps, n)]
        return (time.perf_counter() - started) / n, np.stack(drawn)

    seconds(1, 2, use_cache=True)  # warm
    cached, one = seconds(1, n_pixels, use_cache=True)
    n_few = max(2, n_pixels // 16)
    plain, other = seconds(1, n_few, use_cache=False)
    assert (one[: len(other)] == other).all(), "with a cache other pixels are drawn"
    found: dict[str, float] = {"cached_s": cached, "plain_s": plain, "n_given": n_given}
    for count in BATCHES:
        found[f"batch_{count}_s"] = cached if count == 1 else seconds(count, n_pixels, use_cache=True)[0]
    found |= {f"products_{count}_s": _products(net, count) for count in (1, 4)}
    n_bytes = sum(p.numel() * p.element_size() for name, p in net.named_parameters() if ".wte." not in name)
    found |= {"weight_bytes": n_bytes, "bandwidth": _bandwidth(), "n_parameters": net.num_parameters()}
    print(json.dumps(found))


def _products(net: ImageGPTForCausalImageModeling, count: int) -> float:
    """Seconds that the matrix products of one step take alone, of so many completions; the best of several."""
    maps = [(part, torch.randn(count, 1, part.weight.shape[0])) for part in net.modules() if isinstance(part, Conv1D)]
    times = []
    with torch.inference_mode():
        for _ in range(8):
            started = time.perf_counter()
            for part, states in maps:
                part(states)
            times.append(time.perf_counter() - started)
    return min(times)


def _bandwidth() -> float:
    """Bytes a second that this process reads from memory: the best of several sums over more than any cache holds."""
    numbers = torch.ones(2**26)
    numbers.sum()
    times = []
    for _ in range(8):
        started = time.perf_counter()
        numbers.sum()
        times.append(time.perf_counter() - started)
    return numbers.numel() * numbers.element_size() / min(times)


main()
