"""UNITER: words and regions in one stream.

A region is the sum of a projected vector and a projected box, each normed by itself. Parameters have the names of the
published weights (`uniter-base.pt`, `uniter-large.pt` of `ChenRocks/UNITER`).

References
----------
Chen et al. 2020, "UNITER: UNiversal Image-TExt Representation Learning" (arXiv 1909.11740), section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel

from inference.models.published import load_published
from inference.models.streams.layers import (
    EPS,
    FirstState,
    JointModel,
    JointOutput,
    StreamConfig,
    StreamEncoder,
    WordEmbeddings,
    WordHead,
    key_mask,
)
from inference.models.streams.sizes import Sizes

MATCHES = 1  # which of the two classes of `itm_output` says that text and image belong together
_UNUSED = (r"feat_regress\.weight",)  # saved a second time, see `from_published`


class UniterConfig(StreamConfig):
    """Sizes of a UNITER.

    Parameters
    ----------
    img_dim
        Numbers of the vector of a region.
    img_label_dim
        Classes that a hidden region is told by, the first of which is no thing.
    n_box_numbers
        In how many numbers a box is told, see `box_numbers`.
    """

    model_type = "uniter"

    def __init__(self, img_dim: int = 2_048, img_label_dim: int = 1_601, n_box_numbers: int = 7, **kwargs: Any) -> None:
        self.img_dim = img_dim
        self.img_label_dim = img_label_dim
        self.n_box_numbers = n_box_numbers
        given: dict[str, Any] = {"vocab_size": 28_996} | kwargs
        super().__init__(**given)


class RegionEmbeddings(nn.Module):
    """Vectors and boxes of regions, each projected and normed, with the sign that these are regions."""

    def __init__(self, config: UniterConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.img_linear = nn.Linear(config.img_dim, d)
        self.pos_linear = nn.Linear(config.n_box_numbers, d)
        self.img_layer_norm, self.pos_layer_norm, self.LayerNorm = (nn.LayerNorm(d, eps=EPS) for _ in range(3))
        self.mask_embedding = nn.Embedding(2, config.img_dim, padding_idx=0)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, vectors: Tensor, boxes: Tensor, sign: Tensor, is_hidden: Tensor | None) -> Tensor:
        if is_hidden is not None:  # what stands for a hidden one is added to nothing
            vectors = vectors * ~is_hidden[..., None] + self.mask_embedding(is_hidden.long()) * is_hidden[..., None]
        vectors = self.img_layer_norm(self.img_linear(vectors))
        return self.dropout(self.LayerNorm(vectors + self.pos_layer_norm(self.pos_linear(boxes)) + sign))


class UniterStream(nn.Module):
    """The stream without heads."""

    def __init__(self, config: UniterConfig) -> None:
        super().__init__()
        self.embeddings = WordEmbeddings(config)
        self.img_embeddings = RegionEmbeddings(config)
        self.encoder = StreamEncoder(config)
        self.pooler = FirstState(config.hidden_size, config.hidden_size, nn.Tanh())


class Uniter(JointModel):
    """Words and regions in one stream, with the heads that it was trained by."""

    config_class = UniterConfig
    config: UniterConfig
    base_model_prefix = "uniter"
    _tied_weights_keys = {"cls.predictions.decoder.weight": "uniter.embeddings.word_embeddings.weight"}

    def __init__(self, config: UniterConfig) -> None:
        super().__init__(config)
        self.uniter = UniterStream(config)
        self.cls = nn.ModuleDict({"predictions": WordHead(config)})
        self.feat_regress = _VectorHead(config)
        self.region_classifier = _ClassHead(config)
        self.itm_output = nn.Linear(config.hidden_size, 2)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        img_feat: Tensor,
        img_pos_feat: Tensor,
        token_type_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        img_masks: Tensor | None = None,
        **_: Any,
    ) -> JointOutput:
        """What its heads say.

        Parameters
        ----------
        input_ids
            [batch, token].
        img_feat
            [batch, region, img_dim].
        img_pos_feat
            [batch, region, n_box_numbers].
        attention_mask
            [batch, token + region], 0 for what is padded; None where nothing is.
        img_masks
            bool [batch, region]: which vectors are hidden.
        """
        n = input_ids.shape[1]
        own = self.uniter
        sign = own.embeddings.token_type_embeddings.weight[1]
        words = own.embeddings(input_ids, token_type_ids)
        regions = own.img_embeddings(img_feat, img_pos_feat, sign, img_masks)
        x = torch.cat([words, regions], 1)
        x = own.encoder(x, key_mask(attention_mask, x))
        return JointOutput(
            word_logits=self.cls["predictions"](x[:, :n]),
            match_logits=self.itm_output(own.pooler(x)),
            region_logits=self.region_classifier.net(x[:, n:]),
            text_states=x[:, :n],
            region_states=x[:, n:],
        )

    def region_vectors(self, region_states: Tensor) -> Tensor:
        """The vectors [batch, region, img_dim] that it believes hidden regions to have."""
        projection = self.uniter.img_embeddings.img_linear.weight  # of vectors, here turned round
        return F.linear(self.feat_regress.net(region_states), projection.T, self.feat_regress.bias)


class _VectorHead(nn.Module):
    """What stands before the projection of vectors where that is turned round, and what is added behind it."""

    def __init__(self, config: UniterConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.net = nn.Sequential(nn.Linear(d, d), nn.GELU(), nn.LayerNorm(d, eps=EPS))
        self.bias = nn.Parameter(torch.zeros(config.img_dim))


class _ClassHead(nn.Module):
    def __init__(self, config: UniterConfig) -> None:
        super().__init__()
        d = config.hidden_size
        norm = nn.LayerNorm(d, eps=EPS)
        self.net = nn.Sequential(nn.Linear(d, d), nn.GELU(), norm, nn.Linear(d, config.img_label_dim))


def from_published(state: Mapping[str, Tensor]) -> Uniter:
    """A model of published weights: all of them, and no others.

    Raises
    ------
    ValueError
        A tensor is missing, is not known, or has another shape; says which.
    """
    sizes = Sizes(state, "a UNITER")
    config = UniterConfig(
        **sizes.of_bert("uniter.embeddings.", "uniter.encoder.layer."),
        img_dim=sizes.of("uniter.img_embeddings.img_linear.weight")[1],
        n_box_numbers=sizes.of("uniter.img_embeddings.pos_linear.weight")[1],
        img_label_dim=sizes.of("region_classifier.net.3.weight")[0],
    )
    projection, turned = "uniter.img_embeddings.img_linear.weight", "feat_regress.weight"
    if turned in state and not torch.equal(state[turned], state[projection]):
        raise ValueError(f"{turned} is not {projection}, which it is in every UNITER.")
    model = Uniter(config)
    load_published(model, state, "a UNITER", _UNUSED)
    return model


AutoConfig.register("uniter", UniterConfig)
AutoModel.register(UniterConfig, Uniter)
