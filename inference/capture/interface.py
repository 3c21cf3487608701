"""Capture in models that ask transformers for their attention function: they are given ours."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from inference.capture.attention_call import Received
from inference.capture.recorder import Recorder, active, attend
from inference.context import Context

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

NAME = "headlight"
# For models that transformers runs with its plain code: parts of them may add the mask to their scores themselves.
_NAME_FOR_EAGER = "headlight_eager"
# Handed on to attention functions of other kinds; what queries, keys and mask are made of is done before.
_WITHOUT_EFFECT = {"position_ids", "cache_position"}


def route_through_interface(net: PreTrainedModel, stack: ExitStack) -> None:
    """Name our function in every configuration whose modules ask for one; `stack` puts the old name back."""
    can_be_named: dict[int, bool] = {}
    configs: dict[int, PreTrainedConfig] = {}
    owners: list[tuple[str, PreTrainedModel]] = []
    for name, part in net.named_modules():
        if isinstance(part, PreTrainedModel):
            owners.append((name, part))
        config = getattr(part, "config", None)
        # Some parts hold a copy of the configuration, so each module is asked for its own.
        if hasattr(config, "_attn_implementation_internal"):
            owner = next(model for path, model in reversed(owners) if f"{name}.".startswith(path))
            configs[id(config)] = cast("PreTrainedConfig", config)
            can_be_named[id(config)] = can_be_named.get(id(config), True) and owner._can_set_attn_implementation()
    for number, config in configs.items():
        if can_be_named[number]:
            before = config._attn_implementation_internal
            stack.callback(setattr, config, "_attn_implementation_internal", before)
            config._attn_implementation_internal = _NAME_FOR_EAGER if before == "eager" else NAME


def check_understood(module: nn.Module, arguments: dict[str, Any]) -> None:
    """Raise where an attention is given tensors that would change its answer, and that nothing here knows."""
    unknown = [name for name, thing in arguments.items() if isinstance(thing, Tensor) and name not in _WITHOUT_EFFECT]
    if unknown:
        raise RuntimeError(f"{type(module).__name__} hands its attention {unknown[0]}, which cannot be captured.")


def with_sink(received: Received, sinks: Tensor) -> Received:
    """The same with one more key behind the others, which every query sees, with a score of its own for each head.

    Parameters
    ----------
    sinks
        [head], the scores.
    """
    q, k, v, mask = received.q, received.k, received.v, received.mask
    assert q is not None
    assert k is not None
    assert v is not None
    n = k.shape[2]
    if mask is None and received.is_causal:
        mask = torch.ones(q.shape[2], n, dtype=torch.bool, device=q.device).tril()[None, None]
    bias = torch.zeros(1, len(sinks), 1, n + 1, dtype=q.dtype, device=q.device)
    bias[0, :, 0, n] = sinks.detach()
    return replace(
        received,
        k=F.pad(k, (0, 0, 0, 1)),
        v=F.pad(v, (0, 0, 0, 1)),
        mask=None if mask is None else F.pad(mask[..., :n], (0, 1), value=mask.dtype == torch.bool),
        is_causal=False,
        bias=bias,
    )


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
    s_aux: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """The attention function that models are given; see `transformers.AttentionInterface`.

    `s_aux`, [head], are attention sinks: scores of one more key for each head, whose value is 0.
    """
    check_understood(module, kwargs)
    recorder = active.get()
    if recorder is None or not recorder.knows(module):
        # Another thread runs the model while this one captures it: nobody listens.
        recorder = Recorder(module, Context())
    causal = bool(getattr(module, "is_causal", True) if is_causal is None else is_causal)
    with recorder.muted():
        is_written_out = softcap is not None or s_aux is not None or recorder.change is not None
        bias, relative = (None, None) if position_bias is None else recorder.biases.split(position_bias)
        received = recorder.begin(
            recorder.path(module),
            "interface",
            q=query,
            k=key,
            v=value,
            scale=query.shape[-1] ** -0.5 if scaling is None else float(scaling),
            mask=attention_mask,
            is_causal=causal and attention_mask is None and query.shape[2] > 1,
            bias=bias,
            relative=relative,
            soft_cap=softcap,
        )
        if s_aux is not None:
            received = with_sink(received, s_aux)
        if is_written_out:  # the fused attention has none of them
            received, output = attend(received, recorder)
            recorder.finish(received)
            return recorder.heads.of_output(received, output).transpose(1, 2).contiguous(), None
        recorder.finish(received)
        output, _ = sdpa_attention_forward(
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
        return recorder.heads.of_output(received, output.transpose(1, 2)).transpose(1, 2), None


def _attention_as_eager(module: nn.Module, *args: Any, **kwargs: Any) -> tuple[Tensor, None]:
    """The same for models that transformers runs with its plain code, which asks the mask alone what is hidden."""
    return _attention(module, *args, **{**kwargs, "is_causal": False})


# Without a mask function models leave their masks out without a word.
for name, function, mask_function in (
    (NAME, _attention, sdpa_mask),
    (_NAME_FOR_EAGER, _attention_as_eager, eager_mask),
):
    AttentionInterface.register(name, function)
    AttentionMaskInterface.register(name, mask_function)
