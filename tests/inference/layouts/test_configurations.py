"""Capture and layout on many architectures: nothing is missed, nothing is wrong, nothing is left behind."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from inference.capture.attention_call import Received
from inference.layouts.axis import length
from inference.layouts.generic import lay_out
from tests.inference.captured import CLOSE, AllInFloat64, build, captured, default_float64, run, state_of
from tests.inference.image_configurations import IMAGES
from tests.inference.text_configurations import TEXT

CONFIGURATIONS = TEXT | IMAGES
# Not here: Reformer sorts its keys into buckets by hashing and takes its softmax as an exponential of differences, so
# there is none to capture; ERNIE-THU, KnowBERT, ViLBERT, UNITER, VL-BERT, OSCAR, VideoBERT and PolyGen are not in
# transformers, or run on BERT's classes.
WITH_MAPS = [name for name, configuration in CONFIGURATIONS.items() if configuration.has_own_maps]
# Run with the random blocks of training, which a plain pass leaves out; see test_layouts.
UNLIKE_PLAIN = ("big_bird", "bigbird_pegasus")

CLOSE_IN_FLOAT64 = 1e-10


def tensors_in(output: Any) -> list[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        return [output]
    items = output.values() if isinstance(output, dict) else output if isinstance(output, (list, tuple)) else []
    return [tensor for item in items for tensor in tensors_in(item)]


class Listening(TorchFunctionMode):
    """Keeps every tensor that is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[torch.Tensor] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.ndim > 2:
            self.heard.append(result.detach())
        return result


def maps_of(net: Any, inputs: dict[str, Any], mode: Any = None) -> list[torch.Tensor]:
    """What transformers itself returns, written out; one of each, for some models return the same twice."""
    net = copy.deepcopy(net)
    for part in net.modules():
        if hasattr(getattr(part, "config", None), "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    output = run(net, inputs, mode, output_attentions=True)
    found: dict[int, torch.Tensor] = {}

    def collect(part: Any, name: str = "") -> None:
        if isinstance(part, torch.Tensor):
            if "attentions" in name and part.ndim == 4:
                found[part.data_ptr()] = part
        elif isinstance(part, dict):
            for key, value in part.items():
                collect(value, f"{name}.{key}")
        elif isinstance(part, (list, tuple)):
            for value in part:
                collect(value, name)

    collect(output)
    return list(found.values())


def patterns_of(received: Received) -> torch.Tensor:
    """[batch, head, query_pos, key_pos]."""
    return torch.stack([call.patterns() for call in received.split()])


def assert_maps_are_among(maps: list[torch.Tensor], received: list[Received], close: float) -> None:
    assert maps, "transformers returned no maps"
    patterns = [patterns_of(each) for each in received if each.q is not None or each.pattern is not None]
    for number, own in enumerate(maps):
        alike = [p for p in patterns if p.numel() == own.numel() and p.shape[-2:] == own.shape[-2:]]
        distances = [float((p.reshape(own.shape) - own).abs().max()) for p in alike]
        assert min(distances, default=9.0) <= close, f"map {number}, {tuple(own.shape)}: {sorted(distances)[:3]}"


def assert_same_state(before: dict[str, Any], after: dict[str, Any]) -> None:
    for key in ("attention", "hooks", "modes", "training", "attributes", "python"):
        assert before[key] == after[key], key
    assert torch.equal(before["torch"], after["torch"])
    assert np.array_equal(before["numpy"], after["numpy"])
    assert all(torch.equal(before["weights"][name], tensor) for name, tensor in after["weights"].items())


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def case(request: pytest.FixtureRequest) -> tuple[Any, dict[str, Any]]:
    """A model and what it is given; one at a time, for all tests."""
    configuration = CONFIGURATIONS[request.param]
    return build(configuration), configuration.inputs()


def test_the_model_is_left_as_it_was(case):
    net, inputs = case
    run(net, inputs)  # some models keep things of their first pass
    before = state_of(net)
    torch.manual_seed(0)
    before["torch"] = torch.get_rng_state()
    captured(net, inputs)
    assert_same_state(before, state_of(net))


@pytest.mark.parametrize("case", [name for name in CONFIGURATIONS if name not in UNLIKE_PLAIN], indirect=True)
def test_the_output_is_that_of_a_plain_pass(case):
    net, inputs = case
    output, _ = captured(net, inputs)
    for with_capture, without in zip(tensors_in(output), tensors_in(run(net, inputs)), strict=True):
        torch.testing.assert_close(with_capture, without, atol=CLOSE, rtol=1e-4)


def test_groups_and_rows(case, request):
    net, inputs = case
    _, received = captured(net, inputs)
    groups = lay_out(received, net, inputs)
    assert {group.title: len(group.calls) for group in groups} == CONFIGURATIONS[
        request.node.callspec.params["case"]
    ].groups
    assert len({group.name for group in groups}) == len(groups)
    numbers = sorted(number for group in groups for call in group.calls for number in call.parts)
    assert sorted({*numbers}) == list(range(len(received)))  # each is somewhere
    for queries, keys, call in [(group.queries, group.keys, call) for group in groups for call in group.calls]:
        pattern = call.patterns()
        assert pattern.shape == (call.n_heads, length(queries), length(keys))
        torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:2]), atol=CLOSE, rtol=0)
        rows = torch.tensor([call.n_queries - 1, 0])
        torch.testing.assert_close(call.patterns(rows=rows), pattern[:, rows])
        norm = call.log_sum_exp(rows=rows)[..., None]
        scores = call.scores([*range(call.n_heads)], rows)
        torch.testing.assert_close((scores - norm).exp(), pattern[:, rows], atol=CLOSE, rtol=0)


