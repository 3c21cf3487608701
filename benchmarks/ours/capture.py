"""A forward pass, plain, captured, or with all its maps: `... capture KIND N_TOKENS tiny|base N_TIMES`.

`KIND` is `plain`, `capture` or `eager`. One kind a process, so that each has a peak of its own.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median
from typing import Any

import torch
from transformers import BertConfig, BertForMaskedLM

from benchmarks.measure import forget_peak, memory_mb
from inference.capture.capture import capture
from inference.context import Context
from inference.forward.memory import keep_freed


def main() -> None:
    kind, n, size, n_times = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    keep_freed()  # as the engine does
    torch.set_num_threads(1)
    torch.manual_seed(0)
    smaller = {"hidden_size": 48, "intermediate_size": 96, "vocab_size": 100} if size == "tiny" else {}
    config = BertConfig(max_position_embeddings=max(512, n), **smaller)
    # The attention that each asks for: the fused one, or the one that has its maps to give away.
    net = BertForMaskedLM._from_config(config, attn_implementation="eager" if kind == "eager" else "sdpa").eval()
    ids = torch.randint(5, config.vocab_size, (1, n))
    with torch.inference_mode():
        _run(kind, net, ids)
        before = memory_mb()
        forget_peak()
        kept = _run(kind, net, ids)
        process = memory_mb(field_name="VmHWM")
        peak = process - before
        holding = memory_mb() - before
        del kept
        times = [_seconds(kind, net, ids) for _ in range(n_times)]
    found = {"seconds": median(wall for wall, _ in times), "cpu_s": median(cpu for _, cpu in times)}
    print(json.dumps(found | {"peak_mb": max(peak, 0.1), "process_mb": process, "holding_mb": holding}))


def _seconds(kind: str, net: Any, ids: torch.Tensor) -> tuple[float, float]:
    cpu_started, started = time.process_time(), time.perf_counter()
    _run(kind, net, ids)
    return time.perf_counter() - started, time.process_time() - cpu_started


def _run(kind: str, net: Any, ids: torch.Tensor) -> object:
    """What the pass leaves behind for looking at its attention."""
    if kind == "plain":
        net(ids)
        return None
    if kind == "eager":
        attentions = net(ids, output_attentions=True).attentions
        assert len(attentions) == net.config.num_hidden_layers
        return attentions
    with capture(net, Context()) as calls:
        net(ids)
    assert len(calls) == net.config.num_hidden_layers
    return calls


main()
