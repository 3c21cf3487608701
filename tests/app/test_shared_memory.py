"""The memory that window and engine share leaves nothing behind, however they end."""

from __future__ import annotations

import errno
import mmap
import os
import sys

import pytest

from app.link import shared_memory
from app.link.shared_memory import make_ring, sweep

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems use the pipe")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(shared_memory, "RING_BYTES", 4096)


def test_the_block_has_no_name_and_another_descriptor_sees_the_same(small):
    ring = make_ring()
    with open(ring.path, "r+b") as file:
        ring.memory[:5] = b"hello"
        assert mmap.mmap(file.fileno(), 0)[:5] == b"hello"
        assert os.readlink(ring.path).startswith("/memfd:headlight")  # not a file that could be left behind
    ring.close_descriptor()
    assert bytes(ring.memory[:5]) == b"hello"


def test_without_memory_there_is_none(small, monkeypatch):
    def refuse(*_given):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    before = len(os.listdir("/proc/self/fd"))
    assert make_ring() is None
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_dead_processes_left_is_swept_and_what_is_in_use_stays(small, tmp_path):
    left, used, other, foreign = (tmp_path / name for name in ("headlight-a", "headlight-b", "headlight-c", "d"))
    for file in (left, used, foreign):
        file.write_bytes(bytes(4096))
    other.write_bytes(b"another size: not ours")
    with used.open("r+b") as file, mmap.mmap(file.fileno(), 4096):
        assert sweep(tmp_path) == [left]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["d", "headlight-b", "headlight-c"]
    assert sweep(tmp_path) == [used]
