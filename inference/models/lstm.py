"""A language model of long short-term memory: a recurrent network that tells the next token from what it remembers.

What it knows of the text behind it is its state, as large after a thousand tokens as after one. Each layer is
`torch.nn.LSTM`.

References
----------
Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; forget gate: Gers et al. 2000, "Learning to Forget", who also
begin with gates that remember, as here; as language model: Sundermeyer et al. 2012, "LSTM Neural Networks for Language
Modeling".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    GenerationMixin,
    PreTrainedConfig,
    PreTrainedModel,
    initialization,
)
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast


class LstmConfig(PreTrainedConfig):
    """Sizes of a language model of LSTM.

    Parameters
    ----------
    hidden_size
        Of the embedding, and of the state of each layer.
    dropout
        Of the embedding, between layers and behind the last one, in training.
    """

    model_type = "lstm"
    keys_to_ignore_at_inference = ["past_key_values"]

    def __init__(
        self,
        vocab_size: int = 2_000,
        hidden_size: int = 64,
        num_hidden_layers: int = 2,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.dropout = dropout
        self.use_cache = kwargs.pop("use_cache", True)
        given: dict[str, Any] = {"tie_word_embeddings": False} | kwargs
        super().__init__(**given)


class LstmState(list[tuple[Tensor, Tensor]]):
    """What a recurrent network remembers of the texts that it has read: output and cell, [batch, d] each, by layer.

    It is handed on in the place of keys and values, and answers what `generate` asks of those.
    """

    def __init__(self, layers: Iterable[tuple[Tensor, Tensor]] = (), n_read: int = 0) -> None:
        super().__init__(layers)
        self.n_read = n_read

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Tokens that have been read."""
        return self.n_read

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Go on with these of the texts, int64 [text]."""
        self[:] = [(h[beam_idx], c[beam_idx]) for h, c in self]

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Every text so many times."""
        self[:] = [(h.repeat_interleave(repeats, 0), c.repeat_interleave(repeats, 0)) for h, c in self]


class LstmLayer(nn.LSTM):
    """One layer over a whole text, in one direction or in both."""

    def __init__(self, d_in: int, d_out: int, *, is_bidirectional: bool = False) -> None:
        super().__init__(d_in, d_out, batch_first=True, bidirectional=is_bidirectional)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        x: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
        lengths: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Outputs [batch, n, d_out], or [batch, n, 2 d_out] of both directions, and the state behind the last token.

        Parameters
        ----------
        x
            [batch, n, d_in].
        state
            Output and cell, [batch, d_out] each, to begin with; None for zeros.
        lengths
            int64 [batch] on the CPU: what stands behind is not read, and its outputs are zero. None for all of it.
        """
        begin = None if state is None else (state[0][None].contiguous(), state[1][None].contiguous())
        if lengths is None:
            out, (h, c) = super().forward(x, begin)
        else:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            out, (h, c) = super().forward(packed, begin)
            out, _ = pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
        return out, (h[-1], c[-1])


class LstmPreTrainedModel(PreTrainedModel):
    """Weights are transformers' business."""

    config_class = LstmConfig
    base_model_prefix = "model"

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        init_recurrent(module)

    @classmethod
    def _supports_default_dynamic_cache(cls) -> bool:
        return False  # what is kept is `LstmState`


class LstmModel(LstmPreTrainedModel):
    """The network without its head."""

    def __init__(self, config: LstmConfig) -> None:
        super().__init__(config)
        d = config.hidden_size
        self.embed_tokens = nn.Embedding(config.vocab_size, d)
        self.layers = nn.ModuleList(LstmLayer(d, d) for _ in range(config.num_hidden_layers))
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        past_key_values: LstmState | None = None,
        inputs_embeds: Tensor | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """As in transformers' own; `past_key_values` is the state behind the tokens that came before these.

        `attention_mask` is not needed: what fills a row up stands behind the text, where nothing has read it yet.
        """
        x = cast("Tensor", self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds)
        x = self.dropout(x)
        states, kept = [x], []
        for i, layer in enumerate(self.layers):
            x, state = layer(x, past_key_values[i] if past_key_values else None)
            x = self.dropout(x)
            states.append(x)
            kept.append(state)
        keeps = self.config.use_cache if use_cache is None else use_cache
        n_read = x.shape[1] + (past_key_values.n_read if past_key_values else 0)
        return BaseModelOutputWithPast(
            last_hidden_state=cast("Any", x),
            past_key_values=cast("Any", LstmState(kept, n_read) if keeps else None),
            hidden_states=cast("Any", tuple(states) if output_hidden_states else None),
        )


class LstmForCausalLM(LstmPreTrainedModel, GenerationMixin):
    """The network with the matrix that tells tokens from its last state."""

    def __init__(self, config: LstmConfig) -> None:
        super().__init__(config)
        self.model = LstmModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        past_key_values: LstmState | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """As `LstmModel`, with logits [batch, n, vocabulary]; `labels` are the ids themselves, -100 for none."""
        found = self.model(input_ids, attention_mask, past_key_values, use_cache=use_cache, **kwargs)
        logits = self.lm_head(found.last_hidden_state)
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        return CausalLMOutputWithPast(
            loss=loss, logits=logits, past_key_values=found.past_key_values, hidden_states=found.hidden_states
        )

    def prepare_inputs_for_generation(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, input_ids: Tensor, past_key_values: LstmState | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """What `forward` is given: of a text that is remembered only the tokens behind it."""
        n_read = past_key_values.n_read if past_key_values else 0
        return {
            "input_ids": input_ids[:, n_read:],
            "past_key_values": past_key_values,
            "use_cache": kwargs.get("use_cache"),
        }


def init_recurrent(module: nn.Module) -> None:
    """Weights that a recurrent network begins with: orthogonal from state to state, and gates that remember."""
    if isinstance(module, nn.Linear):
        initialization.xavier_uniform_(module.weight)
        if module.bias is not None:
            initialization.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        initialization.normal_(module.weight)
    elif isinstance(module, nn.LSTM | nn.LSTMCell):
        for name, parameter in module.named_parameters():
            if name.startswith("weight_hh"):
                initialization.orthogonal_(parameter)
            elif name.startswith("weight_ih"):
                initialization.xavier_uniform_(parameter)
            else:
                # Gates are input, forget, cell, output; there are two biases, which are added.
                bias = torch.zeros_like(parameter)
                if name.startswith("bias_ih"):
                    n = len(parameter) // 4
                    bias[n : 2 * n] = 1.0
                initialization.copy_(parameter, bias)


AutoConfig.register("lstm", LstmConfig)
AutoModel.register(LstmConfig, LstmModel)
AutoModelForCausalLM.register(LstmConfig, LstmForCausalLM)
