"""What each part of a model adds to the residual stream at one position, as a forward pass leaves it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from inference.context import Context
    from inference.family.components import Block
    from inference.forward.model import Model

ResidualPartKind = Literal["attention", "cross", "mlp"]
_MLP = ("mlp", "moe", "ffn", "feed_forward", "expert")


@dataclass(eq=False)
class ResidualPart:
    """Something that a layer adds to the residual stream, at one position.

    Attributes
    ----------
    kind
        `attention` is also what stands in its place in a layer without.
    added
        [1, 1, d_model] or [1, d_model], as the layer has it.
    rest
        What the module returned beside that; None where it returned a tensor alone.
    before
        What the last projection within it took, [features], and that module, where `added` is its result.
    """

    kind: ResidualPartKind
    layer: int
    path: str
    module: nn.Module
    added: Tensor = field(init=False)
    rest: tuple[Any, ...] | list[Any] | None = field(default=None, init=False)
    before: tuple[Tensor, nn.Module] | None = field(default=None, init=False)

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Of a call of the module, by name."""
        names = inspect.signature(type(self.module).forward).parameters
        return dict(zip(list(names)[1:], args, strict=False)) | kwargs


@dataclass(eq=False)
class ResidualParts:
    """Of one forward pass at one position.

    Attributes
    ----------
    calls
        Arguments of each block: by place, by name.
    first, last
        [1, 1, d_model], what came into the first block, and what left the last.
    token
        The same of the token's own embedding; None where it has another width.
    """

    position: int
    parts: list[ResidualPart]
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    first: Tensor = field(init=False)
    last: Tensor = field(init=False)
    token: Tensor | None = None


def is_norm(module: nn.Module) -> bool:
    """Whether it divides a state by its size."""
    return "Norm" in type(module).__name__


def residual_parts(
    model: Model, blocks: tuple[Block, ...], tensors: dict[str, Tensor], position: int, context: Context
) -> ResidualParts:
    """Run the model, and keep of one position what its blocks read and what their parts add.

    Parameters
    ----------
    context
        One checkpoint a layer.
    """
    net = model.net
    found = ResidualParts(position, [part for i, block in enumerate(blocks) for part in _parts(net, i, block)])
    n_pos = 0

    def before_block(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        nonlocal n_pos
        context.checkpoint(len(found.calls), len(blocks), f"Layer {len(found.calls)} of {len(blocks)}")
        state = args[0] if args else kwargs["hidden_states"]
        if not found.calls:
            n_pos = state.shape[1]
            found.first = state[:, position : position + 1].clone()
        found.calls.append((args[1:], {name: value for name, value in kwargs.items() if name != "hidden_states"}))

    def behind_last(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
        found.last = _first(output)[:, position : position + 1].clone()

    def at_position(state: Tensor) -> Tensor:
        """Some layers lay the positions out without the batch."""
        axis = 1 if state.ndim > 2 else 0
        assert state.shape[axis] == n_pos
        return state.narrow(axis, position, 1).clone()

    def listen(part: ResidualPart) -> Iterator[Any]:
        last: dict[str, Any] = {}

        def behind_projection(module: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
            last.update(module=module, taken=args[0], output=output)

        def behind(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            residual = part.arguments(args, kwargs).get("residual")
            added = _first(output) if residual is None else _first(output) - residual
            part.added = at_position(added)
            part.rest = output[1:] if isinstance(output, tuple | list) else None
            if last and last["output"].numel() == added.numel():
                taken = at_position(last["taken"]).flatten()
                if _is_product(part.added, taken, last["module"]):
                    part.before = taken, last["module"]

        if part.kind != "mlp":
            for module in part.module.modules():
                weight = getattr(module, "weight", None)
                if isinstance(weight, Tensor) and weight.ndim == 2:
                    yield module.register_forward_hook(behind_projection)
        yield part.module.register_forward_hook(behind, with_kwargs=True)

    def behind_embedding(_: nn.Module, __: tuple[Any, ...], output: Tensor) -> None:
        found.token = output[:, position : position + 1] * model.components.embedding_factor

    layers = [net.get_submodule(block.path or "") for block in blocks]
    handles = [layer.register_forward_pre_hook(before_block, with_kwargs=True) for layer in layers]
    handles.append(layers[-1].register_forward_hook(behind_last))
    handles += [handle for part in found.parts for handle in listen(part)]
    # Two stacks share one table.
    if (table := model.components.embedding) is not None and len(model.components.stacks) == 1:
        handles.append(net.get_submodule(table).register_forward_hook(behind_embedding))
    try:
        with torch.no_grad():
            model.family.output(net, tensors, with_head=False)
    finally:
        for handle in handles:
            handle.remove()
    if found.token is not None and found.token.shape != found.first.shape:
        found.token = None
    return found


def _parts(net: nn.Module, layer: int, block: Block) -> Iterator[ResidualPart]:
    """All within a block that has weights and is no norm; what is before the last step of an MLP adds nothing."""
    assert block.path is not None
    known: dict[str, ResidualPartKind] = {block.mlp[-1]: "mlp"}
    known |= {block.attention: "attention"} if block.attention else {}
    known |= {block.cross_attention: "cross"} if block.cross_attention else {}

    def within(path: str, module: nn.Module) -> Iterator[ResidualPart]:
        for name, child in module.named_children():
            below = f"{path}.{name}"
            if below in known:
                yield ResidualPart(known[below], layer, below, child)
            elif any(each.startswith(f"{below}.") for each in known):
                yield from within(below, child)
            elif below not in block.mlp and not is_norm(child) and any(True for _ in child.parameters()):
                is_mlp = block.attention is not None or any(word in name for word in _MLP)
                yield ResidualPart("mlp" if is_mlp else "attention", layer, below, child)

    yield from within(block.path, net.get_submodule(block.path))


def _first(output: Any) -> Tensor:
    return output[0] if isinstance(output, tuple | list) else output


def rows_of(projection: Any) -> Tensor:
    """Its weights as [features, d_model], whichever way they are kept."""
    return projection.weight if type(projection).__name__ == "Conv1D" else projection.weight.T


def _is_product(added: Tensor, taken: Tensor, projection: Any) -> bool:
    """Whether what is added is what this module makes of its features by its matrix alone."""
    bias = getattr(projection, "bias", None)
    product = F.linear(taken, rows_of(projection).T, bias)
    size = float(added.abs().max())
    return torch.allclose(product, added.flatten(), rtol=0, atol=(size or 1.0) * torch.finfo(added.dtype).eps ** 0.5)
