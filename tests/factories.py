"""Requests' answers without a model: small, deterministic, and true to what `inference.results` documents."""

from __future__ import annotations

import numpy as np

from inference.results import (
    AttentionGroup,
    AttentionResult,
    CheckpointInfo,
    HeadsResult,
    Missing,
    ScaledDotResult,
    Tokens,
)

SENTENCE = "[CLS] the cat sat on the mat ##tress because it was tired [SEP]"
PAIR = "[CLS] the cat slept [SEP] it was tired [SEP]"
SPECIAL = ("[CLS]", "[SEP]", "[PAD]", "<s>", "</s>")


def make_tokens(text: str = SENTENCE) -> Tokens:
    """Tokens parted by blanks; `##` goes on with a word, brackets as in BERT are special, [SEP] ends a segment."""
    pieces = text.split()
    is_separator = np.array([piece == "[SEP]" for piece in pieces])
    n_before = np.cumsum(is_separator) - is_separator
    return Tokens(
        ids=np.array([sum(map(ord, piece)) % 8192 for piece in pieces], np.int64),
        words=tuple(piece.removeprefix("##") for piece in pieces),
        starts_word=np.array([not piece.startswith("##") for piece in pieces]),
        is_special=np.array([piece in SPECIAL for piece in pieces]),
        segment=np.minimum(n_before, 1).astype(np.int8),
    )


def make_long_tokens(n: int) -> Tokens:
    """`n` tokens: [CLS], numbered words every fourth of which has two pieces, [SEP]."""
    middle = [f"##s{i}" if i % 5 == 4 else f"word{i}" for i in range(n - 2)]
    return make_tokens(" ".join(["[CLS]", *middle, "[SEP]"][:n]))


def make_pattern(
    n_layers: int, n_heads: int, n_query: int, n_key: int, *, is_causal: bool = False, seed: int = 0
) -> np.ndarray:
    """Rows that sum to 1: float32 [layer, head, query_pos, key_pos]."""
    scores = np.random.default_rng(seed).normal(0, 2, (n_layers, n_heads, n_query, n_key))
    if is_causal:
        scores[..., np.arange(n_key) > np.arange(n_query)[:, None]] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def make_attention_result(
    *,
    n_layers: int = 4,
    n_heads: int = 4,
    tokens: Tokens | None = None,
    key_tokens: Tokens | None = None,
    layers: tuple[int, ...] | None = None,
    group: str = "encoder",
    is_causal: bool = False,
    seed: int = 0,
) -> AttentionResult:
    """All heads of `layers` (all layers unless given); the same layer has the same numbers in each result of a seed."""
    tokens = tokens or make_tokens()
    key_tokens = key_tokens or tokens
    layers = tuple(range(n_layers)) if layers is None else layers
    pattern = make_pattern(n_layers, n_heads, len(tokens), len(key_tokens), is_causal=is_causal, seed=seed)
    return AttentionResult(group, tokens, key_tokens, layers, tuple(range(n_heads)), pattern[list(layers)])


def make_heads_result(
    *,
    n_layers: int = 4,
    n_heads: int = 4,
    tokens: Tokens | None = None,
    key_tokens: Tokens | None = None,
    group: str = "encoder",
    is_causal: bool = False,
    seed: int = 0,
) -> HeadsResult:
    """Of the patterns of `make_attention_result` with the same arguments; one pixel a cell."""
    tokens = tokens or make_tokens()
    key_tokens = key_tokens or tokens
    pattern = make_pattern(n_layers, n_heads, len(tokens), len(key_tokens), is_causal=is_causal, seed=seed)
    thumbnails = np.rint(255 * np.sqrt(pattern)).astype(np.uint8)
    return HeadsResult(group, tokens, key_tokens, thumbnails, _measures(pattern, key_tokens, is_causal))


