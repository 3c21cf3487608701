"""A model whose patterns are given: the analyses run on it as on any other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from benchmarks import samples
from benchmarks.ours.sample_results import info, tokens
from inference.capture.attention_call import AttentionCall


def model(n: int, seed: int) -> Any:
    """As much of `inference.forward.model.Model` as the attention analyses ask for."""
    sequence = tokens(n)
    calls = [
        AttentionCall(f"layer.{layer}", 0, False, pattern=torch.from_numpy(pattern))
        for layer, pattern in enumerate(samples.patterns(n, seed))
    ]
    run = SimpleNamespace(
        encoded=SimpleNamespace(sequences={"text": sequence}), tokens=lambda _group: (sequence, sequence)
    )
    return SimpleNamespace(
        info=info(n),
        device=torch.device("cpu"),
        family=SimpleNamespace(axes=lambda _group: ("text", "text")),
        tokenizer=SimpleNamespace(cls_token_id=0, sep_token_id=n - 1),
        # With nothing in store: each time all is worked out anew.
        run=lambda _input, _context: SimpleNamespace(**vars(run), store={}),
        each_call=lambda _run, _group, _context: enumerate(calls),
    )
