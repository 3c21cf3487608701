"""What makes a vector for every pixel of the states of LSeg's image tower: the decoder of DPT.

References
----------
Ranftl, Bochkovskiy and Koltun 2021, "Vision Transformers for Dense Prediction" (arXiv 2103.13413), section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.models.lseg.towers import LSegConfig

_ACTIVATIONS = {"relu": nn.ReLU, "lrelu": nn.LeakyReLU, "tanh": nn.Tanh}


class ProjectReadout(nn.Module):
    """Every patch with [CLS] beside it, as wide as before."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Linear(2 * d, d), nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        """[batch, 1 + patch, d] to [batch, patch, d]."""
        patches = x[:, 1:]
        return self.project(torch.cat([patches, x[:, :1].expand_as(patches)], -1))


class Transpose(nn.Module):
    """Patches and channels change places."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mT


def reassemble(d: int, channels: int, factor: float) -> nn.Sequential:
    """From states of patches to a map `factor` times as fine; the third part puts patches in their rows."""
    layers = [ProjectReadout(d), Transpose(), nn.Identity(), nn.Conv2d(d, channels, 1)]
    if factor > 1:
        step = round(factor)
        layers.append(nn.ConvTranspose2d(channels, channels, step, stride=step))
    elif factor < 1:
        layers.append(nn.Conv2d(channels, channels, 3, stride=round(1 / factor), padding=1))
    return nn.Sequential(*layers)


class ResidualConvUnit(nn.Module):
    """x and what two convolutions make of it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn1(self.conv1(F.relu(x)))
        return x + self.bn2(self.conv2(F.relu(inner)))


class FeatureFusionBlock(nn.Module):
    """A coarse map and a finer one become one of twice the size.

    Parameters
    ----------
    is_first
        Whether there is no finer one yet: nothing adds to the coarsest map.
    """

    def __init__(self, channels: int, *, is_first: bool) -> None:
        super().__init__()
        self.out_conv = nn.Conv2d(channels, channels, 1)
        if not is_first:
            self.resConfUnit1 = ResidualConvUnit(channels)
        self.resConfUnit2 = ResidualConvUnit(channels)

    def forward(self, x: Tensor, finer: Tensor | None, size: tuple[int, int]) -> Tensor:
        """[batch, channel, *size]."""
        if finer is not None:
            x = x + self.resConfUnit1(finer)
        x = F.interpolate(self.resConfUnit2(x), size=size, mode="bilinear", align_corners=True)
        return self.out_conv(x)


class DepthwiseConv(nn.Module):
    """One 3 x 3 kernel for the maps of all labels, so that it does not matter how many there are."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.depthwise(x.flatten(0, 1)[:, None])[:, 0].unflatten(0, x.shape[:2])


class HeadBlock(nn.Module):
    """Smooths the maps of labels (Li et al. 2022, section 4.3); `bottleneck` also adds the largest of each pixel."""

    def __init__(self, kind: str, activation: str) -> None:
        super().__init__()
        self.is_bottleneck = kind == "bottleneck"
        self.depthwise = DepthwiseConv()
        self.activation = _ACTIVATIONS[activation]()

    def forward(self, x: Tensor, *, is_last: bool) -> Tensor:
        smooth = self.depthwise(x)
        if self.is_bottleneck:
            smooth = smooth + x.amax(1, keepdim=True)
        return smooth if is_last else self.activation(smooth)


class Decoder(nn.Module):
    """`scratch` of the published weights: from four maps to the vectors of pixels."""

    def __init__(self, config: LSegConfig) -> None:
        super().__init__()
        channels = config.fusion_hidden_size
        self.block_depth = config.block_depth
        for i, n in enumerate(config.neck_hidden_sizes, 1):
            setattr(self, f"layer{i}_rn", nn.Conv2d(n, channels, 3, padding=1, bias=False))
            setattr(self, f"refinenet{i}", FeatureFusionBlock(channels, is_first=i == len(config.neck_hidden_sizes)))
        self.n_levels = len(config.neck_hidden_sizes)
        self.head1 = nn.Conv2d(channels, config.projection_dim, 1)
        if config.head_block:
            self.head_block = HeadBlock(config.head_block, config.block_activation)

    def fuse(self, maps: list[Tensor]) -> Tensor:
        """One map, twice as fine as the first of those given, finest first."""
        levels = [self.get_submodule(f"layer{i}_rn")(level) for i, level in enumerate(maps, 1)]
        x = levels[-1]
        for i in range(self.n_levels, 0, -1):
            rows, columns = levels[i - 2].shape[2:] if i > 1 else (2 * side for side in levels[0].shape[2:])
            finer = None if i == self.n_levels else levels[i - 1]
            x = self.get_submodule(f"refinenet{i}")(x, finer, (rows, columns))
        return x

    def smooth(self, logits: Tensor) -> Tensor:
        """Maps [batch, label, row, column] behind the spatial regularisation, where the model has one."""
        if not hasattr(self, "head_block"):
            return logits
        for _ in range(self.block_depth - 1):
            logits = self.head_block(logits, is_last=False)
        return self.head_block(logits, is_last=True)
