"""PolyGen: a mesh as two sequences, first its vertices, then its faces, which point at vertices.

References
----------
Nash, Ganin, Eslami and Battaglia 2020, "PolyGen: An Autoregressive Generative Model of 3D Meshes" (arXiv 2002.10880),
sections 2.1 (vertex model) and 2.2 (face model); layer norm, residual scales and embeddings as in the authors' code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.cache_utils import Cache
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils.generic import ModelOutput

from inference.meshes.tokens import FIRST_VERTEX, N_VALUES


class PolyGenConfig(PreTrainedConfig):
    """Sizes of a PolyGen; its classes stand in `id2label`.

    Parameters
    ----------
    hidden_size, num_attention_heads, intermediate_size
        Of all three stacks.
    num_vertex_layers, num_encoder_layers, num_face_layers
        Vertex model; the face model's vertex encoder; the face model's decoder.
    max_vertices, max_face_tokens
        Positions; face tokens with the stop.
    is_conditional
        Whether the vertex model is told the class.
    """

    model_type = "polygen"

    def __init__(
        self,
        hidden_size: int = 128,
        num_attention_heads: int = 4,
        intermediate_size: int = 512,
        num_vertex_layers: int = 4,
        num_encoder_layers: int = 3,
        num_face_layers: int = 4,
        max_vertices: int = 100,
        max_face_tokens: int = 400,
        is_conditional: bool = True,
        initializer_range: float = 0.02,
        **kwargs: Any,
    ) -> None:
        self.hidden_size = hidden_size
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.num_vertex_layers = num_vertex_layers
        self.num_encoder_layers = num_encoder_layers
        self.num_face_layers = num_face_layers
        self.max_vertices = max_vertices
        self.max_face_tokens = max_face_tokens
        self.is_conditional = is_conditional
        self.initializer_range = initializer_range
        super().__init__(**kwargs)


@dataclass
class PolyGenOutput(ModelOutput):
    """What either model expects.

    Attributes
    ----------
    vertex_logits
        [batch, n + 1, 257], for the token behind each of the n given ones and for the first.
    face_logits
        [batch, m + 1, 2 + n_vertices]: stop, new face, vertices.
    """

    vertex_logits: Tensor | None = None
    face_logits: Tensor | None = None


class PolyGenPreTrainedModel(PreTrainedModel):
    """Weights and attention are transformers' business."""

    config_class = PolyGenConfig
    base_model_prefix = "polygen"
    _supports_sdpa = True
    _supports_attention_backend = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        std = self.config.initializer_range
        if isinstance(module, PolyGenAttention | PolyGenLayer | PolyGenFaceModel | PolyGenVertexModel):
            for name, parameter in module.named_parameters(recurse=False):
                # Every branch begins switched off (Bachlechner et al. 2020, "ReZero").
                nn.init.zeros_(parameter) if name.endswith("alpha") else nn.init.normal_(parameter, std=std)
        elif isinstance(module, nn.Linear):
            nn.init.zeros_(module.weight) if getattr(module, "is_last", False) else nn.init.xavier_uniform_(
                module.weight
            )
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=std)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


class PolyGenAttention(nn.Module):
    """Multi-head self-attention without biases."""

    def __init__(self, config: PolyGenConfig, layer_idx: int, *, is_causal: bool) -> None:
        super().__init__()
        self.config = config
        self.layer_idx = layer_idx
        self.is_causal = is_causal
        self.num_heads = config.num_attention_heads
        if config.hidden_size % self.num_heads:
            raise ValueError(f"hidden_size ({config.hidden_size}) is no multiple of its {self.num_heads} heads.")
        self.scaling = (config.hidden_size // config.num_attention_heads) ** -0.5
        d = config.hidden_size
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(d, d, bias=False) for _ in range(4))

    def forward(self, x: Tensor, mask: Tensor | None, cache: Cache | None) -> Tensor:
        q, k, v = (proj(x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for proj in self._projections())
        if cache is not None:
            k, v = cache.update(k, v, self.layer_idx)
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation or "eager", eager_attention)
        out, _ = attend(self, q, k, v, mask, dropout=0.0, scaling=self.scaling)
        return self.o_proj(out.flatten(2))

    def _projections(self) -> tuple[nn.Linear, nn.Linear, nn.Linear]:
        return self.q_proj, self.k_proj, self.v_proj


