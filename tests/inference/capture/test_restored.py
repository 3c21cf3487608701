"""After a capture everything is as before, and captures in several threads are kept apart."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.capture.attention_call import Received
from inference.capture.capture import capture
from inference.context import Cancelled, Context
from tests.inference.routes import (
    ROUTES,
    made,
    output_of,
    run,
)
from tests.inference.tiny_models import build, ids_of


@pytest.mark.parametrize("ending", [None, Cancelled, ZeroDivisionError])
@pytest.mark.parametrize("build", ROUTES)
def test_everything_is_put_back(build, ending):
    net, inputs = made(build)
    net.train(next(net.modules()) is not net)

    def state() -> list[Any]:
        configs = [part.config._attn_implementation for part in net.modules() if hasattr(part, "config")]
        hooks = [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in net.modules()]
        switches = [part.training for part in net.modules()]
        modes = torch.overrides._get_current_function_mode_stack()
        return [configs, hooks, switches, modes]

    before = state()
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()

    def keep(received: Received) -> Received:
        torch.rand(1), np.random.rand(), random.random()
        for part in net.modules():
            part.training = not part.training
        if ending is not None and received.number == 1:
            raise ending
        return received

    if ending is None:
        with capture(net, Context(), keep=keep):
            run(net, inputs)
    else:
        with pytest.raises(ending), capture(net, Context(), keep=keep):
            run(net, inputs)
    assert state() == before
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1].tolist(), random.getstate()) == states[1:]


def test_captures_in_two_threads_do_not_mix():
    """Of two models at once; each waits in its first layer until the other is in its own."""
    nets = [build("bert"), build("gpt2")]
    both = threading.Barrier(2, timeout=30)
    results: dict[int, list[Received]] = {}

    def work(i: int) -> None:
        def keep(received: Received) -> Received:
            if received.number == 0:
                both.wait()
            return received

        with torch.inference_mode(), capture(nets[i], Context(), keep=keep) as received:
            nets[i](torch.tensor([ids_of(9 + i)]))
        results[i] = received

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for i, part in enumerate(("bert", "transformer")):
        assert [each.path.split(".")[0] for each in results[i]] == [part, part]
        assert {each.q.shape[2] for each in results[i]} == {9 + i}


@pytest.mark.parametrize("name", ["bert", "gptj"])
def test_captures_of_one_model_wait_for_each_other(name):
    net = build(name)
    inside, waits = threading.Event(), threading.Event()
    results: list[int] = []

    def second() -> None:
        assert inside.wait(30)
        # It is asked while it waits whether anybody still wants it.
        context = Context(is_cancelled=lambda: waits.set() or False)
        with torch.inference_mode(), capture(net, context) as received:
            net(torch.tensor([ids_of(5)]))
        results.append(len(received))

    thread = threading.Thread(target=second)
    thread.start()
    with torch.inference_mode(), capture(net, Context()) as received:
        inside.set()
        assert waits.wait(30)
        net(torch.tensor([ids_of(9)]))
        assert len(received) == 2
    thread.join(30)
    assert results == [2]
    assert net.config._attn_implementation in ("sdpa", "eager")


@pytest.mark.parametrize("name", ["bert", "gptj", "gemma2"])
def test_a_thread_that_does_not_capture_is_not_heard(name):
    net = build(name)
    ids = torch.tensor([ids_of(9)])
    plain = output_of(net, ids)
    outputs: list[Tensor] = []
    with capture(net, Context()) as received:
        thread = threading.Thread(target=lambda: outputs.append(output_of(net, ids)))
        thread.start()
        thread.join(30)
        assert received == []
        output_of(net, ids)
        assert len(received) == 2
    torch.testing.assert_close(outputs[0], plain, atol=1e-5, rtol=1e-5)
