"""Finds the things of drawn scenes: their boxes, what they are, and a vector of each for models of regions.

In two stages, as the detectors that models of regions were made for: a map of centres proposes boxes; what lies in a
box, whoever drew it, is cut out of the features and becomes a vector, from which kind and colour are told.

References
----------
Zhou, Wang and Krähenbühl 2019, "Objects as Points" (arXiv 1904.07850), section 4: centres as peaks, their loss.
Ren et al. 2015, "Faster R-CNN" (arXiv 1506.01497), and He et al. 2017, "Mask R-CNN" (arXiv 1703.06870), section 3:
what lies in a box, sampled without rounding.
Anderson et al. 2018, "Bottom-Up and Top-Down Attention" (arXiv 1707.07998), section 3.1: vectors of regions, and a head
for attributes.
Rezatofighi et al. 2019, "Generalized Intersection over Union" (arXiv 1902.09630).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

_STRIDE = 4  # pixels of a place of the features
_BINS = 4  # rows and columns of what is cut out of a box
_CLOSE = 0.6  # intersection over union of two boxes from which on the weaker one is dropped
_RARE = -2.2  # logit of a centre before training: one place in ten


class SceneDetectorConfig(PreTrainedConfig):
    """Sizes of a detector.

    Parameters
    ----------
    image_size
        Pixels of either side of the images that it was trained on; it takes multiples of 8.
    widths
        Channels at a half, a quarter and an eighth of the image's side.
    feature_size
        Numbers of the vector of a region.
    kinds, colours
        What it tells apart.
    n_proposals
        Peaks that are looked at, the highest first.
    """

    model_type = "scene_detector"

    def __init__(
        self,
        image_size: int = 64,
        widths: Sequence[int] = (32, 64, 96),
        feature_size: int = 64,
        kinds: Sequence[str] = ("thing",),
        colours: Sequence[str] = ("grey",),
        n_proposals: int = 12,
        **kwargs: Any,
    ) -> None:
        self.image_size = image_size
        self.widths = list(widths)
        self.feature_size = feature_size
        self.kinds = list(kinds)
        self.colours = list(colours)
        self.n_proposals = n_proposals
        super().__init__(**kwargs)


@dataclass(frozen=True)
class Proposals:
    """What the first stage says.

    Attributes
    ----------
    centres
        [batch, row, column]: logits of a centre of a thing.
    places
        [batch, row, column, 4]: left, top, right, bottom of a box, in shares of the image, as each place sees it.
    features
        [batch, channel, row, column], of which boxes are cut out.
    """

    centres: Tensor
    places: Tensor
    features: Tensor


@dataclass(frozen=True)
class RegionsRead:
    """What the second stage says of boxes.

    Attributes
    ----------
    vectors
        [batch, region, feature_size].
    kinds
        [batch, region, 1 + kind]: logits, the first of "no thing".
    colours
        [batch, region, colour]: logits.
    """

    vectors: Tensor
    kinds: Tensor
    colours: Tensor


@dataclass(frozen=True)
class Detections:
    """What is found in an image, the surest first; one at least.

    Attributes
    ----------
    boxes
        [region, 4]: left, top, right, bottom in shares of the image.
    scores
        [region], 0 to 1.
    vectors
        [region, feature_size], each with a mean square of 1.
    tags
        Such as "red house".
    pairs
        [region, 1 + kind * colour]: probability of no thing, then of every pair, colours of a kind side by side.
    """

    boxes: Tensor
    scores: Tensor
    vectors: Tensor
    tags: tuple[str, ...]
    pairs: Tensor


class SceneDetector(PreTrainedModel):
    """Boxes of things, and a vector of each box; images are float [batch, 3, height, width], -1 to 1."""

    config_class = SceneDetectorConfig
    config: SceneDetectorConfig
    base_model_prefix = "scene_detector"
    main_input_name = "pixel_values"

    def __init__(self, config: SceneDetectorConfig) -> None:
        super().__init__(config)
        half, quarter, eighth = config.widths
        self.stem = nn.Sequential(_layer(3, half, 2), _layer(half, half))
        self.quarter = nn.Sequential(_layer(half, quarter, 2), _Block(quarter))
        self.eighth = nn.Sequential(_layer(quarter, eighth, 2), _Block(eighth), nn.Conv2d(eighth, quarter, 1))
        self.merged = _layer(quarter, quarter)
        self.centre = nn.Conv2d(quarter, 1, 1)
        self.box = nn.Conv2d(quarter, 4, 1)
        self.region = nn.Sequential(
            nn.Linear(quarter * _BINS * _BINS, 2 * config.feature_size),
            nn.ReLU(),
            nn.Linear(2 * config.feature_size, config.feature_size),
            nn.ReLU(),
        )
        self.kind = nn.Linear(config.feature_size, 1 + len(config.kinds))
        self.colour = nn.Linear(config.feature_size, len(config.colours))
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, SceneDetector):
            for head in (module.centre, module.box, module.kind, module.colour):
                nn.init.normal_(head.weight, std=0.01)
            nn.init.constant_(cast("Tensor", module.centre.bias), _RARE)

    def forward(self, pixel_values: Tensor, **_: Any) -> Proposals:
        """The first stage."""
        at_quarter = self.quarter(self.stem(pixel_values))
        far = F.interpolate(self.eighth(at_quarter), scale_factor=2.0, mode="nearest")
        features = self.merged(at_quarter + far)
        centres, reach = self.centre(features)[:, 0].float(), self.box(features).float()
        features = features.float()  # boxes need more than half precision
        rows, columns = features.shape[2:]
        size = torch.tensor([columns, rows], device=features.device, dtype=features.dtype)
        at = torch.stack(torch.meshgrid(*(torch.arange(n) for n in (rows, columns)), indexing="ij"), -1).flip(-1)
        middle = (at.to(size) + 0.5) / size  # x, y of each place
        # How far the four sides are, e at zero being a place: a thing is 2 to 7 places wide.
        reach = reach.permute(0, 2, 3, 1).clamp(max=4.0).exp()
        places = torch.cat([middle - reach[..., :2] / size, middle + reach[..., 2:] / size], -1)
        return Proposals(centres, places, features)

    def proposed(self, found: Proposals, n: int) -> tuple[Tensor, Tensor]:
        """Boxes [batch, n, 4] in shares of the image, and probabilities [batch, n]: the highest peaks among centres."""
        probs = found.centres.sigmoid()
        is_peak = F.max_pool2d(probs[:, None], 3, 1, 1)[:, 0] == probs
        scores, at = (probs * is_peak).flatten(1).topk(n)
        boxes = found.places.flatten(1, 2).gather(1, at[..., None].expand(-1, -1, 4))
        return boxes.clamp(0, 1), scores

    def read(self, features: Tensor, boxes: Tensor) -> RegionsRead:
        """The second stage: what lies in boxes [batch, region, 4], in shares of the image."""
        n = boxes.shape[1]
        steps = (torch.arange(2 * _BINS, device=boxes.device) + 0.5) / (2 * _BINS)
        x, y = (
            boxes[..., i, None] + (boxes[..., 2 + i] - boxes[..., i])[..., None] * steps for i in (0, 1)
        )  # [batch, region, sample]
        shape = (-1, -1, 2 * _BINS, 2 * _BINS)
        grid = torch.stack([x[:, :, None].expand(shape), y[..., None].expand(shape)], -1) * 2 - 1
        cut = F.grid_sample(features, grid.flatten(1, 2).to(features), padding_mode="border", align_corners=False)
        cut = F.avg_pool2d(cut.unflatten(2, (n, -1)).transpose(1, 2).flatten(0, 1), 2)
        vectors = self.region(cut.flatten(1)).unflatten(0, (-1, n))
        return RegionsRead(vectors, self.kind(vectors), self.colour(vectors))

    @torch.inference_mode()
    def detect(self, pixel_values: Tensor, least: float = 0.3) -> list[Detections]:
        """What is found in each image.

        Parameters
        ----------
        least
            Score below which nothing counts as found, 0 to 1; what is found first is told however low it is.
        """
        found = self(pixel_values)
        boxes, centres = self.proposed(found, self.config.n_proposals)
        read = self.read(found.features, boxes)
        of_kinds, of_colours = read.kinds.softmax(-1), read.colours.softmax(-1)
        scores = (centres * of_kinds[..., 1:].amax(-1)).sqrt()
        results = []
        for i in range(len(boxes)):
            kept = _kept(boxes[i], scores[i], least)
            pairs = of_kinds[i, kept, 1:, None] * of_colours[i, kept, None]
            results.append(
                Detections(
                    boxes[i, kept],
                    scores[i, kept],
                    _even(read.vectors[i, kept]),
                    self._tags(of_kinds[i, kept], of_colours[i, kept]),
                    torch.cat([of_kinds[i, kept, :1], pairs.flatten(1)], 1),
                )
            )
        return results

    @torch.inference_mode()
    def describe(self, pixel_values: Tensor, boxes: Tensor) -> tuple[Tensor, tuple[str, ...]]:
        """Vectors [region, feature_size] and tags of boxes [region, 4], in shares of one image [1, 3, row, column]."""
        read = self.read(self(pixel_values).features, boxes[None])
        return _even(read.vectors[0]), self._tags(read.kinds[0], read.colours[0])

    def _tags(self, of_kinds: Tensor, of_colours: Tensor) -> tuple[str, ...]:
        """The likeliest colour and kind of each, whether it is a thing or not."""
        kinds, colours = of_kinds[:, 1:].argmax(-1).tolist(), of_colours.argmax(-1).tolist()
        return tuple(f"{self.config.colours[c]} {self.config.kinds[k]}" for c, k in zip(colours, kinds, strict=True))


class _Block(nn.Module):
    """Two convolutions, and what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(_layer(width, width), nn.Conv2d(width, width, 3, padding=1, bias=False))
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.layers(x)))


