"""A labelled heat map as SVG and PDF: `python -m benchmarks.peers.matplotlib_map N_TOKENS EVERY N_TIMES FOLDER`.

Of the labels every `EVERY`th is written.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks import samples

mpl.rcParams["svg.fonttype"] = "none"  # text stays text
mpl.rcParams["pdf.fonttype"] = 42


def main() -> None:
    n, every, n_times, folder = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    pattern, words = samples.patterns(n, n_layers=1)[0][0], samples.words(n)
    found: dict[str, float] = {}
    for ending in ("svg", "pdf"):
        seconds, cpu = [], []
        for turn in range(n_times + 1):
            place = folder / f"matplotlib-{turn}.{ending}"
            cpu_started, started = time.process_time(), time.perf_counter()
            _save(pattern, words, every, place)
            seconds.append(time.perf_counter() - started)
            cpu.append(time.process_time() - cpu_started)
        # The first one finds fonts and fills caches.
        found |= {f"{ending}_s": median(seconds[1:]), f"{ending}_cpu_s": median(cpu[1:])}
        content = place.read_bytes()
        assert (b"<image" if ending == "svg" else b"/Image") in content, "the picture has no map"
        found[f"{ending}_kb"] = len(content) / 1000
    print(json.dumps(found))


def _save(pattern: np.ndarray, words: list[str], every: int, place: Path) -> None:
    n = len(words)
    side = max(4.0, 0.11 * n)  # inches: room for each label
    figure = Figure(figsize=(side + 2, side + 1))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    image = axes.imshow(pattern, cmap="cividis", interpolation="none", vmin=0)
    axes.set_xticks(range(0, n, every), words[::every], rotation=90, fontsize=7)
    axes.set_yticks(range(0, n, every), words[::every], fontsize=7)
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    figure.colorbar(image, label="attention")
    figure.savefig(place)


main()
