"""Parts of Transformers of words and regions: BERT's layers under BERT's names.

References
----------
Devlin et al. 2019, "BERT" (arXiv 1810.04805), section 3; names are those of the first PyTorch weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.activations import ACT2FN
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils.generic import ModelOutput

from inference.models.transformer_layers import eager_attention

EPS = 1e-12  # of all norms


class StreamConfig(PreTrainedConfig):
    """Sizes that models of words and regions have in common, in the spelling of BERT.

    Parameters
    ----------
    detector
        Name of the bundled detector whose vectors of regions it reads; empty for one that is not at hand.
    hidden_dropout_prob
        Of embeddings and of what every sublayer adds, in training; patterns of attention lose nothing.
    """

    def __init__(
        self,
        vocab_size: int = 30_522,
        hidden_size: int = 768,
        num_hidden_layers: int = 12,
        num_attention_heads: int = 12,
        intermediate_size: int = 3_072,
        hidden_act: str = "gelu",
        hidden_dropout_prob: float = 0.1,
        max_position_embeddings: int = 512,
        type_vocab_size: int = 2,
        initializer_range: float = 0.02,
        detector: str = "",
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.hidden_dropout_prob = hidden_dropout_prob
        self.max_position_embeddings = max_position_embeddings
        self.type_vocab_size = type_vocab_size
        self.initializer_range = initializer_range
        self.detector = detector
        given: dict[str, Any] = {"pad_token_id": 0, "tie_word_embeddings": True} | kwargs
        super().__init__(**given)


@dataclass
class JointOutput(ModelOutput):
    """What models of words and regions say.

    Attributes
    ----------
    word_logits
        [batch, token, word], of the text.
    match_logits
        [batch, class]: whether text and image belong together; which class says so is the model's to tell.
    region_logits
        [batch, region, class] of a head that names regions; None without one.
    text_states, region_states
        [batch, token, d] and [batch, region, d], behind the last layer.
    """

    word_logits: Tensor | None = None
    match_logits: Tensor | None = None
    region_logits: Tensor | None = None
    text_states: Tensor | None = None
    region_states: Tensor | None = None


def key_mask(attention_mask: Tensor | None, like: Tensor) -> Tensor | None:
    """[batch, 1, 1, key], added to scores: what is padded (0 in [batch, key]) is not seen."""
    if attention_mask is None:
        return None
    return (1 - attention_mask.to(like))[:, None, None] * torch.finfo(like.dtype).min


def attend(
    module: nn.Module,
    config: PreTrainedConfig,
    states: tuple[Tensor, Tensor, Tensor],
    mask: Tensor | None,
    n_heads: int,
) -> Tensor:
    """[batch, query, d] of queries, keys and values [batch, n, d], through transformers' attention functions."""
    q, k, v = (each.unflatten(-1, (n_heads, -1)).transpose(1, 2) for each in states)
    function = ALL_ATTENTION_FUNCTIONS.get_interface(config._attn_implementation or "eager", eager_attention)
    out, _ = function(module, q, k, v, mask, dropout=0.0, scaling=q.shape[-1] ** -0.5)
    return out.flatten(2)


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself, before its output projection."""

    is_causal = False

    def __init__(self, config: PreTrainedConfig, d: int, n_heads: int, layer_idx: int) -> None:
        super().__init__()
        if d % n_heads:
            raise ValueError(f"The width ({d}) is no multiple of the number of heads ({n_heads}).")
        self.config = config
        self.layer_idx = layer_idx
        self.num_heads = n_heads
        self.query, self.key, self.value = (nn.Linear(d, d) for _ in range(3))

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        return attend(self, self.config, (self.query(x), self.key(x), self.value(x)), mask, self.num_heads)


class SumAndNorm(nn.Module):
    """A projection, its sum with what came in before, and a norm."""

    def __init__(self, d_in: int, d: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(d_in, d)
        self.LayerNorm = nn.LayerNorm(d, eps=EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(x)) + before)


class Widened(nn.Module):
    """The first half of the network behind an attention."""

    def __init__(self, d: int, d_inner: int, activation: str) -> None:
        super().__init__()
        self.dense = nn.Linear(d, d_inner)
        self.activation = ACT2FN[activation]

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.dense(x))


class _Attention(nn.Module):
    def __init__(self, config: StreamConfig, d: int, n_heads: int, layer_idx: int) -> None:
        super().__init__()
        self.self = SelfAttention(config, d, n_heads, layer_idx)
        self.output = SumAndNorm(d, d, config.hidden_dropout_prob)


class StreamLayer(nn.Module):
    """BERT's layer: self-attention, then two linear maps, each with its sum and then its norm."""

    def __init__(self, config: StreamConfig, layer_idx: int, d: int, n_heads: int, d_inner: int) -> None:
        super().__init__()
        self.attention = _Attention(config, d, n_heads, layer_idx)
        self.intermediate = Widened(d, d_inner, config.hidden_act)
        self.output = SumAndNorm(d_inner, d, config.hidden_dropout_prob)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = self.attention.output(self.attention.self(x, mask), x)
        return self.output(self.intermediate(x), x)