def test_layouts_need_no_numbers(case):
    """What is over the memory budget is dropped, and laid out all the same."""
    net, inputs = case
    _, received = captured(net, inputs, keep=Received.dropped)
    for held, dropped in zip(
        lay_out(captured(net, inputs)[1], net, inputs), lay_out(received, net, inputs), strict=True
    ):
        assert (held.title, held.queries, held.keys) == (dropped.title, dropped.queries, dropped.keys)
        assert [call.parts for call in held.calls] == [call.parts for call in dropped.calls]
        assert not any(call.is_held for call in dropped.calls)


@pytest.mark.parametrize("case", [name for name in CONFIGURATIONS if name not in UNLIKE_PLAIN], indirect=True)
def test_a_pattern_times_the_values_is_what_the_attention_hands_on(case):
    """In a pass without capture, some step has that result: torch's fused attention, or the model's own product."""
    net, inputs = case
    _, received = captured(net, inputs)
    listening = Listening()
    run(net, inputs, listening)
    by_size: dict[int, list[torch.Tensor]] = {}
    for heard in listening.heard:
        if heard.is_floating_point():
            by_size.setdefault(heard.numel(), []).append(heard.flatten().sort().values)
    for each in received:
        if each.source in ("mha", "module") or (each.q is None and each.pattern is None):
            continue  # a function that shows no steps, or lengths of its own, see test_layouts
        output = torch.stack([call.output() for call in each.split()]).flatten().sort().values
        found = by_size.get(output.numel(), [])
        nearest = min((float((output - heard).abs().max()) for heard in found), default=9.0)
        assert nearest <= CLOSE * max(1.0, float(output.abs().max())), f"{each.path}: {nearest}"


def test_a_pass_with_written_out_patterns_has_the_same_output(case, request):
    net, inputs = case
    is_unlike = request.node.callspec.params["case"] in UNLIKE_PLAIN
    plain = tensors_in(captured(net, inputs)[0] if is_unlike else run(net, inputs))
    output, _ = captured(net, inputs, change=lambda _received, pattern: pattern.clone())
    for with_change, without in zip(tensors_in(output), plain, strict=True):
        torch.testing.assert_close(with_change, without, atol=CLOSE * max(1.0, float(without.abs().max())), rtol=1e-4)


@pytest.mark.parametrize("case", WITH_MAPS, indirect=True)
def test_patterns_are_those_of_transformers(case):
    net, inputs = case
    _, received = captured(net, inputs)
    assert_maps_are_among(maps_of(net, inputs), received, CLOSE)


@pytest.mark.parametrize("case", WITH_MAPS, indirect=True)
def test_patterns_are_those_of_transformers_in_float64(case):
    net, inputs = case
    net = copy.deepcopy(net).double()
    inputs = {key: v.double() if v.is_floating_point() else v for key, v in inputs.items()}
    with default_float64():
        _, received = captured(net, inputs, AllInFloat64())
        assert_maps_are_among(maps_of(net, inputs, AllInFloat64()), received, CLOSE_IN_FLOAT64)


def test_there_are_enough():
    assert len(CONFIGURATIONS) >= 60
