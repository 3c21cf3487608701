"""The network of chips and its visual words: trained on what happens, then frozen, then sorted by k-means.

It takes the place of S3D, which VideoBERT took as it was, trained to tell what people do in videos.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn
from torch.nn import functional as F

from inference.models.videobert.chips import ChipNetwork, scaled
from inference.models.videobert.model import ChipWords, VideoBertConfig
from resources.recipes.scene_data import SIDE
from resources.recipes.training import Plan, train
from resources.recipes.videobert_clips.data import (
    ACTIONS,
    FRAMES_A_CHIP,
    N_CHIPS,
    WAYS,
    as_values,
    painted,
    training_clip,
    truth_of,
)
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import SIZES

_N_BATCH = 64  # chips
_LOOKS = 0.5  # weight of what it happens to, beside what happens
_LOOK_SCALE = 0.5  # of those numbers where words are told apart
_N_COUNTED = 1_000  # clips of which it is counted what happens
_CHUNK = 250  # clips that are painted at once


class NamesWhatHappens(nn.Module):
    """The network with the heads that it is trained by."""

    def __init__(self, network: ChipNetwork) -> None:
        super().__init__()
        self.network = network
        n_look = network.look.out_features
        self.of_action = nn.ModuleList(nn.Linear(network.n_action, n) for n in (len(ACTIONS), len(WAYS)))
        self.of_look = nn.ModuleList(nn.Linear(n_look, n) for n in (len(KINDS), len(COLOURS), len(SIZES)))

    def losses(self, frames: Tensor, truth: Tensor) -> dict[str, Tensor]:
        """Of chips [chip, frame, 3, row, column]; `truth` is [chip, 5]: action, way, kind, colour, size."""
        vectors = self.network(frames)
        action, look = F.relu(vectors[:, : self.network.n_action]), F.relu(vectors[:, self.network.n_action :])
        logits = [head(action) for head in self.of_action] + [head(look) for head in self.of_look]
        names = ("action", "way", "kind", "colour", "size")
        weights = (1.0, 0.5, _LOOKS, _LOOKS, _LOOKS)
        return {
            name: weight * F.cross_entropy(each.float(), truth[:, i], ignore_index=-100)
            for i, (name, weight, each) in enumerate(zip(names, weights, logits, strict=True))
        } | {"right": (logits[0].argmax(-1) == truth[:, 0]).float().mean().detach()}


def numbers_of_truth(n: int, first: int = 0) -> Tensor:
    """int64 [clip, chip, 5] of training clips, in the order of `NamesWhatHappens.losses`."""
    truths = [truth_of(training_clip(first + i)) for i in range(n)]
    return torch.from_numpy(np.stack([np.stack([t.action, t.way, t.kind, t.colour, t.size], -1) for t in truths]))


def train_network(network: ChipNetwork, n_clips: int, n_steps: int, state: Path, seed: int) -> None:
    """Train the network in place on chips of the first `n_clips` training clips, each painted once."""
    file = state / "frames.npy"
    if not file.exists():
        partial = state / "frames.partial.npy"
        shape = (n_clips, N_CHIPS, FRAMES_A_CHIP, SIDE, SIDE, 3)
        frames = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
        for i in range(n_clips):
            frames[i] = painted(training_clip(i))
        frames.flush()
        del frames
        partial.rename(file)
    frames = np.load(file, mmap_mode="r").reshape(n_clips * N_CHIPS, -1, SIDE, SIDE, 3)
    truth = numbers_of_truth(n_clips).flatten(0, 1)
    torch.manual_seed(seed)
    model = NamesWhatHappens(network)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        chosen = np.random.default_rng((seed, step)).integers(0, len(frames), _N_BATCH)
        losses = model.losses(as_values(frames[np.sort(chosen)]), truth[np.sort(chosen)])
        right = losses.pop("right")
        told = {name: loss.item() for name, loss in losses.items()} | {"right": right.item()}
        return torch.stack(list(losses.values())).sum(), told

    plan = Plan(n_steps, 1e-3, warm_up=100)
    train(model, step_loss, plan, state / "network.pt", is_matrix=lambda name: False)
    model.eval()


@torch.inference_mode()
def vectors_of(network: ChipNetwork, frames: np.ndarray) -> Tensor:
    """float32 [clip, chip, number] of uint8 [clip, chip, frame, row, column, 3]."""
    flat = frames.reshape(-1, *frames.shape[2:])
    made = [network(as_values(flat[i : i + _N_BATCH])) for i in range(0, len(flat), _N_BATCH)]
    return torch.cat(made).unflatten(0, (len(frames), -1))


def training_vectors(network: ChipNetwork, n_clips: int, state: Path) -> Tensor:
    """float32 [clip, chip, number] of training clips; kept in chunks, so that it goes on where it stopped."""
    folder = state / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for first in range(0, n_clips, _CHUNK):
        file = folder / f"{first}.npy"
        if not file.exists():
            frames = np.stack([painted(training_clip(i)) for i in range(first, min(first + _CHUNK, n_clips))])
            partial = file.with_suffix(".tmp.npy")
            np.save(partial, vectors_of(network, frames).numpy())
            partial.rename(file)
        parts.append(torch.from_numpy(np.load(file)))
    return torch.cat(parts)[:n_clips]


def make_words(chips: ChipWords, vectors: Tensor, config: VideoBertConfig, seed: int) -> None:
    """Fill in the tree of means, and the picture and the count of every word.

    Parameters
    ----------
    vectors
        float [clip, chip, number], as the network gives them.
    """
    flat = vectors.flatten(0, 1)
    chips.centre.copy_(flat.mean(0))
    # Each half counts as a whole, so that numbers that tell more count more; that of looks counts for less.
    of_action, of_look = ((half - half.mean(0)).square().mean().sqrt() for half in flat.split(config.n_action, -1))
    chips.scale[: config.n_action] = 1 / of_action
    chips.scale[config.n_action :] = _LOOK_SCALE / of_look
    flat = scaled(flat, chips.centre, chips.scale)
    chips.tree.copy_(torch.from_numpy(_tree(flat.numpy(), config.n_branches, config.n_levels, seed)))
    words = chips.words(flat)
    n_words = config.n_visual_words
    chips.counts.copy_(torch.bincount(words, minlength=n_words))
    leaves = chips.tree[-n_words:]
    for word in range(n_words):
        own = torch.nonzero(words == word)[:, 0]
        if len(own):
            nearest = int(own[(flat[own] - leaves[word]).square().sum(-1).argmin()])
            clip, chip = divmod(nearest, vectors.shape[1])
            chips.pictures[word] = torch.from_numpy(painted(training_clip(clip))[chip])


def count_what_happens(chips: ChipWords, vectors: Tensor) -> None:
    """Fill in how often each action goes on where each word stands, in the first of the training clips."""
    vectors = vectors[:_N_COUNTED]
    words = chips.words(chips.scaled(vectors.flatten(0, 1)))
    actions = torch.from_numpy(np.stack([truth_of(training_clip(i)).action for i in range(len(vectors))])).flatten()
    chips.happens.zero_()
    chips.happens.index_put_((words, actions), torch.ones(len(words), dtype=torch.int32), accumulate=True)


def _tree(points: np.ndarray, n_branches: int, n_levels: int, seed: int) -> np.ndarray:
    levels: list[np.ndarray] = []
    groups = [points]
    for _ in range(n_levels):
        means, below = [], []
        for group in groups:
            if len(group) < 2 * n_branches:  # of a few films only
                points = np.resize(group, (n_branches, group.shape[1]))
                means.append(points)
                below += list(points[:, None])
                continue
            k_means = KMeans(n_branches, n_init=3, random_state=seed)  # pyright: ignore[reportArgumentType]
            found = k_means.fit(group)
            means.append(found.cluster_centers_)
            below += [group[found.labels_ == branch] for branch in range(n_branches)]
        levels += means
        groups = below
    return np.concatenate(levels).astype(np.float32)
