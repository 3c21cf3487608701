"""`headlight figure` for some figures: one by itself, several in a batch; seconds since the process was started."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from app.__main__ import main

KINDS = ("attention", "heads", "arcs", "masked", "rollout")
TEXT = "The cat sat on the [MASK] because it was tired."

n_figures = int(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    wanted = [
        {"figure": KINDS[number % len(KINDS)], "checkpoint": "bert-mini", "text": TEXT, "out": f"{folder}/{number}.svg"}
        for number in range(n_figures)
    ]
    if n_figures == 1:
        (one,) = wanted
        arguments = [one.pop("figure"), *(part for name, value in one.items() for part in (f"--{name}", value))]
    else:
        (Path(folder) / "batch.json").write_text(json.dumps(wanted), encoding="utf-8")
        arguments = ["--batch", f"{folder}/batch.json"]
    with contextlib.redirect_stdout(io.StringIO()):
        status = main(["figure", *arguments])
    assert status == 0, arguments
    assert len(list(Path(folder).glob("*.svg"))) == n_figures
print(json.dumps({"seconds": time.monotonic() - float(os.environ["BENCHMARK_STARTED"])}))
