"""Image GPT with the objective of BERT: every pixel sees every other, and hidden pixels are to be found.

References
----------
Chen et al. 2020, "Generative Pretraining from Pixels", section 2.2 (each pixel is hidden with a probability of 0.15,
the loss is taken on hidden pixels only); that hidden pixels enter as zeros, as in the authors' `model.py`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, ImageGPTConfig
from transformers.modeling_outputs import MaskedLMOutput
from transformers.models.imagegpt.modeling_imagegpt import ImageGPTAttention, ImageGPTModel, ImageGPTPreTrainedModel


class MaskedImageGPTConfig(ImageGPTConfig):
    """Image GPT's; `vocab_size` is the number of colours, for there is no start token."""

    model_type = "masked_imagegpt"


class MaskedImageGPT(ImageGPTPreTrainedModel):
    """The colours of hidden pixels, from all that are shown."""

    config_class = MaskedImageGPTConfig
    config: MaskedImageGPTConfig  # pyright: ignore[reportIncompatibleVariableOverride] (narrower)

    def __init__(self, config: MaskedImageGPTConfig) -> None:
        super().__init__(config)
        self.transformer = ImageGPTModel(config)
        for layer, block in enumerate(self.transformer.h):
            block.attn = BidirectionalAttention(config, layer_idx=layer)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        bool_masked_pos: Tensor | None = None,
        labels: Tensor | None = None,
        output_attentions: bool = False,
        output_hidden_states: bool = False,
        **_: Any,
    ) -> MaskedLMOutput:
        """Scores of the colours of every pixel.

        Parameters
        ----------
        input_ids
            int64 [batch, pixel], 0 to `vocab_size` - 1; what stands at hidden pixels does not matter.
        bool_masked_pos
            bool [batch, pixel], True where a pixel is hidden; None hides none.
        labels
            int64 [batch, pixel], the true colours; gives the loss, in nats a hidden pixel.
        """
        embeds = self.transformer.wte(input_ids)
        if bool_masked_pos is not None:
            embeds = embeds * ~bool_masked_pos[..., None]
        result = self.transformer(
            inputs_embeds=embeds,
            use_cache=False,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        logits = self.lm_head(result.last_hidden_state)
        loss = None
        if labels is not None:
            hidden = slice(None) if bool_masked_pos is None else bool_masked_pos
            loss = F.cross_entropy(logits[hidden].reshape(-1, logits.shape[-1]), labels[hidden].reshape(-1))
        return MaskedLMOutput(
            loss=loss,  # pyright: ignore[reportArgumentType] (annotated as FloatTensor)
            logits=logits,  # pyright: ignore[reportArgumentType]
            hidden_states=result.hidden_states,
            attentions=result.attentions,
        )


class BidirectionalAttention(ImageGPTAttention):
    """Image GPT's attention without the causal mask."""

    def _attn(
        self, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        scores = query @ key.mT * value.shape[-1] ** -0.5
        if attention_mask is not None:
            scores = scores + attention_mask
        pattern = scores.softmax(-1).to(value.dtype)
        return torch.matmul(pattern, value), pattern


AutoConfig.register("masked_imagegpt", MaskedImageGPTConfig)
AutoModel.register(MaskedImageGPTConfig, MaskedImageGPT)
