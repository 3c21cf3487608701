"""A text that is written on without a model: two words are given, three are written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.decoding import BeamTree, Cut, Hypothesis, NodeKind, Written
from inference.results.generation import GenerationResult
from inference.results.request import Capability
from tests.factories import make_checkpoint_info, make_tokens

TEXT = "the cat sat down </s>"
VOCABULARY = ("␣cat", "␣sat", "␣down", "</s>", "␣dog", "␣ran", "␣up", ".")


def make_generation(n: int = 5, *, n_given: int = 2, is_finished: bool | None = None, seed: int = 0):
    """The first `n` tokens; place p was expected with 0.5, another one (p + 3 in the vocabulary) with 0.25, which
    could not be chosen where it was not given."""
    words = TEXT.split()[:n]
    candidates = np.full((n, 2), -1, np.int32)
    probs, chances = np.full((n, 2), np.nan, np.float32), np.full((n, 2), np.nan, np.float32)
    cuts = np.zeros((n, 2), np.int8)
    for place in range(1, n):
        candidates[place] = place - 1, place + 3
        probs[place] = chances[place] = 0.5, 0.25
        if place >= n_given:
            chances[place], cuts[place] = (1.0, 0.0), (Cut.NONE, Cut.TOP_K)
    surprisal = np.ones(n, np.float32)
    surprisal[0] = np.nan
    taken = np.zeros(n, np.int32)
    taken[0] = -1
    written = Written(
        tokens=replace(make_tokens(" ".join(words)), ids=np.array([7, 100, 101, 102, 103][:n])),
        n_given=n_given,
        seed=seed,
        text=" ".join(word for word in words if not word.startswith("<")),
        vocabulary=VOCABULARY,
        candidates=candidates,
        candidate_ids=np.where(candidates < 0, -1, candidates.astype(np.int64) + 100),
        probs=probs,
        chances=chances,
        cuts=cuts,
        taken=taken,
        surprisal=surprisal,
        is_finished=n == len(TEXT.split()) if is_finished is None else is_finished,
    )
    pattern = np.tril(np.ones((2, 2, n, n), np.float32))
    pattern[0, 0] = np.eye(n)  # one head looks at its own place only
    pattern /= pattern.sum(-1, keepdims=True)
    return GenerationResult(written, (0, 1), pattern, "heads", 5_000, 0.5)


def long_text(n: int) -> GenerationResult:
    """The five tokens of a sample again and again."""
    few = make_generation().written
    places = np.arange(n) % 5
    names = ("candidates", "candidate_ids", "probs", "chances", "cuts", "taken", "surprisal")
    found = {name: getattr(few, name)[places] for name in names}
    tokens = few.tokens.taken(places.tolist())
    pattern = np.tril(np.full((1, 1, n, n), 1 / n, np.float32))
    return replace(make_generation(), written=replace(few, tokens=tokens, **found), pattern=pattern, heads_are="mean")


def make_beams() -> GenerationResult:
    """Two texts of two tokens; a third one was begun and given up."""
    plain = make_generation(4)
    tree = BeamTree(
        parents=np.array([-1, -1, 0, 1, 0], np.int32),
        depths=np.array([1, 1, 2, 2, 2], np.int32),
        ids=np.array([101, 105, 102, 106, 107], np.int64),
        numbers=np.array([1, 5, 2, 6, 7], np.int32),
        log_probs=-np.arange(1, 6, dtype=np.float32),
        kinds=np.array([0, 0, 0, 0, NodeKind.PRUNED], np.int8),
    )
    hypotheses = (
        Hypothesis("the cat sat down", 2, 2, -3.0, -1.5, False),
        Hypothesis("the cat ran up", 3, 2, -4.0, -2.0, False),
    )
    return replace(plain, tree=tree, hypotheses=hypotheses)


def make_writer() -> CheckpointInfo:
    """Two layers of two heads."""
    groups = (AttentionGroup("decoder", "Decoder", (2, 2), is_causal=True),)
    capabilities = (Capability.ATTENTION, Capability.GENERATION)
    return replace(
        make_checkpoint_info(name="gpt-test"), groups=groups, capabilities=capabilities, mask_token="", missing=()
    )
