"""CircuitsVis' attention heads, from attentions to pixels: `python -m benchmarks.peers.attention_heads N_TOKENS`."""

from __future__ import annotations

import json
import sys
import time

import torch
from circuitsvis.attention import attention_heads

from benchmarks import samples
from benchmarks.peers.browser import browser, n_colors


def main() -> None:
    n = int(sys.argv[1])
    attention = torch.cat([torch.from_numpy(layer) for layer in samples.patterns(n)])
    with browser() as tab:
        before = tab.memory_mb("VmRSS")
        started = time.perf_counter()
        # Its own scripts stand in the page, where it finds no network.
        html = attention_heads(attention=attention, tokens=samples.words(n), mask_upper_tri=False).local_src
        tab.write("attention_heads.html", html)
        made = time.perf_counter()
        tab.open("attention_heads.html")
        tab.wait_for("canvas", len(attention) + 1)  # a thumbnail a head, and the chosen one large
        pixels = tab.pixels()
        seen = time.perf_counter()
        extra = tab.memory_mb("VmHWM") - before
    found = {"html_s": made - started, "pixels_s": seen - made, "seconds": seen - started}
    print(json.dumps(found | {"html_mb": len(html) / 1e6, "extra_mb": extra, "n_colors": n_colors(pixels)}))


main()
