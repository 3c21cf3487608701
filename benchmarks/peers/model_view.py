"""BertViz's model view, from attentions to pixels: `python -m benchmarks.peers.model_view N_TOKENS`."""

from __future__ import annotations

import json
import sys

import torch
from bertviz import model_view

from benchmarks import samples
from benchmarks.peers.browser import time_to_pixels


def main() -> None:
    n = int(sys.argv[1])
    attention = tuple(torch.from_numpy(layer)[None] for layer in samples.patterns(n))
    found = time_to_pixels(
        lambda: model_view(attention, samples.words(n), html_action="return").data,
        "line",
        samples.N_LAYERS * samples.N_HEADS * n * n,
    )
    print(json.dumps(found))


main()