def eager_attention(
    module: PolyGenAttention, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, scaling: float, **_: Any
) -> tuple[Tensor, Tensor]:
    """Attention written out; see `transformers.AttentionInterface`. `mask` is bool, True where it may look."""
    scores = q @ k.mT * scaling
    if mask is None and module.is_causal and q.shape[2] > 1:
        mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril(k.shape[2] - q.shape[2])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    pattern = scores.softmax(-1)
    return (pattern @ v).transpose(1, 2), pattern


class PolyGenLayer(nn.Module):
    """Attention and a ReLU network, each behind a layer norm and switched on by a learned scalar."""

    def __init__(self, config: PolyGenConfig, layer_idx: int, *, is_causal: bool) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.hidden_size)
        self.attention = PolyGenAttention(config, layer_idx, is_causal=is_causal)
        self.attention_alpha = nn.Parameter(torch.zeros(()))
        self.mlp_norm = nn.LayerNorm(config.hidden_size)
        self.mlp_in = nn.Linear(config.hidden_size, config.intermediate_size)
        self.mlp_out = nn.Linear(config.intermediate_size, config.hidden_size)
        self.mlp_alpha = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, mask: Tensor | None = None, cache: Cache | None = None) -> Tensor:
        x = x + self.attention_alpha * self.attention(self.attention_norm(x), mask, cache)
        return x + self.mlp_alpha * self.mlp_out(torch.relu(self.mlp_in(self.mlp_norm(x))))


def _stack(config: PolyGenConfig, n: int, *, is_causal: bool) -> nn.ModuleList:
    return nn.ModuleList(PolyGenLayer(config, i, is_causal=is_causal) for i in range(n))


