"""Parts of the Transformer of 2017: its sizes, positions, attention and layers.

References
----------
Vaswani et al. 2017, "Attention Is All You Need" (arXiv 1706.03762), sections 3.1 to 3.3 and 3.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig
from transformers.cache_utils import EncoderDecoderCache
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS


class TransformerConfig(PreTrainedConfig):
    """Sizes of a Transformer, in the spelling of BART and Marian.

    Parameters
    ----------
    max_position_embeddings
        Longest source and target; there is no table of positions, so longer ones are only refused by those who ask.
    dropout
        Of embeddings and of what every sublayer adds, in training.
    norm_first
        Norms stand before the sublayers, and one more at the end of either stack ("pre-norm"), not behind them as in
        2017 (Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture", figure 1).
    """

    model_type = "transformer"
    keys_to_ignore_at_inference = ["past_key_values"]
    attribute_map = {
        "hidden_size": "d_model",
        "num_attention_heads": "encoder_attention_heads",
        "num_hidden_layers": "encoder_layers",
    }

    def __init__(
        self,
        vocab_size: int = 6_000,
        d_model: int = 256,
        encoder_layers: int = 3,
        decoder_layers: int = 3,
        encoder_attention_heads: int = 4,
        decoder_attention_heads: int = 4,
        encoder_ffn_dim: int = 512,
        decoder_ffn_dim: int = 512,
        max_position_embeddings: int = 128,
        dropout: float = 0.1,
        norm_first: bool = False,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.d_model = d_model
        self.encoder_layers = encoder_layers
        self.decoder_layers = decoder_layers
        self.encoder_attention_heads = encoder_attention_heads
        self.decoder_attention_heads = decoder_attention_heads
        self.encoder_ffn_dim = encoder_ffn_dim
        self.decoder_ffn_dim = decoder_ffn_dim
        self.max_position_embeddings = max_position_embeddings
        self.dropout = dropout
        self.norm_first = norm_first
        self.use_cache = kwargs.pop("use_cache", True)
        special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
        given: dict[str, Any] = special | {"is_encoder_decoder": True, "tie_word_embeddings": True} | kwargs
        super().__init__(**given)


class SinusoidalPositions(nn.Module):
    """Sines and cosines whose wavelengths grow from 2 pi to 10000 times 2 pi; nothing is learned or saved."""

    def __init__(self, d_model: int, n_positions: int) -> None:
        super().__init__()
        self.d_model = d_model
        self.n_positions = n_positions

    @property
    def weights(self) -> Tensor:
        """float32 [n_positions, d_model]: the table that others keep, for those who look for it."""
        return self(self.n_positions, 0, torch.zeros(()))

    def forward(self, n: int, first: int, like: Tensor) -> Tensor:
        """[n, d_model] for the positions from `first` on, in the type and on the device of `like`."""
        # In float64: float32 would be off by 1e-5 at position 100.
        place = torch.arange(first, first + n, dtype=torch.float64)[:, None]
        rate = torch.exp(torch.arange(0, self.d_model, 2, dtype=torch.float64) * (-math.log(10_000.0) / self.d_model))
        return torch.stack([(place * rate).sin(), (place * rate).cos()], -1).flatten(1)[:, : self.d_model].to(like)


class TransformerAttention(nn.Module):
    """Multi-head attention, of a sequence to itself or of the decoder to what the encoder has read."""

    def __init__(self, config: TransformerConfig, n_heads: int, layer_idx: int, *, is_causal: bool = False) -> None:
        super().__init__()
        self.config = config
        self.layer_idx = layer_idx
        self.is_causal = is_causal
        self.num_heads = n_heads
        self.head_dim = config.d_model // n_heads
        if self.head_dim * n_heads != config.d_model:
            raise ValueError(f"d_model ({config.d_model}) is no multiple of the number of heads ({n_heads}).")
        self.scaling = self.head_dim**-0.5
        d = config.d_model
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(d, d, bias=False) for _ in range(4))

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        cache: EncoderDecoderCache | None = None,
        memory: Tensor | None = None,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor | None]:
        """What is added to x [batch, n, d_model], and the pattern, if the attention function tells it.

        Parameters
        ----------
        mask
            As transformers' mask functions make it for the attention function.
        cache
            Keys and values of the target that were seen before, and of the source once they are known.
        memory
            [batch, n_source, d_model], what to attend to; None for x itself.
        """
        q = self._heads(self.q_proj(x))
        source = x if memory is None else memory
        k, v = kept_or_new(
            cache,
            self.layer_idx,
            lambda: (self._heads(self.k_proj(source)), self._heads(self.v_proj(source))),
            is_cross=memory is not None,
        )
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation or "eager", eager_attention)
        out, pattern = attend(self, q, k, v, mask, dropout=0.0, scaling=self.scaling, **kwargs)
        return self.out_proj(out.flatten(2)), pattern

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)


def kept_or_new(
    cache: EncoderDecoderCache | None, layer_idx: int, make: Callable[[], tuple[Tensor, Tensor]], *, is_cross: bool
) -> tuple[Tensor, Tensor]:
    """All keys and values [batch, head, n, d_head] that an attention reads.

    Parameters
    ----------
    make
        Those of what is given now; not asked where a source is known already.
    is_cross
        Of the source, which does not grow.
    """
    if cache is not None and is_cross and cache.is_updated.get(layer_idx):
        known: Any = cache.cross_attention_cache.layers[layer_idx]
        return known.keys, known.values
    k, v = make()
    if cache is None:
        return k, v
    if is_cross:
        cache.is_updated[layer_idx] = True
    part = cache.cross_attention_cache if is_cross else cache.self_attention_cache
    return part.update(k, v, layer_idx)


def eager_attention(
    module: nn.Module, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, scaling: float, **_: Any
) -> tuple[Tensor, Tensor]:
    """Attention written out; see `transformers.AttentionInterface`. `mask` is added to the scores."""
    scores = q @ k.mT * scaling
    if mask is not None:
        scores = scores + mask
    pattern = scores.softmax(-1)
    return (pattern @ v).transpose(1, 2), pattern


class TransformerLayer(nn.Module):
    """What layers of encoder and decoder have in common: self-attention and a ReLU network, each with its norm."""

    def __init__(self, config: TransformerConfig, n_heads: int, d_mlp: int, layer_idx: int, *, is_causal: bool) -> None:
        super().__init__()
        self.norm_first = config.norm_first
        self.dropout = nn.Dropout(config.dropout)
        self.self_attn = TransformerAttention(config, n_heads, layer_idx, is_causal=is_causal)
        self.self_attn_layer_norm = nn.LayerNorm(config.d_model)
        self.fc1 = nn.Linear(config.d_model, d_mlp)
        self.fc2 = nn.Linear(d_mlp, config.d_model)
        self.final_layer_norm = nn.LayerNorm(config.d_model)

    def read(self, x: Tensor, norm: nn.Module) -> Tensor:
        """What a sublayer is given of x."""
        return norm(x) if self.norm_first else x

    def add(self, x: Tensor, out: Tensor, norm: nn.Module) -> Tensor:
        """The sum of x and what a sublayer made, normalised behind it unless that was done before."""
        total = x + self.dropout(out)
        return total if self.norm_first else norm(total)

    def mlp(self, x: Tensor) -> Tensor:
        """Behind the last sublayer."""
        inner = torch.relu(self.fc1(self.read(x, self.final_layer_norm)))
        return self.add(x, self.fc2(inner), self.final_layer_norm)


class TransformerEncoderLayer(TransformerLayer):
    """Self-attention, then the network."""

    def __init__(self, config: TransformerConfig, layer_idx: int) -> None:
        n_heads, d_mlp = config.encoder_attention_heads, config.encoder_ffn_dim
        super().__init__(config, n_heads, d_mlp, layer_idx, is_causal=False)

    def forward(self, x: Tensor, mask: Tensor | None, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
        """[batch, n_source, d_model] and the pattern."""
        out, pattern = self.self_attn(self.read(x, self.self_attn_layer_norm), mask, **kwargs)
        return self.mlp(self.add(x, out, self.self_attn_layer_norm)), pattern


class TransformerDecoderLayer(TransformerLayer):
    """Self-attention to what is written, attention to what was read, then the network."""

    def __init__(self, config: TransformerConfig, layer_idx: int) -> None:
        n_heads, d_mlp = config.decoder_attention_heads, config.decoder_ffn_dim
        super().__init__(config, n_heads, d_mlp, layer_idx, is_causal=True)
        self.cross_attn = TransformerAttention(config, n_heads, layer_idx)
        self.cross_attn_layer_norm = nn.LayerNorm(config.d_model)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        memory: Tensor,
        memory_mask: Tensor | None,
        cache: EncoderDecoderCache | None,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """[batch, n_target, d_model] and the patterns of both attentions."""
        out, pattern = self.self_attn(self.read(x, self.self_attn_layer_norm), mask, cache, **kwargs)
        x = self.add(x, out, self.self_attn_layer_norm)
        read = self.read(x, self.cross_attn_layer_norm)
        out, cross_pattern = self.cross_attn(read, memory_mask, cache, memory, **kwargs)
        x = self.add(x, out, self.cross_attn_layer_norm)
        return self.mlp(x), pattern, cross_pattern
