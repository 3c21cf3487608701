"""A residual network whose weights have the names that torchvision gave them, as most published ones do.

References
----------
He et al. 2016, "Deep Residual Learning for Image Recognition" (arXiv 1512.03385), section 4.1 and table 1; the stride
is in the second convolution of a block, as in torchvision ("ResNet V1.5").
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

_EXPANSION = 4  # of a block's width in its last convolution


class Bottleneck(nn.Module):
    """Narrow, look around, widen: three convolutions beside the sum with what came in."""

    def __init__(self, d_in: int, d: int, stride: int) -> None:
        super().__init__()
        d_out = d * _EXPANSION
        self.conv1 = nn.Conv2d(d_in, d, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(d)
        self.conv2 = nn.Conv2d(d, d, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(d)
        self.conv3 = nn.Conv2d(d, d_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(d_out)
        self.relu = nn.ReLU()
        self.downsample: nn.Module | None = None
        if stride != 1 or d_in != d_out:
            self.downsample = nn.Sequential(nn.Conv2d(d_in, d_out, 1, stride, bias=False), nn.BatchNorm2d(d_out))

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.bn3(self.conv3(x)) + kept)


class ResNet(nn.Module):
    """The last feature map of an image, without the pooling and the classes behind it.

    Parameters
    ----------
    depths
        Blocks of each stage; (3, 4, 6, 3) is ResNet-50.
    strides
        Of each stage.
    width
        Channels of the stem and of the blocks of the first stage; each stage has twice as many.
    is_small
        The stem is a 3 x 3 convolution of stride 2 without pooling, for images of few pixels, in place of a 7 x 7 one
        with pooling behind it.
    """

    def __init__(
        self, depths: Sequence[int], strides: Sequence[int] = (1, 2, 2, 2), width: int = 64, *, is_small: bool = False
    ) -> None:
        super().__init__()
        side = 3 if is_small else 7
        self.conv1 = nn.Conv2d(3, width, side, 2, side // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.Identity() if is_small else nn.MaxPool2d(3, 2, 1)
        self.stages = [f"layer{i + 1}" for i in range(len(depths))]
        d_in = width
        for i, (name, depth, stride) in enumerate(zip(self.stages, depths, strides, strict=True)):
            d = width * 2**i
            blocks = [Bottleneck(d_in if not k else d * _EXPANSION, d, stride if not k else 1) for k in range(depth)]
            setattr(self, name, nn.Sequential(*blocks))
            d_in = d * _EXPANSION
        self.d_out = d_in

    def forward(self, pixel_values: Tensor) -> Tensor:
        """[batch, d_out, row, column] of images [batch, 3, row, column]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(pixel_values))))
        for name in self.stages:
            x = getattr(self, name)(x)
        return x
