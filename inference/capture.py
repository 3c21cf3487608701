"""Catches what every attention of a forward pass receives, while the model runs on its fast path.

Models that ask transformers for their attention function are given ours, which keeps the queries, keys and values and
calls the fused attention of torch. In models that write their attention out, the softmax, or a call of the fused
attention, is caught on its way through torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from inference.attention_call import AttentionCall

if TYPE_CHECKING:
    from inference.context import Context

__all__ = ["AttentionCall", "capture"]

_NAME = "headlight"
_ATTENTION = re.compile(r"attn|attention", re.IGNORECASE)
_CROSS = re.compile(r"encoder_?attn|enc_?dec_?attention|cross_?att", re.IGNORECASE)
_SOFTMAX = {F.softmax, torch.softmax, Tensor.softmax}


class _Recorder:
    """Collects the calls of one forward pass."""

    def __init__(self, net: PreTrainedModel, context: Context, n_calls: int) -> None:
        self.calls: list[AttentionCall] = []
        self._path_by_module = {module: name for name, module in net.named_modules()}
        self._context = context
        self._n_calls = n_calls
        self._n_by_path: Counter[str] = Counter()

    def path(self, module: nn.Module) -> str:
        return self._path_by_module[module]

    def record(self, path: str, **received: Any) -> AttentionCall:
        """Keep what an attention received. Raises `Cancelled`, so nobody waits for more than one layer."""
        n = len(self.calls) + 1
        label = f"Layer {n} of {self._n_calls}" if self._n_calls else ""
        self._context.checkpoint(n - 1, self._n_calls, label)
        call = AttentionCall(path, self._n_by_path[path], bool(_CROSS.search(path)), **received)
        self._n_by_path[path] += 1
        self.calls.append(call)
        return call


_recorder: ContextVar[_Recorder] = ContextVar("recorder")


@contextmanager
def capture(net: PreTrainedModel, context: Context, n_calls: int = 0) -> Iterator[list[AttentionCall]]:
    """Collect every attention of the forward passes within the block, batch of one.

    Whatever ends the block, the model is left as it was.

    Parameters
    ----------
    context
        One checkpoint an attention: a cancelled pass ends within a layer.
    n_calls
        How many are expected, for the progress; 0 if not known.

    Yields
    ------
    The calls so far, in the order of the forward pass.
    """
    recorder = _Recorder(net, context, n_calls)
    with ExitStack() as stack:
        token = _recorder.set(recorder)
        stack.callback(_recorder.reset, token)
        if all(part._can_set_attn_implementation() for part in net.modules() if isinstance(part, PreTrainedModel)):
            _route_through_interface(net, stack)
        else:
            _tap(net, recorder, stack)
        yield recorder.calls


def _route_through_interface(net: PreTrainedModel, stack: ExitStack) -> None:
    # Some parts hold a copy of the configuration, so each module is asked for its own.
    configs = {id(config): config for part in net.modules() if (config := getattr(part, "config", None)) is not None}
    for config in configs.values():
        if hasattr(config, "_attn_implementation_internal"):
            stack.callback(setattr, config, "_attn_implementation_internal", config._attn_implementation_internal)
            config._attn_implementation_internal = _NAME


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    is_causal: bool | None = None,
    position_bias: Tensor | None = None,
    softcap: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """The attention function that models are given; see `transformers.AttentionInterface`."""
    recorder = _recorder.get()
    is_causal = bool(getattr(module, "is_causal", True) if is_causal is None else is_causal)
    call = recorder.record(
        recorder.path(module),
        q=_single(query),
        k=_single(key),
        v=_single(value),
        scale=query.shape[-1] ** -0.5 if scaling is None else float(scaling),
        mask=_single(attention_mask),
        is_causal=is_causal and attention_mask is None and query.shape[2] > 1,
        bias=_single(position_bias),
        soft_cap=softcap,
    )
    if softcap is not None:  # the fused attention has none
        v = call.v[[call.kv_head(head) for head in range(call.n_heads)]]  # type: ignore[index]
        return (call.patterns().to(v.dtype) @ v).transpose(0, 1)[None].contiguous(), None
    return sdpa_attention_forward(
        module,
        query,
        key,
        value,
        attention_mask,
        scaling=scaling,
        is_causal=is_causal,
        position_bias=position_bias,
        **kwargs,
    )


AttentionInterface.register(_NAME, _attention)
# Without it models leave their masks out without a word.
AttentionMaskInterface.register(_NAME, sdpa_mask)


def _tap(net: PreTrainedModel, recorder: _Recorder, stack: ExitStack) -> None:
    running: list[str] = []

    def enter(module: nn.Module, _: Any) -> None:
        running.append(recorder.path(module))

    def leave(*_: Any) -> None:
        running.pop()

    for name, module in net.named_modules():
        if _ATTENTION.search(name.rpartition(".")[2]) or _ATTENTION.search(type(module).__name__):
            stack.callback(module.register_forward_pre_hook(enter).remove)
            stack.callback(module.register_forward_hook(leave).remove)
    stack.enter_context(_Tap(recorder, running))


class _Tap(TorchFunctionMode):
    """Catches the softmax or the fused attention within attention modules. torch mutes it while it works."""

    def __init__(self, recorder: _Recorder, running: list[str]) -> None:
        super().__init__()
        self._recorder = recorder
        self._running = running

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if not self._running:
            return result
        if func in _SOFTMAX and result.ndim == 4:
            self._recorder.record(self._running[-1], pattern=_single(result))
        elif func is F.scaled_dot_product_attention:
            self._record_fused(*args, **kwargs)
        return result

    def _record_fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> None:
        self._recorder.record(
            self._running[-1],
            q=_single(query),
            k=_single(key),
            v=_single(value),
            scale=query.shape[-1] ** -0.5 if scale is None else scale,
            mask=_single(attn_mask),
            is_causal=is_causal,
        )


def _single(tensor: Tensor | None) -> Tensor | None:
    """The one of a batch of one, cut off from gradients."""
    return None if tensor is None else tensor.detach()[0]
