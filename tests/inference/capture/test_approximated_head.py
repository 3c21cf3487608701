"""Attention without the whole pattern: exact where it must be, near on average, and true to causal masks."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import NystromformerConfig
from transformers.models.nystromformer.modeling_nystromformer import NystromformerSelfAttention

from inference.capture import kernel_features, low_rank
from inference.capture.approximated_head import PatternFactors, one_head
from tests.inference.planted import random_call


def head_of(n_queries=12, n_keys=None, *, spread=1.0, **more):
    call = random_call(n_queries, n_keys, n_heads=2, **more)
    v = torch.randn(call.k.shape, generator=torch.Generator().manual_seed(9))
    return one_head(replace(call, q=call.q * spread, k=call.k * spread, v=v), 1)


def error(head, factors):
    return float((factors.pattern() - head.pattern).norm() / head.pattern.norm())


def test_its_pattern_is_the_calls_own_and_hidden_keys_are_left_out():
    mask = torch.ones(1, 1, 9, dtype=torch.bool)
    mask[..., [0, 4]] = False
    call = random_call(6, 9, n_heads=2, mask=mask)
    head = one_head(call, 1)
    assert head.places.tolist() == [1, 2, 3, 5, 6, 7, 8]
    assert head.sees_all
    torch.testing.assert_close(head.whole(head.pattern).float(), call.patterns([1])[0])


def test_scale_soft_cap_and_bias_are_those_of_the_call():
    bias = torch.randn(2, 7, 7, generator=torch.Generator().manual_seed(3))
    call = random_call(7, n_heads=2, bias=bias, soft_cap=2.0)
    head = one_head(call, 1)
    q, k = call.q[1].double(), call.k[1].double()
    scores = 2 * torch.tanh(q @ k.T * call.scale / 2) + bias[1].double()
    torch.testing.assert_close(head.scores(head.q, head.k, head.bias), scores)
    torch.testing.assert_close(head.pattern, scores.softmax(-1), atol=1e-6, rtol=0)


def test_a_head_whose_scores_are_more_than_its_products_is_none():
    call = random_call(5, n_heads=2)
    assert one_head(replace(call, pattern=torch.full((2, 5, 5), 0.2)), 1) is None
    assert one_head(replace(call, q=None, k=None, pattern=torch.full((2, 5, 5), 0.2)), 1) is None


@pytest.mark.parametrize("bias", [None, torch.randn(2, 12, 12, generator=torch.Generator().manual_seed(1))])
def test_at_full_rank_they_are_exact(bias):
    head = head_of(bias=bias)
    identity = torch.eye(12, dtype=torch.float64)
    assert error(head, low_rank.best_of_rank(head, 12)) < 1e-12
    assert error(head, low_rank.projected_keys(head, identity)) < 1e-12
    assert error(head, low_rank.projected_pattern(head, identity)) < 1e-12
    assert error(head, low_rank.pooled_keys(head, 12)) < 1e-12
    assert error(head, low_rank.landmarks(head, 12, is_exact=True)) < 1e-9


def test_no_low_rank_is_better_than_the_singular_values():
    head = head_of(40)
    for rank in (2, 5, 20):
        best = error(head, low_rank.best_of_rank(head, rank))
        others = [
            low_rank.pooled_keys(head, rank),
            low_rank.landmarks(head, rank, is_exact=True),
            low_rank.landmarks(head, rank, is_exact=False),
            low_rank.projected_keys(head, low_rank.gaussian(rank, 40, 0)),
        ]
        assert best < min(error(head, other) for other in others)


def test_six_steps_go_toward_the_pseudo_inverse():
    scores = torch.randn(6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    matrix = (scores + 3 * torch.eye(6)).softmax(-1)
    exact = torch.linalg.pinv(matrix)
    start = matrix.T / matrix.sum(0).max()
    assert (low_rank.iterative_inverse(matrix) - exact).norm() < 0.1 * (start - exact).norm()


def test_segments_that_do_not_divide_are_longer_behind():
    x = torch.arange(7.0)[:, None]
    assert low_rank.segment_means(x, 3)[:, 0].tolist() == [0.5, 2.5, 5.0]


@pytest.mark.parametrize("n_heads", [1, 2])
def test_landmarks_agree_with_transformers(n_heads):
    """Its module with our numbers: queries, keys and values in, six steps, one largest sum for all heads."""
    n, d = 12, 8
    config = NystromformerConfig(
        hidden_size=n_heads * d, num_attention_heads=n_heads, num_landmarks=4, segment_means_seq_len=n
    )  # fmt: skip
    theirs = NystromformerSelfAttention(config).double().eval()
    x = torch.randn(1, n, n_heads * d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    nn.init.normal_(theirs.query.weight)
    nn.init.normal_(theirs.key.weight)
    nn.init.zeros_(theirs.conv.weight)  # it adds a convolution of the values, which is no attention
    with torch.no_grad():
        output, thin = theirs(x, output_attentions=True)
        q, k, v = (
            part(x)[0].unflatten(-1, (n_heads, d)).transpose(0, 1) for part in (theirs.query, theirs.key, theirs.value)
        )
    call = replace(random_call(n, n_heads=n_heads, d_head=d), q=q, k=k, v=v, scale=d**-0.5)
    heads = [one_head(call, head) for head in range(n_heads)]
    if n_heads == 1:
        found = low_rank.landmarks(heads[0], 4, is_exact=False)
        torch.testing.assert_close(found.left, thin[0, 0])
        torch.testing.assert_close(found.output(heads[0].v), output[0])
        return
    q_means, k_means = (torch.stack([low_rank.segment_means(each, 4) for each in x]) for x in (q, k))
    between = (q_means @ k_means.mT * d**-0.5).softmax(-1)
    inverse = low_rank.iterative_inverse(between, float(between.sum(-2).max()))
    to, back = (q @ k_means.mT * d**-0.5).softmax(-1), (q_means @ k.mT * d**-0.5).softmax(-1)
    torch.testing.assert_close(to @ inverse, thin[0])
    torch.testing.assert_close((to @ inverse @ back @ v).transpose(0, 1).flatten(1), output[0])


# Kernel features


def plain_favor(q, k, w, is_causal):
    """Choromanski et al. 2021, equation 5 and algorithm 1, as they stand there, cell by cell."""
    d = q.shape[1]
    phi = [
        torch.exp(x / d**0.25 @ w.T - (x / d**0.25).square().sum(-1, keepdim=True) / 2) / len(w) ** 0.5 for x in (q, k)
    ]
    weights = phi[0] @ phi[1].T
    weights = weights.tril() if is_causal else weights
    return torch.diag(1 / weights.sum(1)) @ weights


@pytest.mark.parametrize("is_causal", [False, True])
def test_positive_features_agree_with_a_plain_reference(is_causal):
    head = head_of(is_causal=is_causal)
    w = kernel_features.orthogonal_directions(24, 8, 5)
    found = kernel_features.positive_features(head, 24, 5)
    torch.testing.assert_close(found.pattern(), plain_favor(head.q, head.k, w, is_causal))


@pytest.mark.parametrize("is_causal", [False, True])
def test_linear_attention_agrees_with_a_plain_reference(is_causal):
    head = head_of(is_causal=is_causal)
    weights = (F.elu(head.q) + 1) @ (F.elu(head.k) + 1).T
    weights = weights.tril() if is_causal else weights
    torch.testing.assert_close(kernel_features.linear_features(head).pattern(), weights / weights.sum(1, keepdim=True))


@pytest.mark.parametrize("n", [5, 64, 65, 200])
@pytest.mark.parametrize("is_causal", [False, True])
def test_running_sums_give_what_the_masked_pattern_gives(n, is_causal):
    head = head_of(n, is_causal=is_causal)
    for factors in (
        kernel_features.positive_features(head, 16, 0),
        kernel_features.trigonometric_features(head, 16, 0),
        kernel_features.linear_features(head),
    ):
        torch.testing.assert_close(factors.output(head.v), factors.pattern() @ head.v)


def test_no_query_gets_anything_from_behind_it():
    head = head_of(130, is_causal=True)
    factors = kernel_features.positive_features(head, 16, 0)
    assert float(factors.pattern().triu(1).abs().max()) == 0
    other = head.v.clone()
    other[100:] += 5
    before, after = factors.output(head.v), factors.output(other)
    torch.testing.assert_close(before[:100], after[:100])
    assert float((before[100:] - after[100:]).abs().min()) > 0


@pytest.mark.parametrize("features", [kernel_features.positive_features, kernel_features.trigonometric_features])
def test_a_bias_of_the_keys_alone_is_kept(features):
    """ALiBi: m (j - i), of which the query's part falls out. The same as a key whose weight is exp(m j)."""
    n = 10
    distance = torch.arange(n) - torch.arange(n)[:, None]
    plain, biased = (head_of(n, spread=0.3, is_causal=True, **more) for more in ({}, {"bias": 0.2 * distance[None]}))
    weights = features(plain, 4096, 0).pattern() * (0.2 * torch.arange(n, dtype=torch.float64)).exp()
    wanted = weights / weights.sum(-1, keepdim=True)
    torch.testing.assert_close(features(biased, 4096, 0).pattern(), wanted)
    both = torch.randn(1, n, n, generator=torch.Generator().manual_seed(0))
    assert head_of(n, bias=both).key_bias() is None


