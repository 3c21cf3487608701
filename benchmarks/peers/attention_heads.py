"""CircuitsVis' attention heads, from attentions to pixels: `python -m benchmarks.peers.attention_heads N_TOKENS`."""

from __future__ import annotations

import json
import sys

import torch
from circuitsvis.attention import attention_heads

from benchmarks import samples
from benchmarks.peers.browser import time_to_pixels


def main() -> None:
    n = int(sys.argv[1])
    attention = torch.cat([torch.from_numpy(layer) for layer in samples.patterns(n)])
    found = time_to_pixels(
        # Its own scripts stand in the page, where it finds no network.
        lambda: attention_heads(attention=attention, tokens=samples.words(n), mask_upper_tri=False).local_src,
        "canvas",
        len(attention) + 1,  # a thumbnail a head, and the chosen one large
    )
    print(json.dumps(found))


main()
