"""What is told of memory before a checkpoint is opened is what it takes then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference.checkpoints.inspection import inspect
from inference.context import Context
from inference.results.heads import HeadsRequest
from inference.results.memory import MemoryRequest
from inference.results.needs import memory_need
from inference.service.engine import Engine
from tests.inputs import text_input

N = 40


@pytest.mark.parametrize("checkpoint", ["bert-mini", "gpt-mini"])
def test_what_is_told_is_what_is_taken(checkpoint):
    engine, info = Engine(), inspect(checkpoint)
    need = memory_need(info, N)
    engine.run(HeadsRequest(checkpoint, text_input(token_ids=tuple(range(5, 5 + N))), info.groups[0].name), Context())
    memory = engine.run(MemoryRequest(), Context())
    assert memory.n_tokens == need.n_tokens == N
    assert memory.held == need.held
    assert memory.checkpoints[0].n_bytes == pytest.approx(need.weights, rel=0.02)
    assert need.as_stored == need.weights // 2


def test_no_more_tokens_than_it_reads_and_patterns_where_there_are_no_queries():
    info = replace(inspect("bert-mini"), n_ctx=64)
    assert (memory_need(info, 10_000).n_tokens, memory_need(info, 10_000).is_most) == (64, True)
    assert not memory_need(info, 64).is_most
    groups = tuple(replace(group, has_qk=False) for group in info.groups)
    n_heads = sum(sum(group.n_heads) for group in groups)
    assert memory_need(replace(info, groups=groups), 10).held == 4 * n_heads * 100
    assert memory_need(info, 10, runs_in="float16").held == memory_need(info, 10).held // 2


@pytest.mark.parametrize(
    ("checkpoint", "things"),
    [("bert-mini", "tokens"), ("clip-scenes", "tokens"), ("vit-scenes", "patches"), ("igpt-small", "pixels")],
)
def test_what_reads_only_images_is_told_in_patches_or_pixels(checkpoint, things):
    assert memory_need(inspect(checkpoint), 10).things == things
