"""PySide does not read what is imported after it."""

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
SKIP = "from app.quick_imports import skip_source_inspection; skip_source_inspection()"


@pytest.mark.parametrize(("before", "is_read"), [("", "True"), (SKIP, "False")], ids=["as it is", "skipped"])
def test_a_module_is_not_read_and_works(tmp_path, before, is_read):
    source = 'from PySide6.QtCore import QObject\n\n\ndef Named():\n    return QObject(objectName="named")\n'
    (tmp_path / "looked_at.py").write_text(source)
    script = LOOK.format(folder=str(tmp_path), before=before)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [is_read, "named"]
