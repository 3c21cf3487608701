"""What holds of every call in true positions."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch

from inference.capture.attention_call import AttentionCall, Received
from inference.capture.capture import capture
from inference.context import Context


def heard(net: Any, kind: str, inputs: dict[str, Any], mode: Any = None) -> tuple[list[Received], list[Any]]:
    """What was captured, and what the modules of a class returned meanwhile."""
    outputs: list[Any] = []
    handles = [
        part.register_forward_hook(lambda _module, _args, output: outputs.append(output))
        for part in net.modules()
        if type(part).__name__ == kind
    ]
    try:
        with torch.inference_mode(), mode or nullcontext(), capture(net, Context()) as received:
            net(**inputs)
    finally:
        for handle in handles:
            handle.remove()
    return received, outputs


def by_position(call: AttentionCall) -> torch.Tensor:
    """Output [query_pos, d_model]."""
    return call.output().transpose(0, 1).flatten(1)


def assert_parts_agree(call: AttentionCall) -> None:
    """Chosen heads, rows and keys are those of the whole."""
    heads, rows, keys = [call.n_heads - 1, 0], torch.tensor([call.n_queries - 1, 2, 0]), slice(1, call.n_keys - 1)
    everything = [*range(call.n_heads)], torch.arange(call.n_queries)
    for of in (call.dots, call.scores, lambda *args: call.seen(*args) * torch.ones(()), call.kinds):
        if of == call.dots and not call.has_qk:
            continue
        whole = of(*everything)
        whole = whole.expand(call.n_heads, *whole.shape[1:])
        part = of(heads, rows, keys)
        torch.testing.assert_close(part.expand(2, -1, -1), whole[heads][:, rows, keys])
    torch.testing.assert_close(call.patterns(heads, rows), call.patterns()[heads][:, rows])
    torch.testing.assert_close(call.log_sum_exp(heads, rows), call.scores(*everything).logsumexp(-1)[heads][:, rows])
    torch.testing.assert_close(call.output(heads, rows), call.output()[heads][:, rows])
    assert (call.patterns() * (call.kinds(*everything) == 0)).max() < 1e-40  # Swin hides by -100


def expanded(local: torch.Tensor, of_globals: torch.Tensor | None, places: list[int], window: int, n: int) -> Any:
    """transformers' band and global rows as [head, n, n]: columns are the global tokens, then the window."""
    pattern = torch.zeros(local.shape[0], n, n, dtype=local.dtype)
    for row in range(n):
        for column, place in enumerate(places):
            pattern[:, row, place] += local[:, row, column]
        for offset in range(-window, window + 1):
            if 0 <= row + offset < n:
                pattern[:, row, row + offset] += local[:, row, len(places) + offset + window]
    for column, place in enumerate(places):
        assert of_globals is not None
        pattern[:, place] = of_globals[:, column, :n]
    return pattern