@pytest.mark.parametrize("features", [kernel_features.positive_features, kernel_features.trigonometric_features])
def test_the_error_falls_as_the_root_of_the_features(features):
    """Sixteen times the features, a quarter of the error: the mean over many seeds."""
    head = head_of(10, spread=0.3)
    means = [math.sqrt(sum(error(head, features(head, n, seed)) ** 2 for seed in range(60)) / 60) for n in (128, 2048)]
    assert 3.2 < means[0] / means[1] < 5.0


@pytest.mark.parametrize("n", [3, 8, 20])
def test_directions_are_orthogonal_and_as_long_as_normal_ones(n):
    w = kernel_features.orthogonal_directions(n, 8, 0)
    block = w[: min(n, 8)]
    products = block @ block.T
    torch.testing.assert_close(products, torch.diag(products.diagonal()), atol=1e-10, rtol=0)
    lengths = kernel_features.orthogonal_directions(4000, 8, 1).square().sum(1)
    assert float(lengths.mean()) == pytest.approx(8, rel=0.05)
    assert float(lengths.var()) == pytest.approx(16, rel=0.2)  # chi-squared of 8 degrees


def test_factors_without_a_mask_are_a_product():
    left, right = torch.randn(3, 2), torch.randn(2, 4)
    torch.testing.assert_close(PatternFactors(left, right).pattern(), left @ right)
