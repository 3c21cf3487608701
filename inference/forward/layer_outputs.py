"""What leaves each layer of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from inference.context import Context
    from inference.family.components import Block
    from inference.forward.model import Model


def blocks_of(model: Model) -> tuple[Block, ...]:
    """The layers whose features are read, in order."""
    components = model.components
    return components.stacks[components.of_features].blocks


def names_of(model: Model) -> tuple[str, ...]:
    """What comes into the first of `blocks_of`, then each of them."""
    components = model.components
    names = list(components.stacks)
    before = names[: names.index(components.of_features)]
    first = sum(len(components.stacks[name].blocks) for name in before)
    into = f"Into {model.info.group(components.of_features).title.lower()}" if before else "Embeddings"
    return (into, *(f"Layer {first + i}" for i in range(len(blocks_of(model)))))


def layer_outputs(
    model: Model, tensors: dict[str, Tensor], context: Context, blocks: tuple[Block, ...] = ()
) -> list[Tensor]:
    """What comes into the first of `blocks`, then what leaves each of them: [batch, token, d_model] each.

    Parameters
    ----------
    context
        One checkpoint a layer.
    blocks
        Of one stack, in order; `blocks_of(model)` unless others are named.
    """
    batch_axis = model.components.batch_axis
    states: list[Tensor] = []

    def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        context.checkpoint()
        states.append((args[0] if args else kwargs["hidden_states"]).movedim(batch_axis, 0))

    def behind(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
        context.checkpoint()
        states.append((output[0] if isinstance(output, (tuple, list)) else output).movedim(batch_axis, 0))

    paths = [block.path for block in blocks or blocks_of(model)]
    layers = [model.net.get_submodule(path) for path in paths if path is not None]
    handles = [layers[0].register_forward_pre_hook(before, with_kwargs=True)]
    handles += [layer.register_forward_hook(behind) for layer in layers]
    try:
        with torch.inference_mode():
            model.family.output(model.net, tensors, with_head=False)
    finally:
        for handle in handles:
            handle.remove()
    return states
