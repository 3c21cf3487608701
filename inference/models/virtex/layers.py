"""Parts of VirTex: its sizes, and the head that writes a caption; weights as `torch.nn.TransformerDecoder` names them.

References
----------
Desai and Johnson 2021, "VirTex: Learning Visual Representations from Textual Annotations" (arXiv 2006.06666),
section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedConfig
from transformers.cache_utils import EncoderDecoderCache
from transformers.masking_utils import create_causal_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from inference.models.transformer_layers import eager_attention, kept_or_new


class VirTexConfig(PreTrainedConfig):
    """Sizes of a VirTex.

    Parameters
    ----------
    image_size
        Pixels of either side of the images that it was trained on.
    resnet_depths, resnet_strides, resnet_width, resnet_is_small
        See `ResNet`.
    knows_places
        Whether what is read of a place tells where it is, by sines and cosines that are added. Not so in the paper,
        whose network finds that out by itself.
    has_backward
        Whether there is a second head that writes from the end ("bicaptioning").
    max_position_embeddings
        Longest caption with the signs of its beginning and end.
    pad_token_id
        Also of unknown words, as published: both count for nothing.
    """

    model_type = "virtex"
    keys_to_ignore_at_inference = ["past_key_values"]
    attribute_map = {"num_attention_heads": "decoder_attention_heads", "num_hidden_layers": "decoder_layers"}

    def __init__(
        self,
        vocab_size: int = 10_000,
        hidden_size: int = 1_024,
        decoder_layers: int = 1,
        decoder_attention_heads: int = 16,
        decoder_ffn_dim: int = 4_096,
        max_position_embeddings: int = 30,
        image_size: int = 224,
        resnet_depths: Sequence[int] = (3, 4, 6, 3),
        resnet_strides: Sequence[int] = (1, 2, 2, 2),
        resnet_width: int = 64,
        resnet_is_small: bool = False,
        knows_places: bool = False,
        has_backward: bool = True,
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.decoder_layers = decoder_layers
        self.decoder_attention_heads = decoder_attention_heads
        self.decoder_ffn_dim = decoder_ffn_dim
        self.max_position_embeddings = max_position_embeddings
        self.image_size = image_size
        self.resnet_depths = list(resnet_depths)
        self.resnet_strides = list(resnet_strides)
        self.resnet_width = resnet_width
        self.resnet_is_small = resnet_is_small
        self.knows_places = knows_places
        self.has_backward = has_backward
        self.dropout = dropout
        self.use_cache = kwargs.pop("use_cache", True)
        special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
        given: dict[str, Any] = special | {"is_encoder_decoder": True, "tie_word_embeddings": True} | kwargs
        super().__init__(**given)

    @property
    def stride(self) -> int:
        """Pixels, in each direction, of a place of the last feature map."""
        stem = 2 if self.resnet_is_small else 4
        for stride in self.resnet_strides:
            stem *= stride
        return stem


class CaptionAttention(nn.Module):
    """Multi-head attention of a caption to itself, or to the places of the image."""

    def __init__(self, config: VirTexConfig, layer_idx: int, *, is_causal: bool = False) -> None:
        super().__init__()
        d, n_heads = config.hidden_size, config.decoder_attention_heads
        if d % n_heads:
            raise ValueError(f"hidden_size ({d}) is no multiple of the number of heads ({n_heads}).")
        self.config = config
        self.layer_idx = layer_idx
        self.is_causal = is_causal
        self.num_heads = n_heads
        self.scaling = (d // n_heads) ** -0.5
        self.in_proj_weight = nn.Parameter(torch.empty(3 * d, d))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * d))
        self.out_proj = nn.Linear(d, d)

    def forward(
        self, x: Tensor, mask: Tensor | None, cache: EncoderDecoderCache | None = None, memory: Tensor | None = None
    ) -> Tensor:
        """What is added to x [batch, n, d]; see `TransformerAttention`.

        Parameters
        ----------
        memory
            [batch, place, d], read by the attention to the image; None where the cache keeps what it is made into.
        """
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)

        def project(of: Tensor, which: int) -> Tensor:
            return F.linear(of, weights[which], biases[which]).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

        def keys_and_values() -> tuple[Tensor, Tensor]:
            source = x if memory is None else memory
            return project(source, 1), project(source, 2)

        k, v = kept_or_new(cache, self.layer_idx, keys_and_values, is_cross=not self.is_causal)
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation or "eager", eager_attention)
        out, _ = attend(self, project(x, 0), k, v, mask, dropout=0.0, scaling=self.scaling)
        return self.out_proj(out.flatten(2))


class CaptionLayer(nn.Module):
    """Self-attention, attention to the image, and a GELU network, each with its sum and then its norm."""

    def __init__(self, config: VirTexConfig, layer_idx: int) -> None:
        super().__init__()
        d = config.hidden_size
        self.self_attn = CaptionAttention(config, layer_idx, is_causal=True)
        self.multihead_attn = CaptionAttention(config, layer_idx)
        self.linear1 = nn.Linear(d, config.decoder_ffn_dim)
        self.linear2 = nn.Linear(config.decoder_ffn_dim, d)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d) for _ in range(3))
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Tensor, mask: Tensor | None, memory: Tensor | None, cache: EncoderDecoderCache | None
    ) -> Tensor:
        x = self.norm1(x + self.dropout(self.self_attn(x, mask, cache)))
        x = self.norm2(x + self.dropout(self.multihead_attn(x, None, cache, memory)))
        inner = self.dropout(F.gelu(self.linear1(x)))
        return self.norm3(x + self.dropout(self.linear2(inner)))


class CaptionEmbedding(nn.Module):
    """Words and their places; what is padded is nought."""

    def __init__(self, config: VirTexConfig) -> None:
        super().__init__()
        self.pad = config.pad_token_id
        self.words = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.positions = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=1e-8)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, ids: Tensor, first: int) -> Tensor:
        places = torch.arange(first, first + ids.shape[1], device=ids.device)
        x = self.dropout(self.layer_norm(self.words(ids) + self.positions(places)))
        return x * (ids != self.pad)[..., None]


class CaptionHead(nn.Module):
    """Writes a caption of the places of an image, in one direction."""

    def __init__(self, config: VirTexConfig, d_image: int) -> None:
        super().__init__()
        self.config = config
        self.visual_projection = nn.Linear(d_image, config.hidden_size)
        self.embedding = CaptionEmbedding(config)
        self.transformer = _Layers(config)
        self.output = nn.Linear(config.hidden_size, config.vocab_size)

    def forward(
        self,
        ids: Tensor,
        places: Tensor,
        attention_mask: Tensor | None = None,
        cache: EncoderDecoderCache | None = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Logits [batch, n, vocab], and what goes into each layer and comes out of the last one, [batch, n, d].

        Parameters
        ----------
        ids
            [batch, n], only those that the cache does not know.
        places
            [batch, place, d_image].
        attention_mask
            [batch, n], 0 for what is padded.
        """
        known = 0 if cache is None else int(cache.get_seq_length())
        x = self.embedding(ids, known)
        knows_image = cache is not None and all(map(cache.is_updated.get, range(len(self.transformer.layers))))
        memory = None if knows_image else self.visual_projection(places)
        mask = create_causal_mask(
            config=self.config,
            inputs_embeds=x,
            attention_mask=attention_mask,
            past_key_values=None if cache is None else cache.self_attention_cache,
        )
        states = [x]
        for layer in self.transformer.layers:
            x = layer(x, mask, memory, cache)
            states.append(x)
        return self.output(x), tuple(states)


class _Layers(nn.Module):
    def __init__(self, config: VirTexConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(CaptionLayer(config, i) for i in range(config.decoder_layers))
