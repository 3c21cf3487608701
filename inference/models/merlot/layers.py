"""Parts of MERLOT: its sizes, its Transformer layers, and tables of places, under the names of the published weights.

References
----------
Zellers et al. 2021, "MERLOT: Multimodal Neural Script Knowledge Models" (arXiv 2106.02636), and its code
(`rowanz/merlot`, `utils/transformer.py` and `utils/model_utils.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedConfig

from inference.models.streams.layers import attend

NORM_EPS = 1e-5


class MerlotConfig(PreTrainedConfig):
    """Sizes of a MERLOT, in the spelling of its published configuration.

    Parameters
    ----------
    num_frames
        Frames of a group, each with a segment of text (published: `num_chunks_in_group`).
    chunk_text_len
        Tokens of a segment, the first being its sign of beginning.
    image_size
        Rows and columns of pixels of a frame.
    resnet_layers
        Blocks of each stage of the residual network; a patch is 4 pixels wide, twice as many for each stage behind the
        first.
    resnet_width, group_norm_groups
        Channels of its stem, and groups of its norms; 64 and 32 in all published models.
    spatial_pool_size
        Patches a side that become one for the joint layers.
    max_side_patches, max_frame_places
        Sizes of the tables of places in a frame, and of frames.
    unknown_place
        The first place of frames that stands for "not told which"; published are 16 and 64.
    contrast_temp
        What cosines of frames and captions are divided by.
    """

    model_type = "merlot"

    def __init__(
        self,
        vocab_size: int = 50_370,
        hidden_size: int = 768,
        contrastive_size: int = 768,
        num_attention_heads: int = 12,
        intermediate_size: int = 3_072,
        num_hidden_layers: int = 12,
        num_vision_transformer_hidden_layers: int = 12,
        num_frames: int = 4,
        chunk_text_len: int = 32,
        image_size: Sequence[int] = (192, 352),
        resnet_layers: Sequence[int] = (3, 4, 9),
        resnet_width: int = 64,
        group_norm_groups: int = 32,
        spatial_pool_size: int = 2,
        max_position_embeddings: int = 1_024,
        max_side_patches: int = 64,
        max_frame_places: int = 1_024,
        unknown_place: int = 16,
        contrast_temp: float = 0.05,
        hidden_dropout_prob: float = 0.1,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.contrastive_size = contrastive_size
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.num_hidden_layers = num_hidden_layers
        self.num_vision_transformer_hidden_layers = num_vision_transformer_hidden_layers
        self.num_frames = num_frames
        self.chunk_text_len = chunk_text_len
        self.image_size = list(image_size)
        self.resnet_layers = list(resnet_layers)
        self.resnet_width = resnet_width
        self.group_norm_groups = group_norm_groups
        self.spatial_pool_size = spatial_pool_size
        self.max_position_embeddings = max_position_embeddings
        self.max_side_patches = max_side_patches
        self.max_frame_places = max_frame_places
        self.unknown_place = unknown_place
        self.contrast_temp = contrast_temp
        self.hidden_dropout_prob = hidden_dropout_prob
        self.initializer_range = initializer_range
        given: dict[str, Any] = {"pad_token_id": 0, "tie_word_embeddings": False} | kwargs
        super().__init__(**given)

    @property
    def patch_side(self) -> int:
        """Pixels."""
        return 4 * 2 ** (len(self.resnet_layers) - 1)


class MerlotLayer(nn.Module):
    """A Transformer layer whose norms stand before its sublayers."""

    is_causal = False

    def __init__(self, config: MerlotConfig, layer_idx: int) -> None:
        super().__init__()
        d, d_inner = config.hidden_size, config.intermediate_size
        if d % config.num_attention_heads:
            raise ValueError(f"The width ({d}) is no multiple of the number of heads ({config.num_attention_heads}).")
        self.config = config
        self.layer_idx = layer_idx
        self.num_heads = config.num_attention_heads
        self.LayerNorm_attn_ln0, self.LayerNorm_mlp_ln0 = nn.LayerNorm(d, NORM_EPS), nn.LayerNorm(d, NORM_EPS)
        self.query_layer, self.key_layer, self.value_layer = (nn.Linear(d, d) for _ in range(3))
        self.context_projection_layer = nn.Linear(d, d)
        self.intermediate, self.output = nn.Linear(d, d_inner), nn.Linear(d_inner, d)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[batch, n, d]; `mask` is added to the scores."""
        read = self.LayerNorm_attn_ln0(x)
        states = self.query_layer(read), self.key_layer(read), self.value_layer(read)
        found = attend(self, self.config, states, mask, self.num_heads)
        x = x + self.dropout(self.context_projection_layer(found))
        return x + self.dropout(self.output(F.gelu(self.intermediate(self.LayerNorm_mlp_ln0(x)))))

    def received(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[batch, query, key]: the pattern of this layer, mean of its heads."""
        read = self.LayerNorm_attn_ln0(x)
        q, k = (
            layer(read).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for layer in (self.query_layer, self.key_layer)
        )
        scores = q @ k.mT * q.shape[-1] ** -0.5
        return (scores if mask is None else scores + mask).softmax(-1).mean(1)


class MerlotLayers(nn.Module):
    """Layers, and a norm behind the last."""

    def __init__(self, config: MerlotConfig, n_layers: int) -> None:
        super().__init__()
        self.names = [f"layer{i:02d}" for i in range(n_layers)]
        for i, name in enumerate(self.names):
            self.add_module(name, MerlotLayer(config, i))
        self.LayerNorm_ln_final = nn.LayerNorm(config.hidden_size, NORM_EPS)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[batch, n, d]."""
        for name in self.names:
            x = self.get_submodule(name)(x, mask)
        return self.LayerNorm_ln_final(x)

    def received(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[batch, query, key]: attention weights, mean of all heads and layers."""
        total = torch.zeros((), device=x.device)
        for name in self.names:
            layer = self.get_submodule(name)
            assert isinstance(layer, MerlotLayer)
            total = total + layer.received(x, mask)
            x = layer(x, mask)
        return total / len(self.names)


class PlacesOfPatches(nn.Module):
    """Tables of vectors for rows and columns of patches, and for what stands in front of them.

    Parameters
    ----------
    n_first
        How many vectors stand in front.
    """

    def __init__(self, side: int, n_first: int, d: int) -> None:
        super().__init__()
        self.pos_embs = nn.Parameter(torch.zeros(1, side, side, d))
        self.cls_emb = nn.Parameter(torch.zeros(1, n_first, d))

    def forward(self, n_rows: int, n_columns: int) -> Tensor:
        """[1, n_first + row * column, d], row by row."""
        patches = self.pos_embs[:, :n_rows, :n_columns].flatten(1, 2)
        return torch.cat([self.cls_emb, patches], 1)


class TextPlaces(nn.Module):
    """Places of words, added to them, and a norm."""

    def __init__(self, n: int, d: int) -> None:
        super().__init__()
        self.position_embeddings = nn.Parameter(torch.zeros(n, d))
        self.LayerNorm_embed_norm = nn.LayerNorm(d, NORM_EPS)

    def forward(self, words: Tensor, places: Tensor) -> Tensor:
        """[batch, word, d] of words [batch, word, d] at places int64 [batch, word]."""
        return self.LayerNorm_embed_norm(words + self.position_embeddings[places])
