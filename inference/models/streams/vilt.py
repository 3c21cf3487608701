"""ViLT with both heads that it was trained by: words, and pairs that match.

transformers has a class for each head alone. Parameters have its names; `itm_score.fc` is that of the published weights
(`vilt_200k_mlm_itm`).

References
----------
Kim et al. 2021, "ViLT: Vision-and-Language Transformer Without Convolution or Region Supervision" (arXiv 2102.03334),
section 3.2: objectives.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import ViltConfig, ViltModel
from transformers.models.vilt.modeling_vilt import ViltMLMHead, ViltPreTrainedModel

from inference.models.streams.in_order import InOrder
from inference.models.streams.layers import JointOutput

MATCHES = 1  # which of the two classes of `itm_score` says that text and image belong together


class ViltForPreTraining(ViltPreTrainedModel):
    """Words and patches in one stream, with a head of words and one of pairs."""

    config_class = ViltConfig
    config: ViltConfig
    _tied_weights_keys = {"mlm_score.decoder.weight": "vilt.embeddings.text_embeddings.word_embeddings.weight"}

    def __init__(self, config: ViltConfig) -> None:
        super().__init__(config)
        self.vilt = ViltModel(config)
        self.mlm_score = ViltMLMHead(config)
        self.itm_score = nn.ModuleDict({"fc": nn.Linear(config.hidden_size, 2)})
        self.post_init()

    def get_output_embeddings(self) -> nn.Module:
        return self.mlm_score.decoder

    def forward(
        self,
        input_ids: Tensor,
        pixel_values: Tensor,
        token_type_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **more: Any,
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

        Returns
        -------
        JointOutput
            Its regions are patches, row by row, without the [CLS] of the image.
        """
        with InOrder():
            found = self.vilt(
                input_ids=input_ids,
                token_type_ids=token_type_ids,
                attention_mask=attention_mask,
                pixel_values=pixel_values,
                **more,
            )
        n, states = input_ids.shape[1], found.last_hidden_state
        return JointOutput(
            word_logits=self.mlm_score(states[:, :n]),
            match_logits=self.itm_score["fc"](found.pooler_output),
            text_states=states[:, :n],
            region_states=states[:, n + 1 :],
        )
