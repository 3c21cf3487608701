"""BertViz's model view, from attentions to pixels: `python -m benchmarks.peers.model_view N_TOKENS`."""

from __future__ import annotations

import json
import sys
import time

import torch
from bertviz import model_view

from benchmarks import samples
from benchmarks.peers.browser import browser, n_colors


def main() -> None:
    n = int(sys.argv[1])
    attention = tuple(torch.from_numpy(layer)[None] for layer in samples.patterns(n))
    with browser() as tab:
        before = tab.memory_mb("VmRSS")
        started = time.perf_counter()
        html = model_view(attention, samples.words(n), html_action="return").data
        tab.write("model_view.html", html)
        made = time.perf_counter()
        tab.open("model_view.html")
        tab.wait_for("line", samples.N_LAYERS * samples.N_HEADS * n * n)
        pixels = tab.pixels()
        seen = time.perf_counter()
        extra = tab.memory_mb("VmHWM") - before
    found = {"html_s": made - started, "pixels_s": seen - made, "seconds": seen - started}
    print(json.dumps(found | {"html_mb": len(html) / 1e6, "extra_mb": extra, "n_colors": n_colors(pixels)}))


main()
