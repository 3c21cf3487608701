"""A forward pass holds what fits; the rest is computed again, and is the same."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections import Counter

import pytest
import torch

from inference.capture.storage import storage_bytes, tensors_in
from inference.context import Cancelled, Context, Refused
from inference.forward.keeping import compact
from inference.forward.memory import Memory, machine_bytes
from inference.forward.model import Model
from inference.results.memory import MemoryRequest, MemoryResult
from inference.service.engine import Engine
from tests.inference.planted import received
from tests.inference.tiny_models import build, build_model, ids_of
from tests.inputs import text_input

INPUT = text_input(token_ids=ids_of(13))
LAYER = 3 * 32 * 13 * 4  # queries, keys and values of a tiny BERT


def model_with(name: str, budget: int, n_layers: int = 2) -> Model:
    model = build_model(name, deep(n_layers) if n_layers != 2 else None)
    model.memory = Memory(budget)
    return model


def deep(n_layers: int):
    net = build("bert")
    layer = net.bert.encoder.layer
    net.config.num_hidden_layers = n_layers
    net.bert.encoder.layer = torch.nn.ModuleList([copy.deepcopy(layer[i % 2]) for i in range(n_layers)])
    return net


def counted_passes(model: Model) -> Counter[str]:
    """How often each module of the network is called from now on."""
    counter: Counter[str] = Counter()
    for path, part in model.net.named_modules():
        part.register_forward_pre_hook(lambda *_, path=path: counter.update([path]))
    return counter


@pytest.mark.parametrize("name", ["bert", "llama", "gptj", "bloom", "t5", "bart", "falcon"])
@pytest.mark.parametrize("share", [0.01, 0.4, 0.8])
def test_what_was_dropped_is_computed_again_and_is_the_same(name, share):
    model = build_model(name)
    run = model.run(INPUT, Context())
    whole = {group: [call.patterns() for call in calls] for group, calls in run.calls.items()}
    small = build_model(name, model.net)
    small.memory = Memory(int(model.memory.held * share))
    run = small.run(INPUT, Context())
    assert not all(call.is_held for calls in run.calls.values() for call in calls)
    for group, patterns in whole.items():
        layers = list(small.each_call(run, group, Context()))
        assert [layer for layer, _ in layers] == list(range(len(patterns)))
        for layer, call in layers:
            torch.testing.assert_close(call.patterns(), patterns[layer], atol=0, rtol=0)
        for layer in (len(patterns) - 1, 0):
            call = small.call(run, group, layer, Context())
            torch.testing.assert_close(call.patterns(), patterns[layer], atol=0, rtol=0)
            torch.testing.assert_close(call.output(), patterns[layer] @ spread(call), atol=1e-6, rtol=1e-5)


def spread(call):
    return call.v.repeat_interleave(call.n_heads // len(call.v), 0)


def test_no_more_is_held_than_the_budget_allows():
    model = model_with("bert", 3 * LAYER, n_layers=6)
    run = model.run(INPUT, Context())
    assert [call.is_held for call in run.calls["encoder"]] == [True] * 3 + [False] * 3
    for layer in (5, 0, 3, 4, 1):
        assert model.call(run, "encoder", layer, Context()).is_held
        assert LAYER <= model.memory.held <= 3 * LAYER
    for _ in model.each_call(run, "encoder", Context()):
        assert model.memory.held <= 3 * LAYER


def test_one_layer_is_held_whatever_the_budget():
    model = model_with("bert", 1)
    run = model.run(INPUT, Context())
    assert model.memory.held == 0
    assert model.call(run, "encoder", 1, Context()).is_held
    assert model.memory.held == LAYER
    assert model.call(run, "encoder", 0, Context()).is_held
    assert model.memory.held == LAYER


def test_a_layer_is_computed_again_without_those_behind_it():
    model = model_with("bert", 2 * LAYER, n_layers=6)
    run = model.run(INPUT, Context())
    counter = counted_passes(model)
    assert model.call(run, "encoder", 3, Context()).is_held
    assert counter["bert.encoder.layer.3.attention.self"] == 1
    assert counter["bert.encoder.layer.5"] == 0
    assert counter["cls"] == 0
    assert model.call(run, "encoder", 3, Context()).is_held
    assert counter["bert"] == 1


@pytest.mark.parametrize(("budget", "n_passes"), [(12, 0), (8, 1), (4, 2)])
def test_all_layers_take_few_passes(budget, n_passes):
    model = model_with("bert", budget * LAYER, n_layers=12)
    run = model.run(INPUT, Context())
    counter = counted_passes(model)
    for _ in model.each_call(run, "encoder", Context()):
        pass
    assert counter["bert"] == (0 if n_passes == 0 else -(-(12 - budget) // (budget // 2)))
    counter.clear()
    for layer in reversed(range(12)):
        model.call(run, "encoder", layer, Context())
    assert counter["bert"] <= -(-12 // (budget // 2))


def test_patterns_are_halved_when_they_do_not_fit():
    n_bytes = 4 * 13 * 13 * 4
    model = model_with("deberta-v2", 2 * n_bytes + 2 * LAYER)
    whole = [call.pattern for call in model.run(INPUT, Context()).calls["encoder"]]
    assert {pattern.dtype for pattern in whole} == {torch.float32}
    model = model_with("deberta-v2", 2 * n_bytes - 1)
    run = model.run(INPUT, Context())
    for layer, call in model.each_call(run, "encoder", Context()):
        assert call.pattern.dtype == torch.float16
        torch.testing.assert_close(call.patterns(), whole[layer], atol=0.0005, rtol=0)


def test_a_mask_that_layers_share_is_counted_once():
    model = model_with("mistral", 2**20)
    run = model.run(INPUT, Context())
    assert all(call.mask is not None for call in run.calls["decoder"])
    queries, keys = 32 * 13 * 4, 16 * 13 * 4
    assert model.memory.held == 2 * (queries + 2 * keys) + 13 * 13


def test_a_view_of_a_large_buffer_is_copied():
    cache = torch.randn(1, 2, 1000, 4)
    each = received(1)
    with_view = type(each)(**{**vars(each), "k": cache[:, :, :3], "v": cache[:, :, 3:6]})
    kept = compact(with_view)
    assert sum(storage_bytes(tensors_in([kept.k, kept.v])).values()) == 2 * 2 * 3 * 4 * 4
    assert torch.equal(kept.k, with_view.k)
    fused = torch.randn(1, 3, 3, 2, 4).permute(2, 0, 3, 1, 4)
    parts = type(each)(**{**vars(each), "q": fused[0], "k": fused[1], "v": fused[2]})
    assert compact(parts) is parts


def test_runs_of_other_checkpoints_make_way():
    memory = Memory(3 * LAYER)
    first, second = build_model("bert"), build_model("electra")
    first.memory = second.memory = memory
    run = first.run(INPUT, Context())
    run.store["rows"] = torch.zeros(10)
    assert memory.held == 2 * LAYER + 40
    other = second.run(INPUT, Context())
    assert all(call.is_held for call in other.calls["encoder"])
    assert memory.held == 2 * LAYER
    assert run.store == {}
    assert first.call(first.run(INPUT, Context()), "encoder", 0, Context()).is_held
    assert memory.runs[-1] is run
    assert memory.held <= memory.budget


def test_what_analyses_store_counts():
    model = model_with("bert", 2**20)
    run = model.run(INPUT, Context())
    run.store["normalisers"] = {0: torch.zeros(100), 1: "no tensor"}
    assert model.memory.held == 2 * LAYER + 400


def test_a_cancelled_recomputation_leaves_the_run_as_it_was():
    model = model_with("bert", LAYER)
    run = model.run(INPUT, Context())
    with pytest.raises(Cancelled):
        model.call(run, "encoder", 1, Context(is_cancelled=lambda: True))
    assert model.call(run, "encoder", 1, Context()).is_held


def test_the_same_is_drawn_when_the_pass_is_made_again():
    """Whatever stands in the generators in between."""
    model = model_with("bert", 1)
    model.net.bert.embeddings.register_forward_hook(lambda _, __, states: states + torch.randn(states.shape))
    run = model.run(INPUT, Context())
    first = model.call(run, "encoder", 0, Context()).q
    model.call(run, "encoder", 1, Context())
    torch.manual_seed(5)
    torch.testing.assert_close(model.call(run, "encoder", 0, Context()).q, first, atol=0, rtol=0)


# --- asked from outside -----------------------------------------------------------------------------------------------


def test_the_engine_says_what_is_held_and_takes_a_budget():
    engine = Engine()
    assert engine.run(MemoryRequest(), Context()) == MemoryResult(0, min(2**30, machine_bytes() // 4), 0, 0, 0, True)
    assert engine.run(MemoryRequest(LAYER), Context()).budget == LAYER
    model = build_model("bert")
    model.memory = engine._memory
    model.run(INPUT, Context())
    assert engine.run(MemoryRequest(), Context()) == MemoryResult(LAYER, LAYER, 2, 1, 13, True)


@pytest.mark.parametrize("budget", [-1, 2**62])
def test_a_budget_that_cannot_be_is_refused(budget):
    engine = Engine()
    with pytest.raises(Refused, match="GB were asked for to hold layers in; this machine has"):
        engine.run(MemoryRequest(budget), Context())
    assert engine.run(MemoryRequest(), Context()).budget == Memory().budget


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator is meant")
def test_blocks_are_used_again_and_given_back_in_the_end():
    """In a process of its own, since how memory is handed out is set for a whole process."""
    code = """
import resource
import numpy as np
from inference.forward.memory import give_back, keep_freed

def pages_of_twenty_blocks():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(2**20, np.float32) + np.ones(2**20, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1])

keep_freed()
pages_of_twenty_blocks()
pages, held = pages_of_twenty_blocks(), resident()
give_back()
print(pages, held - resident())
"""
    pages, given_back = map(int, subprocess.check_output([sys.executable, "-c", code]).split())
    assert pages < 1_000  # 20,000 without
    assert given_back > 2_000  # two blocks at least


def test_an_engine_is_made_before_torch_comes_so_that_its_threads_wait_passively():
    code = "import os, sys; from inference.service.engine import Engine; Engine(); "
    code += "print('torch' in sys.modules, os.environ['OMP_WAIT_POLICY'])"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    said = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert said.split() == ["False", "PASSIVE"]
