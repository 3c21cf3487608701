"""The residual stream around every sub-layer, and where the norms stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from inference.capture.residual_trace import BlockTrace, NotFollowed, SubLayerKind, TracedStep
from inference.context import Refused
from inference.forward.checks import group_of
from inference.results.counts import count_of
from inference.results.norms import MOST_OUTLIERS, MOST_TOKENS, OUTLIER, QUANTITIES, NormsRequest, NormsResult, SubLayer

if TYPE_CHECKING:
    from inference.context import Context
    from inference.family.components import Block
    from inference.forward.model import Model


def norms(request: NormsRequest, model: Model, context: Context) -> NormsResult:
    """Mean, deviation and L2 norm of every token's state before and behind each norm and each sum of a stack.

    Where the norms stand is read from the run itself: a norm that reads the stream stands before its sub-layer, one
    whose input is the stream with something added, and whose result goes on, stands on the stream.

    Parameters
    ----------
    context
        One checkpoint a layer.

    Raises
    ------
    Refused
        There is no such group; the input is too long; the layers are no modules of their own, or what they add cannot
        be followed; else as `Family.encode`.

    References
    ----------
    He et al. 2016, residual connections; Ba et al. 2016, layer normalization; Xiong et al. 2020, before or behind;
    Zhang and Sennrich 2019, RMSNorm; outlier dimensions: Kovaleva et al. 2021, Dettmers et al. 2022.
    """
    group = group_of(model, request.group)
    components = model.components
    stack = group.name if group.name in components.stacks else _stack_of(group.query_axis, model)
    blocks = components.stacks[stack].blocks
    if not blocks or any(block.path is None for block in blocks):
        raise Refused(f"The layers of {model.info.name} are no modules of their own; they cannot be looked at singly.")
    encoded = model.encode(request.input)
    tokens = encoded.sequences[model.info.group(stack).query_axis]
    if len(tokens) > MOST_TOKENS:
        raise Refused(f"The input has {len(tokens):,} tokens; at most {MOST_TOKENS:,} are looked at here.")
    listener = _StreamListener(model, blocks, components.stacks[stack].final_norm, len(tokens), context)
    listener.run(encoded.tensors)
    states = listener.steps
    values = {
        name: np.stack([_stages(step, name) for _, step in states]).astype(np.float32)[..., : len(tokens)]
        for name in QUANTITIES
    }
    outliers, ratios = _outliers(listener.outputs)
    return NormsResult(
        group=group.name,
        stack=stack,
        tokens=tokens,
        sub_layers=tuple(_sub_layer(layer, step) for layer, step in states),
        values=values,
        first={name: _measured(listener.first, name) for name in QUANTITIES},
        final={name: np.stack([_measured(state, name) for state in listener.final]) for name in QUANTITIES},
        final_norm=listener.final_kind,
        outliers=outliers,
        outlier_ratios=ratios,
        d_model=listener.first.shape[1],
        axis=model.info.group(stack).places[0],
    )


def _stack_of(axis: str, model: Model) -> str:
    """The stack whose tokens lie on an axis, for a group that is a part of another's layers."""
    for name in model.components.stacks:
        if model.info.group(name).query_axis == axis:
            return name
    raise Refused(f"Where the layers of {model.info.name} lie is not known for this attention group.")