class PolyGenVertexModel(nn.Module):
    """z, y, x of one vertex after another: what comes next, given a class."""

    def __init__(self, config: PolyGenConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.start = (
            nn.Embedding(len(config.id2label or {}), d) if config.is_conditional else nn.Parameter(torch.zeros(d))
        )
        self.value_embedding = nn.Embedding(N_VALUES + 1, d)
        self.axis_embedding = nn.Embedding(3, d)
        self.vertex_embedding = nn.Embedding(config.max_vertices, d)
        self.layers = _stack(config, config.num_vertex_layers, is_causal=True)
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, N_VALUES + 1)
        self.head.is_last = True  # type: ignore[assignment]  # begins at zero

    def forward(self, tokens: Tensor, labels: Tensor | None = None, cache: Cache | None = None) -> Tensor:
        """Logits [batch, n + 1, 257] of tokens [batch, n]; with a cache, of what it does not know yet only."""
        known = 0 if cache is None else cache.get_seq_length()
        first = max(known - 1, 0)  # the start comes before the tokens
        place = torch.arange(first, tokens.shape[1], device=tokens.device)
        x = self.value_embedding(tokens[:, first:])
        x = x + self.axis_embedding(place % 3) + self.vertex_embedding(place // 3)
        if not known:
            x = torch.cat([self._start(labels, len(tokens)), x], 1)
        for layer in self.layers:
            x = layer(x, cache=cache)
        return self.head(self.norm(x))

    def _start(self, labels: Tensor | None, n: int) -> Tensor:
        if isinstance(self.start, nn.Parameter):
            return self.start.expand(n, 1, -1)
        if labels is None:
            raise ValueError("This model is told a class: labels are needed.")
        return self.start(labels)[:, None]


class PolyGenFaceModel(nn.Module):
    """Polygons as pointers to vertices."""

    def __init__(self, config: PolyGenConfig) -> None:
        super().__init__()
        d = config.hidden_size
        self.axis_values = nn.ModuleList(nn.Embedding(N_VALUES, d) for _ in range(3))  # z, y, x
        self.specials = nn.Parameter(torch.zeros(FIRST_VERTEX, d))  # stop, new face
        self.encoder_layers = _stack(config, config.num_encoder_layers, is_causal=False)
        self.encoder_norm = nn.LayerNorm(d)
        self.start = nn.Parameter(torch.zeros(d))
        self.step_embedding = nn.Embedding(config.max_face_tokens, d)
        self.layers = _stack(config, config.num_face_layers, is_causal=True)
        self.norm = nn.LayerNorm(d)
        self.pointer = nn.Linear(d, d)
        self.pointer.is_last = True  # type: ignore[assignment]  # begins at zero

    def encode(self, values: Tensor, is_vertex: Tensor | None = None) -> Tensor:
        """Items [batch, 2 + n_vertices, d]: stop, new face, and the vertices in each other's light.

        Parameters
        ----------
        values
            int64 [batch, n_vertices, 3]: z, y, x, 0-255.
        is_vertex
            bool [batch, n_vertices]; False where a batch is filled up. None for all.
        """
        x = torch.stack([embedding(values[..., i]) for i, embedding in enumerate(self.axis_values)]).sum(0)
        x = torch.cat([self.specials.expand(len(values), -1, -1), x], 1)
        mask = None if is_vertex is None else _items(is_vertex)[:, None, None, :].expand(-1, 1, x.shape[1], -1)
        for layer in self.encoder_layers:
            x = layer(x, mask)
        return self.encoder_norm(x)

    def forward(
        self, items: Tensor, tokens: Tensor, is_vertex: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Logits [batch, m + 1, 2 + n_vertices] of tokens [batch, m]; with a cache, of what it does not know only."""
        known = 0 if cache is None else cache.get_seq_length()
        new = tokens[:, max(known - 1, 0) :]  # the start comes before the tokens
        x = items.gather(1, new[..., None].expand(-1, -1, items.shape[-1]))
        if not known:
            x = torch.cat([self.start.expand(len(items), 1, -1), x], 1)
        x = x + self.step_embedding(torch.arange(known, known + x.shape[1], device=x.device))
        for layer in self.layers:
            x = layer(x, cache=cache)
        logits = self.pointer(self.norm(x)) @ items.mT / math.sqrt(items.shape[-1])
        return logits if is_vertex is None else logits.masked_fill(~_items(is_vertex)[:, None], -1e9)


def _items(is_vertex: Tensor) -> Tensor:
    """bool [batch, 2 + n_vertices]: stop and new face are always there."""
    return torch.cat([is_vertex.new_ones(len(is_vertex), FIRST_VERTEX), is_vertex], 1)


class PolyGenForMeshGeneration(PolyGenPreTrainedModel):
    """Vertex model and face model of one checkpoint; they share no weights."""

    def __init__(self, config: PolyGenConfig) -> None:
        super().__init__(config)
        self.vertex_model = PolyGenVertexModel(config)
        self.face_model = PolyGenFaceModel(config)
        self.post_init()

    def forward(
        self,
        vertex_tokens: Tensor | None = None,
        vertices: Tensor | None = None,
        face_tokens: Tensor | None = None,
        labels: Tensor | None = None,
        is_vertex: Tensor | None = None,
    ) -> PolyGenOutput:
        """What both models expect behind every given token.

        Parameters
        ----------
        vertex_tokens
            int64 [batch, n]; None leaves the vertex model out.
        vertices, face_tokens
            int64 [batch, n_vertices, 3] as z, y, x, and [batch, m]; None leaves the face model out.
        labels
            int64 [batch], the class.
        is_vertex
            See `PolyGenFaceModel.encode`.
        """
        output = PolyGenOutput()
        if vertex_tokens is not None:
            output.vertex_logits = self.vertex_model(vertex_tokens, labels)
        if vertices is not None and face_tokens is not None:
            items = self.face_model.encode(vertices, is_vertex)
            output.face_logits = self.face_model(items, face_tokens, is_vertex)
        return output


AutoConfig.register("polygen", PolyGenConfig)
AutoModel.register(PolyGenConfig, PolyGenForMeshGeneration)
