"""A labelled heat map as SVG and PDF: `python -m benchmarks.ours.export_map N_TOKENS N_TIMES FOLDER`."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from statistics import median

from PySide6.QtWidgets import QApplication

from app.export.export import save
from benchmarks.ours.sample_results import attention_results
from widgets.views.attention.figure import AttentionFigure


def main() -> None:
    n, n_times, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    application = QApplication(sys.argv[:1])
    result = attention_results(n)[0]
    found: dict[str, float] = {}
    for ending in ("svg", "pdf"):
        seconds, cpu = [], []
        for turn in range(n_times + 1):
            place = folder / f"ours-{turn}.{ending}"
            figure = AttentionFigure(result, 0, 0)  # a new one: it remembers what it has worked out
            cpu_started, started = time.process_time(), time.perf_counter()
            save(figure, place)
            seconds.append(time.perf_counter() - started)
            cpu.append(time.process_time() - cpu_started)
        # The first one finds fonts and fills caches.
        found |= {f"{ending}_s": median(seconds[1:]), f"{ending}_cpu_s": median(cpu[1:])}
        content = place.read_bytes()
        found[f"{ending}_kb"] = len(content) / 1000
        assert (b"<image" if ending == "svg" else b"/Image") in content, "the picture has no map"
        if ending == "svg":
            found["n_texts"] = len(re.findall(rb"<text[ >]", content))
    print(json.dumps(found))
    del application


main()
