"""Capture in modules whose attention is no plain matrix: projections are caught in place of many softmaxes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from inference.capture.attention_call import AttentionCall, Received
from inference.capture.banded import banded
from inference.capture.blocks import blocked
from inference.capture.recorder import Recorder, active


def listen_in_modules(net: nn.Module, recorder: Recorder, stack: ExitStack) -> None:
    """Catch Longformer's and BigBird's attentions as what `expanded` makes whole calls of."""
    for module in net.modules():
        if kind := _KINDS.get(type(module).__name__):
            kind(module, recorder).listen(stack)


def expanded(received: Received, n: int) -> AttentionCall:
    """The call of a module that was caught as a whole; over `n` tokens, without the padding behind them."""
    if received.q is not None and len(received.q) != 1:
        raise ValueError(f"{received.path}: a batch of {len(received.q)} was received, not of one.")
    is_bigbird = len(received.extras) == 2  # as its listener says
    return blocked(received, n) if is_bigbird else banded(received, n)


class _Listener:
    """Mutes the steps of one module, and records it as a whole when it is done."""

    projections: tuple[str, ...] = ("query", "key", "value")
    arguments: tuple[str, ...] = ()  # of its `forward`, in order

    def __init__(self, module: Any, recorder: Recorder) -> None:
        self.module = module
        self.recorder = recorder
        self.caught: dict[str, Tensor] = {}

    def listen(self, stack: ExitStack) -> None:
        stack.callback(self.put_back)
        stack.callback(self.module.register_forward_pre_hook(self._enter, with_kwargs=True).remove)
        stack.callback(self.module.register_forward_hook(self._leave).remove)
        for name in self.projections:
            catch = self._catcher(name)
            stack.callback(getattr(self.module, name).register_forward_hook(catch).remove)

    def _catcher(self, name: str) -> Callable[..., None]:
        def catch(_module: nn.Module, _args: Any, output: Tensor) -> None:
            self.caught[name] = output

        return catch

    def _enter(self, _module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if active.get() is self.recorder:
            self.recorder.is_muted = True
            self.caught.clear()
            self.begin(dict(zip(self.arguments, args, strict=False)) | kwargs)

    def _leave(self, _module: nn.Module, _args: Any, output: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """What the module returns instead; None for the same."""
        recorder = self.recorder
        if active.get() is not recorder:
            return None
        recorder.is_muted = False
        received = recorder.begin(recorder.path(self.module), "module", **self.received())
        self.caught.clear()
        if recorder.change is None:
            recorder.finish(received)
            if received.number not in recorder.heads.by_number:
                return None
            assert received.q is not None
            by_head = output[0].unflatten(-1, (received.q.shape[1], -1)).transpose(1, 2)
            states = recorder.heads.of_output(received, by_head).transpose(1, 2).flatten(2)
            return states, *output[1:]
        with recorder.muted():
            call = expanded(received, output[0].shape[1])
            pattern = call.patterns()[None]
            received, changed = recorder.changed(received, pattern)
            recorder.finish(received if changed is pattern else replace(received, v=None, extras=()))
            if changed is pattern:
                return None
            rows = torch.arange(call.n_queries, device=call.device)
            states = call.times_values(changed[0], [*range(call.n_heads)], rows)
            return states.transpose(0, 1).flatten(1)[None].to(output[0].dtype), *output[1:]

    def begin(self, arguments: dict[str, Any]) -> None:
        """The module is about to run."""

    def received(self) -> dict[str, Any]:
        """What it received, as fields of `Received`."""
        raise NotImplementedError

    def put_back(self) -> None:
        """Whatever `begin` did to the module; also where the module did not come to its end."""


class _Longformer(_Listener):
    """`extras`: window on one side; places of the global tokens; their queries; all keys and values for them."""

    projections = ("query", "key", "value", "query_global", "key_global", "value_global")
    arguments = ("hidden_states", "attention_mask", "is_index_masked", "is_index_global_attn")

    def begin(self, arguments: dict[str, Any]) -> None:
        is_global, is_padding = arguments.get("is_index_global_attn"), arguments.get("is_index_masked")
        self.places = torch.empty(0, dtype=torch.int64) if is_global is None else is_global[0].nonzero()[:, 0]
        self.mask = None if is_padding is None else ~is_padding[:, None, None]

    def received(self) -> dict[str, Any]:
        # The model divides the queries in place by the root of d_head, so the scale is in them.
        parts = {name: self._by_head(output) for name, output in self.caught.items()}
        of_globals = tuple(parts.get(f"{name}_global") for name in ("query", "key", "value"))
        extras = (self.module.one_sided_attn_window_size, self.places, *of_globals)
        return {"q": parts["query"], "k": parts["key"], "v": parts["value"], "mask": self.mask, "extras": extras}

    def _by_head(self, output: Tensor) -> Tensor:
        """[batch, head, place, d_head] of [place, batch, d_model]."""
        return output.detach().unflatten(-1, (self.module.num_heads, -1)).permute(1, 2, 0, 3)


class _BigBird(_Listener):
    """`extras`: block size; random blocks [head, block - 1, random].

    In evaluation mode the model leaves its random blocks out and counts the first block several times; as in training
    it samples them, by a seed of each layer.
    """

    arguments = ("hidden_states", "band_mask", "from_mask", "to_mask")
    random_blocks: Tensor

    def begin(self, arguments: dict[str, Any]) -> None:
        make_mask = type(self.module)._create_rand_mask_from_inputs

        def caught(from_mask: Tensor, to_mask: Tensor, random_blocks: Tensor, *rest: Any) -> Tensor:
            self.random_blocks = random_blocks[0]
            return make_mask(from_mask, to_mask, random_blocks, *rest)

        self.module._create_rand_mask_from_inputs = caught
        self.module.training = True
        self.mask = arguments["to_mask"] > 0

    def received(self) -> dict[str, Any]:
        self.put_back()
        n_heads = self.module.num_attention_heads
        q, k, v = (self.caught[name].detach().unflatten(-1, (n_heads, -1)).transpose(1, 2) for name in self.projections)
        extras = (self.module.block_size, self.random_blocks)
        return {"q": q, "k": k, "v": v, "scale": q.shape[-1] ** -0.5, "mask": self.mask, "extras": extras}

    def put_back(self) -> None:
        vars(self.module).pop("_create_rand_mask_from_inputs", None)
        self.module.training = False


_KINDS: dict[str, type[_Listener]] = {
    "LongformerSelfAttention": _Longformer,
    "LEDEncoderSelfAttention": _Longformer,
    "BigBirdBlockSparseAttention": _BigBird,
    "BigBirdPegasusBlockSparseAttention": _BigBird,
}
