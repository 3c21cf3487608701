"""Requests' answers without a model: small, deterministic, and true to what `inference.results` documents."""

from __future__ import annotations

import numpy as np

from inference.results.attention import AttentionResult
from inference.results.checkpoint import AttentionGroup, CheckpointInfo, Missing
from inference.results.heads import HeadsResult
from inference.results.maps import TILE, MapRequest, MapResult, RowsRequest, RowsResult, Tile, TilesRequest, TilesResult
from inference.results.mask_lab import MaskLabResult
from inference.results.masked import MaskedResult
from inference.results.measures import MEASURES, MeasuresResult
from inference.results.next_sentence import NextSentenceResult
from inference.results.positions import PositionTable
from inference.results.rollout import RolloutResult
from inference.results.scaled_dot import ScaledDotResult
from inference.results.tokens import Tokens

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


def make_measures_result(
    *,
    n_layers: int = 4,
    n_heads: int = 4,
    group: str = "encoder",
    without: tuple[str, ...] = (),
    n_rows: int = 12,
    n_queries: int = 12,
    seed: int = 0,
) -> MeasuresResult:
    """Random numbers, entropies up to 4 bits and distances up to 9 tokens; NaN for the measures `without`."""
    rng = np.random.default_rng(seed)
    tops = {"entropy": 4.0, "distance": 9.0, "distance_variance": 30.0}
    measures = {
        measure.name: (tops.get(measure.name, 1.0) * rng.uniform(size=(n_layers, n_heads))).astype(np.float32)
        for measure in MEASURES
    }
    for name in without:
        measures[name][:] = np.nan
    return MeasuresResult(group, measures, n_rows, n_queries)


