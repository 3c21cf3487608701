"""Capture in models that write their attention out, or call torch's fused one: caught on its way through torch.

With hooks in them and a mode that listens, `nn.MultiheadAttention` and what is built of it leave their fast path.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from inference.capture.mha import multi_head_attention
from inference.capture.recorder import Recorder, active, attend
from inference.capture.traced_scores import Tracer, is_softmax

_ATTENTION = re.compile(r"attn|attention", re.IGNORECASE)
_N_HEADS = ("num_heads", "num_attention_heads", "n_heads", "num_attn_heads", "n_head")


def tap(net: nn.Module, recorder: Recorder, stack: ExitStack) -> None:
    """Listen in every module that attends; `stack` ends it."""
    running: list[nn.Module] = []

    def enter(module: nn.Module, _: Any) -> None:
        if active.get() is recorder:  # hooks are heard by all threads that run the model
            running.append(module)

    def leave(*_: Any) -> None:
        if active.get() is recorder:
            running.pop()

    for name, module in net.named_modules():
        if _ATTENTION.search(name.rpartition(".")[2]) or _ATTENTION.search(type(module).__name__):
            stack.callback(module.register_forward_pre_hook(enter).remove)
            stack.callback(module.register_forward_hook(leave).remove)
    stack.enter_context(_Tap(recorder, running))


class _Tap(TorchFunctionMode):
    """Catches the softmax or the fused attention. torch mutes it while it works."""

    def __init__(self, recorder: Recorder, running: list[nn.Module]) -> None:
        super().__init__()
        self._recorder = recorder
        self._running = running
        self._tracer = Tracer(recorder.catch_values)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self._recorder.is_muted:
            return func(*args, **kwargs)
        if func is F.scaled_dot_product_attention:
            return self._fused(*args, **kwargs)
        if func is F.multi_head_attention_forward:
            return multi_head_attention(self._recorder, self._path(), *args, **kwargs)
        result = func(*args, **kwargs)
        if not self._running or not isinstance(result, Tensor):
            return result
        if is_softmax(func, args, kwargs):
            return self._softmax(args[0] if args else kwargs["input"], result)
        self._tracer.follow(func, args, kwargs, result)
        return result

    def _fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        recorder = self._recorder
        received = recorder.begin(
            self._path(),
            "sdpa",
            q=_four(query),
            k=_four(key),
            v=_four(value),
            scale=query.shape[-1] ** -0.5 if scale is None else scale,
            mask=None if attn_mask is None else _four(attn_mask),
            is_causal=is_causal,
        )
        output = None
        if recorder.change is not None:
            received, output = attend(received, recorder)
        recorder.finish(received)
        if output is None:
            output = F.scaled_dot_product_attention(
                query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
            )
        if received.number in recorder.heads.by_number:
            output = recorder.heads.of_output(received, _four(output))
        return output.reshape(*query.shape[:-1], value.shape[-1])

    def _softmax(self, scores: Tensor, result: Tensor) -> Tensor:
        recorder, module = self._recorder, self._running[-1]
        pattern = _by_head(result, module) if result.ndim in (3, 4) else None
        traced = None if pattern is None else self._tracer.read(scores, pattern)
        if traced is not None:
            received = recorder.begin(self._path(), "softmax", **traced)
        else:
            received = recorder.begin(self._path(), "softmax", pattern=pattern, raw=result)
        if recorder.change is not None and pattern is not None:
            received, changed = recorder.changed(received, pattern)
            result = changed.reshape(result.shape)
        if received.number in recorder.heads.by_number:
            if pattern is None:
                raise ValueError(f"{received.path} has a softmax of a shape of its own; its heads cannot be changed.")
            by_head = result.reshape(pattern.shape)
            result = recorder.heads.of_pattern(received, by_head).reshape(result.shape)
        recorder.finish(received)
        self._tracer.mark_pattern(result, received.number, pattern)
        return result

    def _path(self) -> str:
        return self._recorder.path(self._running[-1]) if self._running else ""


def _four(tensor: Tensor) -> Tensor:
    """[..., head, query_pos, any] with one axis in front, for the batch."""
    while tensor.ndim < 4:
        tensor = tensor[None]
    return tensor.flatten(0, -4)


def _by_head(pattern: Tensor, module: nn.Module) -> Tensor:
    """[batch, head, query_pos, key_pos], also where batch and head are one axis."""
    if pattern.ndim == 4:
        return pattern
    n_heads = next((n for name in _N_HEADS if isinstance(n := getattr(module, name, None), int)), len(pattern))
    return pattern.unflatten(0, (-1, n_heads)) if len(pattern) % n_heads == 0 else pattern[None]
