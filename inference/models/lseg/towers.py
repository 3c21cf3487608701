"""The two towers of LSeg: timm's ViT for images and OpenAI's CLIP for texts, with the names of their parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedConfig
from transformers.activations import ACT2FN
from transformers.masking_utils import create_causal_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from inference.models.transformer_layers import eager_attention


class LSegConfig(PreTrainedConfig):
    """Sizes of an LSeg; those of the published ViT-L/16 where nothing else is said.

    Parameters
    ----------
    image_size
        Side of the squares that the table of positions is for; other sizes have theirs interpolated.
    hooks
        The blocks of the image tower, from 0, whose states are decoded.
    neck_hidden_sizes, reassemble_factors
        Channels of these states, and how many times as fine as patches they are.
    fusion_hidden_size
        Channels of the decoder.
    projection_dim
        Numbers of a pixel's vector, and of a label's.
    text_hidden_act
        As transformers calls it: `quick_gelu` for OpenAI's weights.
    head_block
        What smooths the maps of labels (the paper's spatial regularisation): `bottleneck`, `depthwise`, or empty.
    block_depth, block_activation
        How often it does, and through what: `lrelu`, `relu` or `tanh`.
    output_scale
        How many times as fine the map is that the pixels' vectors make.
    cosine_temperature
        By what a cosine is divided to become a logit; it is not learned.
    """

    model_type = "lseg"

    def __init__(
        self,
        image_size: int = 384,
        patch_size: int = 16,
        hidden_size: int = 1024,
        num_hidden_layers: int = 24,
        num_attention_heads: int = 16,
        intermediate_size: int = 4096,
        layer_norm_eps: float = 1e-6,
        hooks: tuple[int, ...] = (5, 11, 17, 23),
        neck_hidden_sizes: tuple[int, ...] = (256, 512, 1024, 1024),
        reassemble_factors: tuple[float, ...] = (4, 2, 1, 0.5),
        fusion_hidden_size: int = 256,
        projection_dim: int = 512,
        vocab_size: int = 49_408,
        text_hidden_size: int = 512,
        text_num_hidden_layers: int = 12,
        text_num_attention_heads: int = 8,
        text_intermediate_size: int = 2048,
        text_hidden_act: str = "quick_gelu",
        max_position_embeddings: int = 77,
        head_block: str = "",
        block_depth: int = 0,
        block_activation: str = "lrelu",
        output_scale: int = 2,
        cosine_temperature: float = 0.07,
        **kwargs: Any,
    ) -> None:
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.layer_norm_eps = layer_norm_eps
        self.hooks = tuple(hooks)
        self.neck_hidden_sizes = tuple(neck_hidden_sizes)
        self.reassemble_factors = tuple(reassemble_factors)
        self.fusion_hidden_size = fusion_hidden_size
        self.projection_dim = projection_dim
        self.vocab_size = vocab_size
        self.text_hidden_size = text_hidden_size
        self.text_num_hidden_layers = text_num_hidden_layers
        self.text_num_attention_heads = text_num_attention_heads
        self.text_intermediate_size = text_intermediate_size
        self.text_hidden_act = text_hidden_act
        self.max_position_embeddings = max_position_embeddings
        self.head_block = head_block
        self.block_depth = block_depth
        self.block_activation = block_activation
        self.output_scale = output_scale
        self.cosine_temperature = cosine_temperature
        special: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 49_406, "eos_token_id": 49_407}
        super().__init__(**special | kwargs)


class ImageTower(nn.Module):
    """A ViT in timm's spelling (Dosovitskiy et al. 2021)."""

    def __init__(self, config: LSegConfig) -> None:
        super().__init__()
        self.hooks = config.hooks
        self.n_rows = config.image_size // config.patch_size
        d = config.hidden_size
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.n_rows**2, d))
        self.patch_embed = _PatchEmbedding(d, config.patch_size)
        self.blocks = nn.ModuleList(ImageBlock(config, i) for i in range(config.num_hidden_layers))

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """What the hooked blocks make of images [batch, 3, row, column]: each [batch, 1 + patch, d], [CLS] first."""
        patches = self.patch_embed.proj(pixels)
        x = torch.cat([self.cls_token.expand(len(pixels), -1, -1), patches.flatten(2).mT], 1)
        x = x + self._positions(*patches.shape[2:])
        states = []
        for block in self.blocks:
            x = block(x)
            states.append(x)
        return tuple(states[hook] for hook in self.hooks)

    def _positions(self, n_rows: int, n_columns: int) -> Tensor:
        if n_rows == n_columns == self.n_rows:
            return self.pos_embed
        grid = self.pos_embed[:, 1:].unflatten(1, (self.n_rows, self.n_rows)).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, size=(n_rows, n_columns), mode="bilinear")
        return torch.cat([self.pos_embed[:, :1], grid.flatten(2).mT], 1)


