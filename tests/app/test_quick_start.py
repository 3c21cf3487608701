"""What is left out of a start, and that nothing else goes with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOK = """
import linecache, sys
sys.path.insert(0, {folder!r})
import PySide6.QtCore
{before}
import looked_at
print(looked_at.__file__ in linecache.cache, looked_at.Named().objectName())
"""
SKIP = "from app import quick_start; quick_start.begin()"


@pytest.mark.parametrize(("before", "is_read"), [("", "True"), (SKIP, "False")], ids=["as it is", "skipped"])
def test_a_module_is_not_read_and_works(tmp_path, before, is_read):
    source = 'from PySide6.QtCore import QObject\n\n\ndef Named():\n    return QObject(objectName="named")\n'
    (tmp_path / "looked_at.py").write_text(source)
    script = LOOK.format(folder=str(tmp_path), before=before)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [is_read, "named"]


START = """
from app import quick_start
quick_start.begin()
import gc, os, numpy
from app.link.engine_link import _environment
n_threads = len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else 1
print(n_threads, gc.isenabled(), quick_start.BLAS_THREADS in os.environ, quick_start.BLAS_THREADS in _environment())
quick_start.end()
print(gc.isenabled(), gc.get_freeze_count() > 1000)
"""


def test_numpy_makes_no_threads_in_the_window_and_may_make_them_in_the_engine():
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "True", "False", "False", "True"]