def make_scaled_dot_result(
    *,
    tokens: Tokens | None = None,
    key_tokens: Tokens | None = None,
    layer: int = 0,
    head: int = 0,
    query_pos: int = 1,
    d_head: int = 16,
    scale: float | None = None,
    has_bias: bool = False,
    is_causal: bool = False,
    soft_cap: float = 0.0,
    group: str = "encoder",
    seed: int = 0,
) -> ScaledDotResult:
    """Random vectors and everything that follows from them; a bias of -0.25 for each token of distance."""
    tokens = tokens or make_tokens()
    key_tokens = key_tokens or tokens
    n_keys = len(key_tokens)
    q, k, v = np.split(np.random.default_rng(seed).normal(size=(1 + 2 * n_keys, d_head)), [1, 1 + n_keys])
    scale = d_head**-0.5 if scale is None else scale
    dots = k @ q[0]
    bias = -0.25 * np.abs(np.arange(n_keys) - query_pos) * has_bias
    scores = dots * scale + bias
    scores = soft_cap * np.tanh(scores / soft_cap) if soft_cap else scores
    is_masked = (np.arange(n_keys) > query_pos) & is_causal
    scores[is_masked] = -np.inf
    weights = np.exp(scores - scores.max())
    pattern = weights / weights.sum()
    q, k, v, dots, bias, scores, pattern, z = (
        array.astype(np.float32) for array in (q[0], k, v, dots, bias, scores, pattern, pattern @ v)
    )
    return ScaledDotResult(
        group, tokens, key_tokens, layer, head, query_pos, q, k, v, dots, scale, bias, is_masked, soft_cap, scores,
        pattern, z,
    )  # fmt: skip


def _measures(pattern: np.ndarray, tokens: Tokens, is_causal: bool) -> dict[str, np.ndarray]:
    """Measures of `HeadsResult`, worked out the plain way."""
    n_query, n_key = pattern.shape[-2:]
    log = np.log2(pattern, out=np.zeros_like(pattern), where=pattern > 0)
    offset = np.abs(np.arange(n_query)[:, None] - np.arange(n_key))
    nothing = np.full(pattern.shape[:2], np.nan, np.float32)

    def diagonal(step: int) -> np.ndarray:
        """Mean over the queries that have such a neighbour."""
        values = np.diagonal(pattern, step, axis1=-2, axis2=-1)
        return values.mean(-1) if values.shape[-1] else nothing

    def on(word: str) -> np.ndarray:
        columns = [position for position, other in enumerate(tokens.words) if other == word]
        return pattern[..., columns].sum(-1).mean(-1) if columns else nothing

    measures = {
        "entropy": 0.0 - (pattern * log).sum(-1).mean(-1),
        "distance": (pattern * offset).sum(-1).mean(-1),
        "previous": diagonal(-1),
        "next": nothing if is_causal else diagonal(1),
        "same": diagonal(0),
        "cls": on("[CLS]"),
        "sep": on("[SEP]"),
    }
    return {name: values.astype(np.float32) for name, values in measures.items()}


def make_checkpoint_info(
    *,
    name: str = "bert-test",
    n_layers: int = 4,
    n_heads: int = 4,
    groups: tuple[AttentionGroup, ...] | None = None,
    capabilities: tuple[str, ...] = ("attention", "qk", "positions", "masked_lm", "next_sentence"),
    missing: tuple[Missing, ...] = (),
) -> CheckpointInfo:
    """A small BERT with all capabilities, unless told otherwise."""
    return CheckpointInfo(
        checkpoint=name,
        name=name,
        architecture="BertForPreTraining",
        family="bert",
        n_parameters=1_234_567,
        d_model=16 * n_heads,
        d_vocab=8192,
        n_ctx=512,
        groups=groups or (AttentionGroup("encoder", "Encoder", (n_heads,) * n_layers),),
        capabilities=capabilities,
        missing=missing,
        has_tokenizer=True,
        mask_token="[MASK]",
        position_kind="learned",
        device="CPU",
        notes=(),
    )
