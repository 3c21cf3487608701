"""Analyses work on the device where the model is, and in its precision."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch

from inference.analyses.attention import attention
from inference.analyses.heads import heads
from inference.analyses.maps import overview, rows, tiles
from inference.analyses.measures import measures
from inference.analyses.rollout import rollout
from inference.analyses.scaled_dot import scaled_dot
from inference.context import Context
from inference.forward.memory import Memory
from inference.layouts.axis import Group
from inference.layouts.generic import lay_out
from inference.results.attention import AttentionRequest
from inference.results.events import Partial
from inference.results.heads import HeadsRequest
from inference.results.maps import MapRequest, RowsRequest, TilesRequest
from inference.results.measures import MeasuresRequest
from inference.results.rollout import RolloutRequest
from inference.results.scaled_dot import ScaledDotRequest
from tests.inference.captured import build, captured
from tests.inference.elsewhere import ELSEWHERE, Elsewhere, taken_there
from tests.inference.image_configurations import IMAGES
from tests.inference.planted import model_of
from tests.inference.text_configurations import TEXT
from tests.inference.tiny_models import build_model, ids_of
from tests.inputs import text_input

KINDS = ("deberta", "xlnet, two streams", "longformer", "big_bird", "mistral", "gemma2", "bloom", "t5", "swin")
ONE = ("c", text_input(), "planted", 1, 1)
GROUP = ("c", text_input(), "planted")
LOOKS: dict[str, tuple[Any, Any]] = {
    "overview": (overview, MapRequest(*ONE, "mean", 4)),
    "tiles": (tiles, TilesRequest(*ONE, 1, ((0, 0),), "max", with_kinds=True)),
    "rows": (rows, RowsRequest(*ONE, 0, 2)),
    "heads": (heads, HeadsRequest(*GROUP, 4)),
    "attention": (attention, AttentionRequest(*GROUP)),
    "measures": (measures, MeasuresRequest(*GROUP)),
    "rollout": (rollout, RolloutRequest(*GROUP, (1, 3))),
    "scaled dot": (scaled_dot, ScaledDotRequest(*ONE, 1)),
}


def first_group(name: str) -> Group:
    configuration = (TEXT | IMAGES)[name]
    net, inputs = build(configuration), configuration.inputs()
    _, received = captured(net, inputs)
    return lay_out(received, net, inputs)[0]


def model_with(group: Group, calls: list[Any]) -> Any:
    return model_of(calls, is_causal=calls[0].is_causal, is_cross=group.queries != group.keys)


def shown(function: Any, request: Any, model: Any) -> list[Any]:
    """All arrays of what it sends."""
    events: list[Any] = []
    last = function(request, model, Context(report=events.append))
    return [arrays_in(event.result) for event in events if isinstance(event, Partial)] + [arrays_in(last)]


def arrays_in(result: Any) -> Any:
    if isinstance(result, tuple):
        return [arrays_in(item) for item in result]
    if isinstance(result, dict):
        return {key: arrays_in(item) for key, item in result.items()}
    if hasattr(result, "__dataclass_fields__"):
        return {field.name: arrays_in(getattr(result, field.name)) for field in fields(result)}
    return result if isinstance(result, np.ndarray) else None


def assert_alike(found: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert_alike(found[key], value)
    elif isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            assert_alike(one, other)
    elif expected is not None:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_every_analysis_runs_where_the_calls_are(name):
    """The results are those on the CPU, and nothing on the way is."""
    group = first_group(name)
    calls = list(group.calls)
    for look, (function, request) in LOOKS.items():
        if look == "scaled dot" and calls[1].q is None:  # a pattern alone, or parts of an image
            continue
        on_cpu = shown(function, request, model_with(group, calls))
        with Elsewhere():
            model = model_with(group, [taken_there(call) for call in calls])
            model.device = ELSEWHERE
            assert_alike(shown(function, request, model), on_cpu)


@pytest.mark.parametrize("name", ["bloom", "t5", "longformer", "big_bird"])
def test_a_model_is_captured_where_it_is(name):
    """And a layer that is over the budget is computed again there."""
    input = text_input(token_ids=ids_of(61 if name == "big_bird" else 9))
    on_cpu = build_model(name, build(TEXT[name]))
    run = on_cpu.run(input, Context())
    there = build_model(name, build(TEXT[name]))
    there.device, there.memory = ELSEWHERE, Memory(1)
    with torch.no_grad():
        for part in there.net.modules():
            part._parameters = {name: taken_there(value) for name, value in part._parameters.items()}
            part._buffers = {name: taken_there(value) for name, value in part._buffers.items()}
    with Elsewhere():
        run_there = there.run(input, Context())
        for group, calls in run.calls.items():
            call = there.call(run_there, group, 1, Context())
            assert call.device == ELSEWHERE
            torch.testing.assert_close(call.patterns().cpu(), calls[1].patterns(), atol=5e-4, rtol=0)


def test_the_device_of_these_tests_is_strict():
    """As a GPU is."""
    with Elsewhere():
        there = torch.arange(4.0, device=ELSEWHERE)
        assert (there.device, (there * 2).device, there.cpu().device) == (ELSEWHERE, ELSEWHERE, torch.device("cpu"))
        assert (there * 2).sum().item() == 12
        assert there[3].tolist() == 3
        with pytest.raises(TypeError, match="numpy"):
            there.numpy()
        with pytest.raises(RuntimeError, match="same device"):
            there + torch.arange(4.0)
        there[:2] = 5
        assert there.tolist() == [5, 5, 2, 3]
