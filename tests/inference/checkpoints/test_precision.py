"""In which number format a file is, and in which it is run: said, and chosen."""

from __future__ import annotations

import pytest
import torch

from app.commands.inspect_text import inspect_text
from inference.checkpoints.inspection import inspect
from inference.context import Context
from inference.forward.opening import load
from inference.results.attention import AttentionRequest
from inference.results.checkpoint import in_own_precision, split_precision
from inference.service.engine import Engine
from tests.inference.tiny_checkpoints import load_weights, save_bert
from tests.inputs import text_input


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_checkpoint_runs_in_float32_or_as_it_is_stored(tmp_path, dtype):
    folder, name = str(save_bert(tmp_path, dtype=dtype)), str(dtype).removeprefix("torch.")
    usual, own = load(folder, Context()), load(in_own_precision(folder), Context())
    assert (usual.info.stored_in, usual.info.runs_in, usual.net.dtype) == (name, "float32", torch.float32)
    assert (own.info.stored_in, own.info.runs_in, own.net.dtype) == (name, name, dtype)
    assert usual.info.notes == ()
    assert own.info.notes == (() if name == "float32" else (f"It is run in {name}, as its file is stored.",))
    assert own.info.cautions == ()  # the user wants it so
    assert own.info.checkpoint == in_own_precision(folder)
    stored = load_weights(tmp_path)
    assert all(
        torch.equal(own.net.state_dict()[key].cpu(), stored[key]) for key in stored if key in own.net.state_dict()
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_both_are_kept_apart_and_near_each_other(tmp_path, dtype):
    folder = str(save_bert(tmp_path, dtype=dtype))
    engine, text = Engine(), text_input("the cat sat on the mat")
    patterns = [
        engine.run(AttentionRequest(checkpoint, text, "encoder"), Context()).pattern
        for checkpoint in (folder, in_own_precision(folder), folder)
    ]
    assert (patterns[0] == patterns[2]).all()
    difference = abs(patterns[0] - patterns[1]).max()
    assert 0 < difference < 0.1
    assert patterns[1].sum(-1) == pytest.approx(1, abs=1e-2)


def test_inspect_says_both(tmp_path):
    info = inspect(str(save_bert(tmp_path, dtype=torch.bfloat16)))
    assert "bfloat16 in the file, float32 when it runs" in inspect_text(info)


def test_the_choice_is_part_of_the_name():
    assert split_precision(in_own_precision("bert-mini")) == ("bert-mini", True)
    assert in_own_precision(in_own_precision("bert-mini")) == in_own_precision("bert-mini")
    assert in_own_precision(in_own_precision("/a/b"), is_own=False) == "/a/b"
    assert split_precision("/a/b") == ("/a/b", False)