class _StreamListener:
    """Runs a model and keeps what its layers add."""

    def __init__(
        self, model: Model, blocks: tuple[Block, ...], final_norm: str | None, n_tokens: int, context: Context
    ) -> None:
        self.model, self.blocks, self.final_norm, self.context = model, blocks, final_norm, context
        self.n_tokens = n_tokens
        self.steps: list[tuple[int, TracedStep]] = []
        self.outputs: list[Tensor] = []
        self.first = torch.empty(0)
        self.final = (torch.empty(0), torch.empty(0))
        self.final_kind = ""
        self._final_module: nn.Module | None = None
        self._trace: BlockTrace | None = None

    def run(self, tensors: dict[str, Tensor]) -> None:
        net = self.model.net
        paths = list(dict.fromkeys(block.path or "" for block in self.blocks))
        handles = []
        for path in paths:
            module = net.get_submodule(path)
            handles.append(module.register_forward_pre_hook(self._before, with_kwargs=True))
            handles.append(module.register_forward_hook(self._behind))
        if self.final_norm is not None:
            handles.append(net.get_submodule(self.final_norm).register_forward_hook(self._behind_final))
        try:
            with torch.inference_mode():
                self.model.family.output(net, tensors, with_head=False)
        finally:
            if self._trace is not None:
                self._trace.forget()
            for handle in handles:
                handle.remove()
        if len(self.outputs) != len(self.blocks):
            raise Refused(
                f"{self.model.info.name} has {count_of(len(self.blocks), 'layers')} here, of which "
                f"{len(self.outputs)} ran."
            )
        if self._final_module is not None:
            self.final_kind = _norm_kind(self._final_module, self.final[0])
        else:
            nothing = torch.full_like(self.outputs[-1], torch.nan)
            self.final = (nothing, nothing)

    def _before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        layer = len(self.outputs)
        self.context.checkpoint(layer, len(self.blocks), f"Layer {layer} of {len(self.blocks)}")
        if layer >= len(self.blocks):
            return
        block = self.blocks[layer]
        assert block.path is not None
        self._trace = BlockTrace(self.model.net, block.path, _kinds(block), self.model.components.batch_axis)
        state = args[0] if args else kwargs["hidden_states"]
        self._trace.begin(state)
        if layer == 0:
            assert self._trace.input is not None
            self.first = self._cut(self._trace.input)

    def _behind(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        trace, layer = self._trace, len(self.outputs)
        if trace is None:
            return
        self._trace = None
        state = output[0] if isinstance(output, tuple | list) else output
        try:
            steps = trace.end(state)
        except NotFollowed as error:
            raise Refused(
                f"Where the norms of {self.model.info.name} stand could not be told: in layer {layer}, {error}."
            ) from error
        finally:
            trace.forget()
        if not steps:
            raise Refused(f"Layer {layer} of {self.model.info.name} adds nothing to what comes in.")
        self.steps += [(layer, step) for step in steps]
        self.outputs.append(self._cut(steps[-1].after))

    def _behind_final(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        axis = self.model.components.batch_axis
        if isinstance(output, Tensor) and output.ndim == 3 and args and args[0].shape == output.shape:
            self.final = (self._cut(args[0].select(axis, 0)), self._cut(output.select(axis, 0)))
            self._final_module = module

    def _cut(self, state: Tensor) -> Tensor:
        """Without what a model pads."""
        return state[: self.n_tokens]


def _kinds(block: Block) -> dict[str, SubLayerKind]:
    kinds: dict[str, SubLayerKind] = {}
    for path in block.mlp[:1]:
        kinds[path] = "mlp"
    if block.attention is not None:
        kinds[block.attention] = "attention"
    if block.cross_attention is not None:
        kinds[block.cross_attention] = "cross"
    return kinds


def _norm_kind(module: nn.Module, state: Tensor) -> str:
    """LayerNorm where it takes the mean away, RMSNorm where it divides alone, whatever a model calls it."""
    with torch.inference_mode():
        as_it_is, shifted, doubled = (module(each) for each in (state, state + state.std(), 2 * state))
    room = 0.01 * float(as_it_is.abs().max())
    if not torch.allclose(doubled, as_it_is, rtol=0, atol=room):
        return type(module).__name__  # MobileBERT's NoNorm divides by nothing
    return "LayerNorm" if torch.allclose(shifted, as_it_is, rtol=0, atol=room) else "RMSNorm"


def _sub_layer(layer: int, step: TracedStep) -> SubLayer:
    kinds = [_norm_kind(norm.module, norm.input) for norm in step.norms[:1]]
    places = tuple(norm.place for norm in step.norms)
    return SubLayer(layer, step.kind, places, kinds[0] if kinds else "", step.is_parallel)


def _stages(step: TracedStep, quantity: str) -> np.ndarray:
    """[stage, token]; see `STAGES`."""
    read = next((norm.output for norm in step.norms if norm.place == "before"), None)
    computed = next((norm.input for norm in step.norms if norm.place == "behind"), None)
    states = (step.before, read, computed, step.added, step.sum, step.after)
    n_tokens = len(step.before)
    return np.stack([np.full(n_tokens, np.nan) if each is None else _measured(each, quantity) for each in states])


def _measured(state: Tensor, quantity: str) -> np.ndarray:
    """One number a token, float32."""
    state = state.double()
    if quantity == "norm":
        found = state.norm(dim=-1)
    elif quantity == "std":
        found = state.std(dim=-1, correction=0)
    else:
        found = state.mean(-1)
    return found.cpu().numpy().astype(np.float32)


def _outliers(outputs: list[Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Dimensions that stand out, and by how much in each layer; see `NormsResult`."""
    sizes = torch.stack([state.double().square().mean(0).sqrt() for state in outputs])  # [layer, d_model]
    ratios = sizes / sizes.median(1, keepdim=True).values.clamp_min(1e-30)
    most = ratios.max(0).values
    order = most.argsort(descending=True)[:MOST_OUTLIERS]
    chosen = order[most[order] >= OUTLIER]
    return chosen.cpu().numpy(), ratios[:, chosen].cpu().numpy().astype(np.float32)
