"""Pixel-BERT: words and the cells of a grid in one stream, the grid being what a residual network makes of the pixels.

No detector, no boxes: the network is trained with the rest. All cells are given one and the same vector, which says
that they are not words; where they lie the network has to tell by itself. In pre-training the stream reads some cells
only, drawn anew at every step. Neither code nor weights of it were published; the residual network has torchvision's
names, the rest BERT's.

References
----------
Huang et al. 2020, "Pixel-BERT: Aligning Image Pixels with Text by Deep Multi-Modal Transformers" (arXiv 2004.00849),
section 3.2: the grid and its vector; section 3.3.3: random pixel sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from inference.models.streams.layers import (
    FirstState,
    JointModel,
    JointOutput,
    StreamConfig,
    StreamEncoder,
    WordEmbeddings,
    WordHead,
    key_mask,
)
from inference.models.virtex.resnet import ResNet

MATCHES = 1  # which of the two classes of `cls.seq_relationship` says that text and image belong together
_POOL = 2  # cells a side that are made one, by their greatest numbers


class PixelBertConfig(StreamConfig):
    """Sizes of a Pixel-BERT.

    Parameters
    ----------
    resnet_depths, resnet_strides, resnet_width, resnet_is_small
        Of the residual network; see `ResNet`. What is given is ResNet-50.
    image_size
        Pixels a side of the images that it was made for; others will do, as a cell is not told where it lies.
    n_sampled
        Cells that a step of its training reads of each image, at most.
    """

    model_type = "pixel_bert"

    def __init__(
        self,
        resnet_depths: Sequence[int] = (3, 4, 6, 3),
        resnet_strides: Sequence[int] = (1, 2, 2, 2),
        resnet_width: int = 64,
        resnet_is_small: bool = False,
        image_size: int = 768,
        n_sampled: int = 100,
        **kwargs: Any,
    ) -> None:
        self.resnet_depths = list(resnet_depths)
        self.resnet_strides = list(resnet_strides)
        self.resnet_width = resnet_width
        self.resnet_is_small = resnet_is_small
        self.image_size = image_size
        self.n_sampled = n_sampled
        super().__init__(**kwargs)

    @property
    def stride(self) -> int:
        """Pixels a side of a cell."""
        found = (2 if self.resnet_is_small else 4) * _POOL
        for stride in self.resnet_strides:
            found *= stride
        return found


class Grid(nn.Module):
    """The cells of images, in the width of the stream, with the vector that says what they are."""

    def __init__(self, config: PixelBertConfig) -> None:
        super().__init__()
        sizes = config.resnet_depths, config.resnet_strides, config.resnet_width
        self.cnn = ResNet(*sizes, is_small=config.resnet_is_small)
        self.pool = nn.MaxPool2d(_POOL)
        self.projection = nn.Linear(self.cnn.d_out, config.hidden_size)
        self.visual_embedding = nn.Parameter(torch.zeros(config.hidden_size))

    def forward(self, pixel_values: Tensor) -> Tensor:
        """[batch, row * column, d], row by row."""
        cells = self.pool(self.cnn(pixel_values)).flatten(2).mT
        return self.projection(cells) + self.visual_embedding


class PixelBertStream(nn.Module):
    """The grid and the stream, without heads."""

    def __init__(self, config: PixelBertConfig) -> None:
        super().__init__()
        self.embeddings = WordEmbeddings(config)
        self.img_embeddings = Grid(config)
        self.encoder = StreamEncoder(config)
        self.pooler = FirstState(config.hidden_size, config.hidden_size, nn.Tanh())


class PixelBert(JointModel):
    """Words and cells of an image in one stream, with heads of words and of pairs."""

    config_class = PixelBertConfig
    config: PixelBertConfig
    base_model_prefix = "bert"
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}

    def __init__(self, config: PixelBertConfig) -> None:
        super().__init__(config)
        self.bert = PixelBertStream(config)
        self.cls = nn.ModuleDict(
            {"predictions": WordHead(config), "seq_relationship": nn.Linear(config.hidden_size, 2)}
        )
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        pixel_values: Tensor,
        token_type_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        cells: Tensor | None = None,
        **_: Any,
    ) -> JointOutput:
        """What its heads say.

        Parameters
        ----------
        input_ids
            [batch, token].
        pixel_values
            [batch, 3, row, column].
        attention_mask
            [batch, token], 0 for what is padded; None where nothing is.
        cells
            int64 [batch, kept]: which cells are read. None for all of them; in training for some, drawn anew, of each
            image, in their order.

        Returns
        -------
        JointOutput
            Its regions are the cells that are read.
        """
        n, own = input_ids.shape[1], self.bert
        image = own.img_embeddings(pixel_values)
        if cells is None and self.training:
            cells = sampled(len(image), image.shape[1], self.config.n_sampled).to(image.device)
        if cells is not None:
            image = image.gather(1, cells[..., None].expand(-1, -1, image.shape[-1]))
        if attention_mask is not None:
            attention_mask = torch.cat([attention_mask, attention_mask.new_ones(image.shape[:2])], 1)
        x = torch.cat([own.embeddings(input_ids, token_type_ids), image], 1)
        x = own.encoder(x, key_mask(attention_mask, x))
        return JointOutput(
            word_logits=self.cls["predictions"](x[:, :n]),
            match_logits=self.cls["seq_relationship"](own.pooler(x)),
            text_states=x[:, :n],
            region_states=x[:, n:],
        )


def sampled(n_images: int, n_cells: int, most: int, generator: torch.Generator | None = None) -> Tensor:
    """int64 [image, kept]: cells drawn without being put back, in their order; all of them where that is no more."""
    return torch.rand(n_images, n_cells, generator=generator).argsort(1)[:, :most].sort(1).values


AutoConfig.register("pixel_bert", PixelBertConfig)
AutoModel.register(PixelBertConfig, PixelBert)