class _PatchEmbedding(nn.Module):
    def __init__(self, d: int, side: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, d, side, stride=side)


class ImageBlock(nn.Module):
    """Attention and a network of one hidden layer, each behind its norm."""

    def __init__(self, config: LSegConfig, layer_idx: int) -> None:
        super().__init__()
        d, eps = config.hidden_size, config.layer_norm_eps
        self.norm1 = nn.LayerNorm(d, eps)
        self.attn = ImageAttention(config, layer_idx)
        self.norm2 = nn.LayerNorm(d, eps)
        self.mlp = ImageMlp(d, config.intermediate_size)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ImageMlp(nn.Module):
    """The network of a block."""

    def __init__(self, d: int, d_inner: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(d, d_inner)
        self.fc2 = nn.Linear(d_inner, d)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class ImageAttention(nn.Module):
    """Every patch attends to every other."""

    is_causal = False

    def __init__(self, config: LSegConfig, layer_idx: int) -> None:
        super().__init__()
        self.config = config
        self.layer_idx = layer_idx
        self.num_heads = config.num_attention_heads
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.proj = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(_attend(self, q, k, v, None))


class TextTower(nn.Module):
    """CLIP's text encoder in OpenAI's spelling (Radford et al. 2021, section 2.4)."""

    def __init__(self, config: LSegConfig) -> None:
        super().__init__()
        self.config = config
        d = config.text_hidden_size
        self.token_embedding = nn.Embedding(config.vocab_size, d)
        self.positional_embedding = nn.Parameter(torch.zeros(config.max_position_embeddings, d))
        self.transformer = _TextBlocks(config)
        self.ln_final = nn.LayerNorm(d)
        self.text_projection = nn.Parameter(torch.zeros(d, config.projection_dim))

    def forward(self, input_ids: Tensor) -> Tensor:
        """[text, projection_dim] of ids [text, pos]: of the end of each text, which is the only one to have seen it."""
        x = self.token_embedding(input_ids) + self.positional_embedding[: input_ids.shape[1]]
        mask = create_causal_mask(config=self.config, inputs_embeds=x, attention_mask=None, past_key_values=None)
        for block in self.transformer.resblocks:
            x = block(x, mask)
        end = (input_ids == self.config.eos_token_id).int().argmax(-1)
        at_end = x[torch.arange(len(x), device=x.device), end]
        return self.ln_final(at_end) @ self.text_projection


class _TextBlocks(nn.Module):
    def __init__(self, config: LSegConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(TextBlock(config, i) for i in range(config.text_num_hidden_layers))


class TextBlock(nn.Module):
    """As `ImageBlock`, but no token sees what comes behind it."""

    def __init__(self, config: LSegConfig, layer_idx: int) -> None:
        super().__init__()
        d = config.text_hidden_size
        self.attn = TextAttention(config, layer_idx)
        self.ln_1 = nn.LayerNorm(d)
        self.mlp = TextMlp(d, config.text_intermediate_size, config.text_hidden_act)
        self.ln_2 = nn.LayerNorm(d)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.attn(self.ln_1(x), mask)
        return x + self.mlp(self.ln_2(x))


class TextMlp(nn.Module):
    """The network of a block."""

    def __init__(self, d: int, d_inner: int, act: str) -> None:
        super().__init__()
        self.c_fc = nn.Linear(d, d_inner)
        self.act = ACT2FN[act]
        self.c_proj = nn.Linear(d_inner, d)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(self.act(self.c_fc(x)))


class TextAttention(nn.Module):
    """Every token attends to those before it, and to itself; weights as `torch.nn.MultiheadAttention` calls them."""

    is_causal = True

    def __init__(self, config: LSegConfig, layer_idx: int) -> None:
        super().__init__()
        d = config.text_hidden_size
        self.config = config
        self.layer_idx = layer_idx
        self.num_heads = config.text_num_attention_heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * d, d))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * d))
        self.out_proj = nn.Linear(d, d)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        projected = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = projected.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return self.out_proj(_attend(self, q, k, v, mask))


def _attend(module: ImageAttention | TextAttention, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """[batch, pos, head * d_head] of queries, keys and values [batch, head, pos, d_head]."""
    attend = ALL_ATTENTION_FUNCTIONS.get_interface(module.config._attn_implementation or "eager", eager_attention)
    out, _ = attend(module, q, k, v, mask, dropout=0.0, scaling=q.shape[-1] ** -0.5)
    return out.flatten(2)
