"""Capture in models that ask transformers for their attention function: they are given ours."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

from inference.capture.recorder import Recorder, active, attend
from inference.context import Context

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

NAME = "headlight"
# For models that transformers runs with its plain code: parts of them may add the mask to their scores themselves.
_NAME_FOR_EAGER = "headlight_eager"


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
    if kwargs.get("s_aux") is not None:
        raise RuntimeError(f"{type(module).__name__} has attention sinks, which cannot be captured.")
    recorder = active.get()
    if recorder is None or not recorder.knows(module):
        # Another thread runs the model while this one captures it: nobody listens.
        recorder = Recorder(module, Context())
    causal = bool(getattr(module, "is_causal", True) if is_causal is None else is_causal)
    with recorder.muted():
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
        if softcap is not None or recorder.change is not None:  # the fused attention has neither
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


# Without a mask function models leave their masks out without a word.
for name, mask_function in ((NAME, sdpa_mask), (_NAME_FOR_EAGER, eager_mask)):
    AttentionInterface.register(name, _attention)
    AttentionMaskInterface.register(name, mask_function)
