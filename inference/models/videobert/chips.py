"""Stretches of a film as vectors, and these as visual words: a frozen network, and a tree of means.

A chip is a few frames that lie close together. The network sees them and how they differ, and was trained to tell what
happens in them; its vectors are sorted into words by k-means in k-means.

References
----------
Sun et al. 2019, "VideoBERT" (arXiv 1904.01766), section 4.2: features of stretches of 1.5 s, and hierarchical k-means
of four levels with twelve means each.
Wu and He 2018, "Group Normalization" (arXiv 1803.08494).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_GROUPS = 8  # of channels that are normed together


class ChipNetwork(nn.Module):
    """A vector of every chip; frames are -1 to 1.

    Parameters
    ----------
    n_frames
        Of a chip.
    widths
        Channels at a half, a quarter, an eighth and a sixteenth of the image's side.
    n_action, n_look
        Numbers that tell what happens, and then those that tell to what.
    side
        Pixels of the image, a multiple of 16.
    """

    def __init__(self, n_frames: int, widths: Sequence[int], n_action: int, n_look: int, side: int) -> None:
        super().__init__()
        self.n_action = n_action
        layers: list[nn.Module] = []
        n_in = 3 * (2 * n_frames - 1)
        for width in widths:
            layers += [nn.Conv2d(n_in, width, 3, 2, 1), nn.GroupNorm(_GROUPS, width), nn.ReLU()]
            n_in = width
        self.layers = nn.Sequential(*layers)
        n_places = (side // 2 ** len(widths)) ** 2
        self.action = nn.Linear(n_in * n_places, n_action)
        self.look = nn.Linear(n_in * n_places, n_look)

    def forward(self, frames: Tensor) -> Tensor:
        """float [chip, frame, 3, row, column] to [chip, n_action + n_look]."""
        steps = frames[:, 1:] - frames[:, :-1]
        x = self.layers(torch.cat([frames, steps], 1).flatten(1, 2)).flatten(1)
        return torch.cat([self.action(x), self.look(x)], -1)


def scaled(vectors: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
    """Vectors as words are told apart by: float [..., number], each number less its mean and times its weight."""
    return (vectors - centre) * scale


def words_of(vectors: Tensor, tree: Tensor, n_branches: int) -> Tensor:
    """Numbers of the words of vectors, from 0: int64 [chip].

    From the root down the nearest of `n_branches` means is taken at each level.

    Parameters
    ----------
    vectors
        float [chip, number].
    tree
        float [mean, number]: the means of the first level, then those of the second, all children of the first one
        before those of the next, and so on.
    """
    n_levels = levels_of(len(tree), n_branches)
    word = torch.zeros(len(vectors), dtype=torch.long, device=vectors.device)
    start = 0
    for level in range(n_levels):
        n_parents = n_branches**level
        means = tree[start : start + n_parents * n_branches].unflatten(0, (n_parents, n_branches))
        nearest = (vectors[:, None] - means[word]).square().sum(-1).argmin(-1)
        word = word * n_branches + nearest
        start += n_parents * n_branches
    return word


def levels_of(n_means: int, n_branches: int) -> int:
    """How many levels a tree of so many means has.

    Raises
    ------
    ValueError
        No full tree has so many.
    """
    total = n_levels = 0
    while total < n_means:
        n_levels += 1
        total += n_branches**n_levels
    if total != n_means:
        raise ValueError(f"{n_means} means are no tree with {n_branches} branches.")
    return n_levels
