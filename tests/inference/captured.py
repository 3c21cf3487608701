"""Configurations built, run and captured, in float32 and float64, and what of them must not change."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from inference.capture.attention_call import Received
from inference.capture.capture import capture
from inference.context import Context
from tests.inference.configurations import Configuration

CLOSE = 1e-5


def build(configuration: Configuration) -> Any:
    torch.manual_seed(0)
    net = configuration.build().eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2)  # so that no pattern is flat
    return net


def run(net: Any, inputs: dict[str, Any], mode: Any = None, **options: Any) -> Any:
    torch.manual_seed(0)
    with torch.inference_mode(), mode or nullcontext():
        return net(**inputs, **options)


def captured(net: Any, inputs: dict[str, Any], mode: Any = None, **options: Any) -> tuple[Any, list[Received]]:
    torch.manual_seed(0)
    with torch.inference_mode(), mode or nullcontext(), capture(net, Context(), **options) as received:
        output = net(**inputs)
    return output, received


class AllInFloat64(TorchFunctionMode):
    """No step of a model in float64 is done in float32."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.einsum:  # XLNet's second stream mixes them
            return func(args[0], *(item.double() if isinstance(item, torch.Tensor) else item for item in args[1:]))
        if args and isinstance(args[0], torch.Tensor) and args[0].dtype == torch.float64:
            if func is torch.Tensor.float:
                return args[0]
            if func is torch.Tensor.to or func in (F.softmax, torch.softmax, torch.Tensor.softmax):
                args = tuple(torch.float64 if arg is torch.float32 else arg for arg in args)
                kwargs = {k: torch.float64 if v is torch.float32 else v for k, v in kwargs.items()}
        return func(*args, **kwargs)


@contextmanager
def default_float64() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def state_of(net: Any) -> dict[str, Any]:
    configs = {id(m.config): m.config for m in net.modules() if hasattr(getattr(m, "config", None), "to_dict")}
    return {
        "attention": [getattr(config, "_attn_implementation_internal", None) for config in configs.values()],
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in net.modules()],
        "modes": torch.overrides._get_current_function_mode_stack(),
        "training": [m.training for m in net.modules()],
        "attributes": [sorted(vars(m)) for m in net.modules()],
        "weights": {name: parameter.clone() for name, parameter in net.named_parameters()},
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state()[1].copy(),
        "python": random.getstate(),
    }
