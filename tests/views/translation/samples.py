"""A translation without a model: three words, each written while looking at one word of the source."""

from __future__ import annotations

import numpy as np

from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.decoding import BeamTree, Hypothesis, NodeKind, Written
from inference.results.request import Capability
from inference.results.translation import TranslationResult
from tests.factories import make_checkpoint_info, make_tokens

SOURCE = "the cat slept </s>"
TARGET = "<s> le chat dormait </s>"
VOCABULARY = ("␣le", "␣chat", "␣dormait", "</s>", "␣la", "␣chatte", "␣dort", ".")


def make_translation(n: int = 5, *, is_finished: bool | None = None, n_given: int = 1) -> TranslationResult:
    """The first `n` tokens; place p was expected with 0.5, another one (p + 3 in the vocabulary) with 0.25."""
    words = TARGET.split()[:n]
    candidates = np.full((n, 2), -1, np.int32)
    probs = np.full((n, 2), np.nan, np.float32)
    for place in range(1, n):
        candidates[place] = place - 1, place + 3
        probs[place] = 0.5, 0.25
    surprisal = np.ones(n, np.float32)
    surprisal[0] = np.nan
    taken = np.zeros(n, np.int32)
    taken[0] = -1
    written = Written(
        tokens=make_tokens(" ".join(words)),
        n_given=n_given,
        seed=0,
        text=" ".join(word for word in words if not word.startswith("<")),
        vocabulary=VOCABULARY,
        candidates=candidates,
        candidate_ids=np.where(candidates < 0, -1, candidates.astype(np.int64) + 100),
        probs=probs,
        chances=probs.copy(),
        cuts=np.zeros((n, 2), np.int8),
        taken=taken,
        surprisal=surprisal,
        is_finished=n == len(TARGET.split()) if is_finished is None else is_finished,
    )
    pattern = np.full((2, 2, n, 4), 0.1, np.float32)
    for place in range(min(n, 4)):
        pattern[:, :, place, place] = 0.7
    pattern[1, 1] = 0.25  # one head looks everywhere alike
    return TranslationResult(make_tokens(SOURCE), written, pattern)


def make_beams() -> TranslationResult:
    """Two texts, of which the second one is whole a step later; a third one was begun and given up."""
    plain = make_translation()
    parents = np.array([-1, -1, 0, 1, 0, 2, 3, 5], np.int32)
    tree = BeamTree(
        parents=parents,
        depths=np.array([1, 1, 2, 2, 2, 3, 3, 4], np.int32),
        ids=np.array([100, 104, 101, 105, 107, 102, 103, 103], np.int64),
        numbers=np.array([0, 4, 1, 5, 7, 2, 3, 3], np.int32),
        log_probs=-np.arange(1, 9, dtype=np.float32),
        kinds=np.array([0, 0, 0, 0, NodeKind.PRUNED, 0, NodeKind.ENDED, NodeKind.ENDED], np.int8),
    )
    hypotheses = (
        Hypothesis("le chat dormait", 7, 4, -8.0, -2.0, True),
        Hypothesis("la chatte", 6, 3, -7.0, -2.3, True),
    )
    return TranslationResult(plain.source, plain.written, plain.pattern, tree, hypotheses)


def make_translator() -> CheckpointInfo:
    """Two layers of two heads on each side."""
    from dataclasses import replace

    heads = (2, 2)
    groups = (
        AttentionGroup("encoder", "Encoder", heads, query_axis="source", key_axis="source"),
        AttentionGroup("decoder", "Decoder", heads, is_causal=True, query_axis="target", key_axis="target"),
        AttentionGroup("cross", "Decoder to encoder", heads, query_axis="target", key_axis="source"),
    )
    capabilities = (Capability.ATTENTION, Capability.TRANSLATION)
    return replace(make_checkpoint_info(), groups=groups, capabilities=capabilities, mask_token="", missing=())
