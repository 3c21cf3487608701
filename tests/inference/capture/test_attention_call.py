"""Any attention: patterns, scores, normalisers and outputs against the textbook, key by key."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from inference.capture import attention_call
from inference.capture.attention_call import AttentionCall, Received
from inference.context import Context
from tests.inference.planted import received


@dataclass
class Case:
    """A call in float64; its scores, -inf where hidden, and its pattern, head by head and query by query."""

    call: AttentionCall
    scores: Tensor
    pattern: Tensor


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n_kv, group = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    n_queries, n_keys, d_head = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 5))
    n_heads = n_kv * group
    rng = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=rng) * 2

    is_seen = torch.ones(n_queries, n_keys, dtype=torch.bool)
    left, right = draw(st.integers(0, n_keys)), draw(st.integers(0, n_keys))
    is_seen[:, :left] = is_seen[:, n_keys - right :] = False  # padding
    kind = draw(st.sampled_from(["none", "bool", "bool of keys", "number", "number of each head"]))
    mask, number = None, torch.zeros(n_heads, n_queries, n_keys, dtype=torch.float64)
    if kind == "none":
        is_seen[:] = True
    elif kind == "bool":
        mask = is_seen[None]
    elif kind == "bool of keys":
        mask = is_seen[None, :1]
    else:
        number = normal(n_heads if kind == "number of each head" else 1, n_queries, n_keys)
        mask = torch.where(is_seen, number, torch.finfo(torch.float64).min)
        number = number.expand(n_heads, -1, -1)
    is_causal = draw(st.booleans())
    if is_causal:
        is_seen = is_seen & torch.ones(n_queries, n_keys, dtype=torch.bool).tril()
    bias = draw(st.sampled_from([None, normal(n_heads, n_queries, n_keys), normal(1, 1, n_keys)]))
    soft_cap = draw(st.sampled_from([None, 1.5]))
    n_distances = n_queries + n_keys - 1
    relative = draw(st.sampled_from([None, normal(n_heads, n_distances), normal(1, n_distances)]))
    call = AttentionCall(
        "layer",
        0,
        False,
        q=normal(n_heads, n_queries, d_head),
        k=normal(n_kv, n_keys, d_head),
        v=normal(n_kv, n_keys, d_head + 1),
        scale=draw(st.floats(0.1, 2)),
        mask=mask,
        is_causal=is_causal,
        bias=bias,
        relative=relative,
        soft_cap=soft_cap,
    )
    scores = torch.full((n_heads, n_queries, n_keys), -math.inf, dtype=torch.float64)
    pattern = torch.zeros_like(scores)
    for head in range(n_heads):
        for query in range(n_queries):
            keys = [key for key in range(n_keys) if is_seen[query, key]]
            for key in keys:
                score = float(call.q[head, query] @ call.k[head // group, key]) * call.scale
                if soft_cap:
                    score = soft_cap * math.tanh(score / soft_cap)
                added = 0.0 if bias is None else float(bias.expand_as(number)[head, query, key])
                if relative is not None:
                    added += float(relative.expand(n_heads, -1)[head, key - query + n_queries - 1])
                scores[head, query, key] = score + added + float(number[head, query, key])
            if keys:
                weights = [math.exp(score) for score in scores[head, query, keys].tolist()]
                pattern[head, query, keys] = torch.tensor(weights, dtype=torch.float64) / math.fsum(weights)
    return Case(call, scores, pattern)


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, atol=1e-11, rtol=1e-9)


def choice(data: st.DataObject, call: AttentionCall) -> tuple[list[int], list[int], slice]:
    """Heads and rows in any order, and a slice of keys."""
    heads = data.draw(st.lists(st.integers(0, call.n_heads - 1), min_size=1, max_size=3))
    rows = data.draw(st.lists(st.integers(0, call.n_queries - 1), min_size=1, max_size=4))
    start = data.draw(st.integers(0, call.n_keys - 1))
    return heads, rows, slice(start, data.draw(st.integers(start + 1, call.n_keys)))


@settings(deadline=None, max_examples=150)
@given(cases(), st.data())
def test_all_is_as_the_textbook_says(case, data):
    call = case.call
    close(call.patterns(), case.pattern)
    close(call.log_sum_exp(), case.scores.logsumexp(-1))
    heads, rows, keys = choice(data, call)
    at = torch.tensor(rows)
    close(call.patterns(heads, at), case.pattern[heads][:, rows])
    close(call.scores(heads, at), case.scores[heads][:, rows])
    close(call.scores(heads, at, keys), case.scores[heads][:, rows, keys])
    norm = call.log_sum_exp(heads, at)
    close(norm, case.scores[heads][:, rows].logsumexp(-1))
    from_parts = (call.scores(heads, at, keys) - norm[..., None]).exp().nan_to_num(0.0)
    close(from_parts, case.pattern[heads][:, rows, keys])
    dots = call.dots(heads, at, keys)
    for i, head in enumerate(heads):
        close(dots[i], call.q[head, rows] @ call.k[call.kv_head(head), keys].T)
    kinds = call.kinds(heads, at, keys).expand(len(heads), -1, -1)
    assert torch.equal(kinds == call.kind_names.index("seen"), case.scores[heads][:, rows, keys] > -math.inf)


@settings(deadline=None, max_examples=100)
@given(cases(), st.data())
def test_the_output_is_that_of_torch(case, data):
    call = case.call
    group = call.n_heads // len(call.v)
    v = call.v.repeat_interleave(group, 0)
    heads, rows, _ = choice(data, call)
    close(call.output(), case.pattern @ v)
    close(call.output(heads, torch.tensor(rows)), (case.pattern @ v)[heads][:, rows])
    if call.soft_cap is None:
        mask = case.scores - call.dots(list(range(call.n_heads)), torch.arange(call.n_queries)) * call.scale
        fused = F.scaled_dot_product_attention(call.q, call.k.repeat_interleave(group, 0), v, mask, scale=call.scale)
        sees_any = case.pattern.any(-1)
        close(call.output()[sees_any], fused[sees_any])


@settings(deadline=None, max_examples=50)
@given(cases(), st.sampled_from([1, 7, 100]))
def test_the_size_of_a_block_changes_nothing(case, block):
    whole = attention_call._BLOCK
    attention_call._BLOCK = block
    try:
        close(case.call.patterns(), case.pattern)
        close(case.call.log_sum_exp(), case.scores.logsumexp(-1))
    finally:
        attention_call._BLOCK = whole


@settings(deadline=None, max_examples=50)
@given(cases(), st.data())
def test_a_pattern_alone_answers_alike(case, data):
    call = replace(case.call, q=None, k=None, pattern=case.pattern)
    heads, rows, keys = choice(data, call)
    at = torch.tensor(rows)
    close(call.patterns(heads, at), case.pattern[heads][:, rows])
    norm = call.log_sum_exp(heads, at)
    assert torch.equal(norm == -math.inf, ~case.pattern[heads][:, rows].any(-1))
    from_parts = (call.scores(heads, at, keys) - norm[..., None]).exp().nan_to_num(0.0)
    close(from_parts, case.pattern[heads][:, rows, keys])
    close(call.output(heads, at), case.call.output(heads, at))


def test_a_pattern_alone_has_no_dots():
    call = AttentionCall("layer", 0, False, pattern=torch.eye(3)[None].half())
    assert (call.n_heads, call.n_queries, call.n_keys, call.has_qk) == (1, 3, 3, False)
    assert call.patterns(rows=torch.tensor([2])).dtype == torch.float32
    with pytest.raises(ValueError, match="only the pattern"):
        call.dots([0], torch.tensor([0]))
    with pytest.raises(ValueError, match="not the values"):
        call.output()


def test_sixteen_bits_are_worked_on_in_thirty_two():
    q, k = torch.randn(2, 3, 8).bfloat16(), torch.randn(2, 5, 8).bfloat16()
    call = AttentionCall("layer", 0, False, q=q, k=k, v=k)
    assert call.patterns().dtype == call.log_sum_exp().dtype == call.output().dtype == torch.float32
    torch.testing.assert_close(call.patterns(), (q.float() @ k.float().mT).softmax(-1))


def test_a_batch_is_taken_apart():
    both = received(2)
    first, second = both.split()
    assert torch.equal(first.q, both.q[0])
    assert torch.equal(second.q, both.q[1])
    assert torch.equal(first.mask, second.mask)
    assert (first.parts, received(1).one().parts) == ((7,), (7,))
    with pytest.raises(ValueError, match="a batch of 2"):
        both.one()
    with pytest.raises(ValueError, match=r"a softmax of shape \(1, 2, 3, 4, 5\) needs a layout"):
        Received("layer", 0, False, "softmax", 0, raw=torch.ones(1, 2, 3, 4, 5)).one()


def test_what_is_dropped_keeps_its_shape():
    dropped = received(1).dropped()
    assert not dropped.is_held
    call = dropped.one()
    assert not call.is_held
    assert (call.n_heads, call.n_queries, call.n_keys, call.n_bytes) == (2, 3, 3, 0)
    assert call.device.type == "meta"
    assert received(1).is_held
    assert received(1).one().is_held


def test_shared_memory_counts_once():
    q = torch.randn(2, 3, 4)
    call = AttentionCall("layer", 0, False, q=q, k=q.view(2, 3, 4), v=torch.randn(2, 3, 4))
    assert call.n_bytes == 2 * 2 * 3 * 4 * 4


def test_heads_side_by_side_are_not_copied(tiny, ids_input):
    call = tiny("bert").run(ids_input, Context()).calls["encoder"][0]
    heads = attention_call._heads(call.q, [1, 2])
    assert heads.untyped_storage().data_ptr() == call.q.untyped_storage().data_ptr()
    assert torch.equal(attention_call._heads(call.q, [2, 0]), call.q[[2, 0]])
