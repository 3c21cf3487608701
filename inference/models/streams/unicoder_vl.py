"""Unicoder-VL: words and regions in one stream, a region being the sum of its vector and its box.

Neither code nor weights of it were published. Parameters have BERT's names where BERT has such a part, and what the
paper leaves open is as in BERT, from whose weights it began.

References
----------
Li et al. 2020, "Unicoder-VL: A Universal Encoder for Vision and Language by Cross-modal Pre-training"
(arXiv 1908.06066), section 3.2: boxes in five numbers; section 3.3: masked object classification.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

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

MATCHES = 1  # which of the two classes of `cls.seq_relationship` says that text and image belong together
N_BOX_NUMBERS = 5


class UnicoderVlConfig(StreamConfig):
    """Sizes of a Unicoder-VL.

    Parameters
    ----------
    img_dim
        Numbers of the vector of a region.
    img_label_dim
        Classes that a hidden region is told by, the first of which is no thing.
    """

    model_type = "unicoder_vl"

    def __init__(self, img_dim: int = 2_048, img_label_dim: int = 1_601, **kwargs: Any) -> None:
        self.img_dim = img_dim
        self.img_label_dim = img_label_dim
        super().__init__(**kwargs)


class SummedRegions(nn.Module):
    """Vectors and boxes of regions, each projected; their sum is normed."""

    def __init__(self, config: UnicoderVlConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.img_linear = nn.Linear(config.img_dim, d)
        self.pos_linear = nn.Linear(N_BOX_NUMBERS, d)
        self.LayerNorm = nn.LayerNorm(d, eps=EPS)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, vectors: Tensor, boxes: Tensor) -> Tensor:
        return self.dropout(self.LayerNorm(self.img_linear(vectors) + self.pos_linear(boxes)))


class UnicoderVlStream(nn.Module):
    """The stream without heads."""

    def __init__(self, config: UnicoderVlConfig) -> None:
        super().__init__()
        self.embeddings = WordEmbeddings(config)
        self.img_embeddings = SummedRegions(config)
        self.encoder = StreamEncoder(config)
        self.pooler = FirstState(config.hidden_size, config.hidden_size, nn.Tanh())


class UnicoderVl(JointModel):
    """Words and regions in one stream, with heads of words, of pairs, and of what a hidden region is."""

    config_class = UnicoderVlConfig
    config: UnicoderVlConfig
    base_model_prefix = "bert"
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}

    def __init__(self, config: UnicoderVlConfig) -> None:
        super().__init__(config)
        d = config.hidden_size
        self.bert = UnicoderVlStream(config)
        self.cls = nn.ModuleDict(
            {
                "predictions": WordHead(config),
                "seq_relationship": nn.Linear(d, 2),
                "region_classifier": nn.Linear(d, config.img_label_dim),
            }
        )
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
            [batch, region, 5].
        attention_mask
            [batch, token + region], 0 for what is padded; None where nothing is.
        img_masks
            bool [batch, region]: which vectors are hidden, that is zeros; their boxes stay.
        """
        n, own = input_ids.shape[1], self.bert
        if img_masks is not None:
            img_feat = img_feat * ~img_masks[..., None]
        x = torch.cat([own.embeddings(input_ids, token_type_ids), own.img_embeddings(img_feat, img_pos_feat)], 1)
        x = own.encoder(x, key_mask(attention_mask, x))
        return JointOutput(
            word_logits=self.cls["predictions"](x[:, :n]),
            match_logits=self.cls["seq_relationship"](own.pooler(x)),
            region_logits=self.cls["region_classifier"](x[:, n:]),
            text_states=x[:, :n],
            region_states=x[:, n:],
        )


AutoConfig.register("unicoder_vl", UnicoderVlConfig)
AutoModel.register(UnicoderVlConfig, UnicoderVl)
