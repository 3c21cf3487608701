"""Pictures: another head or layer over the patches, and the pixels that an Image GPT draws in a second."""

from __future__ import annotations

from benchmarks.measure import Setup, middle
from benchmarks.report import Goal, Section, Table, ms, ratio

GRIDS = (14, 32)
N_TIMES = 40
MOST_S = 0.016
N_PIXELS = 128
LEAST_BY_CACHE, LEAST_OF_PRODUCTS = 5.0, 0.85
_TITLES = {"head": "one head", "heads": "12 heads", "layers": "12 layers"}


def run(setup: Setup) -> Section:
    goals, rows = [], []
    for side in GRIDS[:1] if setup.is_smoke else GRIDS:
        times = [
            setup.ours("patch_frames", side, 6 if setup.is_smoke else N_TIMES)
            for _ in range(1 if setup.is_smoke else 3)
        ]
        for what, title in _TITLES.items():
            shown = middle(times, f"{what}_patches_s")
            goals.append(
                Goal(
                    f"{title} of {side} x {side} patches, another head or layer", "<= 16 ms", ms(shown), shown <= MOST_S
                )
            )
            rows.append(
                (
                    f"{side} x {side}",
                    title,
                    *(
                        ms(middle(times, f"{what}_{paint}_{part}"))
                        for paint in ("patches", "smooth")
                        for part in ("s", "p95_s")
                    ),
                )
            )
    frames = Table(("patches", "shown", "by patch ms", "95 %", "smooth ms", "95 %"), rows)
    pixels, drawn = _pixels(setup)
    how = (
        "12 layers of 12 heads in 1000 x 700 pixels, until the X server has drawn them: all numbers of a query are "
        "there, so that another head or layer is a repaint. "
        f"Pixels: an Image GPT of {drawn['n_parameters'] / 1e6:.0f} M random weights goes on behind "
        f"{drawn['n_given']:.0f} pixels. The bound is what reading all its weights "
        f"({drawn['weight_bytes'] / 1e6:.0f} MB) once a step from memory ({drawn['bandwidth'] / 1e9:.1f} GB/s, "
        "measured by summing 256 MB) allows; completions that are drawn together read them together. A product of four "
        "rows takes the processor longer than one of one row: how much more pixels the products alone would allow is "
        "measured beside them, and is the bound of four completions."
    )
    return Section("Images", how, goals + pixels[0], [frames, pixels[1]])


def _pixels(setup: Setup) -> tuple[tuple[list[Goal], Table], dict[str, float]]:
    found = setup.ours("pixels", *(("tiny", 8) if setup.is_smoke else ("small", N_PIXELS)), timeout=1800)
    bound = found["bandwidth"] / found["weight_bytes"]
    rows = [("1, without cache", f"{1 / found['plain_s']:.3g}", f"{1 / found['plain_s']:.3g}", "-")]
    for count in (1, 4, 8):
        steps = 1 / found[f"batch_{count}_s"]
        rows.append((f"{count}, cached", f"{steps:.3g}", f"{count * steps:.3g}", f"{100 * steps / bound:.0f} %"))
    by_cache = found["plain_s"] / found["cached_s"]
    by_batch = 4 * found["batch_1_s"] / found["batch_4_s"]
    by_products = 4 * found["products_1_s"] / found["products_4_s"]
    goals = [
        Goal(
            "pixels a second with cache, against without", f">= {LEAST_BY_CACHE:g}x",
            ratio(found["plain_s"], found["cached_s"]), by_cache >= LEAST_BY_CACHE,
        ),
        Goal(
            "pixels a second of 4 completions together, against one, in times of what the products allow",
            f">= {LEAST_OF_PRODUCTS:g}", f"{by_batch / by_products:.2f} ({by_batch:.1f}x of {by_products:.1f}x)",
            by_batch >= LEAST_OF_PRODUCTS * by_products,
        ),
    ]  # fmt: skip
    return (goals, Table(("completions", "steps a second", "pixels a second", "of the bound"), rows)), found
