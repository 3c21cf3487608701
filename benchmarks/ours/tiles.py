"""Maps of a long text, by requests as the window makes them: `... tiles N_TOKENS tiny|base|long N_REGIONS N_THREADS`.

`base` is BERT-base's size, `long` has 4 layers, 256 wide, of 4 heads; weights are random. What is timed is checked
against rows worked out directly in float64.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from statistics import median
from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM

from benchmarks.measure import forget_peak, memory_mb
from inference.analyses import maps
from inference.analyses.heads import heads
from inference.capture.attention_call import AttentionCall
from inference.context import Context
from inference.forward.memory import give_back, keep_freed
from inference.forward.opening import load
from inference.results.events import Partial
from inference.results.heads import HeadsRequest
from inference.results.inputs import Input, TextInput
from inference.results.maps import TILE, MapRequest, RowsRequest, Tile, TilesRequest

GROUP, SIDE = "encoder", 1000
SIZES = {
    "tiny": {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96},
    "base": {},
    "long": {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 1024},
}


class Bench:
    """A model that has read a text, and what it takes to look at it."""

    def __init__(self, n: int, size: str) -> None:
        config = BertConfig(**SIZES[size], max_position_embeddings=n, vocab_size=1000)
        with tempfile.TemporaryDirectory() as folder:
            net = BertForMaskedLM(config)
            for parameter in net.parameters():
                parameter.mul_(2)  # or else all patterns would be flat
            net.save_pretrained(folder)
            del net
            self.model = load(folder, Context())
        ids = np.random.default_rng(0).integers(5, config.vocab_size, n)
        self.text = Input(TextInput(token_ids=tuple(ids.tolist())))
        started = time.perf_counter()
        self.run = self.model.run(self.text, Context())
        self.forward_s = time.perf_counter() - started
        self.n = n
        self.places = [(i, j) for i in range(config.num_hidden_layers) for j in range(config.num_attention_heads)]
        self.random = random.Random(0)

    def answers(self, analysis: Any, request: Any, *, is_cold: bool = True) -> list[tuple[float, Any]]:
        """Results in the order in which they came, and after how many seconds; the last is the whole one."""
        if is_cold:
            self.run.store.clear()
        came: list[tuple[float, Any]] = []

        def report(event: object) -> None:
            if isinstance(event, Partial):
                came.append((time.perf_counter() - started, event.result))

        started = time.perf_counter()
        last = analysis(request, self.model, Context(report))
        return [*came, (time.perf_counter() - started, last)]

    def regions(self, n_regions: int) -> dict[str, float]:
        """Random windows of 1,000 x 1,000 cells of random heads: every tile that covers a part of them."""
        times: list[tuple[float, float, float]] = []
        for _ in range(n_regions + 1):
            layer, head = self.random.choice(self.places)
            down, across = (self._tiles() for _ in range(2))
            tiles = tuple((i, j) for i in down for j in across)
            request = TilesRequest("", self.text, GROUP, layer, head, 0, tiles)
            cold, warm = (self.answers(maps.tiles, request, is_cold=is_cold) for is_cold in (True, False))
            assert len(cold) == len(warm) == len(tiles) + 1, "tiles are missing"
            self._check(self.random.choice(cold[:-1])[1].tiles[0], layer, head)
            times.append((cold[-1][0], cold[0][0], warm[-1][0]))
        # The first one does not count: it is the first use of many routines.
        return dict(zip(("cold_s", "first_tile_s", "warm_s"), map(median, zip(*times[1:], strict=True)), strict=True))

    def overviews(self, n_times: int) -> dict[str, float]:
        """From a sample of the rows, and exact."""
        times = []
        for layer, head in self.random.sample(self.places, k=n_times):
            came = self.answers(maps.overview, MapRequest("", self.text, GROUP, layer, head))
            assert came[-1][1].overview.max() > 0
            assert not came[-1][1].is_sampled
            times.append((came[0][0], came[-1][0]))
        return dict(zip(("overview_s", "exact_overview_s"), map(median, zip(*times, strict=True)), strict=True))

    def rows(self, n_times: int) -> dict[str, float]:
        """One query, and a span of 100."""
        found = {}
        for name, length in (("row_s", 1), ("span_s", min(100, self.n))):
            times = []
            for layer, head in self.random.sample(self.places, k=n_times):
                start = self.random.randrange(self.n - length + 1)
                came = self.answers(maps.rows, RowsRequest("", self.text, GROUP, layer, head, start, start + length))
                assert abs(came[-1][1].pattern.sum() - 1) < 1e-4
                times.append(came[-1][0])
            found[name] = median(times)
        return found

    def heads(self) -> dict[str, float]:
        """Thumbnails of all: the first of a layer, all from a sample, all exact."""
        came = self.answers(heads, HeadsRequest("", self.text, GROUP))
        first = came[0][0]
        sampled = next((at for at, result in came if not np.isnan(result.measures["entropy"]).any()), came[-1][0])
        return {"first_heads_s": first, "heads_s": sampled, "exact_heads_s": came[-1][0]}

    def direct(self, n_times: int) -> dict[str, float]:
        """The other way: the whole map of a head at once, of which a region is then a part."""
        times = []
        for layer, head in self.random.sample(self.places, k=n_times):
            q, k, scale = self._qk(layer, head)
            started = time.perf_counter()
            whole = (q @ k.T * scale).softmax(-1)
            times.append(time.perf_counter() - started)
            del whole
        return {"direct_s": median(times)}

    def _qk(self, layer: int, head: int) -> tuple[torch.Tensor, torch.Tensor, float]:
        call: AttentionCall = self.model.call(self.run, GROUP, layer, Context())
        assert call.q is not None
        assert call.k is not None
        return call.q[head], call.k[head], call.scale

    def _tiles(self) -> range:
        """Those along one side of a random window."""
        start = self.random.randrange(max(1, self.n - SIDE))
        return range(start // TILE, (min(start + SIDE, self.n) - 1) // TILE + 1)

    def _check(self, tile: Tile, layer: int, head: int) -> None:
        rows, cols = (slice(i * TILE, (i + 1) * TILE) for i in (tile.row, tile.column))
        q, k, scale = self._qk(layer, head)
        expected = (q[rows].double() @ k.double().T * scale).softmax(-1)[:, cols].numpy()
        # Half of the last place of float16, and 1e-5 for what was rounded before.
        assert (abs(tile.values - expected) <= expected * (2**-11 + 1e-5) + 3e-8).all(), "a tile is wrong"


def _memory_from_now() -> float:
    """Resident memory, without what the forward pass left to be used again; the peak begins anew."""
    give_back()
    forget_peak()
    return memory_mb()


def main() -> None:
    n, size, n_regions, n_threads = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    keep_freed()  # as the engine does
    torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    with torch.inference_mode():
        bench = Bench(n, size)
        found = {"forward_s": bench.forward_s}
        before = _memory_from_now()
        found |= bench.regions(n_regions)
        found |= bench.overviews(min(3, n_regions))
        found |= bench.rows(min(5, len(bench.places)))
        found |= bench.heads()
        found["extra_mb"] = memory_mb(field_name="VmHWM") - before
        if n <= 8192:  # at 32,768 tokens it would take 8 GB
            before = _memory_from_now()
            found |= bench.direct(3)
            found["direct_mb"] = memory_mb(field_name="VmHWM") - before
    print(json.dumps(found))


main()
