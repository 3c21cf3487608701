"""How much each part of a model adds to a logit by the direct way: along the residual stream, past all later parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from inference.forward.residual_parts import ResidualPart, ResidualParts, is_norm, rows_of

if TYPE_CHECKING:
    from inference.family.components import Block
    from inference.forward.model import Model

_ROOTS = {"sqrt", "rsqrt"}
_POWERS = {"pow", "__pow__"}


@dataclass(frozen=True)
class DirectEffects:
    """Of some words.

    Attributes
    ----------
    embed, token
        float64 [word], of what came into the first block, and of the token's embedding within it.
    parts
        float64 [word] of each part, without the bias of its projection where that can be told apart.
    heads
        float64 [word, feature] of each number that a part's projection took; None where they cannot be told apart.
    bias
        float64 [word], all that is added whatever is read.
    """

    embed: np.ndarray
    token: np.ndarray
    parts: list[np.ndarray]
    heads: list[np.ndarray | None]
    bias: np.ndarray


def direct_effects(
    model: Model, blocks: tuple[Block, ...], found: ResidualParts, ids: list[int], checkpoint: Callable[[], None]
) -> DirectEffects:
    """Walk the residual stream of one position again, through the model's own blocks, and back from each word's logit.

    In place of attention and MLP stands what they added; norms divide by what they divided by. So a logit is a sum of
    what was added, each times its gradient.

    Parameters
    ----------
    ids
        Tokens of the words.
    checkpoint
        Called for each word.

    References
    ----------
    Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", on direct paths to the logits; Wang et al.
    2023, "Interpretability in the Wild", section 3.1 and appendix, on norms that are held at their scale.
    """
    net, components = model.net, replace(model.components, cap=None)
    embedding = found.first.clone().requires_grad_()
    leaves = [part.added.clone().requires_grad_() for part in found.parts]
    norms = [module for block in blocks for module in net.get_submodule(block.path or "").modules() if is_norm(module)]
    final = components.stacks[components.of_head].final_norm
    norms += [] if final is None else [net.get_submodule(final)]
    held = _HeldNorms()
    with torch.enable_grad(), ExitStack() as stack:
        for part, leaf in zip(found.parts, leaves, strict=True):
            stack.enter_context(_forward(part.module, _stand_in(part, leaf, held.biases)))
        for norm in {id(norm): norm for norm in norms}.values():
            stack.enter_context(_forward(norm, _holding(held, norm.forward)))
        state = embedding
        for block, (args, kwargs) in zip(blocks, found.calls, strict=True):
            output = net.get_submodule(block.path or "")(state, *args, **kwargs)
            state = output[0] if isinstance(output, tuple | list) else output
        normed = components.norm(net, state)
        logits = components.unembed(net, normed)[0, 0]
        with torch.no_grad():
            constant = components.unembed(net, torch.zeros_like(normed))[0, 0]
        taken = [embedding, *leaves, *held.biases]
        slopes = []
        for token in ids:
            checkpoint()
            slopes.append(torch.autograd.grad(logits[token], taken, retain_graph=True, allow_unused=True))
    by_word = [_of_word(found, taken, each, float(constant[token])) for each, token in zip(slopes, ids, strict=True)]
    embed, token, parts, heads, bias = zip(*by_word, strict=True)
    return DirectEffects(
        np.array(embed),
        np.array(token),
        [np.array(each) for each in zip(*parts, strict=True)],
        [None if each[0] is None else np.stack(each) for each in zip(*heads, strict=True)],
        np.array(bias),
    )


def _of_word(found: ResidualParts, taken: list[Tensor], slopes: tuple[Any, ...], constant: float) -> tuple[Any, ...]:
    """Effects of one word, as in `DirectEffects`."""
    sums = [0.0 if slope is None else _dot(slope, leaf) for slope, leaf in zip(slopes, taken, strict=True)]
    embed, parts, biases = sums[0], sums[1 : 1 + len(found.parts)], sums[1 + len(found.parts) :]
    token = 0.0 if found.token is None else _dot(slopes[0], found.token)
    bias = constant + math.fsum(biases)
    heads: list[np.ndarray | None] = []
    for i, part in enumerate(found.parts):
        slope = slopes[1 + i]
        if part.before is None or slope is None:
            heads.append(None)
            continue
        features, projection = part.before
        by_feature = (rows_of(projection).double() @ slope.flatten().double()) * features.double()
        heads.append(by_feature.detach().cpu().numpy())
        if getattr(projection, "bias", None) is not None:
            own = _dot(slope.flatten(), projection.bias)  # type: ignore[arg-type]
            bias += own
            parts[i] -= own
    return embed, token, parts, heads, bias


def _dot(slope: Tensor, value: Tensor) -> float:
    return float((slope.detach().double() * value.detach().double()).sum())


def _stand_in(part: ResidualPart, leaf: Tensor, biases: list[Tensor]) -> Callable[..., Any]:
    """What the part does in the second pass: add what it added. Some leave a bias to the layer."""

    def constant(thing: Any) -> Any:
        if not isinstance(thing, nn.Parameter):
            return thing
        biases.append(thing.detach().clone().requires_grad_())
        return biases[-1]

    def forward(*args: Any, **kwargs: Any) -> Any:
        residual = part.arguments(args, kwargs).get("residual")
        added = leaf.clone() if residual is None else leaf + residual  # a copy: some layers write into it
        return added if part.rest is None else type(part.rest)([added, *map(constant, part.rest)])  # type: ignore[arg-type]

    return forward


class _HeldNorms(TorchFunctionMode):
    """Within it what norms divide by has no gradient: they are linear. Collects the biases that they add."""

    def __init__(self) -> None:
        super().__init__()
        self.biases: list[Tensor] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if func is F.layer_norm:
            return self._layer_norm(*args, **kwargs)
        if func is F.rms_norm:
            return self._rms_norm(*args, **kwargs)
        output = func(*args, **kwargs)
        is_root = name in _ROOTS or (name in _POWERS and args[1] in (-0.5, 0.5))
        return output.detach() if is_root else output

    def _layer_norm(
        self, state: Tensor, _shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
    ) -> Tensor:
        centred = state - state.mean(-1, keepdim=True)
        scaled = self._rms_norm(centred, _shape, weight, eps)
        if bias is None:
            return scaled
        leaf = bias.detach().clone().requires_grad_()
        self.biases.append(leaf)
        return scaled + leaf

    def _rms_norm(self, state: Tensor, _shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
        least = torch.finfo(state.dtype).eps if eps is None else eps
        scale = (state.detach().pow(2).mean(-1, keepdim=True) + least).rsqrt()
        return state * scale if weight is None else state * scale * weight


def _holding(held: _HeldNorms, forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def hold(*args: Any, **kwargs: Any) -> Tensor:
        with held:
            return forward(*args, **kwargs)

    return hold


@contextmanager
def _forward(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Let a module do something else for a while."""
    before = vars(module).get("forward")
    module.forward = forward
    try:
        yield
    finally:
        del module.forward
        if before is not None:
            module.forward = before
