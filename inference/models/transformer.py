"""The Transformer of 2017: an encoder reads the source, a decoder writes the target token by token.

Every sublayer is followed by dropout, the sum with its input and a layer norm ("post-norm"; the norm comes before the
sublayer where the configuration says so); positions are sines and cosines; one matrix embeds source and target and is
the output projection; queries, keys and values have no biases.
`torch.nn.Transformer` computes the same between embedding and output projection.

References
----------
Vaswani et al. 2017, "Attention Is All You Need" (arXiv 1706.03762), section 3.
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForSeq2SeqLM, GenerationMixin, PreTrainedModel
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.masking_utils import create_bidirectional_mask, create_causal_mask
from transformers.modeling_outputs import (
    BaseModelOutput,
    BaseModelOutputWithPastAndCrossAttentions,
    Seq2SeqLMOutput,
    Seq2SeqModelOutput,
)

from inference.models.transformer_layers import (
    SinusoidalPositions,
    TransformerConfig,
    TransformerDecoderLayer,
    TransformerEncoderLayer,
)


class TransformerPreTrainedModel(PreTrainedModel):
    """Weights and attention are transformers' business."""

    config_class = TransformerConfig
    base_model_prefix = "model"
    _supports_sdpa = True
    _supports_attention_backend = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            # Multiplied by the root of its width it is as large as the positions are.
            nn.init.normal_(module.weight, std=module.embedding_dim**-0.5)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


class TransformerStack(TransformerPreTrainedModel):
    """Embedding and positions, which encoder and decoder begin with."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.embed_positions = SinusoidalPositions(config.d_model, config.max_position_embeddings)
        self.embed_scale = math.sqrt(config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        if config.norm_first:  # of the sum of all sublayers, which none has normalised
            self.layer_norm = nn.LayerNorm(config.d_model)

    def end(self, x: Tensor) -> Tensor:
        """Behind the last layer."""
        return self.layer_norm(x) if self.config.norm_first else x

    def embed(self, ids: Tensor | None, embeds: Tensor | None, first: int = 0) -> Tensor:
        """[batch, n, d_model] of tokens, or of their embeddings, from position `first` on."""
        if embeds is None:
            embeds = cast("Tensor", self.embed_tokens(ids))
        x = embeds * self.embed_scale
        return self.dropout(x + self.embed_positions(x.shape[1], first, x))


class TransformerEncoder(TransformerStack):
    """Reads the source."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.layers = nn.ModuleList(TransformerEncoderLayer(config, i) for i in range(config.encoder_layers))
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutput:
        """Every position of the source, in the light of all; `attention_mask` [batch, n_source] is 0 for padding."""
        x = self.embed(input_ids, inputs_embeds)
        mask = create_bidirectional_mask(config=self.config, inputs_embeds=x, attention_mask=attention_mask)
        states, patterns = [x], []
        for layer in self.layers:
            x, pattern = layer(x, mask)
            states.append(x)
            patterns.append(pattern)
        x = states[-1] = self.end(x)
        return BaseModelOutput(
            last_hidden_state=cast("Any", x),
            hidden_states=cast("Any", tuple(states) if output_hidden_states else None),
            attentions=cast("Any", tuple(patterns) if output_attentions else None),
        )


class TransformerDecoder(TransformerStack):
    """Writes the target: what comes behind every token of it."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.layers = nn.ModuleList(TransformerDecoderLayer(config, i) for i in range(config.decoder_layers))
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        encoder_hidden_states: Tensor | None = None,
        encoder_attention_mask: Tensor | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        inputs_embeds: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        """As in transformers' own; with `past_key_values`, `input_ids` are the tokens that it does not know."""
        if encoder_hidden_states is None:
            raise ValueError("The decoder needs what the encoder has read.")
        if use_cache and past_key_values is None:
            past_key_values = EncoderDecoderCache(DynamicCache(), DynamicCache())
        known = 0 if past_key_values is None else int(past_key_values.get_seq_length())
        x = self.embed(input_ids, inputs_embeds, known)
        written = None if past_key_values is None else past_key_values.self_attention_cache
        mask = create_causal_mask(
            config=self.config, inputs_embeds=x, attention_mask=attention_mask, past_key_values=written
        )
        memory_mask = create_bidirectional_mask(
            config=self.config,
            inputs_embeds=x,
            attention_mask=encoder_attention_mask,
            encoder_hidden_states=encoder_hidden_states,
        )
        states, patterns, cross_patterns = [x], [], []
        for layer in self.layers:
            x, pattern, cross_pattern = layer(x, mask, encoder_hidden_states, memory_mask, past_key_values)
            states.append(x)
            patterns.append(pattern)
            cross_patterns.append(cross_pattern)
        x = states[-1] = self.end(x)
        return BaseModelOutputWithPastAndCrossAttentions(
            last_hidden_state=cast("Any", x),
            past_key_values=past_key_values,
            hidden_states=cast("Any", tuple(states) if output_hidden_states else None),
            attentions=cast("Any", tuple(patterns) if output_attentions else None),
            cross_attentions=cast("Any", tuple(cross_patterns) if output_attentions else None),
        )


