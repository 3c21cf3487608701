"""An encoder-decoder of LSTM with additive attention: what wrote translations before the Transformer.

The encoder reads the source in both directions; the annotation of the word j is what either direction has in mind
there, h_j = [forward h_j; backward h_j]. For the word i of the target, the decoder asks each of them how well it fits
its own state, and reads their mean (Bahdanau et al. 2015, sections 3.1 and 3.2, appendix A):

    score_ij = v . tanh(W s_(i-1) + U h_j)
    pattern_i = softmax_j(score_ij)
    context_i = sum_j pattern_ij h_j
    s_i = LSTM(s_(i-1), [E y_(i-1); context_i]),    s_0 = tanh(W_s backward h_1)
    logits_i = W_o tanh(U_o s_i + V_o E y_(i-1) + C_o context_i + b)

There the gated unit is another one, and the output has a maxout layer in place of tanh. Where the decoder has several
layers the first one attends, and the others read its states (as in Wu et al. 2016, "Google's Neural Machine Translation
System", section 3).

References
----------
Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate" (arXiv 1409.0473).
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSeq2SeqLM,
    GenerationMixin,
    PreTrainedConfig,
)
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput, Seq2SeqModelOutput

from inference.models.lstm import LstmLayer, LstmPreTrainedModel, LstmState


class LstmAttentionConfig(PreTrainedConfig):
    """Sizes of an encoder-decoder of LSTM.

    Parameters
    ----------
    d_model
        Of embeddings, annotations (half of it from either direction) and states; even.
    encoder_layers, decoder_layers
        At least 1 each.
    dropout
        Of embeddings, between layers, and before the output, in training.
    """

    model_type = "lstm_attention"
    keys_to_ignore_at_inference = ["past_key_values"]
    attribute_map = {"hidden_size": "d_model", "num_hidden_layers": "encoder_layers"}

    def __init__(
        self,
        vocab_size: int = 6_000,
        d_model: int = 64,
        encoder_layers: int = 2,
        decoder_layers: int = 2,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        if d_model % 2:
            raise ValueError(f"d_model is {d_model}; it has to be even, half of it for either direction.")
        self.vocab_size = vocab_size
        self.d_model = d_model
        self.encoder_layers = encoder_layers
        self.decoder_layers = decoder_layers
        self.dropout = dropout
        self.use_cache = kwargs.pop("use_cache", True)
        special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
        given: dict[str, Any] = special | {"is_encoder_decoder": True, "tie_word_embeddings": False} | kwargs
        super().__init__(**given)


class AdditiveAttention(nn.Module):
    """How well a state fits each annotation, by a network of one hidden layer: one head."""

    num_heads = 1

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.query = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(d_model, d_model, bias=False)
        self.score = nn.Linear(d_model, 1, bias=False)

    def forward(self, state: Tensor, keys: Tensor, values: Tensor, is_seen: Tensor | None) -> tuple[Tensor, Tensor]:
        """Context [batch, d_model] and pattern [batch, 1, 1, n_source].

        Parameters
        ----------
        state
            [batch, d_model], of the decoder before this word.
        keys, values
            [batch, n_source, d_model]: U h_j, which is the same for all words of the target, and h_j.
        is_seen
            bool [batch, n_source]; None for all.
        """
        scores = self.score(torch.tanh(self.query(state)[:, None] + keys))[:, None, None, :, 0]
        if is_seen is not None:
            scores = scores.masked_fill(~is_seen[:, None, None], -torch.inf)
        pattern = scores.softmax(-1)
        return (pattern @ values[:, None])[:, 0, 0], pattern


class AttentiveLstmLayer(nn.Module):
    """The first layer of the decoder: before each of its steps it attends to the source."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.start = nn.Linear(d_model // 2, d_model, bias=False)
        self.cross_attention = AdditiveAttention(d_model)
        self.cell = nn.LSTMCell(2 * d_model, d_model)

    def forward(
        self, x: Tensor, memory: Tensor, is_seen: Tensor | None, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor]]:
        """States and contexts [batch, n_target, d_model], pattern [batch, 1, n_target, n_source], and the last state.

        Parameters
        ----------
        x
            [batch, n_target, d_model], embeddings of what is written.
        memory
            [batch, n_source, d_model], the annotations.
        state
            Output and cell behind what was written before; None at the beginning.
        """
        if state is None:
            # The backward direction ends at the first word, wherever the text ends.
            backward = memory[:, 0, memory.shape[2] // 2 :]
            h = torch.tanh(self.start(backward))
            state = h, torch.zeros_like(h)
        keys = self.cross_attention.key(memory)
        states, contexts, patterns = [], [], []
        for word in x.unbind(1):
            context, pattern = self.cross_attention(state[0], keys, memory, is_seen)
            state = cast("tuple[Tensor, Tensor]", self.cell(torch.cat([word, context], -1), state))
            states.append(state[0])
            contexts.append(context)
            patterns.append(pattern)
        return torch.stack(states, 1), torch.stack(contexts, 1), torch.cat(patterns, 2), state


class LstmOutput(nn.Module):
    """What the vocabulary is told from: state, last word and context, bent by tanh."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.state = nn.Linear(d_model, d_model)
        self.word = nn.Linear(d_model, d_model, bias=False)
        self.context = nn.Linear(d_model, d_model, bias=False)

    def forward(self, state: Tensor, word: Tensor, context: Tensor) -> Tensor:
        """[batch, n_target, d_model] of three of them."""
        return torch.tanh(self.state(state) + self.word(word) + self.context(context))


class LstmAttentionPreTrainedModel(LstmPreTrainedModel):
    """Begins and is cached as a language model of LSTM is."""

    config_class = LstmAttentionConfig


class LstmEncoder(LstmAttentionPreTrainedModel):
    """Reads the source in both directions."""

    def __init__(self, config: LstmAttentionConfig) -> None:
        super().__init__(config)
        d = config.d_model
        self.embed_tokens = nn.Embedding(config.vocab_size, d)
        self.layers = nn.ModuleList(LstmLayer(d, d // 2, is_bidirectional=True) for _ in range(config.encoder_layers))
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutput:
        """Annotations [batch, n_source, d_model]; `attention_mask` is 0 for padding, which stands behind the text."""
        x = cast("Tensor", self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds)
        lengths = None if attention_mask is None or attention_mask.all() else attention_mask.sum(1).cpu()
        x = self.dropout(x)
        states = [x]
        for layer in self.layers:
            x, _ = layer(x, lengths=lengths)
            x = self.dropout(x)
            states.append(x)
        return BaseModelOutput(
            last_hidden_state=cast("Any", x),
            hidden_states=cast("Any", tuple(states) if output_hidden_states else None),
        )


class LstmDecoder(LstmAttentionPreTrainedModel):
    """Writes the target word by word."""

    def __init__(self, config: LstmAttentionConfig) -> None:
        super().__init__(config)
        d = config.d_model
        self.embed_tokens = nn.Embedding(config.vocab_size, d)
        others = (LstmLayer(d, d) for _ in range(config.decoder_layers - 1))
        self.layers = nn.ModuleList([AttentiveLstmLayer(d), *others])
        self.output = LstmOutput(d)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def forward(
        self,
        inputs_embeds: Tensor,
        memory: Tensor,
        is_seen: Tensor | None = None,
        state: LstmState | None = None,
    ) -> tuple[Tensor, Tensor, LstmState]:
        """What the head reads, [batch, n_target, d_model], the pattern [batch, 1, n_target, n_source], and the state.

        Parameters
        ----------
        inputs_embeds
            [batch, n_target, d_model].
        memory
            The annotations.
        state
            Behind what was written before; None at the beginning.
        """
        words = self.dropout(inputs_embeds)
        first, *others = self.layers
        x, contexts, pattern, last = first(words, memory, is_seen, state[0] if state else None)
        kept = [last]
        for i, layer in enumerate(others, 1):
            x, last = layer(self.dropout(x), state[i] if state else None)
            kept.append(last)
        n_read = x.shape[1] + (state.n_read if state else 0)
        out = self.dropout(self.output(self.dropout(x), words, contexts))
        return out, pattern, LstmState(kept, n_read)


class LstmAttentionModel(LstmAttentionPreTrainedModel):
    """Encoder and decoder, each with an embedding of its own."""

    def __init__(self, config: LstmAttentionConfig) -> None:
        super().__init__(config)
        self.encoder = LstmEncoder(config)
        self.decoder = LstmDecoder(config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.encoder.embed_tokens

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.encoder.embed_tokens = cast("nn.Embedding", value)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: BaseModelOutput | None = None,
        past_key_values: LstmState | None = None,
        inputs_embeds: Tensor | None = None,
        decoder_inputs_embeds: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Seq2SeqModelOutput:
        """As in transformers' own; `decoder_input_ids` begin with the start token."""
        if encoder_outputs is None:
            encoder_outputs = self.encoder(
                input_ids, attention_mask, inputs_embeds, output_hidden_states=output_hidden_states
            )
        read = cast("BaseModelOutput", encoder_outputs)
        embeds = decoder_inputs_embeds
        if embeds is None:
            embeds = cast("Tensor", self.decoder.embed_tokens(decoder_input_ids))
        is_seen = None if attention_mask is None else attention_mask.bool()
        out, pattern, state = self.decoder(embeds, read[0], is_seen, past_key_values)
        keeps = self.config.use_cache if use_cache is None else use_cache
        shows = self.config.output_attentions if output_attentions is None else output_attentions
        return Seq2SeqModelOutput(
            last_hidden_state=out,
            past_key_values=cast("Any", state if keeps else None),
            cross_attentions=cast("Any", (pattern,) if shows else None),
            encoder_last_hidden_state=read[0],
            encoder_hidden_states=read.hidden_states,
        )


class LstmForTranslation(LstmAttentionPreTrainedModel, GenerationMixin):
    """The model with its head."""

    def __init__(self, config: LstmAttentionConfig) -> None:
        super().__init__(config)
        self.model = LstmAttentionModel(config)
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
        """As `LstmAttentionModel`, with logits [batch, n_target, vocabulary].

        Parameters
        ----------
        labels
            int64 [batch, n_target], -100 where there is none; what is written is `decoder_input_ids`.
        """
        found = self.model(input_ids, attention_mask, decoder_input_ids, **kwargs)
        logits = self.lm_head(found.last_hidden_state)
        loss = None if labels is None else nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        parts = {name: value for name, value in found.items() if name != "last_hidden_state"}
        return Seq2SeqLMOutput(loss=loss, logits=logits, **parts)

    def prepare_inputs_for_generation(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, input_ids: Tensor, past_key_values: LstmState | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """What `forward` is given: of what is remembered only the tokens behind it."""
        n_read = past_key_values.n_read if past_key_values else 0
        return {
            "decoder_input_ids": input_ids[:, n_read:],
            "past_key_values": past_key_values,
            "encoder_outputs": kwargs.get("encoder_outputs"),
            "attention_mask": kwargs.get("attention_mask"),
            "use_cache": kwargs.get("use_cache"),
            "output_attentions": kwargs.get("output_attentions"),
        }


AutoConfig.register("lstm_attention", LstmAttentionConfig)
AutoModel.register(LstmAttentionConfig, LstmAttentionModel)
AutoModelForSeq2SeqLM.register(LstmAttentionConfig, LstmForTranslation)
