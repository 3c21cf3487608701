"""Keys and values with room behind them are those that transformers' own cache puts together anew each time."""

from __future__ import annotations

import pytest
import torch
from transformers.cache_utils import DynamicCache

from inference.models import growing_cache
from inference.models.growing_cache import GrowingCache


def states(generator, batch, n):
    return [torch.randn(batch, 2, n, 4, generator=generator) for _ in range(2)]


def read(cache, layer=0):
    return cache.layers[layer].keys, cache.layers[layer].values


def same(one, other):
    return all(torch.equal(*both) for both in zip(read(one), read(other), strict=True))


@pytest.fixture
def caches(monkeypatch):
    monkeypatch.setattr(growing_cache, "_LEAST_ROOM", 3)  # so that it is used up
    return GrowingCache(), DynamicCache()


def both(caches, generator, batch, n):
    new = states(generator, batch, n)
    given = [cache.update(*(part.clone() for part in new), 0) for cache in caches]
    assert all(torch.equal(*pair) for pair in zip(*given, strict=True))


def test_it_holds_the_same_whatever_is_done_with_it(caches):
    generator = torch.Generator().manual_seed(0)
    both(caches, generator, 1, 5)
    for cache in caches:
        cache.batch_repeat_interleave(3)
    for _ in range(8):
        both(caches, generator, 3, 1)
    for cache in caches:
        cache.batch_select_indices(torch.tensor([2, 0]))
    for _ in range(2):
        both(caches, generator, 2, 2)
    for cache in caches:
        cache.crop(-4)
    both(caches, generator, 2, 1)
    assert same(*caches)
    assert caches[0].get_seq_length() == caches[1].get_seq_length() == 14
    for cache in caches:
        cache.reset()
    both(caches, generator, 1, 2)


def test_a_token_more_copies_none_of_those_before(caches):
    growing, _ = caches
    generator = torch.Generator().manual_seed(0)
    growing.update(*states(generator, 1, 5), 0)
    before = read(growing)[0].data_ptr()
    for _ in range(3):
        growing.update(*states(generator, 1, 1), 0)
    assert read(growing)[0].data_ptr() == before
    growing.update(*states(generator, 1, 1), 0)  # there is no more room
    assert read(growing)[0].data_ptr() != before


def test_two_that_were_told_apart_do_not_write_into_one_another(caches):
    """Selecting all rows, or repeating once, may give the same tensor again; other rows of it may not be written to."""
    growing, _ = caches
    generator = torch.Generator().manual_seed(0)
    growing.update(*states(generator, 2, 5), 0)
    growing.batch_select_indices(torch.tensor([1]))
    kept = read(growing)[0].clone()
    growing.update(*states(generator, 1, 1), 0)
    assert torch.equal(read(growing)[0][..., :5, :], kept)
