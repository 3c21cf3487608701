"""Torch's layers, by the names and the shapes of their parameters; what is not here raises `NotKnownError`."""

from __future__ import annotations

from typing import Any

from inference.checkpoints.outlines.modules import (
    OutlineDict,
    OutlineList,
    OutlineModule,
    OutlineSequential,
)
from inference.checkpoints.outlines.tensors import NotKnownError, OutlineParameter, sized


def _parameter(*sides: int) -> OutlineParameter:
    return OutlineParameter(sized(*sides))


def _each(value: int | tuple[int, ...], n_axes: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,) * n_axes


class Linear(OutlineModule):
    """A matrix, and a vector that is added."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True, **_named: Any) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = _parameter(out_features, in_features)
        self.register_parameter("bias", _parameter(out_features) if bias else None)


class Embedding(OutlineModule):
    """A vector for each of several things."""

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *more: Any, **_named: Any
    ) -> None:
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise NotKnownError("a padding token beyond the vocabulary")
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.weight = more[3] if len(more) > 3 and more[3] is not None else _parameter(num_embeddings, embedding_dim)


class _Norm(OutlineModule):
    def __init__(self, normalized_shape: Any, eps: float | None = 1e-5, elementwise_affine: bool = True) -> None:
        super().__init__()
        self.normalized_shape = _each(normalized_shape, 1)
        self.eps = eps
        self.register_parameter("weight", _parameter(*self.normalized_shape) if elementwise_affine else None)


class LayerNorm(_Norm):
    """Two vectors, or one, or none."""

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *_where: Any,
        **_named: Any,
    ) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine)
        has_both = elementwise_affine and bias
        self.register_parameter("bias", _parameter(*self.normalized_shape) if has_both else None)


class RMSNorm(_Norm):
    """One vector."""


class GroupNorm(OutlineModule):
    """Two vectors."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise NotKnownError("groups that do not divide the channels")
        self.register_parameter("weight", _parameter(num_channels) if affine else None)
        self.register_parameter("bias", _parameter(num_channels) if affine else None)


class _BatchNorm(OutlineModule):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__()
        self.register_parameter("weight", _parameter(num_features) if affine else None)
        self.register_parameter("bias", _parameter(num_features) if affine else None)
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, sized(num_features) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", sized(()) if track_running_stats else None)


class _Convolution(OutlineModule):
    n_axes = 1
    is_transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        *more: Any,
        groups: int = 1,
        bias: bool = True,
        **named: Any,
    ) -> None:
        super().__init__()
        if more or not {*named} <= {"dilation", "padding_mode", "output_padding", "device", "dtype"}:
            raise NotKnownError("a convolution of another kind")
        if in_channels % groups or out_channels % groups:
            raise NotKnownError("groups that do not divide the channels")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = _each(kernel_size, self.n_axes)
        self.stride, self.padding = _each(stride, self.n_axes), padding
        sides = (in_channels, out_channels) if self.is_transposed else (out_channels, in_channels)
        self.weight = _parameter(sides[0], sides[1] // groups, *self.kernel_size)
        self.register_parameter("bias", _parameter(out_channels) if bias else None)


class MultiheadAttention(OutlineModule):
    """As torch's own, which few models of transformers use."""

    def __init__(self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, **named: Any) -> None:
        super().__init__()
        if not {*named} <= {"batch_first"} or embed_dim % num_heads:
            raise NotKnownError("an attention of another kind")
        self.in_proj_weight = _parameter(3 * embed_dim, embed_dim)
        self.register_parameter("in_proj_bias", _parameter(3 * embed_dim) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias)


class _Dropout(OutlineModule):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise NotKnownError("a share beyond 1")
        self.p = p


_WITHOUT_PARAMETERS = (
    "AdaptiveAvgPool1d AdaptiveAvgPool2d AvgPool1d AvgPool2d CELU ELU Flatten GELU GLU Hardsigmoid Hardswish Hardtanh "
    "Identity LeakyReLU LogSoftmax MaxPool1d MaxPool2d Mish Module PixelShuffle ReLU ReLU6 SELU SiLU Sigmoid Softmax "
    "Softplus Tanh Unfold Unflatten Upsample ZeroPad2d "
    "BCEWithLogitsLoss CrossEntropyLoss KLDivLoss L1Loss MSELoss NLLLoss SmoothL1Loss"
)
LAYERS: dict[str, type[OutlineModule]] = {
    **{name: type(name, (OutlineModule,), {}) for name in _WITHOUT_PARAMETERS.split()},
    **{name: type(name, (_Dropout,), {}) for name in ("Dropout", "Dropout1d", "Dropout2d", "AlphaDropout")},
    **{f"BatchNorm{n}d": type(f"BatchNorm{n}d", (_BatchNorm,), {}) for n in (1, 2, 3)},
    **{f"Conv{n}d": type(f"Conv{n}d", (_Convolution,), {"n_axes": n}) for n in (1, 2, 3)},
    **{
        f"ConvTranspose{n}d": type(f"ConvTranspose{n}d", (_Convolution,), {"n_axes": n, "is_transposed": True})
        for n in (1, 2)
    },
    **{each.__name__: each for each in (Linear, Embedding, LayerNorm, RMSNorm, GroupNorm, MultiheadAttention)},
    "Module": OutlineModule,
    "ModuleList": OutlineList,
    "Sequential": OutlineSequential,
    "ModuleDict": OutlineDict,
}


def unknown_layer(name: str) -> type[OutlineModule]:
    """A class that can be named and inherited from, and of which nothing is built."""

    def refuse(_self: Any, *_args: Any, **_named: Any) -> None:
        raise NotKnownError(f"torch.nn.{name}")

    return type(name, (OutlineModule,), {"__init__": refuse})
