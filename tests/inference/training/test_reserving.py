"""One process at a time trains into a place, and one that was killed is in nobody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inference.context import Refused
from inference.training.reserving import reserved

HOLDER = """
import sys, threading
from pathlib import Path
from inference.training.reserving import reserved
with reserved(Path(sys.argv[1]), "v.npz"):
    print("held", flush=True)
    threading.Event().wait()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that trains into that place."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes in another way; the system frees files there too")
def test_another_process_keeps_it_until_it_ends_even_if_it_is_killed(holder, tmp_path):
    with (
        pytest.raises(Refused, match=r"^v\.npz is being trained already, by another process\.$"),
        reserved(tmp_path / "lock", "v.npz"),
    ):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with reserved(tmp_path / "lock", "v.npz"):
        assert (tmp_path / "lock").exists()
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be_made_it_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match=r"file cannot be written: "), reserved(tmp_path / "file" / "lock", "v.npz"):
        pass
