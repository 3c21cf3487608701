"""OSCAR and VinVL: words, the tags of a detector as words, and regions in one stream.

A region is one projection of its vector and box together; it has no position and no sentence. Parameters have the names
of the published weights (`base-vg-labels`, `base-no-labels`, `vinvl-base` and their kin of `microsoft/Oscar`).

References
----------
Li et al. 2020, "Oscar: Object-Semantics Aligned Pre-training" (arXiv 2004.06165), section 3.
Zhang et al. 2021, "VinVL" (arXiv 2101.00529), section 3: OSCAR+ and its loss of three classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
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

MATCHES = 0  # which class of `cls.seq_relationship` says that text and image belong together
N_BOX_NUMBERS = 6
_UNUSED = (r"bert\.embeddings\.position_ids",)


class OscarConfig(StreamConfig):
    """Sizes of an OSCAR, in its own spelling.

    Parameters
    ----------
    img_feature_dim
        Numbers of a region: those of its vector, and six of its box.
    use_img_layernorm
        Whether what is projected is normed, as in VinVL.
    num_contrast_classes
        2: match, wrong tags. 3: match, wrong tags, wrong text.
    reads_tags
        Whether what the detector calls the regions stands behind the text, as a second sentence.
    """

    model_type = "oscar"

    def __init__(
        self,
        img_feature_dim: int = 2_054,
        use_img_layernorm: bool = False,
        num_contrast_classes: int = 2,
        reads_tags: bool = True,
        **kwargs: Any,
    ) -> None:
        self.img_feature_dim = img_feature_dim
        self.use_img_layernorm = bool(use_img_layernorm)
        self.num_contrast_classes = num_contrast_classes
        self.reads_tags = reads_tags
        super().__init__(**kwargs)


class OscarStream(nn.Module):
    """The stream without heads."""

    def __init__(self, config: OscarConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.embeddings = WordEmbeddings(config)
        self.encoder = StreamEncoder(config)
        self.pooler = FirstState(d, d, nn.Tanh())
        self.img_embedding = nn.Linear(config.img_feature_dim, d)
        if config.use_img_layernorm:
            self.LayerNorm = nn.LayerNorm(d, eps=EPS)
        self.has_norm = config.use_img_layernorm
        self.dropout = nn.Dropout(config.hidden_dropout_prob)


class Oscar(JointModel):
    """Words, tags and regions in one stream, with the heads that it was trained by."""

    config_class = OscarConfig
    config: OscarConfig
    base_model_prefix = "bert"
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}

    def __init__(self, config: OscarConfig) -> None:
        super().__init__(config)
        self.bert = OscarStream(config)
        self.cls = nn.ModuleDict(
            {
                "predictions": WordHead(config),
                "seq_relationship": nn.Linear(config.hidden_size, config.num_contrast_classes),
            }
        )
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        img_feats: Tensor,
        token_type_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **_: Any,
    ) -> JointOutput:
        """What its heads say.

        Parameters
        ----------
        input_ids
            [batch, token], of text and tags.
        img_feats
            [batch, region, img_feature_dim].
        token_type_ids
            [batch, token]: 1 for tags.
        attention_mask
            [batch, token + region], 0 for what is padded; None where nothing is.
        """
        n, own = input_ids.shape[1], self.bert
        regions = own.img_embedding(img_feats)
        regions = own.dropout(own.LayerNorm(regions) if own.has_norm else regions)
        x = torch.cat([own.embeddings(input_ids, token_type_ids), regions], 1)
        x = own.encoder(x, key_mask(attention_mask, x))
        return JointOutput(
            word_logits=self.cls["predictions"](x[:, :n]),
            match_logits=self.cls["seq_relationship"](own.pooler(x)),
            text_states=x[:, :n],
            region_states=x[:, n:],
        )


def from_published(state: Mapping[str, Tensor], *, reads_tags: bool = True) -> Oscar:
    """A model of published weights: all of them, and no others but the numbers 0, 1, 2 … of positions.

    Parameters
    ----------
    reads_tags
        Which the weights do not tell: False for `base-no-labels`.

    Raises
    ------
    ValueError
        A tensor is missing, is not known, or has another shape; says which.
    """
    sizes = Sizes(state, "an OSCAR")
    config = OscarConfig(
        **sizes.of_bert("bert.embeddings.", "bert.encoder.layer."),
        img_feature_dim=sizes.of("bert.img_embedding.weight")[1],
        use_img_layernorm="bert.LayerNorm.weight" in state,
        num_contrast_classes=sizes.of("cls.seq_relationship.weight")[0],
        reads_tags=reads_tags,
    )
    model = Oscar(config)
    load_published(model, state, "an OSCAR", _UNUSED)
    return model


AutoConfig.register("oscar", OscarConfig)
AutoModel.register(OscarConfig, Oscar)
