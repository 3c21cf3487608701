"""Files that a window on another machine sends: where they may lie, and for how long."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import numpy as np
import pytest

from inference.service.inbox import Inbox

_CONTENT = np.frombuffer(b"12", np.uint8)


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("place", ["../x", "a/../../x", "/x", "", "a/.."])
def test_no_place_is_outside(place, tmp_path):
    with pytest.raises(ValueError, match="no place"):
        Inbox().take(place, _CONTENT)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="nothing is swept where owners are not told")
def test_what_a_killed_engine_left_is_deleted_and_that_of_a_living_one_stays(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f"headlight-inbox-{ended.pid}-00"
    others = tmp_path / "headlight-inbox-note"
    for folder in (left, others):
        folder.mkdir()
    first = Inbox()
    first.take("a/b.txt", _CONTENT)
    Inbox()
    assert not left.exists()
    assert others.exists()
    assert (tmp_path / first.folder / "a" / "b.txt").read_bytes() == b"12"
    assert os.stat(first.folder).st_mode & 0o77 == 0
    first.close()
    assert [one.name for one in tmp_path.iterdir()] == ["headlight-inbox-note"]
