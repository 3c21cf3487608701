"""What an engine imports: in a process of its own, as this one has imported all of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch._dynamo", "torch._inductor", "torch.distributed.tensor", "torch.onnx", "scipy.optimize")


def run(script):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("checkpoint", ["bert-mini", "vit-scenes", "transformer-en-fr"])
def test_a_checkpoint_is_opened_without_what_is_for_others(checkpoint):
    script = f"""
import sys
from inference.context import Context
from inference.results.checkpoint import OpenRequest
from inference.service.engine import Engine
print(Engine().run(OpenRequest({checkpoint!r}), Context()).name)
print([name for name in {HEAVY} if name in sys.modules])
"""
    assert run(script).splitlines() == [checkpoint, "[]"]


def test_what_was_left_aside_can_be_had_behind_it():
    script = """
from inference.service.lean_import import import_transformers
import_transformers()
import torch
from transformers.utils import is_scipy_available
layer = torch.nn.Linear(2, 2)
optimizer = torch.optim.AdamW(layer.parameters())
layer(torch.ones(1, 2)).sum().backward()
optimizer.step()
print(is_scipy_available(), torch.distributed.is_available())
print(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item())
"""
    assert run(script).splitlines() == ["True True", "2.0"]
