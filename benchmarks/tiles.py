"""Maps of long texts: any part of them exact, an overview, all heads."""

from __future__ import annotations

from benchmarks.measure import Setup
from benchmarks.report import Goal, Section, Table, ms, ratio

# Tokens and size of the model, ms for a region.
SIZES = {4096: ("base", 100.0), 32_768: ("long", 150.0)}
BAR_OVERVIEW, BAR_HEADS = 0.3, 2.0  # seconds
N_THREADS, N_REGIONS = 2, 31


def run(setup: Setup) -> Section:
    sizes = {300: ("tiny", 100.0)} if setup.is_smoke else SIZES
    goals, rows = [], []
    for n, (size, bar) in sizes.items():
        found = setup.ours("tiles", n, size, 1 if setup.is_smoke else N_REGIONS, N_THREADS, timeout=1800)
        goals += [
            Goal(
                f"region, {n:,} tokens", f"<= {bar:.0f} ms", f"{ms(found['cold_s'])} ms", found["cold_s"] * 1000 <= bar
            ),
            Goal(
                f"overview from sampled rows, {n:,} tokens",
                f"<= {ms(BAR_OVERVIEW)} ms",
                f"{ms(found['overview_s'])} ms",
                found["overview_s"] <= BAR_OVERVIEW,
            ),
            Goal(
                f"all heads from sampled rows, {n:,} tokens",
                f"<= {BAR_HEADS:.0f} s",
                f"{found['heads_s']:.2f} s",
                found["heads_s"] <= BAR_HEADS,
            ),
        ]
        rows.append(
            (
                f"{n:,}",
                f"{found['forward_s']:.1f}",
                f"{ms(found['cold_s'])}, first tile {ms(found['first_tile_s'])}",
                ms(found["warm_s"]),
                f"{ms(found['direct_s'])} ({ratio(found['direct_s'], found['warm_s'])})"
                if "direct_s" in found
                else "-",
                f"{ms(found['overview_s'])}, {ms(found['exact_overview_s'])}",
                f"{ms(found['row_s'])}, {ms(found['span_s'])}",
                f"{ms(found['first_heads_s'])}, {ms(found['heads_s'])}, {found['exact_heads_s']:.1f} s",
                f"{found['extra_mb']:.0f}" + (f", direct {found['direct_mb']:.0f}" if "direct_mb" in found else ""),
            )
        )
    header = (
        "tokens", "forward pass s", "region ms", "again", "whole map at once", "overview, exact",
        "a row, 100 rows", "heads: first, sampled, exact", "extra MB at peak",
    )  # fmt: skip
    how = (
        "BERT-base's size at 4,096 tokens; 4 layers, 256 wide, of 4 heads at 32,768; random weights, "
        f"{N_THREADS} threads. Times in ms, of analyses as the window asks for them, medians. A region is all tiles "
        f"that show any part of a random window of 1,000 x 1,000 cells ({N_REGIONS} of them, random heads), at first "
        "with nothing known of its rows, again with their normalisers known; a tile of each is checked against "
        "float64. Its bound is the product of up to 1,280 rows with all keys. `whole map at once` is what a region "
        "would cost if the head's map were materialised first; at 32,768 tokens that takes 8 GB. Overviews have 512 "
        "pixels, thumbnails 128."
    )
    return Section("Long texts", how, goals, [Table(header, rows)])