def _layer(d_in: int, d_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(d_in, d_out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(d_out), nn.ReLU(inplace=True)
    )


def overlaps(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union [..., n, m] of boxes [..., n, 4] and [..., m, 4]."""
    a, b = boxes[..., :, None, :], others[..., None, :, :]
    sides = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    shared = sides.prod(-1)
    areas = [(box[..., 2:] - box[..., :2]).clamp(min=0).prod(-1) for box in (a, b)]
    return shared / (areas[0] + areas[1] - shared).clamp(min=1e-9)


def _even(vectors: Tensor) -> Tensor:
    """Vectors [region, number] brought to a mean square of 1, that no model has to find out how long they are."""
    return vectors / vectors.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-6)


def _kept(boxes: Tensor, scores: Tensor, least: float) -> list[int]:
    """Places of the boxes that count as found, the surest first, none of which is nearly another."""
    order = scores.argsort(descending=True).tolist()
    close = overlaps(boxes, boxes) > _CLOSE
    kept: list[int] = []
    for i in order:
        if (not kept or float(scores[i]) >= least) and not any(bool(close[i, j]) for j in kept):
            kept.append(i)
    return kept


AutoConfig.register("scene_detector", SceneDetectorConfig)
AutoModel.register(SceneDetectorConfig, SceneDetector)
