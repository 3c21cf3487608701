"""How MERLOT reads a frame: a residual network without its last stage, and a Transformer over what it finds.

References
----------
Zellers et al. 2021, section 3.2, and its code (`utils/vision_transformer.py`); group norm: Wu and He 2018
(arXiv 1803.08494); weight standardisation: Qiao et al. 2019 (arXiv 1903.10520).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.models.merlot.layers import NORM_EPS, MerlotConfig, MerlotLayers, PlacesOfPatches

N_CLS = 2  # the first goes on to the joint layers, the second is what captions are compared with
_EXPANSION = 4  # of a block's width in its last convolution
_GROUP_EPS, _WEIGHT_EPS = 1e-4, 1e-5


class StandardisedConv(nn.Module):
    """A convolution whose filters have mean 0 and variance 1, whatever their weights."""

    def __init__(self, d_in: int, d_out: int, side: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_out, d_in, side, side))
        self.stride, self.padding = stride, side // 2

    def forward(self, x: Tensor) -> Tensor:
        filters = self.weight.float()
        variance, mean = torch.var_mean(filters, (1, 2, 3), correction=0, keepdim=True)
        filters = ((filters - mean) * (variance + _WEIGHT_EPS).rsqrt()).to(x)
        return F.conv2d(x, filters, stride=self.stride, padding=self.padding)


def numbered(name: str, i: int) -> str:
    """What TensorFlow calls the i-th part of a name in a scope."""
    return f"{name}_{i}" if i else name


class _Stem(nn.Module):
    """Three convolutions and a pooling: a quarter of the rows and columns."""

    def __init__(self, width: int, n_groups: int) -> None:
        super().__init__()
        sizes = ((3, width // 2, 2), (width // 2, width // 2, 1), (width // 2, width, 1))
        for i, (d_in, d_out, stride) in enumerate(sizes):
            self.add_module(numbered("conv2d", i), StandardisedConv(d_in, d_out, 3, stride))
            self.add_module(f"GroupNorm_stem{i}", nn.GroupNorm(n_groups, d_out, _GROUP_EPS))

    def forward(self, x: Tensor) -> Tensor:
        for i in range(3):
            x = self.get_submodule(numbered("conv2d", i))(x)
            x = F.relu(self.get_submodule(f"GroupNorm_stem{i}")(x))
        return F.avg_pool2d(x, 2)


class _Blocks(nn.Module):
    """A stage: blocks that narrow, look around and widen, beside the sum with what came in.

    Its convolutions and norms are numbered through, as the published ones are; a stage with a stride averages before
    the last convolution of its first block, and before the projection beside it.
    """

    def __init__(self, d_in: int, d: int, n_blocks: int, stride: int, n_groups: int) -> None:
        super().__init__()
        self.n_blocks, self.stride = n_blocks, stride
        d_out = d * _EXPANSION
        sizes = [(d_in, d_out, 1)]  # the projection
        for k in range(n_blocks):
            sizes += [(d_in if not k else d_out, d, 1), (d, d, 3), (d, d_out, 1)]
        for i, (n_from, n_to, side) in enumerate(sizes):
            self.add_module(numbered("conv2d", i), StandardisedConv(n_from, n_to, side))
            self.add_module(numbered("GroupNorm", i), nn.GroupNorm(n_groups, n_to, _GROUP_EPS))

    def forward(self, x: Tensor) -> Tensor:
        kept = self._normed(0, self._averaged(x))
        for k in range(self.n_blocks):
            first = 1 + 3 * k
            inner = F.relu(self._normed(first + 1, F.relu(self._normed(first, x))))
            inner = self._normed(first + 2, self._averaged(inner) if not k else inner)
            x = F.relu(inner + (x if k else kept))
        return x

    def _averaged(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, self.stride) if self.stride > 1 else x

    def _normed(self, i: int, x: Tensor) -> Tensor:
        return self.get_submodule(numbered("GroupNorm", i))(self.get_submodule(numbered("conv2d", i))(x))


class ResNetLite(nn.Module):
    """A residual network for patches, [batch, d_out, row, column] of images [batch, 3, row, column]."""

    def __init__(self, config: MerlotConfig) -> None:
        super().__init__()
        width, n_groups = config.resnet_width, config.group_norm_groups
        self.stem = _Stem(width, n_groups)
        d_in = width
        self.stages = [f"block_group{i + 1}" for i in range(len(config.resnet_layers))]
        for i, (name, n_blocks) in enumerate(zip(self.stages, config.resnet_layers, strict=True)):
            self.add_module(name, _Blocks(d_in, width * 2**i, n_blocks, 2 if i else 1, n_groups))
            d_in = width * 2**i * _EXPANSION
        self.d_out = d_in

    def forward(self, pixel_values: Tensor) -> Tensor:
        x = self.stem(pixel_values)
        for name in self.stages:
            x = self.get_submodule(name)(x)
        return x


class FrameTransformer(MerlotLayers):
    """Patches of a frame, and two vectors in front that belong to no patch."""

    def __init__(self, config: MerlotConfig) -> None:
        super().__init__(config, config.num_vision_transformer_hidden_layers)
        d = config.hidden_size
        self.resnet50lite = ResNetLite(config)
        self.conv_postresnet_proj = nn.Conv2d(self.resnet50lite.d_out, d, 1)
        self.pos_embs = PlacesOfPatches(config.max_side_patches, N_CLS, d)
        self.LayerNorm_ctx_patches_pre_ln = nn.LayerNorm(d, NORM_EPS)

    def read(self, pixel_values: Tensor) -> Tensor:
        """[frame, 2 + row * column, d]: the two vectors, then patches row by row, of frames [frame, 3, row, column]."""
        found = self.conv_postresnet_proj(self.resnet50lite(pixel_values))
        n_rows, n_columns = found.shape[2:]
        patches = F.pad(found.flatten(2).mT, (0, 0, N_CLS, 0))
        return self(self.LayerNorm_ctx_patches_pre_ln(patches + self.pos_embs(n_rows, n_columns)), None)


class VisionBackbone(nn.Module):
    """What the joint layers, and the captions, are given of frames."""

    def __init__(self, config: MerlotConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.pool = config.spatial_pool_size
        self.vision_transformer = FrameTransformer(config)
        self.img_idx_pe = nn.Parameter(torch.zeros(config.max_frame_places, d))
        self.final_pe = PlacesOfPatches(config.max_side_patches, 1, d)
        self.LayerNorm_final_ln = nn.LayerNorm(d, NORM_EPS)
        self.patch_side = config.patch_side

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """What is compared with captions, [batch, frame, d], and [batch, frame, 1 + row * column, d] for the joint
        layers, of pooled patches and without the places of the frames, see `placed`."""
        n_batch, n_frames, _, height, width = pixel_values.shape
        found = self.vision_transformer.read(pixel_values.flatten(0, 1))
        n_rows, n_columns = height // self.patch_side, width // self.patch_side
        patches = found[:, N_CLS:].mT.unflatten(-1, (n_rows, n_columns))
        pooled = F.avg_pool2d(patches, self.pool) if self.pool > 1 else patches
        places = self.final_pe(*pooled.shape[2:])
        joint = torch.cat([found[:, :1], pooled.flatten(2).mT], 1) + places
        return found[:, 1].unflatten(0, (n_batch, n_frames)), joint.unflatten(0, (n_batch, n_frames))

    def placed(self, features: Tensor, frame_places: Tensor) -> Tensor:
        """[batch, frame * (1 + patch), d] for the joint layers, frames at places int64 [batch, frame]."""
        return self.LayerNorm_final_ln(features + self.img_idx_pe[frame_places][:, :, None]).flatten(1, 2)
