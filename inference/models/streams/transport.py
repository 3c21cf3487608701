"""Which word belongs to which region: optimal transport from the states of words to those of regions.

References
----------
Xie et al. 2020, "A Fast Proximal Point Method for Computing Exact Wasserstein Distance" (arXiv 1802.04307),
algorithm 1.
Chen et al. 2020, "UNITER" (arXiv 1909.11740), section 3.2, word-region alignment, and its appendix.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

BETA, N_ROUNDS = 0.5, 50  # as published


class Transport(NamedTuple):
    """A plan, and what it costs.

    Attributes
    ----------
    plan
        [batch, word, region]: how much of each word goes to each region. Words that count have 1 / words in all, and
        regions 1 / regions; others have 0.
    distance
        [batch]: the sum of plan times cost, a cost being 1 - cosine.
    """

    plan: Tensor
    distance: Tensor


def transport(
    words: Tensor, regions: Tensor, word_mask: Tensor, region_mask: Tensor, beta: float = BETA, n_rounds: int = N_ROUNDS
) -> Transport:
    """The cheapest way to bring words to regions, nearly: after so many rounds of the proximal point method.

    Parameters
    ----------
    words, regions
        States, [batch, word, d] and [batch, region, d].
    word_mask, region_mask
        bool [batch, word] and [batch, region]: which of them count, one at least of each.
    beta
        The larger, the smaller the steps.
    """
    cost = 1 - F.normalize(words, dim=-1, eps=1e-5) @ F.normalize(regions, dim=-1, eps=1e-5).mT
    plan = _plan(cost.detach(), word_mask, region_mask, beta, n_rounds)
    return Transport(plan, (plan * cost).sum((1, 2)))


def spoken(is_token: Tensor) -> Tensor:
    """bool [batch, token]: tokens but the first and the last one, as the transport of ViLT leaves out [CLS] and [SEP].

    Parameters
    ----------
    is_token
        bool [batch, token]; what is padded stands behind.
    """
    return F.pad(is_token[:, 2:], (1, 1), value=False)


@torch.no_grad()
def _plan(cost: Tensor, word_mask: Tensor, region_mask: Tensor, beta: float, n_rounds: int) -> Tensor:
    counts = word_mask[..., None] & region_mask[:, None, :]
    of_words = word_mask / word_mask.sum(1, keepdim=True)  # what each word has to give, and each region to take
    of_regions = region_mask / region_mask.sum(1, keepdim=True)
    kernel = torch.exp(-cost / beta) * counts
    plan = counts.to(cost)
    right = of_words.to(cost)  # begins as published
    left = of_regions.to(cost)
    for _ in range(n_rounds):
        step = kernel * plan
        left = _share(of_regions, (step * right[..., None]).sum(1))
        right = _share(of_words, (step * left[:, None]).sum(2))
        plan = right[..., None] * step * left[:, None]
    return plan


def _share(wanted: Tensor, there: Tensor) -> Tensor:
    """What a marginal is to be multiplied by; 0 where nothing counts."""
    return torch.where(wanted > 0, wanted / there.clamp(min=1e-30), 0)