class TransformerModel(TransformerPreTrainedModel):
    """Encoder and decoder with one embedding."""

    _tied_weights_keys = {
        "encoder.embed_tokens.weight": "shared.weight",
        "decoder.embed_tokens.weight": "shared.weight",
    }

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.shared = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = TransformerEncoder(config)
        self.decoder = TransformerDecoder(config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.shared

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.shared = self.encoder.embed_tokens = self.decoder.embed_tokens = cast("nn.Embedding", value)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: BaseModelOutput | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        inputs_embeds: Tensor | None = None,
        decoder_inputs_embeds: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Seq2SeqModelOutput:
        """As in transformers' own; `decoder_input_ids` begin with the start token."""
        told: dict[str, Any] = {
            "output_attentions": self.config.output_attentions if output_attentions is None else output_attentions,
            "output_hidden_states": output_hidden_states,
        }
        if encoder_outputs is None:
            encoder_outputs = self.encoder(input_ids, attention_mask, inputs_embeds, **told)
        read = cast("BaseModelOutput", encoder_outputs)
        written = self.decoder(
            decoder_input_ids,
            decoder_attention_mask,
            read[0],
            attention_mask,
            past_key_values,
            decoder_inputs_embeds,
            self.config.use_cache if use_cache is None else use_cache,
            **told,
        )
        return Seq2SeqModelOutput(
            last_hidden_state=written.last_hidden_state,
            past_key_values=written.past_key_values,
            decoder_hidden_states=written.hidden_states,
            decoder_attentions=written.attentions,
            cross_attentions=written.cross_attentions,
            encoder_last_hidden_state=read[0],
            encoder_hidden_states=read.hidden_states,
            encoder_attentions=read.attentions,
        )


class TransformerForTranslation(TransformerPreTrainedModel, GenerationMixin):
    """The model with its output projection, which is the embedding."""

    _tied_weights_keys = {"lm_head.weight": "model.shared.weight"}

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.model = TransformerModel(config)
        self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.post_init()

    def get_encoder(self, modality: str | None = None) -> nn.Module:
        return self.model.encoder

    def get_decoder(self) -> nn.Module:
        return self.model.decoder

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: Any,
    ) -> Seq2SeqLMOutput:
        """As `TransformerModel`, with logits [batch, n_target, d_vocab].

        Parameters
        ----------
        labels
            int64 [batch, n_target], -100 where there is none; the decoder is given them one place later, behind the
            start token.
        """
        loss = None
        if labels is not None and decoder_input_ids is None:
            start = labels.new_full((len(labels), 1), cast("int", self.config.decoder_start_token_id))
            decoder_input_ids = torch.cat([start, labels[:, :-1]], 1)
            decoder_input_ids = decoder_input_ids.masked_fill(decoder_input_ids == -100, self.config.pad_token_id)
        found = self.model(input_ids, attention_mask, decoder_input_ids, **kwargs)
        logits = self.lm_head(found.last_hidden_state)
        if labels is not None:
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        parts = {name: value for name, value in found.items() if name != "last_hidden_state"}
        return Seq2SeqLMOutput(loss=loss, logits=logits, **parts)


AutoConfig.register("transformer", TransformerConfig)
AutoModel.register(TransformerConfig, TransformerModel)
AutoModelForSeq2SeqLM.register(TransformerConfig, TransformerForTranslation)
