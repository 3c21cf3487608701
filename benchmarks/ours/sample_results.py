"""What an engine would answer about the samples."""

from __future__ import annotations

import numpy as np

from benchmarks import samples
from inference.results.attention import AttentionResult
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.tokens import Tokens

GROUP = "encoder"


def tokens(n: int) -> Tokens:
    words = samples.words(n)
    is_special = np.array([word.startswith("[") for word in words])
    return Tokens(np.arange(n), tuple(words), np.ones(n, bool), is_special, np.zeros(n, np.int8))


def info(n: int) -> CheckpointInfo:
    group = AttentionGroup(GROUP, "Encoder", (samples.N_HEADS,) * samples.N_LAYERS)
    return CheckpointInfo(
        checkpoint="given",
        name="given",
        architecture="",
        family="encoder",
        n_parameters=0,
        d_model=768,
        d_vocab=n,
        n_ctx=n,
        groups=(group,),
        capabilities=("attention",),
        missing=(),
        has_tokenizer=True,
        mask_token="",
        position_kind="none",
        device="CPU",
        notes=(),
    )


def attention_results(n: int) -> list[AttentionResult]:
    """All heads of each layer."""
    sequence, heads = tokens(n), tuple(range(samples.N_HEADS))
    return [
        AttentionResult(GROUP, sequence, sequence, (layer,), heads, pattern[None])
        for layer, pattern in enumerate(samples.patterns(n))
    ]
