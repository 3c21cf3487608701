"""`headlight inspect FOLDER`, and what it took: seconds since the process was started, and megabytes at most."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from pathlib import Path

from app.__main__ import main

with contextlib.redirect_stdout(io.StringIO()):
    status = main(["inspect", *sys.argv[1:]])
assert status == 0, sys.argv
seconds = time.monotonic() - float(os.environ["BENCHMARK_STARTED"])
# Not `ru_maxrss`, which begins with what the process had taken that started this one.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "megabytes": int(peak.split()[1]) * 1024 / 1e6}))