class StreamEncoder(nn.Module):
    """The layers of a single stream."""

    def __init__(self, config: StreamConfig) -> None:
        super().__init__()
        sizes = config.hidden_size, config.num_attention_heads, config.intermediate_size
        self.layer = nn.ModuleList(StreamLayer(config, i, *sizes) for i in range(config.num_hidden_layers))

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        for layer in self.layer:
            x = layer(x, mask)
        return x


class WordEmbeddings(nn.Module):
    """Words, their places and their sentences, added and normed."""

    def __init__(self, config: StreamConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, d, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, d)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, d)
        self.LayerNorm = nn.LayerNorm(d, eps=EPS)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, ids: Tensor, token_type_ids: Tensor | None) -> Tensor:
        return self.dropout(self.LayerNorm(self.summed(ids, token_type_ids)))

    def summed(self, ids: Tensor, token_type_ids: Tensor | None) -> Tensor:
        """[batch, token, d], before the norm."""
        types = torch.zeros_like(ids) if token_type_ids is None else token_type_ids
        places = torch.arange(ids.shape[1], device=ids.device)
        return self.word_embeddings(ids) + self.position_embeddings(places) + self.token_type_embeddings(types)


class FirstState(nn.Module):
    """What the first place has come to stand for, projected: BERT's pooler."""

    def __init__(self, d: int, d_out: int, activation: nn.Module) -> None:
        super().__init__()
        self.dense = nn.Linear(d, d_out)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.dense(x[:, 0]))


class NormedStates(nn.Module):
    """What a head of words or regions does to states before it names them."""

    def __init__(self, d: int, activation: str) -> None:
        super().__init__()
        self.dense = nn.Linear(d, d)
        self.activation = ACT2FN[activation]
        self.LayerNorm = nn.LayerNorm(d, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        return self.LayerNorm(self.activation(self.dense(x)))


class WordHead(nn.Module):
    """Logits of words, of the embeddings themselves."""

    def __init__(self, config: StreamConfig) -> None:
        super().__init__()
        self.transform = NormedStates(config.hidden_size, config.hidden_act)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.transform(x)) + self.bias


class JointModel(PreTrainedModel):
    """What models of words and regions share: how they begin, and where their words lie."""

    config_class = StreamConfig
    main_input_name = "input_ids"
    _supports_sdpa = True
    _supports_attention_backend = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=cast("StreamConfig", self.config).initializer_range)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
            if isinstance(module, nn.Embedding) and module.padding_idx is not None:
                nn.init.zeros_(module.weight[module.padding_idx])
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)

    @property
    def _words(self) -> WordEmbeddings:
        return cast("Any", self).base_model.embeddings

    def get_input_embeddings(self) -> nn.Module:
        return self._words.word_embeddings

    def set_input_embeddings(self, value: nn.Module) -> None:
        self._words.word_embeddings = cast("nn.Embedding", value)

    def get_output_embeddings(self) -> nn.Module:
        return cast("Any", self).cls.predictions.decoder
