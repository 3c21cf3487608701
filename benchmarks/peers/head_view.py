"""BertViz's head view: another layer, another token hovered: `... head_view N_TOKENS N_TIMES`."""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import numpy as np
import torch
from bertviz import head_view

from benchmarks import samples
from benchmarks.peers.browser import Browser, browser, n_colors

CHANGE_LAYER = """
const chooser = document.getElementById('layer');
chooser.value = '{layer}';
chooser.dispatchEvent(new Event('change', {{bubbles: true}}));
"""
HOVER = """
const token = document.querySelectorAll('#left text')[{token}].parentNode;
token.dispatchEvent(new MouseEvent('mouseover', {{bubbles: true}}));
"""


def main() -> None:
    n, n_times = int(sys.argv[1]), int(sys.argv[2])
    attention = tuple(torch.from_numpy(layer)[None] for layer in samples.patterns(n))
    with browser() as tab:
        tab.write("head_view.html", head_view(attention, samples.words(n), html_action="return").data)
        tab.open("head_view.html")
        tab.wait_for("line", samples.N_HEADS * n * n)
        first = tab.pixels()
        assert n_colors(first) > 50, "the page stayed empty"
        idle = [_seconds(tab, "", first, is_same=True) for _ in range(3)]
        layers, hovers = [], []
        for time_ in range(n_times):
            before = tab.pixels()
            layers.append(_seconds(tab, CHANGE_LAYER.format(layer=1 + time_ % (samples.N_LAYERS - 1)), before))
            before = tab.pixels()
            hovers.append(_seconds(tab, HOVER.format(token=2 + time_), before))
    print(json.dumps({"idle_s": median(idle), "layer_s": median(layers), "hover_s": median(hovers)}))


def _seconds(tab: Browser, script: str, before: np.ndarray, *, is_same: bool = False) -> float:
    """Until the picture that a script makes is there."""
    started = time.perf_counter()
    tab.run(script)
    pixels = tab.pixels()
    seconds = time.perf_counter() - started
    assert np.array_equal(pixels, before) == is_same, "the picture is not what it should be"
    return seconds


main()
