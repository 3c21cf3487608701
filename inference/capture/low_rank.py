"""Attention of low rank: fewer keys than there are positions, or landmarks that stand for all."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from inference.capture.approximated_head import ApproximatedHead, PatternFactors

N_STEPS = 6  # of the iterative inverse, in the paper and in transformers


def best_of_rank(head: ApproximatedHead, rank: int) -> PatternFactors:
    """The pattern's largest singular values: no matrix of that rank is nearer to it (Eckart and Young 1936)."""
    u, s, vh = torch.linalg.svd(head.pattern, full_matrices=False)
    return PatternFactors(u[:, :rank] * s[:rank], vh[:rank])


def projected_pattern(head: ApproximatedHead, projection: Tensor) -> PatternFactors:
    """P Rᵀ R of the whole pattern P: the argument of Johnson and Lindenstrauss in theorem 1 of Wang et al. 2020.

    Parameters
    ----------
    projection
        R, [rank, key].
    """
    return PatternFactors(head.pattern @ projection.T, projection)


def projected_keys(head: ApproximatedHead, projection: Tensor) -> PatternFactors:
    """Linformer: softmax(Q (E K)ᵀ / √d) E, with one projection E for keys and values.

    A bias is projected as the keys are, so that with the identity for E this is the exact pattern.

    Parameters
    ----------
    projection
        E, [rank, key].

    References
    ----------
    Wang et al. 2020, "Linformer", section 4, equation 7.
    """
    bias = None if head.bias is None else head.bias @ projection.T
    return PatternFactors(head.scores(head.q, projection @ head.k, bias).softmax(-1), projection)


def pooled_keys(head: ApproximatedHead, rank: int) -> PatternFactors:
    """As `projected_keys`, with means of neighbouring positions for E.

    A query attends to means, and hands on means: of a segment, every key gets the same.
    """
    bias = None if head.bias is None else segment_means(head.bias.T, rank).T
    pattern = head.scores(head.q, segment_means(head.k, rank), bias).softmax(-1)
    n = len(head.k)
    segment, lengths = _segments(n, rank)
    mean = head.k.new_zeros(rank, n)
    mean[segment, torch.arange(n)] = (1 / lengths.to(mean.dtype))[segment]
    return PatternFactors(pattern, mean)


@lru_cache(maxsize=4)
def gaussian(rank: int, n: int, seed: int) -> Tensor:
    """A projection of independent normal numbers with variance 1 / rank, [rank, n]: R Rᵀ is I on average."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rank, n, generator=generator, dtype=torch.float64) / rank**0.5


def landmarks(head: ApproximatedHead, n_landmarks: int, *, is_exact: bool) -> PatternFactors:
    """The Nyström approximation: queries to landmarks, the inverse of landmarks to landmarks, landmarks to keys.

    Parameters
    ----------
    n_landmarks
        Means of so many segments of the queries, and of the keys.
    is_exact
        Whether the pseudo-inverse is worked out from the singular values, in place of the six steps of the paper.

    References
    ----------
    Xiong et al. 2021, "Nyströmformer", section 3, equations 13 and 14.
    """
    q, k, bias = segment_means(head.q, n_landmarks), segment_means(head.k, n_landmarks), head.bias
    by_key = None if bias is None else segment_means(bias, n_landmarks)  # [landmark, key]
    by_query = None if bias is None else segment_means(bias.T, n_landmarks).T
    by_both = None if by_key is None else segment_means(by_key.T, n_landmarks).T
    to_landmarks = head.scores(head.q, k, by_query).softmax(-1)
    between = head.scores(q, k, by_both).softmax(-1)
    from_landmarks = head.scores(q, head.k, by_key).softmax(-1)
    inverse = torch.linalg.pinv(between) if is_exact else iterative_inverse(between)
    return PatternFactors(to_landmarks @ inverse, from_landmarks)


def iterative_inverse(matrix: Tensor, largest: float | None = None) -> Tensor:
    """Six steps toward the pseudo-inverse of a matrix whose rows sum to 1.

    Parameters
    ----------
    matrix
        [..., n, n].
    largest
        Largest sum of a column, where it is that of several heads: transformers takes one for all of them.

    References
    ----------
    Xiong et al. 2021, equation 11, after Razavi et al. 2014.
    """
    identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    inverse = matrix.mT / (float(matrix.sum(-2).max()) if largest is None else largest)
    for _ in range(N_STEPS):
        product = matrix @ inverse
        inverse = 0.25 * inverse @ (13 * identity - product @ (15 * identity - product @ (7 * identity - product)))
    return inverse


def segment_means(x: Tensor, n_segments: int) -> Tensor:
    """Means of segments of rows, [segment, any] of [row, any]; the last ones have a row more where that is needed."""
    segment, lengths = _segments(len(x), n_segments)
    return x.new_zeros(n_segments, x.shape[1]).index_add_(0, segment, x) / lengths[:, None].to(x.dtype)


def _segments(n: int, n_segments: int) -> tuple[Tensor, Tensor]:
    """In which segment each of n rows is, and how long each segment is."""
    lengths = torch.full((n_segments,), n // n_segments)
    lengths[n_segments - n % n_segments :] += 1
    return torch.arange(n_segments).repeat_interleave(lengths), lengths
