"""Attention by kernel features: exp(q . k) as a product of what is made of the query alone and of the key alone."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.capture.approximated_head import ApproximatedHead, PatternFactors


def positive_features(head: ApproximatedHead, n_features: int, seed: int) -> PatternFactors:
    """FAVOR+: exp(w . x - |x|² / 2) for random w, never negative; its mean over w is exp(q . k).

    References
    ----------
    Choromanski et al. 2021, "Rethinking Attention with Performers", lemma 1 and section 2.4.
    """
    q, k = _scaled(head)
    w = orthogonal_directions(n_features, q.shape[1], seed).to(q.dtype)
    return _factors(
        head, q @ w.T - q.square().sum(-1, keepdim=True) / 2, k @ w.T - k.square().sum(-1, keepdim=True) / 2
    )


def trigonometric_features(head: ApproximatedHead, n_features: int, seed: int) -> PatternFactors:
    """exp(|x|² / 2) (sin(w . x), cos(w . x)): exact on average too, but wide of the mark where the weight is small.

    Half of the features are sines, half cosines.

    References
    ----------
    Rahimi and Recht 2007; Choromanski et al. 2021, section 2.3.
    """
    q, k = _scaled(head)
    w = orthogonal_directions(max(1, n_features // 2), q.shape[1], seed).to(q.dtype)
    sizes = [x.square().sum(-1, keepdim=True) / 2 for x in (q, k)]
    # A factor of each query falls out when its row is divided by its sum.
    left = torch.cat([(q @ w.T).sin(), (q @ w.T).cos()], 1)
    weight = (sizes[1] - sizes[1].max()).exp() * _key_weights(head)
    right = torch.cat([(k @ w.T).sin(), (k @ w.T).cos()], 1) * weight
    return PatternFactors(left, right.T, head.n_seen)


def linear_features(head: ApproximatedHead) -> PatternFactors:
    """elu(x) + 1 of queries and keys as they are: another attention than softmax, with as many features as d_head.

    References
    ----------
    Katharopoulos et al. 2020, "Transformers are RNNs", equation 7.
    """
    left, right = F.elu(head.q) + 1, (F.elu(head.k) + 1) * _key_weights(head)
    return PatternFactors(left, right.T, head.n_seen)


@lru_cache(maxsize=4)
def orthogonal_directions(n: int, d: int, seed: int) -> Tensor:
    """Normal vectors of `d` dimensions, [n, d], those of each block of d at right angles to each other.

    Each by itself is as independent normal numbers are, so that nothing is wrong on average, but they repeat each other
    less.
    """
    generator = torch.Generator().manual_seed(seed)
    blocks = []
    for start in range(0, n, d):
        square = torch.randn(d, d, generator=generator, dtype=torch.float64)
        turned, upper = torch.linalg.qr(square)
        turned = turned * upper.diagonal().sign()  # else it is not evenly spread over all rotations
        blocks.append(turned.T[: n - start])
    lengths = torch.randn(n, d, generator=generator, dtype=torch.float64).norm(dim=1)
    return torch.cat(blocks) * lengths[:, None]


def _scaled(head: ApproximatedHead) -> tuple[Tensor, Tensor]:
    """Queries and keys that share the scale."""
    return head.q * head.scale**0.5, head.k * head.scale**0.5


def _key_weights(head: ApproximatedHead) -> Tensor:
    """exp of what is added to the score of each key, [key, 1], up to a factor that falls out."""
    bias = head.key_bias()
    assert bias is not None
    return (bias - bias.max()).exp()[:, None]


def _factors(head: ApproximatedHead, left: Tensor, right: Tensor) -> PatternFactors:
    """Of logarithms of features: a factor of a query, or of all keys, falls out, and nothing must overflow."""
    left = (left - left.amax(-1, keepdim=True)).exp()
    right = (right - right.max()).exp() * _key_weights(head)
    return PatternFactors(left, right.T, head.n_seen)
