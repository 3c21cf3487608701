"""What leaves each layer of a model that reads pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def layers_of(model: Model) -> list[nn.Module]:
    """The layers in order; of Swin those of the last stage, as the features of the others are narrower."""
    base: Any = model.net.base_model
    if hasattr(base, "h"):  # Image GPT
        return list(base.h)
    stack = base.layers if hasattr(base, "layers") else getattr(base.encoder, "layer", None) or base.encoder.layers
    return list(stack[-1].blocks) if hasattr(stack[-1], "blocks") else list(stack)


def names_of(model: Model) -> tuple[str, ...]:
    """What comes into the first of `layers_of`, then each of them."""
    depths = getattr(model.net.config, "depths", None)
    if not depths:
        return ("Embeddings", *(f"Layer {i}" for i in range(len(layers_of(model)))))
    before = sum(depths[:-1])
    return (f"Into stage {len(depths)}", *(f"Layer {before + i}" for i in range(depths[-1])))


def layer_outputs(model: Model, tensors: dict[str, Tensor], context: Context) -> list[Tensor]:
    """What comes into the first of `layers_of`, then what leaves each of them: [batch, token, d_model] each.

    Parameters
    ----------
    context
        One checkpoint a layer.
    """
    states: list[Tensor] = []

    def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        context.checkpoint()
        states.append(args[0] if args else kwargs["hidden_states"])

    def behind(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
        context.checkpoint()
        states.append(output[0] if isinstance(output, tuple) else output)

    layers = layers_of(model)
    handles = [layers[0].register_forward_pre_hook(before, with_kwargs=True)]
    handles += [layer.register_forward_hook(behind) for layer in layers]
    try:
        with torch.inference_mode():
            model.family.output(model.net, tensors, with_head=False)
    finally:
        for handle in handles:
            handle.remove()
    return states