def make_rollout_result(
    *,
    n_layers: int = 4,
    tokens: Tokens | None = None,
    queries: tuple[int, ...] | None = None,
    group: str = "encoder",
    is_causal: bool = False,
    seed: int = 0,
) -> RolloutResult:
    """Of random patterns: the product of the layers, each half the residual stream."""
    tokens = tokens or make_tokens()
    n = len(tokens)
    attention = make_pattern(n_layers, 4, n, n, is_causal=is_causal, seed=seed).mean(1)
    rollout, product = np.empty_like(attention), np.eye(n, dtype=np.float32)
    for layer, mean in enumerate(attention):
        product = (mean + np.eye(n, dtype=np.float32)) / 2 @ product
        rollout[layer] = product
    chosen = tuple(range(n)) if queries is None else queries
    shown = (rollout[:, list(chosen)], attention[:, list(chosen)])
    default = tokens.default_query(is_causal=is_causal)
    default = default if default in chosen else chosen[len(chosen) // 2]
    return RolloutResult(group, tokens, tokens, chosen, tuple(range(n_layers)), *shown, default)


class LongMap:
    """A map of any length by a formula, so that every answer about it is exact and cheap.

    A cell is the larger of a band about the diagonal and of stripes: `max(band[row - column], rows[row] *
    columns[column])`; the maximum over a block of cells is then one of single axes. Rows do not sum to 1.
    """

    def __init__(
        self, n_rows: int, n_columns: int | None = None, *, seed: int = 0, layer: int = 0, head: int = 0
    ) -> None:
        self.n_rows, self.n_columns = n_rows, n_columns or n_rows
        self.tokens, self.key_tokens = make_long_tokens(self.n_rows), make_long_tokens(self.n_columns)
        rng = np.random.default_rng((layer, head))
        self._rows = rng.uniform(0.3, 1, self.n_rows)
        self._columns = rng.uniform(0, 1, self.n_columns) ** 40 * 0.9
        offset = np.arange(-self.n_columns + 1, self.n_rows)
        self._band = np.exp(-np.abs(offset - 3 * head) / 30) * rng.uniform(0.2, 1, len(offset))

    def cells(self, rows: range, columns: range) -> np.ndarray:
        """float64 [row, column]."""
        i, j = np.arange(rows.start, rows.stop)[:, None], np.arange(columns.start, columns.stop)
        return np.maximum(self._band[i - j + self.n_columns - 1], self._rows[i] * self._columns[j])

    def pooled(self, level: int, rows: range, columns: range, reduce: str = "max") -> np.ndarray:
        """float16 [row, column]: pixels of a level. Means are worked out cell by cell: only for small parts."""
        side = 2**level
        tops, lefts = np.arange(rows.start, rows.stop) * side, np.arange(columns.start, columns.stop) * side
        bottoms, rights = np.minimum(tops + side, self.n_rows), np.minimum(lefts + side, self.n_columns)
        if reduce == "mean":
            cells = self.cells(range(tops[0], bottoms[-1]), range(lefts[0], rights[-1]))
            sums = np.add.reduceat(np.add.reduceat(cells, tops - tops[0], axis=0), lefts - lefts[0], axis=1)
            return (sums / np.outer(bottoms - tops, rights - lefts)).astype(np.float16)
        stripes = np.outer(
            np.maximum.reduceat(self._rows[: bottoms[-1]], tops),
            np.maximum.reduceat(self._columns[: rights[-1]], lefts),
        )
        first = tops[:, None] - rights + self.n_columns  # offset of the upper right cell of a block
        stop = bottoms[:, None] - lefts + self.n_columns - 1
        band = _range_max(self._band, first, stop)
        return np.maximum(band, stripes).astype(np.float16)

    def answer(self, request: object, *, is_sampled: bool = False, only: int | None = None) -> object:
        """The result of a request; `only` the first so many tiles."""
        if isinstance(request, MapRequest):
            level = 0
            while max(self.n_rows, self.n_columns) > request.size << level:
                level += 1
            shape = -(-self.n_rows // 2**level), -(-self.n_columns // 2**level)
            overview = self.pooled(level, range(shape[0]), range(shape[1]), request.reduce)
            return MapResult(
                request.group, request.layer, request.head, request.reduce, self.tokens, self.key_tokens, level,
                (overview / 2).astype(np.float16) if is_sampled else overview, is_sampled,
            )  # fmt: skip
        if isinstance(request, TilesRequest):
            tiles = tuple(self.tile(request.level, *place, request.reduce) for place in request.tiles[:only])
            return TilesResult(request.group, request.layer, request.head, request.level, request.reduce, tiles)
        assert isinstance(request, RowsRequest)
        pattern = self.cells(range(request.start, request.stop), range(self.n_columns)).mean(0).astype(np.float32)
        return RowsResult(request.group, request.layer, request.head, request.start, request.stop, pattern)

    def tile(self, level: int, row: int, column: int, reduce: str = "max") -> Tile:
        """One tile."""
        rows, columns = (
            range(place * TILE, min((place + 1) * TILE, -(-n // 2**level)))
            for place, n in ((row, self.n_rows), (column, self.n_columns))
        )
        return Tile(row, column, self.pooled(level, rows, columns, reduce))


def _range_max(values: np.ndarray, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """The maximum of `values[first:stop]` for many ranges: from those of powers of two, which overlap."""
    tables = [values]
    while 2 ** len(tables) <= int((stop - first).max()):
        half = 2 ** (len(tables) - 1)
        tables.append(np.maximum(tables[-1][:-half], tables[-1][half:]))
    power = np.log2(stop - first).astype(int)
    out = np.empty(first.shape)
    for k, table in enumerate(tables):
        is_it = power == k
        out[is_it] = np.maximum(table[first[is_it]], table[stop[is_it] - 2**k])
    return out


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


def make_position_table(
    *, kind: str = "learned", n_positions: int = 12, n_heads: int = 4, seed: int = 0
) -> PositionTable:
    """A table of any kind: random where it is learned, by its formula elsewhere; `n_heads` for relative and alibi."""
    rng = np.random.default_rng(seed)
    positions = np.arange(n_positions)
    distance = positions - positions[:, None]  # key minus query
    if kind in ("relative", "alibi"):
        slopes = 2.0 ** -np.arange(1, n_heads + 1)
        by_distance = rng.normal(size=(n_heads, 2 * n_positions - 1))
        is_alibi = kind == "alibi"
        values = slopes[:, None] if is_alibi else by_distance
        bias = -slopes[:, None, None] * abs(distance) if is_alibi else by_distance[:, distance + n_positions - 1]
        column, start = ("Slope", 0) if is_alibi else ("Key minus query position", 1 - n_positions)
        return PositionTable(
            f"{kind}.bias", kind, values.astype(np.float32), "Head", column, start, bias.astype(np.float32),
            "Added to the score",
        )  # fmt: skip
    values = rng.normal(size=(n_positions, 8))
    if kind == "rotary":
        angles = np.outer(positions, 100.0 ** -np.linspace(0, 1, 4))
        values = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    similarity = (unit @ unit.T)[None].astype(np.float32)
    return PositionTable(
        "embeddings.position", kind, values.astype(np.float32), "Position", "Dimension", 0, similarity,
        "Cosine similarity",
    )  # fmt: skip


def make_masked_result(
    *,
    text: str = SENTENCE,
    masked: tuple[int, ...] = (2, 6),
    typed: tuple[int, ...] = (),
    top_k: int = 5,
    n_layers: int = 3,
    outside: tuple[int, ...] = (),
) -> MaskedResult:
    """Words `word0`, `word1` ... at each mask; the original comes third, or not at all at the places of `outside`."""
    original = make_tokens(text)
    positions = tuple(sorted(masked + typed))
    pieces = ["[MASK]" if position in positions else piece for position, piece in enumerate(text.split())]
    probs = _falling(top_k)
    originals = tuple("" if position in typed else original.words[position] for position in positions)
    words = tuple(
        tuple(
            word if rank == 2 and word and position not in outside else f"word{rank}"
            for rank in range(top_k)
        )
        for position, word in zip(positions, originals, strict=True)
    )  # fmt: skip
    original_probs = [
        np.nan if position in typed else 0.0012 if position in outside or top_k < 3 else probs[2]
        for position in positions
    ]
    layers = [
        tuple(tuple(f"layer{row}word{rank}" for rank in range(top_k)) for _ in positions) for row in range(n_layers)
    ]
    all_probs = np.broadcast_to(probs, (len(positions), top_k)).astype(np.float32)
    layer_probs = np.stack([all_probs * (row + 1) / (n_layers + 1) for row in range(n_layers + 1)])
    layer_probs[-1] = all_probs
    return MaskedResult(
        tokens=make_tokens(" ".join(pieces)),
        original=originals,
        positions=np.array(positions, np.int64),
        words=words,
        ids=np.arange(top_k * len(positions), dtype=np.int64).reshape(len(positions), top_k),
        probs=all_probs,
        original_probs=np.array(original_probs, np.float32),
        layer_words=(*layers, words),
        layer_probs=layer_probs,
    )


def make_mask_lab_result(*, text: str = SENTENCE, top_k: int = 5) -> MaskLabResult:
    """Three tokens chosen: `cat` masked and foretold, `on` made a random word and missed, `the` kept and second."""
    original = make_tokens(text)
    actions = [""] * len(original)
    words, shown = [], list(text.split())
    for position, action in ((2, "masked"), (4, "random"), (5, "kept")):
        actions[position] = action
        guesses = [f"word{rank}" for rank in range(top_k)]
        if action != "random":
            guesses[0 if action == "masked" else 1] = original.words[position]
        words.append(tuple(guesses))
    shown[2], shown[4] = "[MASK]", "purple"
    probs = np.broadcast_to(_falling(top_k), (3, top_k)).astype(np.float32)
    return MaskLabResult(
        original=original,
        shown=make_tokens(" ".join(shown)),
        actions=tuple(actions),
        positions=np.array([2, 4, 5], np.int64),
        words=tuple(words),
        probs=probs,
        original_probs=np.array([probs[0, 0], 0.0007, probs[2, 1]], np.float32),
        loss=2.345,
    )


def make_next_sentence_result(*, n_layers: int = 4, n_heads: int = 4, seed: int = 0) -> NextSentenceResult:
    """B follows A with 93.1 %."""
    a_to_b, b_to_a = np.random.default_rng(seed).uniform(0, 0.5, (2, n_layers, n_heads)).astype(np.float32)
    return NextSentenceResult(make_tokens(PAIR), 0.931, a_to_b, b_to_a)


def _falling(n: int) -> np.ndarray:
    """Probabilities of `n` words, each lower than the one before, below 1 together: float32."""
    return (0.5 ** np.arange(1, n + 1)).astype(np.float32)
